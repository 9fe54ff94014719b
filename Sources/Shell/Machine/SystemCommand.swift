import Foundation

/// Runs a program of the system and reads what it says.
enum SystemCommand {
    /// The output on success; otherwise an error with what the program wrote to its standard error.
    @discardableResult
    static func run(
        _ program: String, _ arguments: [String], input: String? = nil
    ) throws(ShellError) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let output = Pipe()
        let errors = Pipe()
        let stdin = Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = stdin
        do {
            try process.run()
            if let input { try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
            try stdin.fileHandleForWriting.close()
        } catch {
            throw ShellError(.other, "run \(program)", underlying: "\(error)")
        }
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ShellError(
                .other, "run \(program) \(arguments.joined(separator: " "))",
                underlying: String(decoding: complaint, as: UTF8.self)
                    .trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return String(decoding: text, as: UTF8.self)
    }
}
