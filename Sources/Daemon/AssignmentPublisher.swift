import Base
package import Gossip
package import JSON
package import Objects

/// Makes the rows of the assignment table from the Store's documents. The leader publishes them.
///
/// A row is made of several objects: a Pod's row names the Services that select it. Each row
/// gets the revision of the change that made it differ, so that a later row always wins.
package struct AssignmentPublisher: Sendable {
    private struct Name: Hashable, Comparable, Sendable {
        var namespace: String
        var name: String

        static func < (left: Name, right: Name) -> Bool {
            (left.namespace, left.name) < (right.namespace, right.name)
        }
    }

    private struct ServiceState: Sendable {
        var json: JSON
        var selector: [String: String]
    }

    /// What a row needs of a Pod that runs on a machine.
    private struct PodState: Sendable {
        var labels: [String: String]
        /// The row without the Services.
        var assignment: PodAssignment
    }

    private var services: [Name: ServiceState] = [:]
    private var servicesByNamespace: [String: [String]] = [:]
    private var pods: [Name: PodState] = [:]
    private var podsByNamespace: [String: Set<String>] = [:]
    /// Endpoints objects; only those of Services without selector matter.
    private var endpoints: [Name: JSON] = [:]

    package init() {}

    /// Takes a changed document and returns the rows that may differ now.
    package mutating func update(
        _ key: ObjectKey, _ json: JSON?, revision: UInt64
    ) -> [AssignmentEntry] {
        let name = Name(namespace: key.namespace, name: key.name)
        switch key.resource {
        case .pods:
            setPod(name, json.flatMap(Self.podState))
            return [podEntry(name, revision)]
        case .services:
            let old = services[name]
            setService(name, json)
            guard old?.selector != services[name]?.selector || old == nil || json == nil else {
                return [serviceEntry(name, revision)]
            }
            let affected = podsByNamespace[name.namespace] ?? []
            return [serviceEntry(name, revision)]
                + affected.sorted().map {
                    podEntry(Name(namespace: name.namespace, name: $0), revision)
                }
        case .endpoints:
            endpoints[name] = json
            guard let service = services[name], service.selector.isEmpty else { return [] }
            return [serviceEntry(name, revision)]
        default:
            return []
        }
    }

    /// All rows, in order, as of a revision; for a new leader.
    package func entries(revision: UInt64) -> [AssignmentEntry] {
        pods.keys.sorted().map { podEntry($0, revision) }
            + services.keys.sorted().map { serviceEntry($0, revision) }
    }

    /// What the table should say of a key; a tombstone of what is not there.
    func entry(of key: AssignmentKey, revision: UInt64) -> AssignmentEntry {
        let name = Name(namespace: key.namespace, name: key.name)
        return switch key.kind {
        case .pod: podEntry(name, revision)
        case .service: serviceEntry(name, revision)
        }
    }

    private mutating func setPod(_ name: Name, _ pod: PodState?) {
        pods[name] = pod
        if pod != nil {
            podsByNamespace[name.namespace, default: []].insert(name.name)
        } else {
            podsByNamespace[name.namespace]?.remove(name.name)
            if podsByNamespace[name.namespace]?.isEmpty == true {
                podsByNamespace[name.namespace] = nil
            }
        }
    }

    private mutating func setService(_ name: Name, _ json: JSON?) {
        services[name] = json.map {
            ServiceState(json: $0, selector: ($0["spec"]?["selector"]).stringMap)
        }
        Self.note(name, isPresent: json != nil, in: &servicesByNamespace)
    }

    /// Keeps the sorted names of a namespace.
    private static func note(
        _ name: Name, isPresent: Bool, in index: inout [String: [String]]
    ) {
        var names = index[name.namespace] ?? []
        let position = names.firstIndex { $0 >= name.name } ?? names.count
        let exists = position < names.count && names[position] == name.name
        if isPresent, !exists { names.insert(name.name, at: position) }
        if !isPresent, exists { names.remove(at: position) }
        index[name.namespace] = names.isEmpty ? nil : names
    }

    // MARK: Rows

    private func podEntry(_ name: Name, _ revision: UInt64) -> AssignmentEntry {
        let key = AssignmentKey.pod(name.namespace, name.name)
        guard let pod = pods[name] else {
            return AssignmentEntry(key: key, revision: revision, value: .tombstone)
        }
        var assignment = pod.assignment
        assignment.services = (servicesByNamespace[name.namespace] ?? []).filter { service in
            let key = Name(namespace: name.namespace, name: service)
            guard let selector = services[key]?.selector, !selector.isEmpty else { return false }
            return selector.allSatisfy { pod.labels[$0.key] == $0.value }
        }
        return AssignmentEntry(key: key, revision: revision, value: .pod(assignment))
    }

    /// Nil when the Pod is on no machine, or has ended.
    private static func podState(_ json: JSON) -> PodState? {
        let pod = Pod(json)
        guard let node = pod.nodeName.flatMap(MachineName.init), !pod.isFinished else { return nil }
        let ports = pod.containers.flatMap(\.ports).compactMap { port -> AssignmentPort? in
            guard let text = port["name"]?.string else { return nil }
            return Self.port(name: text, port)
        }
        // A Pod with the machine's network appears under its addresses, as in Endpoints.
        let addresses = (pod.status["podIPs"]?.array ?? []).compactMap { $0["ip"]?.string }
        return PodState(
            labels: pod.metadata.labels,
            assignment: PodAssignment(
                uid: pod.uid, node: node, addresses: addresses, hostname: pod.hostname,
                subdomain: pod.subdomain, isReady: pod.isReady && !pod.isBeingDeleted,
                services: [], ports: ports))
    }

    private func serviceEntry(_ name: Name, _ revision: UInt64) -> AssignmentEntry {
        let key = AssignmentKey.service(name.namespace, name.name)
        guard let service = services[name] else {
            return AssignmentEntry(key: key, revision: revision, value: .tombstone)
        }
        let spec = service.json["spec"] ?? [:]
        let address = spec["clusterIP"]?.string.flatMap { IPv4Address($0)?.description }
        let isExternal = spec["type"]?.string == "ExternalName"
        var assignment = ServiceAssignment(
            clusterIP: address, ports: (spec["ports"]?.array ?? []).compactMap(Self.servicePort),
            publishNotReadyAddresses: spec["publishNotReadyAddresses"]?.bool ?? false,
            externalName: isExternal ? spec["externalName"]?.string : nil)
        if spec["sessionAffinity"]?.string == "ClientIP" {
            let seconds = spec["sessionAffinityConfig"]?["clientIP"]?["timeoutSeconds"]?.integer
            assignment.clientIPAffinitySeconds = Int32(clamping: seconds ?? 10_800)
        }
        if service.selector.isEmpty, let manual = endpoints[name] {
            assignment.manualEndpoints = Self.manualEndpoints(manual)
        }
        return AssignmentEntry(key: key, revision: revision, value: .service(assignment))
    }

    private static func manualEndpoints(_ json: JSON) -> [ServiceAssignment.ManualEndpoint] {
        (json["subsets"]?.array ?? []).flatMap { subset in
            let ports = (subset["ports"]?.array ?? []).compactMap {
                port(name: $0["name"]?.string ?? "", number: $0["port"], $0)
            }
            func endpoints(_ member: String, isReady: Bool) -> [ServiceAssignment.ManualEndpoint] {
                (subset[member]?.array ?? []).compactMap { address in
                    address["ip"]?.string.map {
                        ServiceAssignment.ManualEndpoint(
                            address: $0, hostname: address["hostname"]?.string,
                            isReady: isReady, ports: ports)
                    }
                }
            }
            return endpoints("addresses", isReady: true)
                + endpoints("notReadyAddresses", isReady: false)
        }
    }

    private static func servicePort(_ json: JSON) -> ServiceAssignment.Port? {
        guard let number = json["port"]?.integer.flatMap(UInt16.init(exactly:)),
            let transport = transport(json)
        else { return nil }
        var target: ServiceAssignment.TargetPort?
        if let name = json["targetPort"]?.string { target = .name(name) }
        if let value = json["targetPort"]?.integer.flatMap(UInt16.init(exactly:)) {
            target = .number(value)
        }
        return ServiceAssignment.Port(
            name: json["name"]?.string ?? "", port: number, targetPort: target,
            protocol: transport,
            nodePort: json["nodePort"]?.integer.flatMap(UInt16.init(exactly:)) ?? 0)
    }

    private static func port(name: String, _ json: JSON) -> AssignmentPort? {
        port(name: name, number: json["containerPort"], json)
    }

    private static func port(name: String, number: JSON?, _ json: JSON) -> AssignmentPort? {
        guard let number = number?.integer.flatMap(UInt16.init(exactly:)),
            let transport = transport(json)
        else { return nil }
        return AssignmentPort(name: name, number: number, protocol: transport)
    }

    private static func transport(_ json: JSON) -> AssignmentProtocol? {
        AssignmentProtocol(text: json["protocol"]?.string ?? "TCP")
    }
}
