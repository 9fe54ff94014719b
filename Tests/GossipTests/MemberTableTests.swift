import Base
import Gossip
import Testing

struct MemberTableTests {
    static func member(_ number: Int, _ status: GossipMember.Status = .alive) -> GossipMember {
        GossipMember(
            name: VirtualMesh.name(number), address: VirtualMesh.address(number), incarnation: 1,
            status: status)
    }

    @Test func `a table that begins assembled is as one that was told of each member`() {
        let members = (0..<300).map { Self.member($0) }
        let core = GossipCore(
            local: members[7], knowing: MemberTable(members), random: Random(seed: 1), now: .zero)
        #expect(core.invariantViolation == nil)
        #expect(core.liveCount == 300)
        #expect(core.sortedMembers.map(\.name) == members.map(\.name).sorted())
    }

    @Test func `probing along the ring reaches every member once per lap`() {
        // Each machine's successor, followed from one to the next, leads through all of them.
        let count = 200
        let members = (0..<count).map { Self.member($0) }
        let table = MemberTable(members)
        var targets: Set<MachineName> = []
        for member in members {
            var core = GossipCore(
                local: member, knowing: table, random: Random(seed: 1), now: .zero)
            var outbox = Outbox<GossipEffect>()
            core.step(.wake, at: core.deadline ?? .zero, into: &outbox)
            for effect in outbox.take() {
                guard case .send(let name, _, _) = effect else { continue }
                targets.insert(name)
            }
        }
        #expect(targets.count == count)
    }
}
