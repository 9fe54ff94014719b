import Objects
import Store

/// Serves stored documents without parsing them. A stored document begins
/// `{"apiVersion":…,"kind":…,"metadata":{` and has no `resourceVersion`; it is spliced in there.
struct DocumentRenderer: Sendable {
    private let prefix: [UInt8]

    init(_ definition: ResourceDefinition) {
        let resource = definition.resource
        let kind = "\"kind\":\"\(resource.kind)\""
        prefix = Array(
            "{\"apiVersion\":\"\(resource.apiVersion)\",\(kind),\"metadata\":{".utf8)
    }

    private static let versionName = Array("\"resourceVersion\":\"".utf8)

    /// Appends the document with its version. Stored text of another shape, which only an older
    /// podmesh could have written, is appended as it is.
    func append(
        _ document: Document, version: Revision? = nil, to output: inout [UInt8]
    ) {
        let bytes = document.bytes
        guard bytes.count > prefix.count, bytes.starts(with: prefix) else {
            output.append(contentsOf: bytes)
            return
        }
        output.append(contentsOf: prefix)
        output.append(contentsOf: Self.versionName)
        output.append(contentsOf: (version ?? document.modRevision).description.utf8)
        output.append(UInt8(ascii: "\""))
        if bytes[prefix.count] != UInt8(ascii: "}") { output.append(UInt8(ascii: ",")) }
        output.append(contentsOf: bytes[prefix.count...])
    }

    /// The text of a stored document with a version; nil when it has another shape.
    func text(_ bytes: [UInt8], version: Revision) -> [UInt8]? {
        guard bytes.starts(with: prefix) else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + 48)
        append(
            Document(bytes: bytes, createRevision: version, modRevision: version), to: &output)
        return output
    }

    /// The text of `metadata.labels` in a stored document, or nil when it has none.
    func labels(of document: Document) -> ArraySlice<UInt8>? {
        let bytes = document.bytes
        guard bytes.starts(with: prefix) else { return nil }
        return MemberScanner(bytes, from: prefix.count).value(of: "labels")
    }
}

/// Finds one member of an object in well-formed JSON text without reading the others' values.
private struct MemberScanner {
    private let bytes: [UInt8]
    private var position: Int

    /// - Parameter position: just behind the object's opening brace.
    init(_ bytes: [UInt8], from position: Int) {
        self.bytes = bytes
        self.position = position
    }

    consuming func value(of name: StaticString) -> ArraySlice<UInt8>? {
        while position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            let nameStart = position + 1
            skipString()
            let nameEnd = position - 1
            position += 1  // The colon: stored text has no spaces.
            let valueStart = position
            skipValue()
            if nameEnd >= nameStart, valueStart <= position, position <= bytes.count,
                nameEnd - nameStart == name.utf8CodeUnitCount,
                name.withUTF8Buffer({ bytes[nameStart..<nameEnd].elementsEqual($0) })
            {
                return bytes[valueStart..<position]
            }
            guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { return nil }
            position += 1
        }
        return nil
    }

    private mutating func skipString() {
        position += 1
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
    }

    private mutating func skipValue() {
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                return
            default:
                break
            }
            position += 1
        }
    }
}
