import Foundation
import Testing

/// The scripts in `docker-compose-free-scripts/`: short, executable, and each says what it does.
@Suite struct ScriptTests {
    private static let folder = "docker-compose-free-scripts/"
    /// What a user starts; `lib/` is what they share.
    private static let commands = Repository.scripts.filter {
        $0.path.split(separator: "/").count == 2
    }

    @Test func `the scripts were found`() {
        let names = Set(Self.commands.map(\.name))
        for name in ["setup", "demo", "test", "up", "kill", "start", "status", "down"] {
            #expect(names.contains(name))
        }
    }

    /// Comments and blank lines do not count.
    @Test func `every script has at most 90 lines of shell`() {
        for file in Repository.scripts
        where file.text.hasPrefix("#!") || file.name.hasSuffix(".sh") {
            let count = file.lines.count { line in
                let text = line.drop(while: \.isWhitespace)
                return !text.isEmpty && !text.hasPrefix("#")
            }
            #expect(count <= 90, "\(file.path) has \(count) lines")
        }
    }

    @Test(
        "a command is executable, and its help says how to use it",
        arguments: commands.map(\.path))
    func help(_ path: String) throws {
        let location = Repository.root.appending(path: path)
        let program = location.path(percentEncoded: false)
        try #require(FileManager.default.isExecutableFile(atPath: program))
        let process = Process()
        process.executableURL = location
        process.arguments = ["--help"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(text.hasPrefix("Usage: \(location.lastPathComponent)"), "\(text)")
        #expect(text.split(separator: "\n").count >= 2, "what it does stands below")
    }
}
