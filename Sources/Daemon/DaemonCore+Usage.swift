package import API
package import Base
import Gossip
import Kubelet

/// Another machine's API server.
package struct MachineContact: Sendable, Equatable {
    package let name: MachineName
    package let host: String
    package let port: UInt16
}

extension DaemonCore {
    /// What this machine used between its last two readings; nil while there are fewer.
    package var usageReport: UsageReport? {
        guard let newest = kubelet.statistics.newest, let previous = kubelet.statistics.previous
        else { return nil }
        let milliseconds = (newest.time - previous.time).nanoseconds / 1_000_000
        guard milliseconds > 0 else { return nil }
        func rate(_ now: UInt64, _ before: UInt64) -> Int64 {
            // A container that was restarted counts from zero again.
            let spent = now >= before ? now - before : now
            return Int64(clamping: spent / UInt64(milliseconds) * 1_000)
        }
        var pods: [String: [String: UsageReport.Amount]] = [:]
        for (uid, containers) in newest.pods {
            for (name, container) in containers {
                let before = previous.pods[uid]?[name]?.cpuNanoseconds
                guard let before else { continue }
                pods[uid, default: [:]][name] = UsageReport.Amount(
                    cpu: rate(container.cpuNanoseconds, before),
                    memoryBytes: container.workingSetBytes)
            }
        }
        return UsageReport(
            time: newest.time, windowMilliseconds: milliseconds,
            machine: UsageReport.Amount(
                cpu: rate(newest.cpuNanoseconds, previous.cpuNanoseconds),
                memoryBytes: newest.memory.capacityBytes - newest.memory.availableBytes),
            pods: pods)
    }

    /// The API servers of all other machines that are alive.
    var liveContacts: [MachineContact] {
        gossip.sortedMembers.compactMap { member in
            guard member.isLive, member.name != configuration.name,
                let tags = MeshTags(member.tags)
            else { return nil }
            return MachineContact(name: member.name, host: member.address.ip, port: tags.api)
        }
    }
}
