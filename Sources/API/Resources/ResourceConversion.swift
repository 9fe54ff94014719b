import JSON
import Objects
import Store

/// How the documents of one version of a resource are kept as documents of another: one object in
/// the Store, seen through two paths. A definition without a conversion is kept as it is.
struct ResourceConversion: Sendable {
    /// The resource whose documents the Store keeps.
    let stored: Resource
    /// Makes a document of this version of a stored one.
    let fromStored: @Sendable (JSON) -> JSON
    /// Makes the document to store of one of this version.
    let toStored: @Sendable (JSON) -> JSON
}

extension ResourceDefinition {
    /// The resource under whose name the Store keeps the documents.
    var storage: Resource { conversion?.stored ?? resource }

    /// A stored document as one of this version, in the form in which the Store would keep it.
    func served(_ document: Document) -> Document {
        guard let conversion else { return document }
        var document = document
        document.bytes = stored(conversion.fromStored(document.json)).bytes
        return document
    }

    /// The text under which the Store keeps a document of this version, ready to be stored.
    func storedBytes(_ document: JSON) -> [UInt8] {
        guard let conversion else { return document.bytes }
        return conversion.toStored(document).bytes
    }
}

extension JSON {
    /// The document with another type in front.
    func retyped(as resource: Resource) -> JSON {
        var members = JSONObject.Builder()
        _ = members.append("apiVersion", .string(resource.apiVersion))
        _ = members.append("kind", .string(resource.kind))
        _ = members.append("metadata", self["metadata"] ?? [:])
        for (name, value) in object ?? JSONObject()
        where name != "apiVersion" && name != "kind" && name != "metadata" {
            _ = members.append(name, value)
        }
        return .object(members.object)
    }

    /// Moves members to other names; what is not named stays.
    func renamed(_ names: [(from: String, to: String)]) -> JSON {
        var members: [(String, JSON)] = []
        for (name, value) in object ?? JSONObject() {
            members.append((names.first { $0.from == name }?.to ?? name, value))
        }
        return .object(JSONObject(members))
    }
}
