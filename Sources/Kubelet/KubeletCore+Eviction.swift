import Base
import JSON
import Objects

/// What the machine uses, as last read, and what was concluded from it.
struct UsageTrack: Sendable {
    var ticket: Ticket?
    var nextAt = Instant.zero
    var newest: MachineStatistics?
    var previous: MachineStatistics?
    /// When each pressure was last seen: it is told for a while after it has passed.
    var seen: [Pressure: Instant] = [:]

    func pressures(_ limits: KubeletLimits, at now: Instant) -> [Pressure] {
        Pressure.allCases.filter { pressure in
            seen[pressure].map { now < $0 + limits.evictionPressureTransition } ?? false
        }
    }
}

/// Ends Pods when the machine runs short, or when they take more disk than they may
/// (`pkg/kubelet/eviction`).
extension KubeletCore {
    /// The last two readings, the newer first.
    package var statistics: (newest: MachineStatistics?, previous: MachineStatistics?) {
        (usage.newest, usage.previous)
    }

    var usageDeadline: Instant? {
        usage.ticket == nil && node.isRuntimeReady && relist.last != nil ? usage.nextAt : nil
    }

    mutating func advanceUsage(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        node.pressures = usage.pressures(limits, at: now)
        guard usage.ticket == nil, node.isRuntimeReady, usage.nextAt <= now, relist.last != nil
        else { return }
        var folders: [String] = []
        for uid in order {
            guard let pod = pods[uid], pod.stage == .active else { continue }
            folders += pod.measuredFolders
        }
        let ticket = tickets.next()
        usage.ticket = ticket
        out.append(
            .runtime(
                ticket, .statistics(podRoot: configuration.podRoot, folders: folders)))
    }

    /// True when the ticket was that of a reading.
    mutating func onUsage(
        _ ticket: Ticket, _ result: Result<RuntimeResponse, RuntimeError>, _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) -> Bool {
        guard ticket == usage.ticket else { return false }
        usage.ticket = nil
        usage.nextAt = now + limits.statisticsPeriod
        guard case .success(.statistics(let statistics)) = result else { return true }
        usage.previous = usage.newest
        usage.newest = statistics
        let shortages = Shortage.all(in: statistics, limits)
        for shortage in shortages { usage.seen[shortage.pressure] = now }
        if shortages.contains(where: { $0.pressure == .disk }) { images.isNeeded = true }
        if endGreedy(statistics, now, &out) { return true }
        // Room on the disk is made from images first; Pods pay when that was not enough.
        if let first = shortages.first {
            recordOnNode(
                "EvictionThresholdMet", "Attempting to reclaim \(first.resource.rawValue)",
                isWarning: true, now)
        }
        let payable = shortages.first { $0.pressure != .disk || images.wasUseless }
        if let payable { evictOne(for: payable, statistics, now, &out) }
        return true
    }

    /// Pods that have written more than their limits say go whether or not the disk is full.
    private mutating func endGreedy(
        _ statistics: MachineStatistics, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) -> Bool {
        var hasEnded = false
        for uid in order {
            guard let pod = pods[uid], pod.stage == .active,
                let message = pod.excess(in: statistics)
            else { continue }
            out.append(.mark("pod evicted for its own disk use"))
            hasEnded = true
            withPod(uid, now, &out) { $0.evict(message, isDisruption: false, &$1) }
        }
        return hasEnded
    }

    /// One Pod at a time, then the machine is looked at again.
    private mutating func evictOne(
        for shortage: Shortage, _ statistics: MachineStatistics, _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) {
        var victims: [EvictionRank] = []
        for uid in order {
            guard let pod = pods[uid], pod.stage == .active, !pod.isCritical else { continue }
            victims.append(EvictionRank(pod, shortage.resource, statistics))
        }
        guard let victim = victims.min() else { return }
        out.append(.mark("pod evicted under \(shortage.pressure.rawValue)"))
        let message = "The node was low on resource: \(shortage.resource.rawValue). "
            + "Threshold quantity: \(BinarySize.text(shortage.threshold)), "
            + "available: \(BinarySize.text(shortage.available)). \(victim.blame)"
        withPod(victim.uid, now, &out) { $0.evict(message, isDisruption: true, &$1) }
    }

    /// Why a new Pod may not start here now; nil when it may.
    func pressureRefusal(of pod: Pod, _ now: Instant) -> String? {
        let pressures = usage.pressures(limits, at: now)
        guard !pressures.isEmpty else { return nil }
        let quality = PodResources.qualityOfService(pod)
        let toleratesMemory = pod.tolerations.contains {
            $0.tolerates(Taint(key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule"))
        }
        if quality != .bestEffort || toleratesMemory {
            // A Pod that asked for memory suffers from a full disk, not from full memory.
            if pressures == [.memory] { return nil }
        }
        let names = pressures.map(\.rawValue).joined(separator: " ")
        return "The node had condition: [\(names)]. "
    }
}

/// The order in which Pods go: those above their requests first, then the less important, then
/// those furthest above (`rankMemoryPressure`).
struct EvictionRank: Sendable, Comparable {
    let uid: String
    private let isWithin: Bool
    private let priority: Int64
    private let excess: Int64
    /// Which containers took more than they asked for.
    let blame: String

    init(_ pod: PodLifecycle, _ resource: Shortage.Resource, _ statistics: MachineStatistics) {
        uid = pod.uid
        priority = pod.pod.spec["priority"]?.integer ?? 0
        let containers = statistics.pods[pod.uid] ?? [:]
        var (used, asked): (Int64, Int64) = (0, 0)
        var blame = ""
        for container in pod.pod.containers + pod.pod.initContainers {
            guard let use = containers[container.name] else { continue }
            let request: Int64
            let usage: Int64
            switch resource {
            case .memory:
                usage = use.workingSetBytes
                request = container.requests["memory"]?.value ?? 0
            case .storage:
                usage = use.writtenBytes
                request = container.requests["ephemeral-storage"]?.value ?? 0
            case .inodes, .processes: continue
            }
            used += usage
            asked += request
            guard usage > request else { continue }
            blame += "Container \(container.name) was using \(BinarySize.text(usage)), "
                + "request is \(BinarySize.text(request)), "
                + "has larger consumption of \(resource.rawValue). "
        }
        if resource == .storage { used += pod.folderBytes(in: statistics) }
        isWithin = used <= asked
        excess = used - asked
        self.blame = blame
    }

    static func < (left: EvictionRank, right: EvictionRank) -> Bool {
        if left.isWithin != right.isWithin { return !left.isWithin }
        if left.priority != right.priority { return left.priority < right.priority }
        if left.excess != right.excess { return left.excess > right.excess }
        return left.uid < right.uid
    }
}

extension PodLifecycle {
    /// Pods of the machine itself and of the system are not evicted.
    var isCritical: Bool {
        isStatic || (pod.spec["priority"]?.integer ?? 0) >= 2_000_000_000
    }

    /// Ends the Pod as Failed with hardly any grace.
    mutating func evict(_ message: String, isDisruption: Bool, _ turn: inout PodTurn) {
        finishingGrace = turn.limits.evictionGraceSeconds
        isDisrupted = isDisruption
        fail("Evicted", message, &turn)
    }

    private var storageLimit: Int64? {
        let limits = pod.containers.compactMap { $0.limits["ephemeral-storage"]?.value }
        return limits.count == pod.containers.count && !limits.isEmpty
            ? limits.reduce(0, +) : nil
    }

    private var hasStorageLimits: Bool {
        (pod.containers + pod.initContainers).contains { $0.limits["ephemeral-storage"] != nil }
    }

    private var emptyDirectories: [(name: String, path: String, limit: Int64?)] {
        pod.volumes.compactMap { volume in
            guard let source = volume["emptyDir"], let name = volume["name"]?.string
            else { return nil }
            let limit = source["sizeLimit"]?.string.flatMap(Quantity.init)?.value
            return (name, paths.emptyDirectory(name), limit)
        }
    }

    /// The folders whose size can cost the Pod its place. Others are not walked.
    var measuredFolders: [String] {
        let all = emptyDirectories
        guard hasStorageLimits else { return all.filter { $0.limit != nil }.map(\.path) }
        return all.map(\.path) + containers.map { "\(paths.logDirectory)/\($0.name)" }
    }

    func folderBytes(in statistics: MachineStatistics) -> Int64 {
        measuredFolders.reduce(0) { $0 + (statistics.folders[$1] ?? 0) }
    }

    /// What the Pod has taken beyond its own limits; nil when it keeps them
    /// (`localStorageEviction`).
    func excess(in statistics: MachineStatistics) -> String? {
        for directory in emptyDirectories {
            guard let limit = directory.limit, limit > 0,
                statistics.folders[directory.path] ?? 0 > limit
            else { continue }
            return "Usage of EmptyDir volume \"\(directory.name)\" exceeds the limit "
                + "\"\(BinarySize.text(limit))\". "
        }
        guard hasStorageLimits else { return nil }
        let uses = statistics.pods[uid] ?? [:]
        let written = uses.values.reduce(0) { $0 + $1.writtenBytes }
        if let limit = storageLimit, written + folderBytes(in: statistics) > limit {
            return "Pod ephemeral local storage usage exceeds the total limit of containers "
                + "\(BinarySize.text(limit)). "
        }
        for container in pod.containers + pod.initContainers {
            guard let limit = container.limits["ephemeral-storage"]?.value,
                let use = uses[container.name]
            else { continue }
            let logs = statistics.folders["\(paths.logDirectory)/\(container.name)"] ?? 0
            guard use.writtenBytes + logs > limit else { continue }
            return "Container \(container.name) exceeded its local ephemeral storage limit "
                + "\"\(BinarySize.text(limit))\". "
        }
        return nil
    }
}
