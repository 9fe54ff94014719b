import Foundation
import Simulator
import Testing

/// One seed does one thing, in whatever process: Swift seeds its hashes anew in each.
@Suite struct DigestTests {
    @Test(arguments: [3, 5, 8, 21, 34, 55] as [UInt64])
    func `one seed gives one digest in two processes`(seed: UInt64) throws {
        let task = SimulationTask(seed: seed, length: .storm, machines: 3)
        let first = try Self.runInProcess(task)
        let second = try Self.runInProcess(task)
        #expect(first.steps > 1_000)
        #expect(first.digest == second.digest)
        #expect(first.steps == second.steps)
        #expect(first.digest == SimulationResult(task, task.run()).digest)
    }

    /// A worker of the command that stands beside the tests.
    private static func runInProcess(_ task: SimulationTask) throws -> SimulationResult {
        let process = Process()
        let tests = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        process.executableURL = tests.deletingLastPathComponent().appending(path: "podmesh")
        process.arguments = ["simulate", "--worker"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        input.fileHandleForWriting.write(Data((task.line + "\n").utf8))
        try input.fileHandleForWriting.close()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first
        return try #require(line.flatMap { SimulationResult(line: String($0)) })
    }
}
