/// Names one piece of work that a core asked its shell for. The shell hands the ticket back
/// with the result; a core ignores tickets that it does not know, so a crash needs no special case.
package struct Ticket: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    package var number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: Ticket, right: Ticket) -> Bool { left.number < right.number }

    package var description: String { "ticket \(number)" }
}

/// Issues tickets that are unique within one run of one core.
package struct TicketCounter: Sendable {
    private var last: UInt64 = 0

    package init() {}

    package mutating func next() -> Ticket {
        last += 1
        return Ticket(last)
    }
}
