import GRPCCore
import Kubelet
import SwiftProtobuf

/// Reads what a container wrote, for `kubectl logs`.
package struct ContainerLog: Sendable {
    /// Between two looks at a file without news, longer and longer. At every fifth of them the
    /// container is asked whether it still runs.
    private static let pauses: [Duration] = [
        .milliseconds(10), .milliseconds(20), .milliseconds(50), .milliseconds(100),
        .milliseconds(200),
    ]

    let path: String
    let options: LogOptions

    /// - Parameter path: of the container's log file, absolute; another attempt's for
    ///   `--previous`.
    package init(path: String, options: LogOptions) {
        self.path = path
        self.options = options
    }

    /// Hands out the log piece by piece, in order, until its end, the limit, or (with `follow`)
    /// until the container has ended. `write` may wait, and then reading waits, too.
    ///
    /// - Parameters:
    ///   - isRunning: asked when there is nothing new; only with `follow`.
    /// - Throws: `RuntimeError` with `notFound` when there is no such log; what `write` throws.
    package func read(
        while isRunning: @Sendable () async -> Bool,
        _ write: ([UInt8]) async throws -> Void
    ) async throws {
        var formatter = LogFormatter(options)
        var file = try await open()
        var offset = 0
        if let lines = options.tailLines {
            let first = file
            offset = try await onBlockingThread { try first.start(ofLast: lines) }
        }
        var quietTurns = 0
        var hasEnded = false
        while !formatter.isFull {
            let (current, position) = (file, offset)
            let bytes = try await onBlockingThread { try current.read(at: position) }
            offset += bytes.count
            if !bytes.isEmpty {
                quietTurns = 0
                let text = formatter.format(bytes[...])
                if !text.isEmpty { try await write(text) }
                continue
            }
            guard options.follow else { return }
            // Rotated: the old file has been read to its end, the new one starts at zero.
            if current.isReplaced, let next = try? await open() {
                (file, offset) = (next, 0)
                continue
            }
            // What was written between the last look at the file and the container's end is
            // there at the second look.
            if hasEnded { return }
            if quietTurns % 5 == 4 { hasEnded = !(await isRunning()) }
            if !hasEnded { try await Task.sleep(for: Self.pauses[min(quietTurns, 4)]) }
            quietTurns += 1
        }
    }

    private func open() async throws -> LogFile {
        let path = path
        do {
            return try await onBlockingThread { try LogFile(path: path) }
        } catch let error as SystemError {
            throw error.runtimeError
        }
    }
}

extension RuntimeClient {
    /// Whether the container runs, or has yet to start. A runtime that does not answer is no
    /// reason to end a log.
    package func isRunning(containerID: String) async -> Bool {
        do {
            let answer = try await runtime.containerStatus(
                .with { $0.containerID = containerID }, options: .within(.now + .seconds(5)))
            return answer.status.state != .containerExited
        } catch let error as RPCError where error.code == .notFound {
            return false
        } catch {
            return true
        }
    }
}
