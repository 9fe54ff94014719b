/// The kinds of trouble that a world can have. A kind counts as hit when it took effect: a datagram
/// was lost, a record torn, a damaged disk refused; not when it was only possible.
package enum FaultKind: String, CaseIterable, Sendable {
    // The network.
    case loss, duplication, reordering
    case delaySpike = "delay spike"
    case linkBreak = "link break"
    case isolation, deafness
    case oneWayCut = "one-way cut"
    case flapping
    // Machines.
    case crash
    case crashBetweenEffects = "crash between effects"
    case daemonKill = "daemon kill"
    case powerCutOfAll = "power cut of all"
    case stall
    case slowMachine = "slow machine"
    case gatheredInputs = "inputs gathered"
    // Disks.
    case unsyncedLoss = "unsynced writes lost"
    case tornWrite = "torn write"
    case syncedLoss = "synced writes lost"
    case bitFlip = "bit flip refused"
    case fullDisk = "full disk"
    case diskStall = "disk stall"
    // Clocks.
    case clockDrift = "clock drift"
    case clockSkew = "calendar wrong"
    case clockJump = "calendar jump"
    // Membership.
    case join, leave
    case orderlyRestart = "orderly restart"
    case replacement = "replacement of a lost disk"
    case snapshotInstall = "snapshot installed"
    case removal = "machine removed"
    case rotation = "authority changed"
    // Containers.
    case containerEnd = "container ended"
    case runtimeFailure = "runtime failure"
    case runtimeLookFailure = "runtime look failed"
    case runtimeAnswerLost = "runtime answer lost"
    case probeFailure = "probe failed"

    /// Where the kind stands in ``FaultCoverage``.
    fileprivate var index: Int { Self.indices[self] ?? 0 }

    private static let indices = Dictionary(
        uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
}

/// How often each kind of trouble was hit.
package struct FaultCoverage: Sendable, Equatable {
    private var counts = Array(repeating: 0, count: FaultKind.allCases.count)

    package init() {}

    package subscript(_ kind: FaultKind) -> Int {
        get { counts[kind.index] }
        set { counts[kind.index] = newValue }
    }

    package mutating func note(_ kind: FaultKind) { counts[kind.index] += 1 }

    package mutating func add(_ other: FaultCoverage) {
        for index in counts.indices { counts[index] += other.counts[index] }
    }

    package func adding(_ other: FaultCoverage) -> FaultCoverage {
        var sum = self
        sum.add(other)
        return sum
    }

    /// The kinds that were never hit.
    package var missing: [FaultKind] { FaultKind.allCases.filter { self[$0] == 0 } }

    /// All kinds and their counts, a few on each line.
    package var lines: [String] {
        let words = FaultKind.allCases.map { "\($0.rawValue) \(self[$0])" }
        var lines: [String] = []
        for word in words {
            if let last = lines.last, last.count + word.count < 88 {
                lines[lines.count - 1] = last + ", " + word
            } else {
                lines.append("  " + word)
            }
        }
        return lines
    }
}
