import Base
package import JSON
package import Objects

/// A request body in `application/vnd.kubernetes.protobuf`, which client-go and with it kubectl
/// send for built-in types: four magic bytes, then a `runtime.Unknown` with the type's name and the
/// message (`k8s.io/apimachinery/pkg/runtime/serializer/protobuf`).
package enum ProtobufEnvelope {
    package static let mediaType = "application/vnd.kubernetes.protobuf"

    private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0x00]

    /// The document that the same client would have sent as JSON. Everything that judges JSON
    /// judges it too.
    package static func document(
        in body: [UInt8], _ registry: ResourceRegistry
    ) throws(StatusError) -> JSON {
        guard body.starts(with: magic) else {
            throw StatusError(
                .badRequest,
                "provided data does not appear to be a protobuf message, expected prefix \(magic)")
        }
        let parts: (apiVersion: String, kind: String, message: ArraySlice<UInt8>)
        do {
            parts = try open(body.dropFirst(magic.count))
        } catch {
            throw unreadable(error)
        }
        guard let type = type(parts.apiVersion, parts.kind, registry) else {
            throw StatusError(
                .badRequest,
                "no kind \(quotedText(parts.kind)) is registered for version "
                    + quotedText(parts.apiVersion))
        }
        var document = JSONObject.Builder()
        _ = document.append("apiVersion", .string(parts.apiVersion))
        _ = document.append("kind", .string(parts.kind))
        do {
            for (name, value) in try ProtobufDecoder.object(parts.message, type) {
                _ = document.append(name, value)
            }
        } catch {
            throw unreadable(error)
        }
        return .object(document.object)
    }

    private static func unreadable(_ error: DecodeError) -> StatusError {
        StatusError(.badRequest, "couldn't read the protobuf message: \(error)")
    }

    /// `runtime.Unknown`: `runtime.TypeMeta` in field 1, the message in 2. The content type in
    /// field 4 says nothing more: the message is always Protocol Buffers.
    private static func open(
        _ envelope: ArraySlice<UInt8>
    ) throws(DecodeError) -> (apiVersion: String, kind: String, message: ArraySlice<UInt8>) {
        var apiVersion = ""
        var kind = ""
        var message = envelope[envelope.endIndex...]
        var reader = ProtobufReader(envelope)
        while let part = try reader.next() {
            switch part.number {
            case 1:
                var reader = ProtobufReader(try part.bytes)
                while let part = try reader.next() {
                    if part.number == 1 { apiVersion = try part.text }
                    if part.number == 2 { kind = try part.text }
                }
            case 2: message = try part.bytes
            default: break
            }
        }
        return (apiVersion, kind, message)
    }

    private static func type(
        _ apiVersion: String, _ kind: String, _ registry: ResourceRegistry
    ) -> ObjectSchema? {
        let stored = registry.definitions.first {
            $0.resource.apiVersion == apiVersion && $0.resource.kind == kind
        }
        guard let type = stored?.schema ?? BodyTypes.schema(apiVersion: apiVersion, kind: kind),
            MessageNumbers.all[type.definitionName] != nil
        else { return nil }
        return type
    }
}
