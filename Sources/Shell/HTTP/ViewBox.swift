import Daemon
import NIOConcurrencyHelpers

/// The newest ``RequestView``: the daemon's loop publishes, the API's threads evaluate requests.
final class ViewBox: Sendable {
    /// Handed on without a copy of what is in it.
    final class Shared: Sendable {
        let view: RequestView

        init(_ view: RequestView) { self.view = view }
    }

    private let box = NIOLockedValueBox<Shared?>(nil)

    /// Nil before the daemon's first step.
    var newest: Shared? { box.withLockedValue { $0 } }

    func publish(_ view: RequestView) {
        let shared = Shared(view)
        box.withLockedValue { $0 = shared }
    }
}
