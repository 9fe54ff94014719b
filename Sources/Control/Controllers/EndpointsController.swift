import Base
import JSON
package import Objects

/// Lists the Pods behind each Service with a selector, in its Endpoints and its EndpointSlices
/// (`endpoint-controller` and `endpointslice-controller`).
///
/// A Pod on a machine that the mesh declared failed is not ready here, whatever its status says,
/// and is left out when its eviction was asked for.
package enum EndpointsController: Controller {
    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        let namespace = change.key.namespace
        switch change.key.resource {
        case .services: return [change.key]
        case .endpoints: return [ObjectKey(.services, namespace: namespace, name: change.key.name)]
        case .endpointSlices:
            return [change.old, change.new].compactMap { $0?.labels[EndpointSlices.serviceLabel] }
                .map { ObjectKey(.services, namespace: namespace, name: $0) }
        case .pods:
            let before = change.old?.labels ?? [:]
            let after = change.new?.labels ?? [:]
            let keys = state.services(selecting: after, inNamespace: namespace)
            return before == after
                ? keys : keys + state.services(selecting: before, inNamespace: namespace)
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        var result = Reconciliation()
        let endpointsKey = ObjectKey(.endpoints, namespace: key.namespace, name: key.name)
        guard let service = state.record(key), !service.isBeingDeleted else {
            if let orphan = state.record(endpointsKey), !orphan.isBeingDeleted,
                orphan.labels[EndpointsObject.managedByLabel] != nil
            {
                result.propose(
                    .delete(endpointsKey, uid: orphan.uid), why: "its Service is gone")
            }
            return result
        }
        let selector = service.selector
        guard !selector.isEmpty else {
            return .refused("it has no selector; its endpoints are somebody else's")
        }
        if let namespace = state.record(ObjectKey(.namespaces, name: key.namespace)),
            namespace.isBeingDeleted
        {
            return .refused("its namespace is being deleted")
        }
        let members = state.pods(withLabels: selector, inNamespace: key.namespace)
            .compactMap { ServiceMember($0, of: service, in: state) }
        EndpointsObject.update(
            service, members, existing: state.record(endpointsKey), &result)
        let slices = state.dependents(ofUID: service.uid).compactMap { state.record($0) }.filter {
            $0.key.resource == .endpointSlices && !$0.isBeingDeleted
                && $0.labels[EndpointSlices.managedByLabel] == EndpointSlices.manager
        }
        EndpointSlices.update(service, members, existing: slices, &result)
        return result
    }
}

/// One Pod behind a Service.
struct ServiceMember {
    let address: String
    let hostname: String?
    let nodeName: String?
    let zone: String?
    let reference: JSON
    let uid: String
    /// The Service's ports as this Pod has them: name, number, protocol, application protocol.
    let ports: [JSON]
    let isReady: Bool
    let isServing: Bool
    let isTerminating: Bool

    /// Nil when the Pod cannot be reached: without an address, finished or evicted for good.
    init?(_ record: PodRecord, of service: ObjectRecord, in state: ClusterState) {
        let pod = record.pod
        guard !record.isFinished, let address = pod.podIP, !address.isEmpty else { return nil }
        nodeName = record.nodeName
        let isLost = nodeName.map(state.isMachineLost) ?? false
        if isLost, state.isDeletionUnderWay(uid: record.uid) { return nil }
        self.address = address
        let isNamed = pod.subdomain == service.key.name
        hostname = isNamed ? pod.hostname : nil
        zone = nodeName.flatMap { state.node(named: $0)?.labels["topology.kubernetes.io/zone"] }
        uid = record.uid
        reference = [
            "kind": "Pod", "namespace": .string(record.key.namespace),
            "name": .string(record.key.name), "uid": .string(record.uid),
        ]
        ports = Self.ports(of: service, on: pod)
        isServing = record.isReady && !isLost
        isTerminating = state.isDeparting(record)
        let publishes = service.spec["publishNotReadyAddresses"]?.bool ?? false
        isReady = publishes || (isServing && !isTerminating)
    }

    private static func ports(of service: ObjectRecord, on pod: Pod) -> [JSON] {
        (service.spec["ports"]?.array ?? []).compactMap { port in
            let transport = port["protocol"]?.string ?? "TCP"
            let target = port["targetPort"] ?? port["port"]
            guard let number = number(of: target, transport, on: pod) ?? fallback(target, port)
            else { return nil }
            var json: JSON = [
                "name": port["name"] ?? "", "port": .integer(number),
                "protocol": .string(transport),
            ]
            if let application = port["appProtocol"] { json["appProtocol"] = application }
            return json
        }
    }

    /// A target of 0 or "" stands for the Service's own port.
    private static func fallback(_ target: JSON?, _ port: JSON) -> Int64? {
        target?.string == "" || target?.integer == 0 ? port["port"]?.integer : nil
    }

    private static func number(of target: JSON?, _ transport: String, on pod: Pod) -> Int64? {
        if let number = target?.integer { return number > 0 ? number : nil }
        guard let name = target?.string, !name.isEmpty else { return nil }
        let sidecars = pod.initContainers.filter { $0.json["restartPolicy"]?.string == "Always" }
        for container in pod.containers + sidecars {
            for port in container.ports
            where port["name"]?.string == name
                && (port["protocol"]?.string ?? "TCP") == transport
            {
                return port["containerPort"]?.integer
            }
        }
        return nil
    }

    /// Members by the ports that they have, in a fixed order.
    static func groups(_ members: [ServiceMember]) -> [(ports: [JSON], members: [ServiceMember])] {
        var groups: [String: (ports: [JSON], members: [ServiceMember])] = [:]
        for member in members {
            let text = JSON.array(member.ports).text
            groups[text, default: (member.ports, [])].members.append(member)
        }
        return groups.keys.sorted().compactMap { groups[$0] }
    }
}
