import API
import Base
import Daemon
import Kubelet
import Raft

/// What happened, as a digest of everything and as the last things in words.
///
/// Two runs of one seed must have one digest, though each process hashes dictionaries in an order
/// of its own. So an order that leaks into an effect shows.
struct Trace {
    private struct Entry {
        var at: Instant
        var machine: String
        var what: What
    }

    /// Put into words only when somebody wants to read them.
    private enum What {
        case input(DaemonInput)
        case effect(DaemonEffect)
        case note(String)
    }

    private var digest = Digest()
    /// Told each line when set.
    var sink: ((String) -> Void)?
    /// Whether the last things are kept, to be put into words. A run that fails is run again with
    /// this, because keeping costs more than stepping.
    var isKept: Bool
    private var ring: [Entry] = []
    private var next = 0

    /// How many lines are kept.
    private static let kept = 240

    init(isKept: Bool = true) { self.isKept = isKept }

    var value: UInt64 { digest.value }

    mutating func input(_ input: DaemonInput, _ machine: VirtualMachine, at now: Instant) {
        digest.mix(UInt64(bitPattern: now.nanoseconds))
        digest.mix(UInt64(machine.number))
        TraceDigest.input(input, &digest)
        guard isKept || sink != nil else { return }
        record(Entry(at: now, machine: machine.name.text, what: .input(input)))
    }

    mutating func effect(_ effect: DaemonEffect, _ machine: VirtualMachine, at now: Instant) {
        TraceDigest.effect(effect, &digest)
        guard isKept || sink != nil, TraceText.isWorthReading(effect) else { return }
        record(Entry(at: now, machine: machine.name.text, what: .effect(effect)))
    }

    /// Bytes that a machine sends or writes, once they are encoded.
    mutating func bytes(_ bytes: [UInt8]) { digest.mix(bytes) }

    mutating func note(_ text: String, _ machine: String = "world", at now: Instant) {
        digest.mix(text)
        guard isKept || sink != nil else { return }
        record(Entry(at: now, machine: machine, what: .note(text)))
    }

    /// The last things that happened, oldest first.
    var lines: [String] {
        (ring[next...] + ring[..<next]).map(Self.line)
    }

    private mutating func record(_ entry: Entry) {
        sink?(Self.line(entry))
        guard isKept else { return }
        if ring.count < Self.kept {
            ring.append(entry)
        } else {
            ring[next] = entry
            next = (next + 1) % Self.kept
        }
    }

    private static func line(_ entry: Entry) -> String {
        let words =
            switch entry.what {
            case .input(let input): "< " + TraceText.words(input)
            case .effect(let effect): "> " + TraceText.words(effect)
            case .note(let text): "* " + text
            }
        return TraceText.time(entry.at) + " " + entry.machine + " " + words
    }
}
