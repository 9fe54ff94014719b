import Base
import JSON
package import Objects

/// Gives each Node its part of the cluster's Pod network (`node-ipam-controller`): the lowest that
/// no other Node has. A Node keeps its part for life.
package enum NodeAddressController: Controller {
    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        guard change.key.resource == .nodes else { return [] }
        let podCIDR = change.new.map { Node($0.json).podCIDR ?? "" }
        return podCIDR == "" || podCIDR == nil ? [ClusterState.wholeCluster] : []
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        var result = Reconciliation()
        var taken: Set<String> = []
        var without: [ObjectRecord] = []
        for record in state.records(.nodes) {
            if let network = Node(record.json).podCIDR, !network.isEmpty {
                taken.insert(network)
            } else if !record.isBeingDeleted {
                without.append(record)
            }
        }
        var candidates = networks(context.configuration).makeIterator()
        for record in without {
            var network = candidates.next()
            while let candidate = network, taken.contains(candidate) { network = candidates.next() }
            guard let network else {
                result.explanation = "no Pod network is left in the cluster's range"
                result.events.append(
                    EventDraft(
                        about: record.key, uid: record.uid, reason: "CIDRNotAvailable",
                        message: "Node \(record.key.name) status is now: CIDRNotAvailable",
                        component: "cidrAllocator"))
                continue
            }
            result.propose(
                .patch(
                    record.key,
                    ["spec": ["podCIDR": .string(network), "podCIDRs": [.string(network)]]]),
                why: "its Pods need addresses")
        }
        return result
    }

    private static func networks(
        _ configuration: ControlConfiguration
    ) -> some Sequence<String> {
        let cluster = configuration.clusterCIDR
        let prefix = min(max(configuration.nodePrefix, cluster.prefix), 32)
        let count = UInt64(1) << UInt64(prefix - cluster.prefix)
        return (0..<count).lazy.compactMap { index in
            cluster.address(at: index << UInt64(32 - prefix))
                .flatMap { IPv4Network($0, prefix: prefix) }.map(\.description)
        }
    }
}
