import API
import Base
import JSON
import Objects

/// Documents, and what changes them.
extension FuzzDecoder {
    private static let words = [
        "{", "}", "[", "]", ",", ":", "null", "true", "false", "\"\"", "\\u0000", "\\ud800",
        "\\uDBFF\\uDFFF", "1e308", "-0", "0.1", "\u{FEFF}", "\"metadata\":", "\"name\":",
        "\"spec\":", "\"$patch\":\"delete\"", "\"$retainKeys\":[]", "\"op\":\"move\"",
        "\"$setElementOrder/containers\":[]", "\"$deleteFromPrimitiveList/finalizers\":[]",
        "\"path\":\"/spec/-\"", "\"from\":\"/spec\"", "~1", "~0", "f:", "k:{", "v:",
    ]

    static let json = FuzzDecoder(
        "json", "JSON documents, managed fields", isText: true, tokens: words,
        seeds: { DocumentSamples.documents },
        check: { bytes in
            let outcome = Outcome.roundTrip(
                bytes, decode: { try JSON(parsing: $0) }, encode: \.bytes)
            guard let strict = try? JSON.parseReportingDuplicates(bytes) else {
                return outcome == .refused ? .refused : .broken("one parser of two refuses")
            }
            guard strict.value == (try? JSON(parsing: bytes)) else {
                return .broken("the two parsers read two documents")
            }
            _ = ManagedFields(json: strict.value["metadata"]?["managedFields"]).json
            _ = FieldSet(json: strict.value)
            return outcome
        })

    static let patch = FuzzDecoder(
        "patch", "JSON, merge and strategic merge patches, server-side apply", isText: true,
        tokens: words, seeds: { DocumentSamples.patches + DocumentSamples.documents },
        check: { bytes in
            guard let patch = try? JSON(parsing: bytes) else { return .refused }
            var outcome = Outcome.accepted
            for document in [DocumentSamples.pod, patch] {
                let merged = document.merged(with: patch)
                outcome = outcome.and(survives(merged))
                if let changed = try? JSONPatch(patch).apply(to: document) {
                    outcome = outcome.and(survives(changed))
                }
                if let changed = try? document.strategicallyMerged(
                    with: patch, schema: DocumentSamples.podSchema)
                {
                    outcome = outcome.and(survives(changed))
                }
                let apply = ServerSideApply(
                    schema: DocumentSamples.podSchema, manager: "fuzz", apiVersion: "v1",
                    time: "2026-11-21T00:00:00Z")
                if let applied = try? apply.apply(patch, to: document, force: true) {
                    outcome = outcome.and(survives(applied))
                }
            }
            return outcome
        })

    /// A document in memory must be one that can be stored: what is written is read as the same,
    /// as long as it is not nested deeper than the reader goes.
    private static func survives(_ document: JSON) -> Outcome {
        let text = document.bytes
        do {
            let again = try JSON(parsing: text, limits: .trusted)
            return again == document ? .accepted : .broken("a changed document reads as another")
        } catch {
            let isDeep = error.message == "exceeded max depth"
            return isDeep ? .accepted : .broken("a changed document cannot be read: \(error)")
        }
    }

    static let protobuf = FuzzDecoder(
        "protobuf", "request bodies in Protocol Buffers",
        tokens: ["k8s\u{0}", "v1", "Pod", "apps/v1", "Deployment"],
        seeds: { DocumentSamples.bodies },
        check: { bytes in
            guard let document = try? ProtobufEnvelope.document(in: bytes, .builtIn) else {
                return .refused
            }
            return survives(document)
        })
}

private enum DocumentSamples {
    static let podText = """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","labels":{"app":"web"},\
        "finalizers":["a/b"],"managedFields":[{"manager":"kubectl","operation":"Apply",\
        "apiVersion":"v1","time":"2026-11-21T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":\
        {"f:spec":{"f:containers":{"k:{\\"name\\":\\"web\\"}":{".":{},"f:image":{}}}}}}]},\
        "spec":{"containers":[{"name":"web","image":"web:1","ports":[{"containerPort":80}],\
        "env":[{"name":"A","value":"1"}],"resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}],\
        "tolerations":[{"key":"a","operator":"Exists"}]},"status":{"phase":"Running"}}
        """

    static let pod: JSON = (try? JSON(parsing: podText)) ?? .null

    static let podSchema: (any MergeSchema)? = ResourceRegistry.builtIn.definitions.first {
        $0.resource.kind == "Pod"
    }.map { Schema.object($0.schema) }

    static let documents = [
        podText, "[]", "{}", "null", "\"\\ud83d\\ude00\\n\\u2028\"", "-1.5e-7",
        "[1,2.5,true,{\"a\":{\"a\":[[]]}}]", "{\"a\":1,\"a\":2}",
    ].map { Array($0.utf8) }

    static let patches = [
        """
        [{"op":"add","path":"/metadata/labels/a~1b","value":"x"},\
        {"op":"copy","from":"/spec","path":"/metadata/copy"},\
        {"op":"move","from":"/spec/containers/0","path":"/spec/containers/-"},\
        {"op":"test","path":"/kind","value":"Pod"},{"op":"remove","path":"/status"},\
        {"op":"replace","path":"/spec/containers/0/image","value":null}]
        """,
        #"{"metadata":{"labels":null},"spec":{"containers":[{"name":"web","image":"web:2"}]}}"#,
        """
        {"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"web"}],"containers":\
        [{"name":"b","image":"b"},{"$patch":"delete","name":"web"}]},\
        "metadata":{"$deleteFromPrimitiveList/finalizers":["a/b"],"$retainKeys":["name"]}}
        """,
        #"{"$patch":"replace","kind":"Pod"}"#,
    ].map { Array($0.utf8) }

    /// Envelopes as client-go writes them, of a Pod with one container and of delete options.
    static let bodies: [[UInt8]] = [
        envelope("v1", "Pod", podMessage),
        envelope("v1", "DeleteOptions", [0x08, 0x1E]),
        envelope("v1", "ConfigMap", field(1, field(1, text("c"))) + field(2, pair("k", "v"))),
    ]

    private static let podMessage: [UInt8] =
        field(1, field(1, text("web")) + field(11, pair("app", "web")))
        + field(2, field(2, field(1, text("web")) + field(2, text("web:1"))))

    private static func envelope(
        _ apiVersion: String, _ kind: String, _ message: [UInt8]
    ) -> [UInt8] {
        let type = field(1, text(apiVersion)) + field(2, text(kind))
        return [0x6B, 0x38, 0x73, 0x00] + field(1, type) + field(2, message) + field(4, [])
    }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func pair(_ key: String, _ value: String) -> [UInt8] {
        field(1, text(key)) + field(2, text(value))
    }

    /// A field with bytes as its value (wire type 2).
    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.writeByte(number << 3 | 2)
        writer.writeBytes(bytes)
        return writer.bytes
    }
}
