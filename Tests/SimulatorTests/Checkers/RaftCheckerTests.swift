import Base
import Raft
import Simulator
import Testing

/// Each property is shown a history that breaks it, and one beside it that does not.
@Suite struct RaftCheckerTests {
    @Test func `two leaders of one term are found, of two terms they are well`() {
        var checker = ElectionSafety()
        #expect(checker.check(View(1, leads: 3)) == nil)
        #expect(checker.check(View(1, leads: 3)) == nil)
        #expect(checker.check(View(2, leads: 4)) == nil)
        #expect(checker.check(View(2, leads: 3)) != nil)
    }

    @Test func `a leader that cuts or replaces its log is found`() {
        var checker = LeaderAppendOnly()
        #expect(checker.check(View(1, leads: 3, log: [1, 1, 3])) == nil)
        #expect(checker.check(View(1, leads: 3, log: [1, 1, 3, 3])) == nil)
        var cut = checker
        #expect(cut.check(View(1, leads: 3, log: [1, 1, 3])) != nil)
        var replaced = checker
        #expect(replaced.check(View(1, leads: 3, log: [1, 1, 3, 2, 2])) != nil)
        var compacted = View(1, leads: 3, log: [1, 1, 3, 3, 3])
        compacted.firstIndex = 6
        #expect(checker.check(compacted) == nil)
    }

    @Test func `a machine that led before may cut its log`() {
        var checker = LeaderAppendOnly()
        #expect(checker.check(View(1, leads: 3, log: [1, 3, 3])) == nil)
        #expect(checker.check(View(1, follows: 4, log: [1, 4])) == nil)
        #expect(checker.check(View(1, leads: 5, log: [1, 4, 5])) == nil)
    }

    @Test func `another entry of the same index and term is found`() {
        var checker = LogMatching()
        #expect(checker.check(View(1, leads: 2, log: [1, 2, 2])) == nil)
        #expect(checker.check(View(2, follows: 2, log: [1, 2])) == nil)
        #expect(checker.check(View(2, follows: 2, log: [1, 2, 2], text: "else")) != nil)
    }

    @Test func `equal entries behind different ones are found`() {
        var checker = LogMatching()
        #expect(checker.check(View(1, leads: 3, log: [1, 2, 3])) == nil)
        #expect(checker.check(View(2, follows: 2, log: [1, 1])) == nil, "not yet equal")
        #expect(checker.check(View(2, follows: 3, log: [1, 1, 3])) != nil)
    }

    @Test func `a replaced tail is looked at again`() {
        var checker = LogMatching()
        #expect(checker.check(View(1, leads: 3, log: [1, 1, 3, 3])) == nil)
        #expect(checker.check(View(2, follows: 2, log: [1, 1, 2, 2])) == nil)
        var good = checker
        #expect(good.check(View(2, follows: 3, log: [1, 1, 3, 3])) == nil)
        #expect(checker.check(View(2, follows: 3, log: [1, 1, 2, 3])) != nil)
    }

    @Test func `a snapshot in the place of another log is no contradiction`() {
        var checker = LogMatching()
        #expect(checker.check(View(1, leads: 3, log: [1, 3, 3])) == nil)
        #expect(checker.check(View(2, follows: 2, log: [1, 2])) == nil)
        var follower = View(2, follows: 3, log: [1, 3])
        follower.firstIndex = 3
        #expect(checker.check(follower) == nil, "all of its log is behind the snapshot")
        follower = View(2, follows: 3, log: [1, 3, 3])
        follower.firstIndex = 3
        #expect(checker.check(follower) == nil)
    }

    @Test func `a leader without a committed entry is found`() {
        var checker = LeaderCompleteness()
        #expect(checker.check(View(1, leads: 2, log: [1, 2, 2], commit: 2)) == nil)
        var good = checker
        #expect(good.check(View(2, leads: 3, log: [1, 2], commit: 1)) == nil)
        #expect(checker.check(View(2, leads: 3, log: [1], commit: 1)) != nil)
    }

    @Test func `an entry that an outrun leader commits must be in the later leader's log`() {
        var checker = LeaderCompleteness()
        #expect(checker.check(View(1, leads: 2, log: [1, 2, 2], commit: 1)) == nil)
        let later = View(2, leads: 3, log: [1, 3], commit: 1)
        #expect(checker.check(later) == nil)
        let outrun = View(1, leads: 2, log: [1, 2, 2], commit: 3)
        #expect(checker.check(outrun) == nil)
        #expect(checker.isOutrun(outrun))
        #expect(checker.check(laterLeaders: [outrun, later]) != nil)
    }

    @Test func `another entry, another revision or an early application are found`() {
        var checker = StateMachineSafety()
        let first = View(1, leads: 2, log: [1, 2, 2], commit: 3)
        #expect(checker.check(first, appliedIndex: 3, revision: 7) == nil)
        #expect(checker.check(first, appliedIndex: 3, revision: 8) != nil)
        var early = StateMachineSafety()
        let behind = View(2, follows: 2, log: [1, 2, 2], commit: 2)
        #expect(early.check(behind, appliedIndex: 3, revision: 7) != nil)
        var other = StateMachineSafety()
        #expect(other.check(first, appliedIndex: 2, revision: 7) == nil)
        let differing = View(2, follows: 2, log: [1, 2], commit: 2, text: "else")
        #expect(other.check(differing, appliedIndex: 2, revision: 7) != nil)
    }
}

/// A log of entries whose commands tell their place, or another text for the last one.
private struct View: RaftLogView {
    var name: MachineName
    var term: UInt64
    var role: RaftRole
    var firstIndex: UInt64 = 1
    var commitIndex: UInt64
    private var terms: [UInt64]
    private var text: String

    init(
        _ number: Int, leads term: UInt64, log: [UInt64] = [], commit: UInt64 = 0,
        text: String = ""
    ) {
        self.init(number, .leader, term, log, commit, text)
    }

    init(
        _ number: Int, follows term: UInt64, log: [UInt64], commit: UInt64 = 0,
        text: String = ""
    ) {
        self.init(number, .follower, term, log, commit, text)
    }

    private init(
        _ number: Int, _ role: RaftRole, _ term: UInt64, _ log: [UInt64], _ commit: UInt64,
        _ text: String
    ) {
        guard let name = MachineName("machine-\(number)") else {
            preconditionFailure("\(number) makes no name")
        }
        self.name = name
        self.term = term
        self.role = role
        terms = log
        commitIndex = commit
        self.text = text
    }

    var lastIndex: UInt64 { UInt64(terms.count) }
    var lastTerm: UInt64 { terms.last ?? 0 }

    func entry(at index: UInt64) -> RaftEntry? {
        guard index >= firstIndex, index <= lastIndex else { return nil }
        let word = index == lastIndex ? text : ""
        return RaftEntry(
            index: index, term: terms[Int(index) - 1],
            payload: .command(Array("\(index)\(word)".utf8)))
    }
}
