import Base
import JSON
import Testing

/// What a new document's maker owns is worked out apart; it must be what the comparison with an
/// empty document comes to.
@Suite struct CreatedFieldsTests {
    private static let apply = ServerSideApply(
        schema: TestSchema.deployment, manager: "one", apiVersion: "apps/v1",
        time: "2026-01-01T00:00:00Z",
        ignored: FieldSet(fields: [["status"], ["spec", "strategy", "type"]]))

    private static func check(_ document: JSON, _ comment: Comment? = nil) {
        #expect(
            apply.update(old: nil, new: document).text
                == apply.update(old: .object([:]), new: document).text, comment)
    }

    @Test(arguments: [
        #"{}"#,
        #"{"apiVersion":"v1","kind":"A","metadata":{"name":"a","uid":"1"}}"#,
        #"{"metadata":{"name":"a","labels":{},"annotations":{"ü":"1","u":"2","é":"3"}}}"#,
        #"{"metadata":null,"spec":null,"status":{"phase":"x"}}"#,
        #"{"metadata":{"labels":{"b":"1","a":"2"},"finalizers":["x/b","x/a","x/b"]}}"#,
        #"{"spec":{"strategy":{"type":"Recreate"},"selector":{"a":{"b":1}}}}"#,
        #"{"spec":{"strategy":{"type":"R","rollingUpdate":{"maxSurge":1}},"tolerations":[{}]}}"#,
        #"{"spec":{"containers":[{"name":"b","image":"1"},{"image":"2"},{"name":"a"},"#
            + #"{"name":"b","env":[]}]}}"#,
        #"{"spec":{"containers":[{"name":"a","ports":[{"containerPort":80},"#
            + #"{"protocol":"UDP","containerPort":80,"name":"x"}]}]}}"#,
        #"[1]"#,
    ])
    func itIsWhatTheComparisonSays(_ text: String) throws {
        Self.check(try parsed(text))
    }

    @Test func itIsWhatTheComparisonSaysOfDocumentsOfAnyShape() {
        for seed in 1...2_000 {
            var random = Random(seed: UInt64(seed))
            Self.check(Self.document(&random, depth: 0), "seed \(seed)")
        }
    }

    private static let names = [
        "metadata", "spec", "status", "labels", "name", "finalizers", "containers", "env", "ports",
        "containerPort", "protocol", "strategy", "type", "selector", "ä", "kind",
    ]

    private static func document(_ random: inout Random, depth: Int) -> JSON {
        switch depth == 0 ? 0 : random.below(depth > 5 ? 3 : 6) + 1 {
        case 0, 4, 5:
            var object = JSONObject()
            for _ in 0..<random.below(5) {
                object[names[random.below(names.count)]] = document(&random, depth: depth + 1)
            }
            return .object(object)
        case 6:
            return .array((0..<random.below(4)).map { _ in document(&random, depth: depth + 1) })
        case 1: return .integer(Int64(random.below(3)))
        case 2: return .string(names[random.below(names.count)])
        default: return .null
        }
    }

    // MARK: Changes in place

    @Test func aChangeDeepInADocumentIsMadeWhereItBelongs() throws {
        var document = try parsed(#"{"a":{"b":{"c":1},"d":[1]},"e":"text"}"#)
        let before = document
        document["a"]?["b"]?["c"] = 2
        document["a"]?["x"]?["c"] = 3
        document["e"]?["c"]?["d"] = 4
        #expect(document.text == #"{"a":{"b":{"c":2},"d":[1]},"e":"text"}"#)
        #expect(before.text == #"{"a":{"b":{"c":1},"d":[1]},"e":"text"}"#)
        document[path: ["a", "b", "c"]] = nil
        document[path: ["a", "n", "m"]] = nil
        document[path: ["a", "n", "o"]] = 5
        document[path: ["e", "f"]] = 6
        #expect(document.text == #"{"a":{"b":{},"d":[1],"n":{"o":5}},"e":{"f":6}}"#)
    }

    private struct Failure: Error {}

    private static func fail(_ value: inout JSON?) throws {
        value = 7
        throw Failure()
    }

    @Test func aChangeThatFailsLeavesTheDocumentWhole() throws {
        var document = try parsed(#"{"a":{"b":1}}"#)
        do { try Self.fail(&document["a"]) } catch {}
        #expect(document.text == #"{"a":7}"#)
        do { try Self.fail(&document["n"]) } catch {}
        #expect(document.text == #"{"a":7,"n":7}"#)
    }
}
