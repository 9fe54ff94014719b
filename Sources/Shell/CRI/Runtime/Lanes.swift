import NIOConcurrencyHelpers

/// How much of each sort of work the shell gives the runtime and the machine at once.
///
/// Sorts have lanes of their own, so that twenty containers that take their whole grace period
/// to stop do not keep a new Pod from starting. What waits is bounded by the kubelet, which has
/// few requests of a Pod under way at a time.
enum Lane: Int, CaseIterable {
    /// Answers from memory: statuses and lists.
    case look
    /// Makes and removes sandboxes, containers and files.
    case build
    /// Waits out grace periods.
    case stop
    /// As many as the kubelet asks for, which bounds them (`parallelPulls`).
    case pull
    /// Probes and hooks.
    case probe

    var width: Int {
        switch self {
        case .look: 16
        case .build: 8
        case .stop: 64
        case .pull: 100
        case .probe: 32
        }
    }
}

extension RuntimeClient {
    /// How many sandboxes and containers are made at a time.
    package static let buildsAtOnce = Lane.build.width
}

/// A counting semaphore for tasks; those that wait are let in in the order they came.
final class TaskSemaphore: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: NIOLockedValueBox<State>

    init(width: Int) { state = NIOLockedValueBox(State(free: width)) }

    func within<Result: Sendable>(
        _ work: @Sendable () async -> Result
    ) async -> Result {
        await enter()
        defer { leave() }
        return await work()
    }

    private func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLockedValue { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave() {
        let next: CheckedContinuation<Void, Never>? = state.withLockedValue { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
