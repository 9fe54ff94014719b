import NIOConcurrencyHelpers
import NIOCore

/// Counts open connections, so that a flood of them is refused instead of filling the memory.
final class ConnectionGauge: Sendable {
    private let limit: Int
    private let open = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])

    init(limit: Int) { self.limit = limit }

    /// Admits the channel unless the limit is reached; its closing makes room again.
    func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdmitted = open.withLockedValue { open in
            guard open.count < limit else { return false }
            open[id] = channel
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { [open] _ in
                open.withLockedValue { _ = $0.removeValue(forKey: id) }
            }
        }
        return isAdmitted
    }

    /// Lets every connection end when what is under way on it has.
    func sayGoodbye() {
        for channel in open.withLockedValue({ Array($0.values) }) {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }
}
