import Base
import Foundation
import Fuzz

/// The inputs that are kept in the repository.
enum Corpora {
    static func inputs(of decoder: String, in folder: String) -> [[UInt8]] {
        let path = "\(folder)/\(decoder)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.sorted().compactMap { name in
            (try? Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)"))).map { Array($0) }
        }
    }
}

/// Runs each decoder in a child of this process, a few at once, and tells what became of it.
struct Fuzzing {
    let seconds: Int
    let seed: UInt64
    let jobs: Int
    let corpora: String
    let findings: String
    let input: String?

    private struct Child {
        let decoder: FuzzDecoder
        let process: Process
        let output: Pipe
        let journal: String
    }

    /// True when no rule was broken.
    mutating func run(_ decoders: [FuzzDecoder]) throws -> Bool {
        say("seed \(seed), \(seconds) s for each of \(decoders.count) decoders, \(jobs) at once")
        let folder = NSTemporaryDirectory() + "/podmesh-fuzz-\(getpid())"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var waiting = decoders[...]
        var running: [Child] = []
        var isGood = true
        while !waiting.isEmpty || !running.isEmpty {
            while running.count < jobs, let decoder = waiting.popFirst() {
                running.append(try start(decoder, in: folder))
            }
            let first = running.removeFirst()
            isGood = try finish(first) && isGood
        }
        return isGood
    }

    private func start(_ decoder: FuzzDecoder, in folder: String) throws -> Child {
        let journal = "\(folder)/\(decoder.name)"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments =
            [decoder.name, "--journal", journal, "--seed", "\(seed)", "--seconds", "\(seconds)"]
            + ["--corpora", corpora] + (input.map { ["--input", $0] } ?? [])
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return Child(decoder: decoder, process: process, output: output, journal: journal)
    }

    private func finish(_ child: Child) throws -> Bool {
        let text = String(
            decoding: child.output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        child.process.waitUntilExit()
        let name = child.decoder.name
        let status = child.process.terminationStatus
        guard child.process.terminationReason == .uncaughtSignal || status != 0 else {
            say("\(name): \(text)")
            return true
        }
        let what = child.process.terminationReason == .uncaughtSignal ? death(status) : text
        let journal = try Data(contentsOf: URL(fileURLWithPath: child.journal))
        guard let (number, input) = FuzzJournal.last(in: Array(journal)) else {
            say("\(name): \(what), before the first input")
            return false
        }
        try FileManager.default.createDirectory(
            atPath: findings, withIntermediateDirectories: true)
        let path = "\(findings)/\(name)-\(seed)-\(number)"
        try Data(input).write(to: URL(fileURLWithPath: path))
        let head = Data(input.prefix(512)).base64EncodedString()
        say(
            """
            \(name): \(what)
              seed \(seed), input \(number) of \(input.count) bytes, in \(path)
              base64: \(head)\(input.count > 512 ? "…" : "")
              repeat with: podmesh-fuzz \(name) --input \(path)
            """)
        return false
    }

    private func death(_ signal: Int32) -> String {
        switch signal {
        case SIGALRM: "hangs: an input took longer than \(FuzzRun.hangSeconds) s"
        case SIGTRAP, SIGILL: "traps (signal \(signal))"
        case SIGSEGV, SIGBUS: "overruns its stack or its memory (signal \(signal))"
        default: "dies (signal \(signal))"
        }
    }

    /// At once, also when the output is no terminal.
    private func say(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }
}
