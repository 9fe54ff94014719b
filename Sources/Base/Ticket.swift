/// Names one piece of work that a core asked its shell for. The shell hands the ticket back
/// with the result; a core ignores tickets that it does not know, so a crash needs no special case.
public struct Ticket: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    public var number: UInt64

    public init(_ number: UInt64) { self.number = number }

    public static func < (left: Ticket, right: Ticket) -> Bool { left.number < right.number }

    public var description: String { "ticket \(number)" }
}

/// Issues tickets that are unique within one run of one core.
public struct TicketCounter: Sendable {
    private var last: UInt64 = 0

    public init() {}

    public mutating func next() -> Ticket {
        last += 1
        return Ticket(last)
    }
}
