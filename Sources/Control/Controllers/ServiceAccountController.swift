import JSON
package import Objects

/// Gives every namespace its ServiceAccount `default` and the ConfigMap with the certificate
/// of the cluster's authority, which Pods mount to trust the API.
package enum ServiceAccountController: Controller {
    package static let configMapName = "kube-root-ca.crt"
    private static let certificateName = "ca.crt"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .namespaces: [change.key]
        case .serviceAccounts where change.key.name == "default",
            .configMaps where change.key.name == configMapName:
            [ObjectKey(.namespaces, name: change.key.namespace)]
        default: []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let namespace = state.record(key), !namespace.isBeingDeleted else { return .nothing }
        var result = Reconciliation()
        let account = ObjectKey(.serviceAccounts, namespace: key.name, name: "default")
        if state.record(account) == nil {
            result.propose(
                .create(.serviceAccounts, manifest(account)),
                why: "every namespace has a default ServiceAccount")
        }
        let mapKey = ObjectKey(.configMaps, namespace: key.name, name: configMapName)
        let data: JSON = [certificateName: .string(context.configuration.authorityPEM)]
        guard let existing = state.record(mapKey) else {
            var map = manifest(mapKey)
            map["metadata"]?["annotations"] = [
                "kubernetes.io/description":
                    "Contains a CA bundle that can be used to verify the API server."
            ]
            map["data"] = data
            result.propose(
                .create(.configMaps, map), why: "Pods need the authority's certificate")
            return result
        }
        if !existing.isBeingDeleted, existing.json["data"] != data {
            var map = existing.json
            map["data"] = data
            result.propose(
                .update(.configMaps, map), why: "the authority's certificate differs")
        }
        return result
    }

    private static func manifest(_ key: ObjectKey) -> JSON {
        [
            "apiVersion": .string(key.resource.apiVersion), "kind": .string(key.resource.kind),
            "metadata": ["name": .string(key.name), "namespace": .string(key.namespace)],
        ]
    }
}
