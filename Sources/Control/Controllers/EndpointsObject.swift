import Base
import JSON
import Objects

/// The `v1.Endpoints` of a Service.
enum EndpointsObject {
    static let managedByLabel = "endpoints.kubernetes.io/managed-by"
    static let headlessLabel = "service.kubernetes.io/headless"
    private static let manager = "endpoint-controller"
    /// As many addresses as Kubernetes puts into one object.
    private static let addressesMax = 1_000
    private static let overCapacity = "endpoints.kubernetes.io/over-capacity"

    static func update(
        _ service: ObjectRecord, _ members: [ServiceMember], existing: ObjectRecord?,
        _ result: inout Reconciliation
    ) {
        guard existing?.isBeingDeleted != true else { return }
        let publishes = service.spec["publishNotReadyAddresses"]?.bool ?? false
        let all = members.filter { !$0.isTerminating || publishes }.sorted { left, right in
            (sortKey(left.address), left.uid) < (sortKey(right.address), right.uid)
        }
        let subsets = subsets(Array(all.prefix(addressesMax)))
        var document: JSON =
            existing?.json ?? [
                "apiVersion": "v1", "kind": "Endpoints",
                "metadata": [
                    "name": .string(service.key.name), "namespace": .string(service.key.namespace),
                ],
            ]
        document[path: ["metadata", "labels"]] = labels(of: service)
        if all.count > addressesMax {
            document[path: ["metadata", "annotations", overCapacity]] = "truncated"
        } else if existing?.metadata.annotations[overCapacity] != nil {
            document[path: ["metadata", "annotations", overCapacity]] = JSON?.none
        }
        document["subsets"] = subsets.isEmpty ? JSON?.none : .array(subsets)
        guard document != existing?.json else { return }
        result.propose(
            existing == nil ? .create(.endpoints, document) : .update(.endpoints, document),
            why: "the Pods behind the Service changed")
    }

    /// Orders addresses as numbers.
    private static func sortKey(_ address: String) -> UInt32 { IPv4Address(address)?.number ?? 0 }

    static func labels(of service: ObjectRecord) -> JSON {
        var labels = service.json["metadata"]?["labels"] ?? .object([:])
        labels[managedByLabel] = .string(manager)
        labels[headlessLabel] = isHeadless(service) ? "" : JSON?.none
        return labels
    }

    static func isHeadless(_ service: ObjectRecord) -> Bool {
        service.spec["clusterIP"]?.string == "None"
    }

    private static func subsets(_ members: [ServiceMember]) -> [JSON] {
        ServiceMember.groups(members).map { group in
            var subset: JSON = .object([:])
            let ready = group.members.filter { $0.isReady }.map(address)
            let notReady = group.members.filter { !$0.isReady }.map(address)
            if !ready.isEmpty { subset["addresses"] = .array(ready) }
            if !notReady.isEmpty { subset["notReadyAddresses"] = .array(notReady) }
            if !group.ports.isEmpty {
                subset["ports"] = .array(
                    group.ports.map { port in
                        var port = port
                        if port["name"]?.string == "" { port["name"] = JSON?.none }
                        return port
                    })
            }
            return subset
        }
    }

    private static func address(_ member: ServiceMember) -> JSON {
        var json: JSON = ["ip": .string(member.address)]
        if let hostname = member.hostname, !hostname.isEmpty {
            json["hostname"] = .string(hostname)
        }
        if let node = member.nodeName { json["nodeName"] = .string(node) }
        json["targetRef"] = member.reference
        return json
    }
}

/// The `discovery.k8s.io/v1.EndpointSlice`s of a Service. A Pod stays in the slice it is in, so
/// that one change touches one slice.
enum EndpointSlices {
    static let serviceLabel = "kubernetes.io/service-name"
    static let managedByLabel = "endpointslice.kubernetes.io/managed-by"
    static let manager = "endpointslice-controller.k8s.io"
    /// Kubernetes' `--max-endpoints-per-slice`.
    private static let endpointsMax = 100

    private struct Slice {
        var existing: ObjectRecord?
        var ports: [JSON]
        var endpoints: [JSON] = []
    }

    static func update(
        _ service: ObjectRecord, _ members: [ServiceMember], existing: [ObjectRecord],
        _ result: inout Reconciliation
    ) {
        var pool = existing
        var slices: [Slice] = []
        for group in ServiceMember.groups(members) {
            slices += arrange(group.members, group.ports, &pool)
        }
        if slices.isEmpty {
            // A Service without Pods keeps one empty slice, so that readers know it was looked at.
            let placeholder = pool.isEmpty ? nil : pool.removeFirst()
            slices = [Slice(existing: placeholder, ports: [])]
        }
        for slice in slices { propose(slice, service, &result) }
        for record in pool {
            result.propose(
                .delete(record.key, uid: record.uid), why: "no Pod is left in this slice")
        }
    }

    private static func arrange(
        _ members: [ServiceMember], _ ports: [JSON], _ pool: inout [ObjectRecord]
    ) -> [Slice] {
        var waiting: [String: JSON] = [:]
        for member in members { waiting[member.uid] = endpoint(member) }
        var slices: [Slice] = []
        for record in pool where record.json["ports"]?.array ?? [] == ports {
            let kept = (record.json["endpoints"]?.array ?? []).compactMap { old in
                old["targetRef"]?["uid"]?.string.flatMap { waiting.removeValue(forKey: $0) }
            }
            if !kept.isEmpty {
                slices.append(Slice(existing: record, ports: ports, endpoints: kept))
            }
        }
        var rest = members.compactMap { waiting[$0.uid] }[...]
        for index in slices.indices {
            let room = max(0, endpointsMax - slices[index].endpoints.count)
            slices[index].endpoints += rest.prefix(room)
            rest = rest.dropFirst(room)
        }
        let used = Set(slices.compactMap { $0.existing?.key })
        pool.removeAll { used.contains($0.key) }
        while !rest.isEmpty {
            let reused = pool.isEmpty ? nil : pool.removeFirst()
            slices.append(
                Slice(existing: reused, ports: ports, endpoints: Array(rest.prefix(endpointsMax))))
            rest = rest.dropFirst(endpointsMax)
        }
        return slices
    }

    private static func endpoint(_ member: ServiceMember) -> JSON {
        var json: JSON = [
            "addresses": [.string(member.address)],
            "conditions": [
                "ready": .bool(member.isReady), "serving": .bool(member.isServing),
                "terminating": .bool(member.isTerminating),
            ],
        ]
        if let hostname = member.hostname, !hostname.isEmpty {
            json["hostname"] = .string(hostname)
        }
        json["targetRef"] = member.reference
        if let node = member.nodeName { json["nodeName"] = .string(node) }
        if let zone = member.zone { json["zone"] = .string(zone) }
        return json
    }

    private static func propose(
        _ slice: Slice, _ service: ObjectRecord, _ result: inout Reconciliation
    ) {
        var labels = service.json["metadata"]?["labels"] ?? .object([:])
        labels[serviceLabel] = .string(service.key.name)
        labels[managedByLabel] = .string(manager)
        if EndpointsObject.isHeadless(service) { labels[EndpointsObject.headlessLabel] = "" }
        var document: JSON =
            slice.existing?.json ?? [
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": [
                    "generateName": .string(service.key.name + "-"),
                    "namespace": .string(service.key.namespace),
                    "ownerReferences": [service.controllerReference],
                ],
                "addressType": "IPv4",
            ]
        document[path: ["metadata", "labels"]] = labels
        document["endpoints"] = .array(slice.endpoints)
        document["ports"] = .array(slice.ports)
        if let existing = slice.existing {
            // A list without elements may be stored as none at all.
            func differs(_ name: String) -> Bool {
                existing.json[name]?.array ?? [] != document[name]?.array ?? []
            }
            let isSame = labels == existing.json["metadata"]?["labels"] ?? .object([:])
            guard !isSame || differs("endpoints") || differs("ports") else { return }
            result.propose(
                .update(.endpointSlices, document), why: "the Pods behind the Service changed")
        } else {
            result.propose(
                .create(.endpointSlices, document), why: "the Service's Pods need a slice")
        }
    }
}
