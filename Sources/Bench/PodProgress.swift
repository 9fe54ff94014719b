import JSON
import Synchronization

/// Follows a watch of Pods and notes when each of some reached a phase.
final class PodProgress: Sendable {
    private struct State {
        var waiting: Set<String>
        var line: [UInt8] = []
        var run = PodsRun(seconds: 0)
        var clock = Stopwatch()
        /// When each Pod's way to the phase began.
        var sent: [String: Double] = [:]
    }

    private let phase: String
    private let state: Mutex<State>

    init(names: [String], phase: String = "Running") {
        self.phase = phase
        state = Mutex(State(waiting: Set(names)))
    }

    func begin(_ clock: Stopwatch) { state.withLock { $0.clock = clock } }

    func noteSent(_ name: String) {
        state.withLock { $0.sent[name] = $0.clock.elapsedSeconds }
    }

    /// Takes the next piece of the watch: documents, one on each line.
    func take(_ bytes: [UInt8]) {
        state.withLock { state in
            for byte in bytes {
                guard byte == UInt8(ascii: "\n") else {
                    state.line.append(byte)
                    continue
                }
                note(state.line, &state)
                state.line.removeAll(keepingCapacity: true)
            }
        }
    }

    private func note(_ line: [UInt8], _ state: inout State) {
        guard let event = try? JSON(parsing: line),
            event["object"]?["status"]?["phase"]?.string == phase,
            let name = event["object"]?["metadata"]?["name"]?.string,
            state.waiting.remove(name) != nil
        else { return }
        let now = state.clock.elapsedSeconds
        state.run.times.append((now - (state.sent[name] ?? 0)) * 1_000)
        if state.waiting.isEmpty { state.run.seconds = now }
    }

    /// Waits until all have reached it.
    func result(timeoutSeconds: Double) async throws -> PodsRun {
        let watch = Stopwatch()
        while watch.elapsedSeconds < timeoutSeconds {
            if let run = state.withLock({ $0.waiting.isEmpty ? $0.run : nil }) { return run }
            try await Task.sleep(for: .milliseconds(2))
        }
        let left = state.withLock { $0.waiting.count }
        throw BenchError("\(left) Pods were not \(phase) within \(Int(timeoutSeconds)) s")
    }
}
