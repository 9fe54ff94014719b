import NIOConcurrencyHelpers
import Services

/// The zone as the responder sees it: the daemon publishes, the responder reads a copy.
final class ZoneBox: Sendable {
    private let box: NIOLockedValueBox<DNSZone>

    init(_ zone: DNSZone) { box = NIOLockedValueBox(zone) }

    func publish(_ zone: DNSZone) { box.withLockedValue { $0 = zone } }

    var zone: DNSZone { box.withLockedValue { $0 } }
}
