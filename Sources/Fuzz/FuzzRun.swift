package import Base
import Glibc

/// Tries inputs on one decoder until the time is over or a rule is broken.
///
/// A trap ends the process; whoever started it reads the input from the ``FuzzJournal``. So does
/// an input that takes longer than ``hangSeconds``, by SIGALRM, and one that wants more memory
/// than ``dataBytesMax``.
package struct FuzzRun {
    /// A rule that an input broke.
    package struct Finding: Equatable, Sendable {
        package let input: [UInt8]
        package let what: String
    }

    package struct Summary: Sendable {
        package var inputs: UInt64 = 0
        package var accepted: UInt64 = 0
        /// Processor time of the slowest input.
        package var slowest = Span.zero
        /// The most by which one input made the process grow, of those that were looked at.
        package var growthBytes = 0
        package var finding: Finding?
    }

    package static let hangSeconds: UInt32 = 20
    /// What the process may allocate.
    package static let dataBytesMax: UInt = 1_024 * 1_024 * 1_024
    /// Processor time that one input may take; the slowest good one needs a tenth of it.
    private static let inputTimeMax = Span.seconds(1)
    /// Accepted inputs that are kept to be changed further.
    private static let poolMax = 512
    /// Memory is looked at for one input of so many, and for all slow ones.
    private static let inputsPerGauge: UInt64 = 512

    private let decoder: FuzzDecoder
    private let journal: FuzzJournal?
    private var corpus: [[UInt8]]
    private let fixedCount: Int
    private var mutator: Mutator
    private var random: Random

    /// `corpus` is added to the decoder's own seeds.
    package init(
        _ decoder: FuzzDecoder, seed: UInt64, corpus: [[UInt8]] = [], journal: FuzzJournal? = nil
    ) {
        self.decoder = decoder
        self.journal = journal
        self.corpus = decoder.seeds() + corpus
        fixedCount = self.corpus.count
        mutator = Mutator(isText: decoder.isText, tokens: decoder.tokens, seed: seed)
        random = Random(seed: ~seed)
    }

    /// First the corpus as it is, then changes of it: up to `inputsMax`, or until the clock
    /// says that the time is over.
    package mutating func run(
        inputsMax: UInt64 = .max, isOver: () -> Bool = { false }
    ) -> Summary {
        var summary = Summary()
        for input in corpus {
            trial(input, &summary)
            if summary.finding != nil { return summary }
        }
        while summary.inputs < inputsMax {
            if summary.inputs.isMultiple(of: 64) {
                if isOver() { break }
                alarm(journal == nil ? 0 : Self.hangSeconds)
            }
            let input = mutator.next(from: corpus)
            trial(input, &summary)
            if summary.finding != nil { break }
        }
        alarm(0)
        return summary
    }

    private mutating func trial(_ input: [UInt8], _ summary: inout Summary) {
        summary.inputs += 1
        journal?.note(input, number: summary.inputs)
        let isGauged = journal != nil && summary.inputs.isMultiple(of: Self.inputsPerGauge)
        let before = isGauged ? MemoryGauge.reset() : nil
        let start = Self.processorTime
        let outcome = decoder.check(input)
        let time = Self.processorTime - start
        summary.slowest = max(summary.slowest, time)
        if let before, let peak = MemoryGauge.peak() {
            let growth = peak - before
            summary.growthBytes = max(summary.growthBytes, growth)
            if growth > 32 * 1_048_576 + 256 * input.count {
                summary.finding = Finding(
                    input: input, what: "\(input.count) bytes took \(growth) bytes of memory")
            }
        }
        switch outcome {
        case .refused: break
        case .accepted:
            summary.accepted += 1
            if summary.inputs > fixedCount { keep(input) }
        case .broken(let what): summary.finding = Finding(input: input, what: what)
        }
        if time > Self.inputTimeMax {
            summary.finding = Finding(
                input: input, what: "\(input.count) bytes took \(time.seconds) s")
        }
    }

    /// Accepted inputs lead further than refused ones; the real ones always stay.
    private mutating func keep(_ input: [UInt8]) {
        guard input.count <= 4_096 else { return }
        if corpus.count < fixedCount + Self.poolMax {
            corpus.append(input)
        } else {
            corpus[fixedCount + random.below(Self.poolMax)] = input
        }
    }

    private static var processorTime: Instant {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

/// Resident memory of this process, and its highest since the last look (proc(5), `clear_refs`).
private enum MemoryGauge {
    /// Forgets the peak; what is resident now.
    static func reset() -> Int? {
        let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard write(file, "5", 1) == 1 else { return nil }
        return peak()
    }

    static func peak() -> Int? {
        let file = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("VmHWM:") }
        let digits = line?.filter(\.isNumber) ?? ""
        return Int(digits).map { $0 * 1_024 }
    }
}
