import NIOConcurrencyHelpers
import NIOCore

/// Counts open connections, so that a flood of them is refused instead of filling the memory.
final class ConnectionGauge: Sendable {
    private let limit: Int
    private let open = NIOLockedValueBox(0)

    init(limit: Int) { self.limit = limit }

    /// Admits the channel unless the limit is reached; its closing makes room again.
    func admit(_ channel: any Channel) -> Bool {
        let isAdmitted = open.withLockedValue { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { [open] _ in open.withLockedValue { $0 -= 1 } }
        }
        return isAdmitted
    }
}
