package import Base

/// Writes down what clients called and were answered, in one order.
package struct HistoryRecorder: Sendable {
    package private(set) var operations: [RecordedOperation] = []
    private var position = 0

    package init() {}

    /// A client calls; the number names the operation.
    package mutating func begin(client: Int, _ call: ClientCall, at now: Instant) -> Int {
        operations.append(
            RecordedOperation(client: client, call: call, begin: position, beginAt: now))
        position += 1
        return operations.count - 1
    }

    /// The answer is there. An unknown one leaves the operation open for ever.
    package mutating func finish(_ number: Int, _ outcome: ClientOutcome, at now: Instant) {
        guard outcome != .unknown else { return }
        operations[number].outcome = outcome
        operations[number].end = position
        operations[number].endAt = now
        position += 1
    }
}
