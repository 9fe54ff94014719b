package import JSON

/// Reads a file of manifests as `kubectl apply -f` does: YAML documents between lines of `---`, or
/// JSON, which is YAML too.
package enum ManifestReader {
    /// The documents that are not empty, in order.
    package static func documents(_ bytes: [UInt8]) throws -> [JSON] {
        var documents: [JSON] = []
        var lines: [Substring] = []
        func finish() throws {
            let json = try YAMLBody.json(Array(lines.joined(separator: "\n").utf8))
            if json != .null { documents.append(json) }
            lines = []
        }
        let text = String(decoding: bytes, as: UTF8.self)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "---" || line.hasPrefix("--- ") {
                try finish()
            } else {
                lines.append(line)
            }
        }
        try finish()
        return documents
    }
}
