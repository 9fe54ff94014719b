import Base
import Daemon
import Gossip
import Raft
import Testing

/// Who votes, as a pure policy: a mesh, a membership and the time go in, a change comes out.
@Suite struct MembershipPolicyTests {
    private static let names = ["a", "b", "c", "d", "e", "f"].compactMap { MachineName($0) }

    /// A mesh whose log takes every change at once.
    private struct Mesh {
        var policy = MembershipPolicy(replacementDelay: .seconds(30))
        var now = Instant.zero
        var membership: RaftMembership
        var statuses: [MachineName: GossipMember.Status] = [:]
        var votersWanted: Int
        var barred: Set<MachineName> = []
        var behind: [MachineName] = []
        var changes: [RaftMembershipChange] = []

        init(voters: Int, machines: Int, votersWanted: Int = 3) {
            let names = MembershipPolicyTests.names
            membership = RaftMembership(voters: Array(names[..<voters]))
            self.votersWanted = votersWanted
            for name in names[..<machines] { statuses[name] = .alive }
            settle()
        }

        mutating func set(_ name: MachineName, _ status: GossipMember.Status) {
            statuses[name] = status
            policy.noteStatus(name, status, at: now)
            settle()
        }

        /// Lets time pass; the policy looks whenever it wants to.
        mutating func wait(_ span: Span) {
            let end = now + span
            while let deadline = policy.deadline, deadline <= end {
                now = max(now, deadline)
                policy.didLook()
                settle()
            }
            now = end
            settle()
        }

        /// Asks until nothing is to be changed, and a few times more.
        private mutating func settle() {
            for _ in 0..<10 {
                let members = statuses.keys.sorted().map {
                    GossipMember(
                        name: $0, address: PeerAddress(ip: "192.0.2.1", port: 1),
                        status: statuses[$0] ?? .alive)
                }
                let view = MembershipPolicy.View(
                    name: MembershipPolicyTests.names[0], membership: membership,
                    members: members,
                    caughtUp: membership.learners.filter { !behind.contains($0) },
                    barred: barred, votersWanted: votersWanted)
                guard let change = policy.nextChange(view, at: now) else { return }
                guard let next = membership.applying(change) else {
                    Issue.record("\(change) does not fit \(membership)")
                    return
                }
                changes.append(change)
                membership = next.settled
            }
            Issue.record("the policy never rests: \(changes.suffix(3))")
        }

        var voters: String { membership.voters.map(\.text).joined() }
        var learners: String { membership.learners.map(\.text).joined() }
    }

    private func name(_ text: String) -> MachineName {
        Self.names.first { $0.text == text } ?? Self.names[0]
    }

    @Test("a cluster grows from one voter to three to five as machines join, never to an even one")
    func growth() {
        var seen: [String] = []
        for machines in 1...6 {
            let mesh = Mesh(voters: 1, machines: machines, votersWanted: 5)
            seen.append(mesh.voters + "+" + mesh.learners)
        }
        #expect(seen == ["a+", "a+b", "abc+", "abc+d", "abcde+", "abcde+f"])
    }

    @Test("both new voters come in one change")
    func growthAtOnce() {
        let mesh = Mesh(voters: 1, machines: 3)
        #expect(
            mesh.changes == [
                RaftMembershipChange(added: [name("b"), name("c")]),
                RaftMembershipChange(promoted: [name("b"), name("c")]),
            ])
    }

    @Test("a voter that stays away for 30 s is replaced in one change, and returns as a learner")
    func replacement() {
        var mesh = Mesh(voters: 3, machines: 4)
        mesh.set(name("c"), .failed)
        mesh.wait(.milliseconds(29_999))
        #expect(mesh.voters == "abc")
        mesh.wait(.milliseconds(1))
        #expect(mesh.voters == "abd")
        #expect(
            mesh.changes.last
                == RaftMembershipChange(promoted: [name("d")], demoted: [name("c")]))
        mesh.set(name("c"), .alive)
        mesh.wait(.seconds(3_600))
        #expect(mesh.voters == "abd")
        #expect(mesh.learners == "c")
    }

    @Test("a voter that comes back within 30 s keeps its vote")
    func shortAbsence() {
        var mesh = Mesh(voters: 3, machines: 4)
        for _ in 0..<3 {
            mesh.set(name("c"), .failed)
            mesh.wait(.seconds(29))
            mesh.set(name("c"), .alive)
            mesh.wait(.seconds(1))
        }
        #expect(mesh.voters == "abc")
    }

    @Test("without a machine to take the vote nothing changes: three voters stay three")
    func nobodyToReplace() {
        var mesh = Mesh(voters: 3, machines: 3)
        mesh.set(name("c"), .failed)
        mesh.wait(.seconds(3_600))
        #expect(mesh.voters == "abc")
    }

    @Test("two of five voters die one after another: three are left, then five again")
    func twoOfFive() {
        var mesh = Mesh(voters: 5, machines: 5, votersWanted: 5)
        mesh.set(name("d"), .failed)
        mesh.wait(.seconds(60))
        #expect(mesh.voters == "abcde", "four would bear no more failures than three")
        mesh.set(name("e"), .failed)
        mesh.wait(.seconds(60))
        #expect(mesh.voters == "abc")
        mesh.set(name("d"), .alive)
        mesh.set(name("e"), .alive)
        #expect(mesh.voters == "abc", "not before they were there for a while")
        mesh.wait(.seconds(30))
        #expect(mesh.voters == "abcde")
    }

    @Test("a machine that fails again and again waits longer each time for a vote")
    func flapping() {
        var mesh = Mesh(voters: 5, machines: 6, votersWanted: 5)
        failFourTimes(name("c"), &mesh)
        #expect(mesh.voters == "abdef")
        mesh.set(name("d"), .failed)
        mesh.wait(.seconds(239))
        #expect(mesh.voters == "abdef", "four failures cost 240 s")
        mesh.wait(.seconds(1))
        #expect(mesh.voters == "abcef")
    }

    @Test("when one more failure would stop the log, a machine that failed often votes after 30 s")
    func urgency() {
        var mesh = Mesh(voters: 3, machines: 4)
        failFourTimes(name("c"), &mesh)
        #expect(mesh.voters == "abd")
        mesh.set(name("d"), .failed)
        mesh.wait(.milliseconds(29_999))
        #expect(mesh.voters == "abd")
        mesh.wait(.milliseconds(1))
        #expect(mesh.voters == "abc")
    }

    private func failFourTimes(_ name: MachineName, _ mesh: inout Mesh) {
        mesh.set(name, .failed)
        mesh.wait(.seconds(30))
        for _ in 0..<3 {
            mesh.set(name, .alive)
            mesh.wait(.seconds(20))
            mesh.set(name, .failed)
            mesh.wait(.seconds(20))
        }
        mesh.set(name, .alive)
    }

    @Test("a voter that flaps gives its place to a steady machine")
    func flappingVoter() {
        var mesh = Mesh(voters: 3, machines: 4)
        for _ in 0..<4 {
            mesh.set(name("c"), .alive)
            mesh.wait(.seconds(10))
            mesh.set(name("c"), .failed)
            mesh.wait(.seconds(4))
        }
        #expect(mesh.voters == "abc")
        mesh.wait(.seconds(1))
        #expect(mesh.voters == "abd")
        let changes = mesh.changes.count
        for _ in 0..<20 {
            mesh.set(name("c"), .alive)
            mesh.wait(.seconds(10))
            mesh.set(name("c"), .failed)
            mesh.wait(.seconds(10))
        }
        #expect(mesh.changes.count == changes, "it is not swapped in and out")
    }

    @Test("a learner that is behind is not chosen; the next one is")
    func behind() {
        var mesh = Mesh(voters: 3, machines: 5)
        mesh.behind = [name("d")]
        mesh.set(name("c"), .failed)
        mesh.wait(.seconds(30))
        #expect(mesh.voters == "abe")
    }

    @Test("a machine that leaves gives its vote away and is removed in the same change")
    func leaving() {
        var mesh = Mesh(voters: 3, machines: 4)
        mesh.set(name("b"), .left)
        #expect(mesh.voters == "acd")
        #expect(
            mesh.changes.last
                == RaftMembershipChange(promoted: [name("d")], removed: [name("b")]))
    }

    @Test("a voter that stops in order keeps its vote for 30 s when nobody can take it")
    func orderlyStop() {
        var mesh = Mesh(voters: 3, machines: 3)
        mesh.set(name("c"), .left)
        mesh.wait(.milliseconds(29_999))
        #expect(mesh.voters == "abc", "a and b alone bear no failure either")
        mesh.wait(.milliseconds(1))
        #expect(mesh.voters == "ab")
        mesh.set(name("b"), .left)
        #expect(mesh.voters == "a", "one decides alone")
        mesh.set(name("b"), .alive)
        mesh.set(name("c"), .alive)
        #expect(mesh.voters == "abc", "whoever said goodbye is trusted at once")
    }

    @Test("a voter that is back soon after an orderly stop never lost its vote")
    func restart() {
        var mesh = Mesh(voters: 3, machines: 3)
        let changes = mesh.changes
        for _ in 0..<3 {
            mesh.set(name("c"), .left)
            mesh.wait(.seconds(20))
            mesh.set(name("c"), .alive)
            mesh.wait(.seconds(20))
        }
        #expect(mesh.changes == changes)
    }

    @Test("of five voters two stop in order: the second one takes the first one along")
    func twoLeave() {
        var mesh = Mesh(voters: 5, machines: 5, votersWanted: 5)
        mesh.set(name("d"), .left)
        #expect(mesh.voters == "abcde")
        mesh.set(name("e"), .left)
        #expect(mesh.voters == "abc")
    }

    @Test("a learner that leaves is removed at once")
    func learnerLeaves() {
        var mesh = Mesh(voters: 3, machines: 4)
        mesh.set(name("d"), .left)
        #expect(mesh.learners == "")
    }

    @Test("a barred machine leaves the log and is never added again, however alive it says it is")
    func barred() {
        var mesh = Mesh(voters: 3, machines: 4)
        mesh.barred = [name("b"), name("d")]
        mesh.wait(.seconds(3_600))
        #expect(mesh.voters == "ac")
        #expect(mesh.learners == "")
    }

    @Test("a voter that the mesh does not know is replaced, too")
    func unknown() {
        var mesh = Mesh(voters: 3, machines: 4)
        mesh.statuses[name("c")] = nil
        mesh.wait(.zero)
        mesh.wait(.seconds(30))
        #expect(mesh.voters == "abd")
    }

    @Test("a learner that nobody has seen for a day is removed")
    func forgotten() {
        var mesh = Mesh(voters: 3, machines: 4)
        mesh.set(name("d"), .failed)
        mesh.wait(.seconds(86_399))
        #expect(mesh.learners == "d")
        mesh.wait(.seconds(1))
        #expect(mesh.learners == "")
    }

    @Test("when fewer voters are wanted the surplus becomes learners, failed ones first")
    func shrinking() {
        var mesh = Mesh(voters: 5, machines: 5, votersWanted: 5)
        mesh.set(name("b"), .failed)
        mesh.wait(.seconds(60))
        mesh.votersWanted = 3
        mesh.wait(.zero)
        #expect(mesh.voters == "acd")
    }
}
