package import JSON
package import Objects

/// What the cache keeps of one object.
package final class ObjectRecord: Sendable {
    package let key: ObjectKey
    package let uid: String
    package let resourceVersion: UInt64
    package let isBeingDeleted: Bool
    package let owners: [OwnerReference]
    package let finalizers: [String]
    package let labels: [String: String]
    private let body: Body

    private enum Body: Sendable {
        case value(JSON)
        /// The text that the Store holds, too.
        case text([UInt8])
    }

    /// Types of which there are few, and whose documents controllers look at often.
    private static let keptAsValues: [Resource] = [
        .namespaces, .nodes, .services, .endpoints, .endpointSlices, .deployments, .replicaSets,
        .clusterRoles, .resourceQuotas, .persistentVolumes, .persistentVolumeClaims,
        .storageClasses,
    ]

    /// - Parameter sibling: finds another object of the first owner. What is equal in both is
    ///   stored once, as most Pods differ from their like in little but their names.
    package init(
        _ key: ObjectKey, _ object: StoredObject,
        sibling: (OwnerReference?) -> ObjectRecord?
    ) {
        self.key = key
        let metadata = ObjectMeta(object.json["metadata"] ?? [:])
        uid = metadata.uid
        resourceVersion = object.resourceVersion
        isBeingDeleted = metadata.json["deletionTimestamp"]?.string != nil
        let owners = metadata.ownerReferences
        let sibling = sibling(owners.first)
        self.owners = Self.shared(owners, with: sibling?.owners)
        finalizers = metadata.finalizers
        labels = Self.shared(metadata.labels, with: sibling?.labels)
        body =
            Self.keptAsValues.contains(key.resource)
            ? .value(Self.withoutManagers(object.json)) : .text(object.text)
    }

    private static func shared<Value: Equatable>(_ value: Value, with other: Value?) -> Value {
        if let other, other == value { other } else { value }
    }

    /// The document without `metadata.managedFields`. Of Pods and of types that there are many of
    /// it is read anew each time.
    package var json: JSON {
        switch body {
        case .value(let json): json
        case .text(let text):
            Self.withoutManagers(
                StoredObject.read(text, resourceVersion: resourceVersion) ?? [:])
        }
    }

    private static func withoutManagers(_ json: JSON) -> JSON {
        var json = json
        json[path: ["metadata", "managedFields"]] = nil
        return json
    }

    package var metadata: ObjectMeta { ObjectMeta(json["metadata"] ?? [:]) }
    /// `spec.selector` of a Service, empty when it has none or no endpoints of its own.
    var selector: [(String, String)] {
        guard json["spec"]?["type"]?.string != "ExternalName",
            let members = json["spec"]?["selector"]?.object
        else { return [] }
        return members.map { ($0.name, $0.value.string ?? "") }
    }

    package var controller: OwnerReference? { owners.first(where: \.isController) }
}
