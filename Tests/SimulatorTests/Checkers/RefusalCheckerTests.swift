import Base
import Raft
import Simulator
import Testing

@Suite struct RefusalCheckerTests {
    private let name = MachineName("machine-1")
    private let refusal = RaftMessage.appendRejected(
        RaftAppendRejection(term: 2, previousIndex: 9, hintIndex: 3, hintTerm: 1))

    @Test func `a machine that refuses without end is told of`() throws {
        let name = try #require(name)
        var checker = RefusalChecker()
        for number in 0..<RefusalChecker.refusalsMax {
            let now = Instant.zero + .milliseconds(Int64(number))
            #expect(checker.note(refusal, of: name, at: now) == nil)
        }
        #expect(checker.note(refusal, of: name, at: .zero + .seconds(9)) != nil)
    }

    @Test func `refusals now and then are no harm, nor are other messages`() throws {
        let name = try #require(name)
        var checker = RefusalChecker()
        for number in 0..<5_000 {
            let now = Instant.zero + .milliseconds(Int64(number) * 20)
            #expect(checker.note(refusal, of: name, at: now) == nil)
            let answer = RaftMessage.appendResponse(term: 2, match: 9)
            #expect(checker.note(answer, of: name, at: now) == nil)
        }
    }
}
