import Foundation
import Glibc
import Synchronization

/// What a finished command left.
struct CommandResult: Sendable, CustomStringConvertible {
    let line: String
    /// The exit code, or 128 and the number of the signal that ended it.
    let status: Int32
    let output: String
    let errors: String

    var succeeded: Bool { status == 0 }
    var trimmed: String { output.trimmingCharacters(in: .whitespacesAndNewlines) }
    var lines: [String] { trimmed.split(separator: "\n").map(String.init) }
    var description: String { "\(line): \(status)\n\(output)\(errors)" }
}

/// A test could not go on.
struct Failed: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A program with its arguments, environment and input, run as a process group of its own.
///
/// Output goes to files rather than pipes, because what a script leaves running would hold a pipe
/// open; the wait is for the process itself and nothing that descends from it.
struct Command: Sendable {
    var arguments: [String]
    /// Added to this process' own environment.
    var environment: [String: String] = [:]
    var input = ""
    var timeout: Duration = .seconds(30)

    /// Runs it to its end. One that takes longer than `timeout` is killed, with its group.
    func run() async throws -> CommandResult {
        let running = try start()
        let killer = Task {
            try await Task.sleep(for: timeout)
            running.signal(SIGKILL)
        }
        defer { killer.cancel() }
        return await running.result()
    }

    func start() throws -> RunningCommand { try RunningCommand(self) }
}

/// A command that runs, and whose output so far can be read. It ends with this object at the
/// latest, so that a test that fails leaves nothing running.
final class RunningCommand: Sendable {
    private let line: String
    private let process: pid_t
    private let folder: String
    /// The kernel may give the number to another process then.
    private let isReaped = Mutex(false)

    fileprivate init(_ command: Command) throws {
        line = command.arguments.joined(separator: " ")
        folder = "\(FileManager.default.temporaryDirectory.path)/podmesh-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(command.input.utf8).write(to: URL(filePath: "\(folder)/input"))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "\(folder)/input", O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        posix_spawn_file_actions_addopen(&actions, 1, "\(folder)/output", flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "\(folder)/errors", flags, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of this process block signals; a shell that inherits that waits for ever.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let variables = ProcessInfo.processInfo.environment
            .merging(command.environment) { $1 }.map { "\($0)=\($1)" }
        var process: pid_t = 0
        let result = Self.withPointers(command.arguments) { arguments in
            Self.withPointers(variables) { variables -> Int32 in
                guard let program = arguments.first ?? nil else { return EINVAL }
                return posix_spawnp(
                    &process, program, &actions, &attributes, arguments, variables)
            }
        }
        guard result == 0 else {
            try? FileManager.default.removeItem(atPath: folder)
            throw Failed("\(line): \(String(cString: strerror(result)))")
        }
        self.process = process
    }

    deinit {
        if !isReaped.withLock({ $0 }) {
            kill(-process, SIGKILL)
            waitpid(process, nil, 0)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    var output: String { read("output") }

    func signal(_ number: Int32) {
        isReaped.withLock { isReaped in
            if !isReaped { _ = kill(-process, number) }
        }
    }

    /// Waits for the end. To be called once.
    func result() async -> CommandResult {
        let status = await withCheckedContinuation { continuation in
            let process = process
            Thread.detachNewThread {
                var status: Int32 = 0
                while waitpid(process, &status, 0) == -1, errno == EINTR {}
                continuation.resume(returning: status)
            }
        }
        isReaped.withLock { $0 = true }
        let signal = status & 0x7F
        return CommandResult(
            line: line, status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
            output: output, errors: read("errors"))
    }

    /// Ends it and returns what it wrote.
    func stop() async -> CommandResult {
        signal(SIGTERM)
        return await result()
    }

    private func read(_ file: String) -> String {
        let data = FileManager.default.contents(atPath: "\(folder)/\(file)")
        return String(decoding: data ?? Data(), as: UTF8.self)
    }

    private static func withPointers<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
