import Base
import Raft

/// Raft's five safety properties (Raft figure 3) and linearizable read indexes, watched while
/// a cluster runs.
struct Checker {
    /// What a core was before a step.
    struct Before {
        var role: RaftRole
        var term: UInt64
        var lastIndex: UInt64
        var lastTerm: UInt64?

        init(_ core: RaftCore) {
            role = core.role
            term = core.term
            lastIndex = core.lastIndex
            lastTerm = core.entry(at: core.lastIndex)?.term
        }
    }

    private struct Committed {
        var entry: RaftEntry
        /// An upper bound of the term in which it was committed.
        var term: UInt64
        /// Of all entries up to this one.
        var digest: UInt64
    }

    /// What any machine applied; the first one has index 1.
    private var committed: [Committed] = []
    private var leaders: [UInt64: MachineName] = [:]
    /// For each read, the highest index that was applied anywhere when it began.
    private var reads: [Ticket: UInt64] = [:]
    private(set) var readsFinished = 0
    var marks: [String: Int] = [:]
    private(set) var snapshotsInstalled = 0

    var committedCount: Int { committed.count }
    var commandsCommitted: Int {
        committed.count { if case .command = $0.entry.payload { true } else { false } }
    }
    var membershipsCommitted: Int {
        committed.count { if case .membership = $0.entry.payload { true } else { false } }
    }

    var jointMembershipsCommitted: Int {
        committed.count {
            if case .membership(let membership) = $0.entry.payload {
                membership.isJoint
            } else {
                false
            }
        }
    }

    // MARK: After every step

    mutating func check(_ core: RaftCore, before: Before) throws {
        guard core.term >= before.term else {
            throw Violation(description: "\(core.name): the term fell")
        }
        guard core.role == .leader else { return }
        if before.role == .leader, before.term == core.term {
            let isKept =
                core.lastIndex >= before.lastIndex
                && (core.firstIndex > before.lastIndex
                    || core.entry(at: before.lastIndex)?.term == before.lastTerm
                    || before.lastTerm == nil)
            guard isKept else {
                throw Violation(description: "Leader Append-Only: \(core.name) cut its log")
            }
        } else {
            try checkElection(of: core)
        }
    }

    private mutating func checkElection(of core: RaftCore) throws {
        if let other = leaders[core.term], other != core.name {
            throw Violation(
                description: "Election Safety: \(core.name) and \(other) lead \(core.term)")
        }
        leaders[core.term] = core.name
        for known in committed where known.term < core.term {
            guard known.entry.index >= core.firstIndex else { continue }
            guard core.entry(at: known.entry.index) == known.entry else {
                throw Violation(
                    description: "Leader Completeness: \(core.name) leads \(core.term) without"
                        + " entry \(known.entry.index) of \(known.entry.term)")
            }
        }
    }

    // MARK: State machines

    mutating func apply(_ entry: RaftEntry, to machine: Machine) throws {
        guard entry.index == machine.applied + 1 else {
            throw Violation(
                description: "\(machine.name) applied \(entry.index) after \(machine.applied)")
        }
        machine.applied = entry.index
        var digest = machine.digest &* 0x100_0000_01B3 &+ entry.term
        if case .command(let bytes) = entry.payload {
            for byte in bytes { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        machine.digest = digest
        let position = Int(entry.index) - 1
        if position < committed.count {
            guard committed[position].entry == entry, committed[position].digest == digest else {
                throw Violation(
                    description: "State Machine Safety: \(machine.name) applied another"
                        + " entry \(entry.index)")
            }
        } else {
            committed.append(
                Committed(entry: entry, term: machine.core?.term ?? 0, digest: digest))
        }
    }

    /// The bytes of a snapshot of the machine: the digest and some filling.
    func snapshot(_ machine: Machine, _ metadata: RaftSnapshotMetadata) throws -> [UInt8] {
        guard metadata.index == machine.applied else {
            throw Violation(description: "\(machine.name): a snapshot of another index")
        }
        try checkMetadata(metadata)
        var writer = ByteWriter()
        writer.writeInteger(machine.digest)
        writer.writeRaw([UInt8](repeating: UInt8(truncatingIfNeeded: metadata.index), count: 56))
        return writer.bytes
    }

    mutating func restore(
        _ machine: Machine, _ metadata: RaftSnapshotMetadata, _ bytes: [UInt8]
    ) throws {
        snapshotsInstalled += 1
        try load(machine, metadata, bytes)
    }

    func restart(
        _ machine: Machine,
        _ snapshot: (metadata: RaftSnapshotMetadata, bytes: [UInt8])?
    ) throws {
        machine.applied = 0
        machine.digest = 0
        if let snapshot { try load(machine, snapshot.metadata, snapshot.bytes) }
    }

    private func load(
        _ machine: Machine, _ metadata: RaftSnapshotMetadata, _ bytes: [UInt8]
    ) throws {
        try checkMetadata(metadata)
        var reader = ByteReader(bytes)
        let digest = try reader.readInteger(UInt64.self)
        guard bytes.count == 64, digest == committed[Int(metadata.index) - 1].digest else {
            throw Violation(description: "\(machine.name): a snapshot of another state")
        }
        machine.applied = metadata.index
        machine.digest = digest
    }

    /// The snapshot's term and membership are those that the committed log says.
    private func checkMetadata(_ metadata: RaftSnapshotMetadata) throws {
        guard metadata.index >= 1, metadata.index <= UInt64(committed.count) else {
            throw Violation(description: "a snapshot beyond what is committed")
        }
        var membership = RaftMembership.empty
        for known in committed[..<Int(metadata.index)] {
            if case .membership(let newer) = known.entry.payload { membership = newer }
        }
        guard committed[Int(metadata.index) - 1].entry.term == metadata.term,
            metadata.membership == membership
        else { throw Violation(description: "a snapshot with wrong metadata") }
    }

    // MARK: Reads

    mutating func beginRead(_ ticket: Ticket) { reads[ticket] = UInt64(committed.count) }
    mutating func forgetRead(_ ticket: Ticket) { reads[ticket] = nil }

    mutating func finishRead(_ ticket: Ticket, index: UInt64) throws {
        guard let least = reads.removeValue(forKey: ticket) else {
            throw Violation(description: "\(ticket) was answered twice")
        }
        readsFinished += 1
        guard index >= least else {
            throw Violation(
                description: "Linearizable reads: index \(index) after \(least) was applied")
        }
    }

    // MARK: Now and then

    /// Log Matching: where two logs have an entry of equal index and term, they are equal
    /// from there back.
    func checkLogs(_ machines: [Machine]) throws {
        let cores = machines.compactMap(\.core)
        for (position, left) in cores.enumerated() {
            for right in cores[(position + 1)...] {
                let first = max(left.firstIndex, right.firstIndex)
                var index = min(left.lastIndex, right.lastIndex)
                var mustMatch = false
                while index >= first {
                    let (one, other) = (left.entry(at: index), right.entry(at: index))
                    mustMatch = mustMatch || one?.term == other?.term
                    guard !mustMatch || one == other else {
                        throw Violation(
                            description: "Log Matching: \(left.name) and \(right.name)"
                                + " differ at \(index)")
                    }
                    index -= 1
                }
            }
        }
    }
}
