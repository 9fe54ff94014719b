import API
import Base
import Control
import Daemon
import Gossip
import Kubelet
import Raft
import Services
import Store

/// Power, processes and partitions.
extension World {
    /// Switches a machine on and starts its daemon.
    package func boot(_ number: Int) {
        let machine = machines[number]
        guard !machine.isPowered, !machine.isLost || machine.isDamaged else { return }
        machine.isPowered = true
        machine.boot += 1
        machine.clock.boot(
            at: now, origin: .zero + machine.random.span(from: .zero, to: .seconds(1_000)))
        trace.note("boots", machine.name.text, at: now)
        if machine.clock.driftPartsPerMillion != 0 { coverage.note(.clockDrift) }
        if machine.clock.wallSkew != .zero { coverage.note(.clockSkew) }
        startDaemon(machine)
    }

    func startDaemon(_ machine: VirtualMachine) {
        guard machine.isPowered, machine.core == nil else { return }
        machine.life += 1
        machine.armedAt = nil
        machine.wallToldAt = nil
        do {
            let (restored, store) = try machine.disk.restore()
            machine.core = DaemonCore(
                configuration: configuration(of: machine), restored: restored, store: store,
                random: Random(seed: machine.random.next()), now: machine.clock.local(at: now),
                wallTime: machine.clock.wall(at: now))
        } catch {
            return refuse(machine, error)
        }
        if machine.isDamaged { return fail("\(machine.name) starts from a damaged disk") }
        checkers.forget(machine)
        let peers = machine.peers.keys.sorted().compactMap { machine.peers[$0] }
        var seeds = peers + machine.seeds.filter { machine.peers[$0.name] == nil }
        if seeds.isEmpty, machine.number != 0 { seeds = [seed(machines[0])] }
        give(.start(seeds: seeds), to: machine)
        if machine.number == 0 { give(.bootstrap(firstDocuments), to: machine) }
        let ready = now + machine.random.span(from: .milliseconds(30), to: plan.runtime.bootMax)
        for input in [KubeletInput.machine(Self.facts), .runtimeReady(true, message: "")] {
            queue.add(
                .input(machine: machine.number, life: machine.life, .kubelet(input)), at: ready)
        }
    }

    /// A daemon does not start from a disk that holds something else than what was written.
    private func refuse(_ machine: VirtualMachine, _ error: any Error) {
        guard machine.isDamaged else {
            return fail("\(machine.name) cannot read its disk: \(error)")
        }
        trace.note("refuses to start: \(error)", machine.name.text, at: now)
        coverage.note(.bitFlip)
        schedule(.replace(machine.number), after: .seconds(1))
    }

    /// Cuts the power: unsynced writes are lost, nothing runs any more.
    package func crash(_ number: Int) {
        let machine = machines[number]
        guard machine.isPowered else { return }
        let lost = machine.disk.cutPower(&machine.random)
        trace.note("loses its power, and \(lost) records", machine.name.text, at: now)
        stop(machine)
        machine.isPowered = false
        machine.boot += 1
        machine.runtime.cutPower(at: machine.clock.wall(at: now))
    }

    /// Kills the daemon; the containers go on.
    package func endDaemon(_ number: Int) {
        let machine = machines[number]
        guard machine.core != nil else { return }
        trace.note("daemon is killed", machine.name.text, at: now)
        machine.disk.endProcess()
        // The sync under way belongs to the process that is gone.
        stop(machine)
    }

    private func stop(_ machine: VirtualMachine) {
        machine.core = nil
        machine.life += 1
        machine.isPaused = false
        machine.backlog = []
        machine.gathered = nil
        machine.crash = nil
        machine.hasSaidGoodbye = false
        machine.snapshotsWrittenAt = now
        network.breakLinks(of: machine.number)
        loseExchanges(of: machine)
    }

    package func isolate(_ number: Int, isDeafOnly: Bool = false) {
        trace.note(
            isDeafOnly ? "hears nobody" : "is cut off", machines[number].name.text, at: now)
        for other in machines.indices where other != number {
            network.cut(other, number)
            if !isDeafOnly { network.cut(number, other) }
        }
    }

    package func heal(_ number: Int) {
        trace.note("is reached again", machines[number].name.text, at: now)
        for other in machines.indices where other != number {
            network.heal(other, number, at: now, into: &queue)
            network.heal(number, other, at: now, into: &queue)
        }
    }

    // MARK: What a machine is told at its start

    private func configuration(of machine: VirtualMachine) -> DaemonConfiguration {
        var kubelet = KubeletConfiguration(
            nodeName: machine.name.text, addresses: [machine.address])
        kubelet.clusterDNS = [machine.address]
        kubelet.acceptsPresentImages = true
        var gossip = GossipConfiguration()
        gossip.probeInterval = gossip.probeInterval * plan.times.mesh
        gossip.probeTimeout = gossip.probeTimeout * plan.times.mesh
        var raft = RaftConfiguration(name: machine.name)
        raft.heartbeatInterval = raft.heartbeatInterval * plan.times.log
        raft.electionTimeoutMin = raft.electionTimeoutMin * plan.times.log
        raft.electionTimeoutMax = raft.electionTimeoutMax * plan.times.log
        raft.reads = plan.log.reads
        if let count = plan.log.snapshotAfterEntries { raft.limits.snapshotAfterEntries = count }
        if let count = plan.log.entriesKeptBehindSnapshot {
            raft.limits.entriesKeptBehindSnapshot = count
        }
        if let size = plan.log.snapshotChunkBytes { raft.limits.snapshotChunkBytes = size }
        var daemon = DaemonConfiguration(
            name: machine.name, address: machine.address, apiPort: Self.apiPort,
            meshPort: Self.meshPort, raftPort: Self.raftPort, votersWanted: votersWanted,
            epoch: machine.random.next(), certificate: nil, gossip: gossip, raft: raft,
            api: APIConfiguration(serviceNetwork: Self.services),
            control: ControlConfiguration(
                clusterCIDR: Self.pods, serviceCIDR: Self.services, authorityPEM: "authority"),
            kubelet: kubelet,
            proxy: ServiceProxy.Configuration(
                clusterCIDR: Self.pods, serviceCIDR: Self.services),
            clusterDomain: "cluster.local")
        // The Stores of these clusters are small, and new controllers shall take several steps.
        daemon.limits.controlLoadMax = 16
        return daemon
    }

    private static let pods = network(10 << 24 | 244 << 16)
    private static let services = network(10 << 24 | 96 << 16)

    private static func network(_ number: UInt32) -> IPv4Network {
        guard let network = IPv4Network(IPv4Address(number: number), prefix: 16) else {
            preconditionFailure("16 is a prefix length")
        }
        return network
    }

    private static let facts = MachineFacts(
        cpuMilli: 4_000, memoryBytes: 8 << 30, ephemeralStorageBytes: 50 << 30)

    private var firstDocuments: [Operation] {
        Self.firstDocuments(of: (0..<machinesMax).map(machineName))
    }
}
