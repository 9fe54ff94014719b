import API
import Base
import Gossip

extension DaemonCore {
    /// Machines renew their Leases as often as Kubernetes' kubelets do, to whoever looks.
    private static let leasePeriodSeconds: Int64 = 10

    /// When the mesh last knew that each machine is alive. A machine that is alive counts as heard
    /// at the last full period: others may have heard it when this one has not, as each asks few.
    func machineContacts(at now: Instant) -> MachineContacts {
        let period = Self.leasePeriodSeconds
        let recent = WallTime(seconds: wallTime.seconds / period * period)
        var times: [String: WallTime] = [:]
        for member in gossip.sortedMembers {
            if member.name == configuration.name || member.status == .alive {
                times[member.name.text] = recent
            } else if let heard = gossip.contact(member.name)?.lastHeard {
                times[member.name.text] = wallTime + (heard - now)
            }
        }
        return MachineContacts(times)
    }
}
