import Foundation
import Glibc

/// A program that a bench started. It ends when the value is stopped, when the bench ends, and
/// when the user interrupts it.
package final class ChildProcess: Sendable {
    private let process: Process
    package let identifier: Int32

    /// Starts a program; what it writes goes to `log`, or nowhere.
    package init(
        _ program: String, _ arguments: [String], log: String? = nil
    ) throws(BenchError) {
        Cleanup.install()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let output = try Self.output(log)
        process.standardOutput = output
        process.standardError = output
        do {
            try process.run()
        } catch {
            throw BenchError("\(program) cannot be started: \(error)")
        }
        self.process = process
        identifier = process.processIdentifier
        let identifier = identifier
        Cleanup.add(.process(identifier)) { _ = kill(identifier, SIGKILL) }
    }

    deinit { stop() }

    package var isRunning: Bool { process.isRunning }

    /// Ends the program at once and waits until it is gone.
    package func stop() {
        if process.isRunning { kill(identifier, SIGKILL) }
        process.waitUntilExit()
        Cleanup.remove(.process(identifier))
    }

    /// Asks the program to end and waits until it has.
    package func waitAfterTerminating() {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        Cleanup.remove(.process(identifier))
    }

    /// Resident bytes of the program now; nil when it is gone.
    package var residentBytes: Int? {
        let path = "/proc/\(identifier)/statm"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Processor seconds that the program has used; nil when it is gone.
    package var processorSeconds: Double? {
        let path = "/proc/\(identifier)/stat"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        // Behind the name: the state is field 3, user and system ticks are fields 14 and 15.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
        else { return nil }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func output(_ log: String?) throws(BenchError) -> FileHandle {
        guard let log else { return .nullDevice }
        guard FileManager.default.createFile(atPath: log, contents: nil),
            let handle = FileHandle(forWritingAtPath: log)
        else { throw BenchError("\(log) cannot be written") }
        return handle
    }

    /// Runs a program to its end and returns its output; throws what it complained.
    @discardableResult
    package static func run(
        _ program: String, _ arguments: [String]
    ) throws(BenchError) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        do {
            try process.run()
        } catch {
            throw BenchError("\(program) cannot be started: \(error)")
        }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard process.terminationStatus == 0 else {
            throw BenchError("\(program) \(arguments.joined(separator: " ")): \(text)")
        }
        return text
    }
}
