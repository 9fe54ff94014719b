import Base
import Daemon
import Gossip
import JSON
import Kubelet
import Objects
import Raft
import Store

/// What is missing until the cluster is as its users want it, in words; nil when nothing is.
///
/// Looked at when all faults are over: then it must become nil within a bounded time.
package struct Convergence {
    private let world: World

    package init(_ world: World) { self.world = world }

    package func pending() -> String? {
        raft ?? mesh ?? identities ?? stores ?? applications ?? clients
    }

    /// What the cluster runs.
    private var applications: String? { nodes ?? deployments() ?? orphans ?? services(running) }

    /// What its users were promised.
    private var clients: String? { registers ?? watches ?? drawnPods }

    private var running: [VirtualMachine] { world.machines.filter(\.isRunning) }

    private var raft: String? {
        guard let number = world.leader, let leader = world.machines[number].core?.raft else {
            return "no leader"
        }
        for machine in running {
            guard let other = machine.core?.raft else { continue }
            if other.term != leader.term || other.leader != leader.name {
                return "\(machine.name) does not follow \(leader.name) in term \(leader.term)"
            }
        }
        let odd = running.count % 2 == 1 ? running.count : running.count - 1
        let wanted = min(world.votersWanted, odd)
        let votes = running.filter { leader.membership.voters.contains($0.name) }.count
        if votes < wanted { return "\(votes) live voters, \(wanted) wanted" }
        return nil
    }

    private var mesh: String? {
        for machine in running {
            for other in running where other.number != machine.number {
                guard let member = machine.core?.gossip[other.name], member.status == .alive else {
                    return "\(machine.name) does not see \(other.name) alive"
                }
            }
        }
        return nil
    }

    /// Nothing is left of machines that were removed, and one authority follows the other.
    private var identities: String? {
        guard let number = world.leader, let leader = world.machines[number].core else {
            return "no leader"
        }
        if world.rotationsWanted > 0 { return "no machine has agreed to change the authority" }
        let phase = leader.identities.keyring?.phase
        if world.hasRotated, phase != .steady {
            return "the change of authorities is still \(phase?.rawValue ?? "without keyring")"
        }
        for barred in world.machines where barred.isBarred {
            if leader.raft.membership.contains(barred.name) {
                return "\(barred.name) is removed and still in the log"
            }
            for machine in running where machine.core?.gossip[barred.name]?.isLive == true {
                return "\(machine.name) still takes \(barred.name) in, which is removed"
            }
            if objects(.nodes).contains(where: { Node($0).name == barred.name.text }) {
                return "the Node of \(barred.name) is left, which is removed"
            }
        }
        return nil
    }

    private var stores: String? {
        guard let first = running.first, let store = first.core?.store else { return "no machine" }
        for machine in running.dropFirst() {
            guard machine.core?.store.appliedIndex == store.appliedIndex else {
                return "\(machine.name) has not applied what \(first.name) has"
            }
        }
        return nil
    }

    /// The documents of the leader's Store below a resource.
    private func objects(_ resource: Resource) -> [JSON] {
        guard let number = world.leader ?? running.first?.number,
            let store = world.machines[number].core?.store
        else { return [] }
        let range = KeyRange.resource(group: resource.group, resource: resource.plural)
        return store.snapshot.list(range).compactMap { try? JSON(parsing: $0.document.bytes) }
    }

    private var nodes: String? {
        let nodes = objects(.nodes).map { Node($0) }
        for machine in running {
            guard let node = nodes.first(where: { $0.name == machine.name.text }) else {
                return "no Node \(machine.name)"
            }
            guard node.condition("Ready")?.isTrue == true else {
                return "Node \(machine.name) is not Ready"
            }
        }
        return nil
    }

    /// Whether every Deployment has the Pods it wants, each with live containers on a machine that
    /// runs.
    package func deployments() -> String? {
        let pods = objects(.pods).map(Pod.init)
        let deployments = objects(.deployments)
        for deployment in deployments {
            let name = deployment["metadata"]?["name"]?.string ?? ""
            let namespace = deployment["metadata"]?["namespace"]?.string ?? ""
            let wanted = Int(deployment["spec"]?["replicas"]?.integer ?? 1)
            let mine = pods.filter {
                $0.namespace == namespace && $0.metadata.labels["app"] == name
                    && !$0.isBeingDeleted && !$0.isFinished
            }
            let good = mine.filter { $0.isReady && isLive($0) }
            if good.count != wanted || mine.count != wanted {
                let states = mine.map { "\($0.name) on \($0.nodeName ?? "-") \($0.phase)" }
                return "Deployment \(name): \(good.count) of \(wanted) Pods run; has \(states)"
            }
        }
        return nil
    }

    private func isLive(_ pod: Pod) -> Bool {
        guard let machine = running.first(where: { $0.name.text == pod.nodeName }) else {
            return false
        }
        let live = machine.runtime.containers.values.filter { $0.isLive && $0.podUID == pod.uid }
        return live.count == pod.containers.count
    }

    /// Nothing runs that the Store does not know.
    private var orphans: String? {
        let known = Set(objects(.pods).map { Pod($0).uid })
        for machine in running {
            for container in machine.runtime.containersInOrder where container.isLive {
                if !known.contains(container.podUID) {
                    return "\(machine.name) still runs \(container.state.id) of a Pod that is gone"
                }
            }
        }
        return nil
    }

    /// No acknowledged write is lost.
    private var registers: String? {
        var values: [String: Int] = [:]
        for object in objects(.configMaps) {
            guard let name = object["metadata"]?["name"]?.string,
                let value = object["data"]?["value"]?.string.flatMap({ Int($0) })
            else { continue }
            values[name] = value
        }
        for (name, value) in world.workload.registers.acknowledged where value >= 0 {
            guard let held = values[name] else { return "register \(name) is lost" }
            if held < value { return "register \(name) holds \(held), \(value) was acknowledged" }
        }
        return nil
    }

    /// Every Pod that a client made and deleted is gone.
    private var drawnPods: String? {
        world.workload.clients.lazy.compactMap { ($0 as? PodClient)?.pending }.first
    }

    /// Every watch has shown every change.
    private var watches: String? {
        for (number, client) in world.workload.clients.enumerated() {
            guard let watcher = client as? Watcher,
                let rule = watcher.pending(world.workload.context.changes)
            else { continue }
            return "watch of client \(number): \(rule)"
        }
        return nil
    }

    /// The documents that tell why something is missing, for a person to read.
    var documents: [String] {
        [Resource.nodes, .deployments, .replicaSets, .pods].flatMap(objects).map {
            String(decoding: $0.bytes, as: UTF8.self)
        }
    }

    /// The Stores of machines that have applied the same entries are the same, byte by byte.
    func storeDifference() -> String? {
        var known: [UInt64: (name: MachineName, bytes: [UInt8])] = [:]
        for machine in running {
            guard let store = machine.core?.store else { continue }
            let bytes = store.encode()
            if let other = known[store.appliedIndex], other.bytes != bytes {
                return "the Stores of \(other.name) and \(machine.name) differ at entry "
                    + "\(store.appliedIndex)"
            }
            known[store.appliedIndex] = (machine.name, bytes)
        }
        return nil
    }
}
