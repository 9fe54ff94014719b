import Base
import Daemon
import Gossip

/// SWIM's strong completeness in bounded time (Das and others 2002, §3): a machine that does not
/// run is not alive for long to any machine that runs, whatever the network does. A verdict
/// needs no message, so no loss and no partition can excuse its absence.
struct DetectionChecker {
    /// What one machine believes of another.
    private struct Belief {
        var life: Int
        /// Since when it has believed it to be alive, or suspected it, without a break.
        var since: Instant
        /// The worst local health since then (Lifeguard IV-A): it stretches all times.
        var healthMax: Int
    }

    private var lastRan: [Instant] = []
    /// When a machine was last found paused or off.
    private var lastIdle: [Instant] = []
    private var beliefs: [[Belief?]] = []
    private var nextLook = Instant.zero
    /// When to see whether other machines run than at the last look.
    private var nextGlance = Instant.zero
    /// Which machines ran, and which were busy, at the last look.
    private var states: [Int8] = []
    /// Somebody believed a machine to be alive that did not run.
    private var isInDoubt = false

    private static let lookInterval = Span.milliseconds(100)
    /// When nobody can be wrong: the rule is about machines that do not run, and a change of who
    /// runs is looked at soon.
    private static let calmInterval = Span.seconds(1)
    /// For wake-ups of the worst clock and a look that comes late.
    private static let margin = Span.milliseconds(500)

    /// A machine has just taken a step.
    mutating func noteStep(_ machine: VirtualMachine, at now: Instant) {
        guard machine.number < lastRan.count else { return }
        lastRan[machine.number] = now
    }

    /// The rule that is broken, or nil. Looks now and then.
    mutating func look(_ machines: [VirtualMachine], at now: Instant) -> String? {
        guard now >= nextGlance else { return nil }
        nextGlance = now + Self.lookInterval
        guard now >= nextLook || hasChanged(machines) else { return nil }
        states = machines.map(Self.state)
        isInDoubt = false
        defer {
            nextLook = now + (isInDoubt ? Self.lookInterval : Self.calmInterval)
        }
        if lastRan.count < machines.count {
            lastRan = Array(repeating: now, count: machines.count)
            lastIdle = lastRan
            beliefs = Array(
                repeating: Array(repeating: nil, count: machines.count), count: machines.count)
        }
        // A slow machine with work waiting is as late as one that stands still.
        for machine in machines where !machine.isRunning || machine.isBusy {
            lastIdle[machine.number] = now
            if machine.isBusy { isInDoubt = true }
        }
        for observer in machines where observer.isRunning {
            for other in machines where other.number != observer.number {
                if let rule = look(observer, other, at: now) { return rule }
            }
        }
        return nil
    }

    private static func state(_ machine: VirtualMachine) -> Int8 {
        machine.isRunning ? (machine.isBusy ? 2 : 1) : 0
    }

    private func hasChanged(_ machines: [VirtualMachine]) -> Bool {
        guard machines.count == states.count else { return true }
        for machine in machines where states[machine.number] != Self.state(machine) {
            return true
        }
        return false
    }

    private mutating func look(
        _ observer: VirtualMachine, _ other: VirtualMachine, at now: Instant
    ) -> String? {
        guard let health = observer.core?.healthIfLive(other.name) else {
            beliefs[observer.number][other.number] = nil
            return nil
        }
        var belief = beliefs[observer.number][other.number]
        if belief?.life != observer.life {
            belief = Belief(life: observer.life, since: now, healthMax: health)
        }
        guard var belief else { return nil }
        belief.healthMax = max(belief.healthMax, health)
        beliefs[observer.number][other.number] = belief
        guard !other.isRunning, let gossip = observer.core?.inspect({ $0.gossip }) else {
            return nil
        }
        isInDoubt = true
        let start = max(
            belief.since, max(lastRan[other.number], lastIdle[observer.number]))
        let bound = Self.bound(
            gossip.configuration, members: gossip.liveCount, health: belief.healthMax)
        guard now - start > bound + Self.margin else { return nil }
        return "\(observer.name) still believes \(other.name) to be alive, which has not run for "
            + "\((now - start).milliseconds) ms; \(bound.milliseconds) ms are the bound"
    }

    /// A whole round of probes, the last one's timeout, and the longest suspicion, all at the
    /// worst health.
    static func bound(_ configuration: GossipConfiguration, members: Int, health: Int) -> Span {
        let probes = Int64((members + 1) * (health + 1))
        var decades = 1.0
        while decades < 9, pow10(decades) < Double(members) { decades += 1 }
        return configuration.probeInterval * probes
            + configuration.suspicionMin.scaled(
                by: decades * max(1, configuration.suspicionMaxFactor))
    }

    private static func pow10(_ exponent: Double) -> Double {
        var power = 1.0
        for _ in 0..<Int(exponent) { power *= 10 }
        return power
    }
}
