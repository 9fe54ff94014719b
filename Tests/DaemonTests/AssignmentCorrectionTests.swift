import Base
import Daemon
import Gossip
import Testing

/// The leader answers for what the assignment table says, whenever a row reaches it.
@Suite struct AssignmentCorrectionTests {
    @Test func `a leader contradicts a row of a Pod that is gone`() throws {
        var machine = try OneMachine()
        let peer = try #require(MachineName("machine-2"))
        let key = AssignmentKey.pod("default", "gone")
        let row = AssignmentEntry(
            key: key, revision: 1, value: .pod(PodAssignment(uid: "1", node: peer)))
        let message = GossipDatagram(.state, rumors: [.assignment(row)])
        machine.give(.state(from: peer, payload: GossipCodec.encode(message)))
        #expect(machine.core.gossip.table[key]?.value == .tombstone)
    }
}
