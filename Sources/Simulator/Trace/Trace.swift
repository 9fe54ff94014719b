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

    private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var count: UInt64 = 0
    /// Told each line when set.
    var sink: ((String) -> Void)?
    private var ring: [Entry] = []
    private var next = 0

    /// How many lines are kept.
    private static let kept = 240

    mutating func input(_ input: DaemonInput, _ machine: VirtualMachine, at now: Instant) {
        mix(now, machine.number)
        TraceDigest.input(input, &self)
        record(Entry(at: now, machine: machine.name.text, what: .input(input)))
    }

    mutating func effect(_ effect: DaemonEffect, _ machine: VirtualMachine, at now: Instant) {
        TraceDigest.effect(effect, &self)
        guard TraceText.isWorthReading(effect) else { return }
        record(Entry(at: now, machine: machine.name.text, what: .effect(effect)))
    }

    mutating func note(_ text: String, _ machine: String = "world", at now: Instant) {
        mix(text)
        record(Entry(at: now, machine: machine, what: .note(text)))
    }

    /// The last things that happened, oldest first.
    var lines: [String] {
        (ring[next...] + ring[..<next]).map(Self.line)
    }

    private mutating func record(_ entry: Entry) {
        count += 1
        sink?(Self.line(entry))
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

    // MARK: The digest (FNV-1a over words of eight bytes)

    mutating func mix(_ word: UInt64) {
        digest = (digest ^ word) &* 0x0000_0100_0000_01B3
        digest ^= digest >> 29
    }

    private mutating func mix(_ now: Instant, _ machine: Int) {
        mix(UInt64(bitPattern: now.nanoseconds))
        mix(UInt64(machine))
    }

    mutating func mix(_ text: String) {
        var text = text
        text.withUTF8 { bytes in mix(UnsafeRawBufferPointer(bytes)) }
    }

    mutating func mix(_ bytes: [UInt8]) { bytes.withUnsafeBytes { mix($0) } }

    private mutating func mix(_ bytes: UnsafeRawBufferPointer) {
        mix(UInt64(bytes.count))
        var offset = 0
        while offset + 8 <= bytes.count {
            mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        while offset < bytes.count {
            mix(UInt64(bytes[offset]))
            offset += 1
        }
    }
}
