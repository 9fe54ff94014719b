package import JSON
package import Objects

/// What the cache keeps of one object.
package struct ObjectRecord: Sendable {
    package let key: ObjectKey
    /// The document without `metadata.managedFields`; of types that no controller reads, only
    /// its metadata.
    package let json: JSON
    package let uid: String
    package let resourceVersion: UInt64
    package let isBeingDeleted: Bool
    package let owners: [OwnerReference]
    package let finalizers: [String]
    package let labels: [String: String]

    private static let read: [Resource] = [
        .namespaces, .nodes, .pods, .services, .endpoints, .endpointSlices, .deployments,
        .replicaSets, .clusterRoles,
    ]

    package init(_ key: ObjectKey, _ document: JSON) {
        self.key = key
        var document = document
        let metadata = ObjectMeta(document["metadata"] ?? [:])
        document[path: ["metadata", "managedFields"]] = nil
        let isRead =
            Self.read.contains(key.resource)
            || (key.resource == .configMaps && key.name == ServiceAccountController.configMapName)
        if isRead {
            json = document
        } else {
            json = ["metadata": document["metadata"] ?? [:]]
        }
        uid = metadata.uid
        resourceVersion = UInt64(metadata.resourceVersion) ?? 0
        isBeingDeleted = metadata.json["deletionTimestamp"]?.string != nil
        owners = metadata.ownerReferences
        finalizers = metadata.finalizers
        labels = metadata.labels
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
