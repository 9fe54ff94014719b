package import Base
package import JSON

/// A view of a document with the names and types of its fields. It adds no state: reading a
/// property reads the document, writing one changes it.
package protocol KubernetesObject: Sendable, Equatable {
    static var resource: Resource { get }
    var json: JSON { get set }
    init(_ json: JSON)
}

extension KubernetesObject {
    package var metadata: ObjectMeta {
        get { ObjectMeta(json["metadata"] ?? [:]) }
        set { json["metadata"] = newValue.json }
    }

    package var name: String { json["metadata"]?["name"]?.string ?? "" }
    package var namespace: String { json["metadata"]?["namespace"]?.string ?? "" }
    package var uid: String { json["metadata"]?["uid"]?.string ?? "" }
    package var key: ObjectKey { ObjectKey(Self.resource, namespace: namespace, name: name) }
    package var isBeingDeleted: Bool { json["metadata"]?["deletionTimestamp"]?.string != nil }
}

/// A view of `metav1.ObjectMeta`.
package struct ObjectMeta: Sendable, Equatable {
    package var json: JSON

    package init(_ json: JSON = [:]) { self.json = json }

    package var name: String { json["name"]?.string ?? "" }
    package var namespace: String { json["namespace"]?.string ?? "" }
    package var uid: String { json["uid"]?.string ?? "" }
    package var resourceVersion: String { json["resourceVersion"]?.string ?? "" }
    package var generation: Int64 { json["generation"]?.integer ?? 0 }
    package var labels: [String: String] { json["labels"].stringMap }
    package var annotations: [String: String] { json["annotations"].stringMap }
    package var finalizers: [String] { json["finalizers"].strings }
    package var creationTimestamp: WallTime? {
        json["creationTimestamp"]?.string.flatMap(WallTime.init(rfc3339:))
    }
    package var deletionTimestamp: WallTime? {
        json["deletionTimestamp"]?.string.flatMap(WallTime.init(rfc3339:))
    }
    package var deletionGracePeriodSeconds: Int64? { json["deletionGracePeriodSeconds"]?.integer }
    package var ownerReferences: [OwnerReference] {
        (json["ownerReferences"]?.array ?? []).map(OwnerReference.init)
    }
    /// The one owner that manages the object, if any.
    package var controller: OwnerReference? { ownerReferences.first(where: \.isController) }
}

/// A view of `metav1.OwnerReference`.
package struct OwnerReference: Sendable, Equatable {
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    /// A reference that marks the owner as the managing controller.
    package init(controller owner: some KubernetesObject) {
        let resource = type(of: owner).resource
        json = [
            "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
            "name": .string(owner.name), "uid": .string(owner.uid),
            "controller": true, "blockOwnerDeletion": true,
        ]
    }

    package var apiVersion: String { json["apiVersion"]?.string ?? "" }
    package var kind: String { json["kind"]?.string ?? "" }
    package var name: String { json["name"]?.string ?? "" }
    package var uid: String { json["uid"]?.string ?? "" }
    package var isController: Bool { json["controller"]?.bool ?? false }
    package var blocksOwnerDeletion: Bool { json["blockOwnerDeletion"]?.bool ?? false }
}

extension Optional where Wrapped == JSON {
    /// The strings of an array; anything else in it is passed over.
    package var strings: [String] { self?.array?.compactMap(\.string) ?? [] }

    /// The string members of an object.
    package var stringMap: [String: String] {
        var map: [String: String] = [:]
        if let members = self?.object {
            for (name, value) in members { map[name] = value.string }
        }
        return map
    }
}
