import Base

/// One part of a history, walked from its first call to its last answer.
struct LinearizabilityWalk {
    private struct Event {
        var operation: Int
        var isEnd: Bool
        var position: Int
    }

    private let operations: [RecordedOperation]
    private let limits: Linearizability.Limits
    private var events: [Event] = []
    private var search: LinearizabilitySearch

    init(_ operations: [RecordedOperation], limits: Linearizability.Limits) {
        self.operations = operations
        self.limits = limits
        for (number, operation) in operations.enumerated() {
            events.append(Event(operation: number, isEnd: false, position: operation.begin))
            if let end = operation.end {
                events.append(Event(operation: number, isEnd: true, position: end))
            }
        }
        events.sort { $0.position < $1.position }
        search = LinearizabilitySearch(operations, limits: limits)
    }

    mutating func run() -> LinearizabilityVerdict {
        // Where no answer is outstanding, what comes later needs nothing that came before
        // but the states that are possible there.
        var quiet = (event: 0, search: search)
        for (number, event) in events.enumerated() {
            if event.isEnd {
                guard search.end(event.operation) else {
                    return .violation(
                        excerpt(quiet.event...number, from: quiet.search, event.operation))
                }
                if search.isQuiet { quiet = (number + 1, search) }
            } else {
                search.begin(event.operation)
            }
            if search.isUndecided { return .undecided(1) }
        }
        return .linearizable
    }

    // MARK: For a person to read

    /// The possible states before, the operations that matter, and the answer that none of them
    /// explains.
    private func excerpt(
        _ range: ClosedRange<Int>, from start: LinearizabilitySearch, _ failed: Int
    ) -> [String] {
        var isLeftOut: Set<Int> = []
        var shown = start.openOperations
        for event in events[range] where !event.isEnd { shown.append(event.operation) }
        // Without an operation that writes nothing there is only more freedom, so what still
        // cannot be explained without it never could.
        for number in shown where number != failed && start.isReading(number) {
            let without = isLeftOut.union([number])
            if firstFailure(range, from: start, without: without) == failed {
                isLeftOut = without
            }
        }
        var lines = ["no order explains the last answer; possible before:"]
        lines += start.statesInWords.prefix(4).map { "  " + $0 }
        let kept = shown.filter { !isLeftOut.contains($0) && $0 != failed }
        lines += kept.map { "  " + operations[$0].words }
        return lines + ["  " + operations[failed].words]
    }

    private func firstFailure(
        _ range: ClosedRange<Int>, from start: LinearizabilitySearch, without: Set<Int>
    ) -> Int? {
        var search = start
        for event in events[range] where !without.contains(event.operation) {
            if event.isEnd {
                if !search.end(event.operation) { return event.operation }
            } else {
                search.begin(event.operation)
            }
            if search.isUndecided { return nil }
        }
        return nil
    }
}
