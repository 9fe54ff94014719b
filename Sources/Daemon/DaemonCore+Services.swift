import Base
import Gossip
import JSON
import Objects
import Services
import Store

extension DaemonCore {
    /// Tells the shell what changed for DNS and the proxy in this step, once.
    mutating func publishServices(into out: inout Outbox<DaemonEffect>) {
        if isZoneStale {
            isZoneStale = false
            out.append(.zoneChanged)
        }
        if isProxyStale {
            isProxyStale = false
            let rules = proxy.rules
            if rules != proxyRules {
                proxyRules = rules
                out.append(.setProxyRules(rules))
            }
        }
    }

    /// Keeps the routes to the Pods of every other machine.
    mutating func updateRoutes(
        _ objects: [(ObjectKey, JSON?)], into out: inout Outbox<DaemonEffect>
    ) {
        guard objects.contains(where: { $0.0.resource == .nodes }) else { return }
        let nodes = store.snapshot.list(
            .resource(group: "", resource: "nodes"), after: nil, limit: .max)
        let fresh = nodes.compactMap { _, document -> PodRoute? in
            guard let node = Self.object(document).map(Node.init),
                node.name != configuration.name.text, let podCIDR = node.podCIDR,
                let gateway = node.internalAddress
            else { return nil }
            return PodRoute(podCIDR: podCIDR, gateway: gateway)
        }
        guard fresh != routes else { return }
        routes = fresh
        out.append(.setRoutes(fresh))
    }
}
