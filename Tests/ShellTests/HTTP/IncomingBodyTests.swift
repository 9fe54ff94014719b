import NIOCore
import Shell
import Testing

@Suite("bodies that are coming in")
struct IncomingBodyTests {
    private static let piece = ByteBuffer(repeating: 120, count: 500_000)

    private static func body(_ budget: BodyBudget) -> IncomingBody {
        IncomingBody(HTTPLimits(), budget)
    }

    @Test("what one holds another cannot have, until it ends")
    func budget() {
        let budget = BodyBudget(limit: 1_000_000)
        var first = Self.body(budget)
        var second = Self.body(budget)
        let goesOn = [first.append(Self.piece), second.append(Self.piece)]
        #expect(goesOn == [true, true])
        #expect(first.fault == nil)
        #expect(second.fault == .noRoom)
        let whole = first.take()
        #expect(whole.count == 500_000)
        second.discard()
        _ = second.append(Self.piece)
        #expect(second.fault == nil)
        let next = second.take()
        #expect(next.count == 500_000)
    }

    @Test("what is given up comes back")
    func givenUp() {
        let budget = BodyBudget(limit: 1_000_000)
        for _ in 0..<10 {
            var body = Self.body(budget)
            _ = body.append(Self.piece)
            #expect(body.fault == nil)
            body.discard()
        }
    }

    @Test("small bodies need no room")
    func small() {
        var body = Self.body(BodyBudget(limit: 0))
        _ = body.append(ByteBuffer(repeating: 1, count: 100_000))
        #expect(body.fault == nil)
    }

    @Test("a body beyond the limit is kept no longer, and read to a bound")
    func tooLarge() {
        let budget = BodyBudget(limit: 10_000_000)
        var body = Self.body(budget)
        var pieces = 0
        while body.append(Self.piece) { pieces += 1 }
        #expect(body.fault == .tooLarge)
        #expect(pieces == HTTPLimits().refusedBytes / 500_000)
        // It holds nothing of the budget.
        let isFree = budget.take(10_000_000)
        #expect(isFree)
    }
}
