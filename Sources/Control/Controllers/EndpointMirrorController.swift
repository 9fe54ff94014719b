import JSON
package import Objects

/// Shows Endpoints that a user wrote as EndpointSlices, for readers that know only these
/// (`endpointslicemirroring-controller`).
package enum EndpointMirrorController: Controller {
    private static let manager = "endpointslicemirroring-controller.k8s.io"
    private static let skipLabel = "endpointslice.kubernetes.io/skip-mirror"
    private static let leaderAnnotation = "control-plane.alpha.kubernetes.io/leader"
    /// As many addresses of a subset as Kubernetes mirrors.
    private static let addressesMax = 1_000

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        let namespace = change.key.namespace
        switch change.key.resource {
        case .endpoints: return [change.key]
        case .services:
            return [ObjectKey(.endpoints, namespace: namespace, name: change.key.name)]
        case .endpointSlices:
            return [change.old, change.new].compactMap { $0 }
                .filter { $0.labels[EndpointSlices.managedByLabel] == manager }
                .compactMap { $0.labels[EndpointSlices.serviceLabel] }
                .map { ObjectKey(.endpoints, namespace: namespace, name: $0) }
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        var result = Reconciliation()
        // Without their owner they are the garbage collector's.
        guard let endpoints = state.record(key), !endpoints.isBeingDeleted else { return result }
        var existing = state.dependents(ofUID: endpoints.uid).compactMap { state.record($0) }
            .filter {
                $0.key.resource == .endpointSlices && !$0.isBeingDeleted
                    && $0.labels[EndpointSlices.managedByLabel] == manager
            }
        for wanted in isMirrored(endpoints, in: state) ? slices(of: endpoints) : [] {
            let fitting = existing.firstIndex {
                $0.json["addressType"] == wanted["addressType"]
                    && $0.json["ports"]?.array ?? [] == wanted["ports"]?.array ?? []
            }
            guard let fitting else {
                result.propose(
                    .create(.endpointSlices, wanted), why: "the Endpoints have no slice for it")
                continue
            }
            refresh(existing.remove(at: fitting), wanted, &result)
        }
        for record in existing {
            result.propose(
                .delete(record.key, uid: record.uid), why: "the Endpoints have no such addresses")
        }
        return result
    }

    private static func isMirrored(_ endpoints: ObjectRecord, in state: ClusterState) -> Bool {
        guard endpoints.labels[skipLabel] != "true",
            endpoints.labels[EndpointsObject.managedByLabel] == nil,
            endpoints.metadata.annotations[leaderAnnotation] == nil
        else { return false }
        let service = ObjectKey(
            .services, namespace: endpoints.key.namespace, name: endpoints.key.name)
        return state.record(service).map { $0.selector.isEmpty } ?? false
    }

    private static func refresh(
        _ record: ObjectRecord, _ wanted: JSON, _ result: inout Reconciliation
    ) {
        var document = record.json
        document["endpoints"] = wanted["endpoints"]
        for name in ["labels", "annotations"] {
            document[path: ["metadata", name]] = wanted["metadata"]?[name]
        }
        guard document != record.json else { return }
        result.propose(.update(.endpointSlices, document), why: "the Endpoints changed")
    }

    private static func slices(of endpoints: ObjectRecord) -> [JSON] {
        var labels = endpoints.json["metadata"]?["labels"] ?? .object([:])
        labels[EndpointSlices.serviceLabel] = .string(endpoints.key.name)
        labels[EndpointSlices.managedByLabel] = .string(manager)
        var metadata: JSON = [
            "generateName": .string(endpoints.key.name + "-"),
            "namespace": .string(endpoints.key.namespace), "labels": labels,
            "ownerReferences": [endpoints.controllerReference],
        ]
        let dropped = [
            "kubectl.kubernetes.io/last-applied-configuration",
            "endpoints.kubernetes.io/last-change-trigger-time",
        ]
        var annotations: JSON = .object([:])
        for (name, value) in endpoints.metadata.annotations.sorted(by: { $0.key < $1.key })
        where !dropped.contains(name) {
            annotations[name] = .string(value)
        }
        if annotations != .object([:]) { metadata["annotations"] = annotations }
        return (endpoints.json["subsets"]?.array ?? []).flatMap { subset -> [JSON] in
            let ready = (subset["addresses"]?.array ?? []).map { endpoint($0, isReady: true) }
            let others = (subset["notReadyAddresses"]?.array ?? []).map {
                endpoint($0, isReady: false)
            }
            let all = (ready + others).prefix(addressesMax)
            return ["IPv4", "IPv6"].compactMap { family in
                let members = all.filter { isIPv6($0) == (family == "IPv6") }
                guard !members.isEmpty else { return nil }
                return [
                    "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                    "metadata": metadata, "addressType": .string(family),
                    "endpoints": .array(Array(members)), "ports": .array(ports(of: subset)),
                ]
            }
        }
    }

    private static func isIPv6(_ endpoint: JSON) -> Bool {
        endpoint["addresses"]?[0]?.string?.contains(":") ?? false
    }

    private static func ports(of subset: JSON) -> [JSON] {
        (subset["ports"]?.array ?? []).map { port in
            var port = port
            if port["name"] == nil { port["name"] = "" }
            if port["protocol"] == nil { port["protocol"] = "TCP" }
            return port
        }
    }

    private static func endpoint(_ address: JSON, isReady: Bool) -> JSON {
        var json: JSON = [
            "addresses": [address["ip"] ?? ""], "conditions": ["ready": .bool(isReady)],
        ]
        for name in ["hostname", "targetRef", "nodeName"] {
            if let value = address[name] { json[name] = value }
        }
        return json
    }
}
