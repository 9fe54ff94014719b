import Base
import JSON
package import Objects

/// Makes the objects that every cluster has: four namespaces, the default roles, the default flows
/// and priority levels, and the Service
/// `default/kubernetes` with the addresses at which the machines serve the API.
package enum BootstrapController: Controller {
    private static let namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"]
    private static let name = "kubernetes"
    private static let storageClassName = "local"
    private static let portName = "https"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        let key = change.key
        let isOurs =
            switch key.resource {
            case .namespaces: namespaces.contains(key.name)
            case .nodes: true
            case .clusterRoles, .clusterRoleBindings, .flowSchemas, .priorityClasses,
                .priorityLevelConfigurations, .serviceCIDRs, .storageClasses:
                state.record(key) == nil
            case .services, .endpoints, .endpointSlices:
                key.namespace == "default" && key.name == name
            default: false
            }
        return isOurs ? [ClusterState.wholeCluster] : []
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        var result = Reconciliation()
        for namespace in namespaces
        where state.record(ObjectKey(.namespaces, name: namespace)) == nil {
            result.propose(
                .create(
                    .namespaces,
                    [
                        "apiVersion": "v1", "kind": "Namespace",
                        "metadata": [
                            "name": .string(namespace),
                            "labels": ["kubernetes.io/metadata.name": .string(namespace)],
                        ],
                    ]),
                why: "every cluster has it")
        }
        ensureDefaults(in: state, context, &result)
        ensureStorageClass(in: state, &result)
        guard let home = state.record(ObjectKey(.namespaces, name: "default")),
            !home.isBeingDeleted
        else { return result }
        ensureService(in: state, context, &result)
        ensureEndpoints(in: state, context, &result)
        return result
    }

    private static func ensureDefaults(
        in state: ClusterState, _ context: ControlContext, _ result: inout Reconciliation
    ) {
        for (resource, documents) in [
            (Resource.clusterRoles, DefaultRoles.roles),
            (.clusterRoleBindings, DefaultRoles.bindings),
            (.priorityLevelConfigurations, DefaultFlows.levels),
            (.flowSchemas, DefaultFlows.schemas),
            (.priorityClasses, DefaultClasses.priorities),
            (.serviceCIDRs, [DefaultClasses.serviceNetwork(context.configuration.serviceCIDR)]),
        ] {
            for document in documents {
                let name = document["metadata"]?["name"]?.string ?? ""
                guard state.record(ObjectKey(resource, name: name)) == nil else { continue }
                result.propose(.create(resource, document), why: "every cluster has it")
            }
        }
    }

    /// Claims that name no class get folders on the disks of machines.
    private static func ensureStorageClass(
        in state: ClusterState, _ result: inout Reconciliation
    ) {
        guard state.record(ObjectKey(.storageClasses, name: storageClassName)) == nil else {
            return
        }
        result.propose(
            .create(
                .storageClasses,
                [
                    "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
                    "metadata": [
                        "name": .string(storageClassName),
                        "annotations": [ClassRecord.isDefault: "true"],
                    ],
                    "provisioner": .string(LocalProvisioner.name), "reclaimPolicy": "Delete",
                    "volumeBindingMode": "WaitForFirstConsumer",
                ]),
            why: "every cluster has it")
    }

    private static func metadata(_ labels: JSON) -> JSON {
        ["name": .string(name), "namespace": "default", "labels": labels]
    }

    private static func ensureService(
        in state: ClusterState, _ context: ControlContext, _ result: inout Reconciliation
    ) {
        guard state.record(ObjectKey(.services, namespace: "default", name: name)) == nil,
            let address = context.configuration.serviceCIDR.address(at: 1)
        else { return }
        let port: JSON = [
            "name": .string(portName), "protocol": "TCP", "port": 443,
            "targetPort": .integer(Int64(context.configuration.apiPort)),
        ]
        result.propose(
            .create(
                .services,
                [
                    "apiVersion": "v1", "kind": "Service",
                    "metadata": metadata(["component": "apiserver", "provider": "kubernetes"]),
                    "spec": [
                        "type": "ClusterIP", "clusterIP": .string(address.description),
                        "ports": [port],
                    ],
                ]),
            why: "Pods reach the API through it")
    }

    private static func ensureEndpoints(
        in state: ClusterState, _ context: ControlContext, _ result: inout Reconciliation
    ) {
        let addresses = state.records(.nodes)
            .filter { !$0.isBeingDeleted && !state.isMachineLost($0.key.name) }
            .compactMap { Node($0.json).internalAddress }
        let port: JSON = [
            "name": .string(portName), "port": .integer(Int64(context.configuration.apiPort)),
            "protocol": "TCP",
        ]
        let subsets: JSON = [
            ["addresses": .array(addresses.map { ["ip": .string($0)] }), "ports": [port]]
        ]
        ensure(
            [
                "apiVersion": "v1", "kind": "Endpoints",
                "metadata": metadata(["endpointslice.kubernetes.io/skip-mirror": "true"]),
                "subsets": addresses.isEmpty ? [] : subsets,
            ], .endpoints, fields: ["subsets"], in: state, &result)
        let endpoints = addresses.map { address -> JSON in
            ["addresses": [.string(address)], "conditions": ["ready": true]]
        }
        ensure(
            [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": metadata([EndpointSlices.serviceLabel: .string(name)]),
                "addressType": "IPv4", "endpoints": .array(endpoints), "ports": [port],
            ], .endpointSlices, fields: ["endpoints", "ports"], in: state, &result)
    }

    /// Creates the object or brings the given fields up to date.
    private static func ensure(
        _ wanted: JSON, _ resource: Resource, fields: [String], in state: ClusterState,
        _ result: inout Reconciliation
    ) {
        let key = ObjectKey(resource, namespace: "default", name: name)
        guard let existing = state.record(key) else {
            result.propose(.create(resource, wanted), why: "Pods reach the API through it")
            return
        }
        var document = existing.json
        // A list without elements may be stored as none at all.
        for field in fields where document[field]?.array ?? [] != wanted[field]?.array ?? [] {
            document[field] = wanted[field]
        }
        guard document != existing.json, !existing.isBeingDeleted else { return }
        result.propose(.update(resource, document), why: "the machines that serve the API changed")
    }
}
