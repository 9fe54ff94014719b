package import Base
package import Gossip

/// Turns the assignment table into the nftables rules that give Services their addresses.
///
/// The rules of one table replace it as a whole, in one transaction of the kernel, so a packet
/// sees either the old state or the new one.
package struct ServiceProxy: Sendable {
    /// What a machine's rules depend on besides the assignment table.
    package struct Configuration: Sendable, Equatable {
        /// All Pods of the cluster; what they send elsewhere leaves under the machine's address.
        package var clusterCIDR: IPv4Network
        /// The range of Service addresses; what goes to an unused one is refused at once.
        package var serviceCIDR: IPv4Network

        package init(clusterCIDR: IPv4Network, serviceCIDR: IPv4Network) {
            self.clusterCIDR = clusterCIDR
            self.serviceCIDR = serviceCIDR
        }
    }

    package static let tableName = "podmesh"
    /// The bit of a packet's mark that asks for the machine's address as source; kube-proxy's.
    private static let masqueradeMark = "0x4000"

    private let configuration: Configuration
    private var services: [AssignmentKey: ServiceAssignment] = [:]
    private var pods: [AssignmentKey: PodAssignment] = [:]

    package init(configuration: Configuration) { self.configuration = configuration }

    /// Takes a row of the assignment table; true when the rules may have changed by it.
    package mutating func update(_ entry: AssignmentEntry) -> Bool {
        switch entry.key.kind {
        case .service:
            let old = services[entry.key]
            services[entry.key] = entry.service
            return old != entry.service
        case .pod:
            let old = pods[entry.key]
            pods[entry.key] = entry.pod
            let services = (old?.services ?? []) + (entry.pod?.services ?? [])
            return old != entry.pod && !services.isEmpty
        }
    }

    /// The rules as a script for `nft -f`.
    package var rules: String {
        let ports = forwardedPorts
        var lines = [
            "table ip \(Self.tableName)",
            "delete table ip \(Self.tableName)",
            "table ip \(Self.tableName) {",
        ]
        for (index, port) in ports.enumerated() where !port.endpoints.isEmpty {
            lines += ["  chain service-\(index) {", "    \(Self.balance(port))", "  }"]
            guard port.nodePort > 0 else { continue }
            // The answer has to come back through this machine, wherever the endpoint is.
            lines += [
                "  chain node-port-\(index) {",
                "    meta mark set meta mark or \(Self.masqueradeMark)",
                "    goto service-\(index)", "  }",
            ]
        }
        lines += dispatch(ports)
        lines += [
            "  chain prerouting {",
            "    type nat hook prerouting priority dstnat; policy accept;",
            "    jump services",
            "  }",
            "  chain output {",
            "    type nat hook output priority -100; policy accept;",
            "    jump services",
            "  }",
        ]
        lines += sourceTranslation(ports)
        lines += refusal
        lines.append("}")
        return lines.joined(separator: "\n") + "\n"
    }

    private struct ForwardedPort {
        var address: String
        var `protocol`: String
        var number: UInt16
        var nodePort: UInt16
        var endpoints: [(address: String, port: UInt16)]
        var hasAffinity: Bool
    }

    /// Every port of every Service with an address, in a fixed order.
    private var forwardedPorts: [ForwardedPort] {
        var selected: [AssignmentKey: [PodAssignment]] = [:]
        for key in pods.keys.sorted() {
            guard let pod = pods[key] else { continue }
            for service in pod.services {
                selected[.service(key.namespace, service), default: []].append(pod)
            }
        }
        // A Service that was deleted and made again under another name may share its address
        // with the old row for a moment; one key twice would void the whole script.
        var taken: Set<String> = []
        return services.keys.sorted().flatMap { key -> [ForwardedPort] in
            guard let service = services[key], let address = service.clusterIP,
                IPv4Address(address) != nil
            else { return [] }
            let endpoints = ServiceEndpoint.endpoints(
                of: service, named: key.name, pods: selected[key] ?? []
            ).filter { IPv4Address($0.address) != nil }
            return service.ports.compactMap { port in
                let transport = port.protocol.text.lowercased()
                guard taken.insert("\(address) \(transport) \(port.port)").inserted else {
                    return nil
                }
                return ForwardedPort(
                    address: address, protocol: transport, number: port.port,
                    nodePort: taken.insert("\(transport) \(port.nodePort)").inserted
                        ? port.nodePort : 0,
                    endpoints: endpoints.compactMap { endpoint in
                        endpoint.number(of: port).map { (endpoint.address, $0) }
                    },
                    hasAffinity: service.clientIPAffinitySeconds != nil)
            }
        }
    }

    /// One map lookup finds the Service, however many there are.
    private func dispatch(_ ports: [ForwardedPort]) -> [String] {
        let entries = ports.enumerated().filter { !$0.element.endpoints.isEmpty }
            .map { index, port in
                "\(port.address) . \(port.protocol) . \(port.number) : goto service-\(index)"
            }
        var lines = ["  chain services {"]
        if !entries.isEmpty {
            lines.append(
                "    ip daddr . meta l4proto . th dport vmap { "
                    + entries.joined(separator: ", ") + " }")
        }
        let nodePorts = ports.enumerated()
            .filter { $0.element.nodePort > 0 && !$0.element.endpoints.isEmpty }
            .map { "\($0.element.protocol) . \($0.element.nodePort) : goto node-port-\($0.offset)" }
        if !nodePorts.isEmpty {
            lines.append(
                "    fib daddr type local meta l4proto . th dport vmap { "
                    + nodePorts.joined(separator: ", ") + " }")
        }
        lines.append("  }")
        return lines
    }

    /// Spreads connections evenly. With session affinity the client's address chooses the
    /// endpoint, so a client stays where it is while the set of endpoints does.
    private static func balance(_ port: ForwardedPort) -> String {
        let transport = "meta l4proto \(port.protocol) dnat"
        if port.endpoints.count == 1 {
            return "\(transport) to \(port.endpoints[0].address):\(port.endpoints[0].port)"
        }
        let targets = port.endpoints.enumerated()
            .map { "\($0.offset) : \($0.element.address) . \($0.element.port)" }
            .joined(separator: ", ")
        let choice = port.hasAffinity ? "jhash ip saddr" : "numgen random"
        return "\(transport) ip addr . port to "
            + "\(choice) mod \(port.endpoints.count) map { \(targets) }"
    }

    /// A Pod that reaches itself through a Service, and Pods that reach the world outside, need
    /// the machine's address as source, or the answer would not come back this way.
    private func sourceTranslation(_ ports: [ForwardedPort]) -> [String] {
        let hairpins = Set(ports.flatMap { $0.endpoints.map(\.address) }).sorted()
            .map { "\($0) . \($0)" }
        var lines = [
            "  chain postrouting {",
            "    type nat hook postrouting priority srcnat; policy accept;",
        ]
        if !hairpins.isEmpty {
            lines.append(
                "    ip saddr . ip daddr { \(hairpins.joined(separator: ", ")) } masquerade")
        }
        if ports.contains(where: { $0.nodePort > 0 }) {
            lines.append(
                "    meta mark and \(Self.masqueradeMark) == \(Self.masqueradeMark) masquerade")
        }
        lines += [
            "    ip saddr \(configuration.clusterCIDR) ip daddr != \(configuration.clusterCIDR) "
                + "fib daddr type != local masquerade",
            "  }",
        ]
        return lines
    }

    /// A Service without endpoints refuses at once instead of letting clients wait.
    private var refusal: [String] {
        let rule = "    ip daddr \(configuration.serviceCIDR) reject with icmp port-unreachable"
        return ["forward", "output"].flatMap { hook in
            [
                "  chain refuse-\(hook) {",
                "    type filter hook \(hook) priority filter; policy accept;", rule, "  }",
            ]
        }
    }
}
