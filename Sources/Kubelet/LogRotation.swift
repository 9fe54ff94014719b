import Base
import Objects

/// Sees to it that no container fills the disk with what it writes: a log that has grown too large
/// is set aside, and the oldest of those go (`containerLogMaxSize`, `containerLogMaxFiles`).
struct LogRotation: Sendable {
    private let limits: KubeletLimits
    private var nextAt: Instant?
    private var ticket: Ticket?

    init(_ limits: KubeletLimits) { self.limits = limits }

    var deadline: Instant? { ticket == nil ? nextAt : nil }

    func isDue(_ now: Instant) -> Bool { ticket == nil && nextAt.map { $0 <= now } ?? true }

    /// - Parameter running: the logs of all containers that run.
    mutating func advance(
        _ now: Instant, _ running: [RunningLog], _ tickets: inout TicketCounter,
        into out: inout Outbox<KubeletEffect>
    ) {
        nextAt = now + limits.logRotationPeriod
        guard !running.isEmpty else { return }
        let fresh = tickets.next()
        ticket = fresh
        out.append(
            .runtime(
                fresh,
                .rotateLogs(
                    running, bytesMax: limits.containerLogBytesMax,
                    filesMax: limits.containerLogFilesMax)))
    }

    /// True when the ticket was this value's. What failed is tried again with the next turn.
    mutating func onFinished(_ ticket: Ticket) -> Bool {
        guard ticket == self.ticket else { return false }
        self.ticket = nil
        return true
    }
}

/// The log of a container that runs.
package struct RunningLog: Sendable, Equatable {
    package var containerID: String
    /// Absolute.
    package var path: String

    package init(containerID: String, path: String) {
        self.containerID = containerID
        self.path = path
    }
}

extension KubeletCore {
    var runningLogs: [RunningLog] {
        order.flatMap { uid -> [RunningLog] in
            guard let pod = pods[uid] else { return [] }
            return pod.containers.compactMap { container in
                guard let instance = container.instance, container.isRunning else { return nil }
                let log = PodPaths.log(container.name, attempt: instance.attempt)
                return RunningLog(
                    containerID: instance.id, path: "\(pod.paths.logDirectory)/\(log)")
            }
        }
    }
}
