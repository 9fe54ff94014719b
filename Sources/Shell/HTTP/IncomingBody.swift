package import NIOCore

/// The body of one request as it comes in.
///
/// Whoever has one calls ``discard()`` when the request will not be finished.
package struct IncomingBody {
    /// Why the request is refused when its body has ended.
    package enum Fault {
        case tooLarge
        /// Too many other bodies are coming in.
        case noRoom
    }

    package private(set) var fault: Fault?
    private let limits: HTTPLimits
    private let budget: BodyBudget
    private var bytes: [UInt8] = []
    private var receivedCount = 0
    /// What the budget has given.
    private var takenCount = 0

    package init(_ limits: HTTPLimits, _ budget: BodyBudget) {
        self.limits = limits
        self.budget = budget
    }

    /// False when so much has come of a refused body that the client is not listened to any longer.
    package mutating func append(_ buffer: ByteBuffer) -> Bool {
        receivedCount += buffer.readableBytes
        if fault == nil, receivedCount > limits.bodyBytes { refuse(.tooLarge) }
        if fault == nil, receivedCount > takenCount + BodyBudget.share {
            let wanted = buffer.readableBytes + BodyBudget.share
            if budget.take(wanted) { takenCount += wanted } else { refuse(.noRoom) }
        }
        if fault == nil { bytes.append(contentsOf: buffer.readableBytesView) }
        return receivedCount <= limits.refusedBytes
    }

    private mutating func refuse(_ reason: Fault) {
        fault = reason
        bytes = []
        giveBack()
    }

    /// The whole body; the next request's begins.
    package mutating func take() -> [UInt8] {
        defer { discard() }
        return bytes
    }

    package mutating func discard() {
        bytes = []
        fault = nil
        receivedCount = 0
        giveBack()
    }

    private mutating func giveBack() {
        budget.give(takenCount)
        takenCount = 0
    }
}
