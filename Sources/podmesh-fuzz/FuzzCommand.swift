import ArgumentParser
import Base
import Foundation
import Fuzz

@main
struct FuzzCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "podmesh-fuzz",
        abstract: "Gives nearly right bytes to every reader of bytes from outside.",
        discussion: """
            Each decoder runs in a process of its own. When that traps, hangs, wants too much \
            memory, or breaks a rule, the input is written to the folder of findings, and the \
            command that repeats it is printed. The exit code is then 1.
            """)

    @Argument(help: "Decoders; all of them when left out. --list names them.")
    var decoders: [String] = []

    @Flag(help: "Name the decoders and end.")
    var list = false

    @Option(help: "How long each decoder is tried.")
    var seconds = 20

    @Option(help: "The seed; drawn when left out. The same seed tries the same inputs.")
    var seed: UInt64?

    @Option(help: "Decoders that run at once.")
    var jobs = 2

    @Option(help: "A folder with a folder of inputs for each decoder, to start from.")
    var corpora = "Tests/Corpora"

    @Option(help: "Where inputs that break something are written.")
    var findings = "fuzz-findings"

    @Option(help: "Try only the input in this file.")
    var input: String?

    @Option(help: .private)
    var journal: String?

    func run() throws {
        if list {
            for decoder in FuzzDecoder.all {
                let name = decoder.name.padding(toLength: 12, withPad: " ", startingAt: 0)
                print(name, decoder.about)
            }
            return
        }
        let chosen = try chosenDecoders()
        if let journal {
            try runChild(chosen[0], journal: journal)
        } else {
            var fuzzing = Fuzzing(
                seconds: max(1, seconds), seed: seed ?? UInt64.random(in: 0...UInt64.max),
                jobs: max(1, jobs), corpora: corpora, findings: findings, input: input)
            guard try fuzzing.run(chosen) else { throw ExitCode.failure }
        }
    }

    private func chosenDecoders() throws -> [FuzzDecoder] {
        let names = decoders.filter { $0 != "all" }
        guard !names.isEmpty else { return FuzzDecoder.all }
        return try names.map { name in
            guard let decoder = FuzzDecoder.all.first(where: { $0.name == name }) else {
                throw ValidationError("no decoder \"\(name)\"; --list names them")
            }
            return decoder
        }
    }

    /// Tries one decoder in this process, which may not survive it.
    private func runChild(_ decoder: FuzzDecoder, journal path: String) throws {
        var limit = rlimit(
            rlim_cur: rlim_t(FuzzRun.dataBytesMax), rlim_max: rlim_t(FuzzRun.dataBytesMax))
        setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit)
        guard let journal = FuzzJournal(path: path) else {
            throw ValidationError("\(path) cannot be written")
        }
        var corpus: [[UInt8]] = []
        if let input {
            corpus = [Array(try Data(contentsOf: URL(fileURLWithPath: input)))]
        } else {
            corpus = Corpora.inputs(of: decoder.name, in: corpora)
        }
        var run = FuzzRun(decoder, seed: seed ?? 0, corpus: corpus, journal: journal)
        let end = Date().addingTimeInterval(Double(seconds))
        let summary = run.run(inputsMax: input == nil ? .max : 0) { Date() >= end }
        if let finding = summary.finding {
            print(finding.what)
            throw ExitCode(3)
        }
        let share = summary.inputs == 0 ? 0 : summary.accepted * 100 / summary.inputs
        print(
            "\(summary.inputs) inputs, \(share) % accepted, slowest "
                + "\(summary.slowest.nanoseconds / 1_000) µs, grew by at most "
                + "\(summary.growthBytes / 1_024) KiB")
    }
}
