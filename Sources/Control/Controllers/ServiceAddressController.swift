import JSON
package import Objects

/// Shows who has which address of the Service network: an IPAddress for each of a Service's, as
/// Kubernetes' allocator keeps them. podmesh allocates from the Services themselves, so these are
/// made and removed after the fact, and one that somebody deleted comes back.
package enum ServiceAddressController: Controller {
    private static let manager = "ipallocator.k8s.io"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .services:
            let (old, new) = (addresses(of: change.old), addresses(of: change.new))
            return old == new ? [] : [change.key] + old.map(key)
        case .ipAddresses:
            return [change.key] + [change.old, change.new].compactMap(parent)
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let record = state.record(key), !record.isBeingDeleted else { return .nothing }
        var result = Reconciliation()
        if key.resource == .services {
            for address in addresses(of: record) where state.record(Self.key(address)) == nil {
                result.propose(
                    .create(.ipAddresses, document(address, of: key)),
                    why: "the Service has the address")
            }
        } else if record.labels["ipaddress.kubernetes.io/managed-by"] == manager,
            !addresses(of: parent(record).flatMap { state.record($0) }).contains(key.name)
        {
            result.propose(.delete(key, uid: record.uid), why: "no Service has the address")
        }
        return result
    }

    private static func key(_ address: String) -> ObjectKey {
        ObjectKey(.ipAddresses, name: address)
    }

    private static func addresses(of service: ObjectRecord?) -> [String] {
        let all = service?.spec["clusterIPs"]?.array ?? []
        return all.compactMap(\.string).filter { !$0.isEmpty && $0 != "None" }
    }

    private static func parent(_ address: ObjectRecord?) -> ObjectKey? {
        guard let parent = address?.spec["parentRef"], parent["resource"] == "services",
            let name = parent["name"]?.string
        else { return nil }
        return ObjectKey(.services, namespace: parent["namespace"]?.string ?? "", name: name)
    }

    private static func document(_ address: String, of service: ObjectKey) -> JSON {
        [
            "apiVersion": .string(Resource.ipAddresses.apiVersion), "kind": "IPAddress",
            "metadata": [
                "name": .string(address),
                "labels": [
                    "ipaddress.kubernetes.io/ip-family": "IPv4",
                    "ipaddress.kubernetes.io/managed-by": .string(manager),
                ],
            ],
            "spec": [
                "parentRef": [
                    "resource": "services", "namespace": .string(service.namespace),
                    "name": .string(service.name),
                ]
            ],
        ]
    }
}
