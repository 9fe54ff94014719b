package import JSON

/// An object as a commit left it: its text, shared with the Store, and the value read from it.
///
/// Who keeps many objects keeps the text and reads it again when it must: the value takes several
/// times the room.
package struct StoredObject: Sendable {
    /// The text, which does not tell the version.
    package let text: [UInt8]
    package let resourceVersion: UInt64
    /// The value, with `metadata.resourceVersion`.
    package let json: JSON

    /// Nil when the text is no JSON.
    package init?(text: [UInt8], resourceVersion: UInt64) {
        guard let json = Self.read(text, resourceVersion: resourceVersion) else { return nil }
        self.text = text
        self.resourceVersion = resourceVersion
        self.json = json
    }

    /// An object of which the value is known already: what its text would be read as.
    package init(text: [UInt8], value: JSON, resourceVersion: UInt64) {
        self.text = text
        self.resourceVersion = resourceVersion
        var json = value
        json[path: ["metadata", "resourceVersion"]] = .string(String(resourceVersion))
        self.json = json
    }

    /// An object that was not read from the Store.
    package init(_ json: JSON) {
        text = json.bytes
        let version = json["metadata"]?["resourceVersion"]?.string
        resourceVersion = version.flatMap(UInt64.init) ?? 0
        self.json = json
    }

    /// The value of a text, with its version.
    package static func read(_ text: [UInt8], resourceVersion: UInt64) -> JSON? {
        guard var json = try? JSON(parsing: text) else { return nil }
        json[path: ["metadata", "resourceVersion"]] = .string(String(resourceVersion))
        return json
    }
}
