import Base
import Control
import Gossip
import Store

/// Machines of which there is a Node, and of which the mesh of this run never heard.
///
/// The mesh tells of a death only to those who knew the living. When every machine that saw one die
/// has started anew since, nobody remembers it: its Node would stay Ready, and Pods would be
/// bound to it for ever. So a leader that has not heard of a machine some time
/// after it began to lead takes it for failed, until it hears of it.
extension DaemonCore {
    mutating func mournUnheard(at now: Instant) {
        guard let deadline = unheardDeadline, deadline <= now else { return }
        unheardDeadline = nil
        guard isControlling else { return }
        let nodes = KeyRange.resource(group: "", resource: "nodes")
        for (key, _) in store.snapshot.list(nodes) {
            guard let name = MachineName(key.name), name != configuration.name,
                gossip[name] == nil
            else { continue }
            stepControl(.peerStatus(name, .failed), at: now)
        }
    }
}
