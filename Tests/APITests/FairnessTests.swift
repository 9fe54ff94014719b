import API
import Base
import Testing

@Suite("Priority and fairness")
struct FairnessTests {
    private let start = Instant.zero

    private func level(_ name: String, shares: Int, queues: Int = 0) -> PriorityLevel {
        var level = PriorityLevel(name: name)
        level.shares = shares
        level.queues = queues
        level.handSize = min(2, max(1, queues))
        level.queueLengthLimit = 3
        return level
    }

    private func core(seats: Int, _ levels: [PriorityLevel]) -> FairnessCore {
        var limits = FairnessLimits()
        limits.seats = seats
        var core = FairnessCore(limits: limits)
        core.configure(levels)
        return core
    }

    private func flow(_ level: String, _ user: String = "") -> FlowIdentity {
        FlowIdentity(schema: "s", level: level, distinguisher: user)
    }

    @Test("A level has its share of the seats, and what is beyond waits or is refused")
    func seats() {
        var core = core(
            seats: 4, [level("low", shares: 1, queues: 4), level("strict", shares: 1)])
        for number in 1...2 {
            #expect(
                core.arrive(Ticket(UInt64(number)), flow("low"), at: start) == .admitted)
            #expect(
                core.arrive(Ticket(UInt64(number + 10)), flow("strict"), at: start) == .admitted)
        }
        #expect(core.arrive(Ticket(3), flow("low"), at: start) == .queued)
        #expect(core.arrive(Ticket(13), flow("strict"), at: start) == .refused)
        #expect(core.finish(Ticket(11)) == [])
        #expect(core.finish(Ticket(1)) == [Ticket(3)])
        #expect(core.finish(Ticket(99)) == [])
        #expect(core.waitingCount == 0)
    }

    @Test("Who is exempt, or of no level, is served at once")
    func exempt() {
        var free = level("exempt", shares: 0)
        free.isExempt = true
        var core = core(seats: 1, [free, level("low", shares: 1)])
        #expect(core.arrive(Ticket(1), flow("low"), at: start) == .admitted)
        for number in 2...100 {
            #expect(core.arrive(Ticket(UInt64(number)), flow("exempt"), at: start) == .admitted)
        }
        #expect(core.arrive(Ticket(200), nil, at: start) == .admitted)
        #expect(core.arrive(Ticket(201), flow("low"), at: start) == .refused)
    }

    @Test("A flow that floods fills its own queues and leaves other flows theirs")
    func flood() {
        var core = core(seats: 1, [level("low", shares: 1, queues: 64)])
        #expect(core.arrive(Ticket(1), flow("low", "loud"), at: start) == .admitted)
        var answers: [FairnessCore.Arrival] = []
        for number in 2...20 {
            answers.append(core.arrive(Ticket(UInt64(number)), flow("low", "loud"), at: start))
        }
        // A hand of two queues with three places each.
        #expect(answers.filter { $0 == .queued }.count == 6)
        #expect(answers.filter { $0 == .refused }.count == 13)
        #expect(core.arrive(Ticket(50), flow("low", "quiet"), at: start) == .queued)
        // Queues are served in turns: the quiet one does not wait for all of the loud ones.
        var served: [Ticket] = []
        var current = Ticket(1)
        for _ in 0..<4 {
            guard let next = core.finish(current).first else { break }
            served.append(next)
            current = next
        }
        #expect(served.contains(Ticket(50)))
    }

    @Test("A level uses what others lend, and no more")
    func lending() {
        var lender = level("lender", shares: 1)
        lender.lendablePercent = 50
        var core = core(seats: 8, [lender, level("low", shares: 1)])
        for number in 1...6 {
            #expect(core.arrive(Ticket(UInt64(number)), flow("low"), at: start) == .admitted)
        }
        #expect(core.arrive(Ticket(7), flow("low"), at: start) == .refused)
        // What is lent is not taken back, but the rest of the share is the lender's own.
        for number in 11...14 {
            #expect(core.arrive(Ticket(UInt64(number)), flow("lender"), at: start) == .admitted)
        }
        #expect(core.arrive(Ticket(15), flow("lender"), at: start) == .refused)
    }

    @Test("Who waits is not forgotten when levels change")
    func reconfiguration() {
        var core = core(
            seats: 2, [level("a", shares: 1, queues: 2), level("b", shares: 1, queues: 2)])
        for name in ["a", "b"] {
            let first = Ticket(name == "a" ? 1 : 3)
            #expect(core.arrive(first, flow(name), at: start) == .admitted)
            #expect(core.arrive(Ticket(first.number + 1), flow(name), at: start) == .queued)
        }
        // Without b its request is served at once; a has all the seats now.
        #expect(core.configure([level("a", shares: 1, queues: 2)]) == [Ticket(4), Ticket(2)])
        #expect(core.waitingCount == 0)
        #expect(core.finish(Ticket(3)) == [])
    }

    @Test("Nobody waits for ever")
    func expiry() throws {
        var core = core(seats: 1, [level("low", shares: 1, queues: 2)])
        #expect(core.arrive(Ticket(1), flow("low"), at: start) == .admitted)
        #expect(core.deadline == nil)
        #expect(core.arrive(Ticket(2), flow("low"), at: start) == .queued)
        let deadline = try #require(core.deadline)
        #expect(deadline == start + .seconds(15))
        #expect(core.expired(at: start) == [])
        #expect(core.expired(at: deadline) == [Ticket(2)])
        #expect(core.finish(Ticket(1)) == [])
        #expect(core.deadline == nil)
    }
}
