import Base
import Foundation
import Shell
import Simulator

/// What a worker does: a task a line comes in, a result a line goes out. A worker that traps takes
/// only its own run with it.
enum SimulationWorker {
    static func serve() {
        while let line = readLine() {
            guard let task = SimulationTask(line: line) else { return }
            let result = SimulationResult(task, task.run())
            FileHandle.standardOutput.write(Data((result.line + "\n").utf8))
        }
    }
}

/// Which runs there are, and when there were enough.
struct SimulationBudget {
    var schedule: SimulationSchedule
    /// Nil for no end.
    var runsMax: Int?
    /// Real time after which no run begins, and runs under way are given up.
    var time: Span?
    /// Simulated cluster-hours that must have been reached by then, and with which the runs end;
    /// nil for as many as there are.
    var hours: Double?
    /// The seed from which the second half of the hours goes on.
    var freshSeed: UInt64?
}

/// Runs seeds in worker processes, tells of progress, and ends with the first failure.
final class SimulationPool: @unchecked Sendable {
    private let jobs: Int
    private let lock = NSLock()
    // Under the lock.
    private var budget: SimulationBudget
    private var begun = 0
    private var totals = SimulationTotals()
    private var failed: SimulationResult?
    private var workers: [Process] = []
    private var isOver = false
    private var toldAt = Instant.now

    private let start = Instant.now
    private static let progressPause = Span.seconds(10)

    init(jobs: Int, budget: SimulationBudget) {
        self.jobs = jobs
        self.budget = budget
    }

    /// Returns the exit code.
    func run() throws -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let group = DispatchGroup()
        for _ in 0..<jobs {
            group.enter()
            Thread.detachNewThread {
                self.work()
                group.leave()
            }
        }
        if let time = budget.time {
            let end = DispatchTime.now() + .nanoseconds(Int(time.nanoseconds))
            if group.wait(timeout: end) == .timedOut { stop() }
        }
        group.wait()
        return lock.withLock { conclude() }
    }

    private func conclude() -> Int32 {
        print(totals.progress(after: .now - start))
        print("faults hit:")
        totals.coverage.lines.forEach { print($0) }
        if let failed {
            failed.details.forEach { print($0) }
            print(failed.summary)
            print("replay at commit \(SourceCommit.text) with: \(failed.task.command)")
            return failed.failure?.kind.rawValue ?? 1
        }
        print("\(totals.runs) runs: no rule was broken")
        guard let wanted = budget.hours, hours < wanted else { return 0 }
        print("fewer than the \(wanted) cluster-hours that were wanted")
        return Self.tooFewHours
    }

    /// Simulated so far.
    private var hours: Double { totals.simulated.seconds / 3_600 }

    private static let tooFewHours: Int32 = 9

    // MARK: Workers

    /// One worker after the other: a new one takes the place of one that trapped, or was stopped.
    private func work() {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["simulate", "--worker"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            return print("a worker cannot be started: \(error)")
        }
        lock.withLock { workers.append(process) }
        var lines = LineReader(output.fileHandleForReading)
        while let task = nextTask() {
            input.fileHandleForWriting.write(Data((task.line + "\n").utf8))
            let line = lines.next()
            guard let result = line.flatMap({ SimulationResult(line: $0) }) else {
                process.waitUntilExit()
                end(task, process)
                return
            }
            take(result)
        }
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    private func nextTask() -> SimulationTask? {
        lock.withLock {
            guard !isOver, budget.runsMax.map({ begun < $0 }) ?? true,
                budget.hours.map({ hours < $0 }) ?? true
            else { return nil }
            begun += 1
            if let wanted = budget.hours, hours >= wanted / 2,
                let seed = budget.freshSeed.take()
            {
                tell("half of it is done; now seeds from \(seed)")
                budget.schedule.goOn(from: seed)
            }
            return budget.schedule.take()
        }
    }

    private func take(_ result: SimulationResult) {
        lock.withLock {
            guard !isOver else { return }
            totals.add(result)
            if result.failure != nil { fail(result) }
            guard Instant.now - toldAt >= Self.progressPause else { return }
            toldAt = .now
            tell(totals.progress(after: toldAt - start))
        }
    }

    /// A worker's process ended in the middle of a run.
    private func end(_ task: SimulationTask, _ process: Process) {
        let how =
            process.terminationReason == .uncaughtSignal
            ? "signal \(process.terminationStatus)" : "exit code \(process.terminationStatus)"
        lock.withLock {
            guard !isOver else { return }
            fail(SimulationResult(crashed: task, "the process ended with \(how); see above"))
        }
    }

    /// At once, though the output may be a file that somebody watches.
    private func tell(_ line: String) {
        print(line)
        fflush(nil)
    }

    private func fail(_ result: SimulationResult) {
        failed = result
        stopWorkers()
    }

    private func stop() {
        lock.withLock { stopWorkers() }
    }

    private func stopWorkers() {
        isOver = true
        for worker in workers where worker.isRunning { worker.terminate() }
    }
}

/// Lines of a pipe, read as they come.
private struct LineReader {
    private let handle: FileHandle
    private var buffer = Data()

    init(_ handle: FileHandle) { self.handle = handle }

    /// Nil at the end.
    mutating func next() -> String? {
        while true {
            if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer = Data(buffer[buffer.index(after: end)...])
                return line
            }
            let more = handle.availableData
            if more.isEmpty { return nil }
            buffer.append(more)
        }
    }
}
