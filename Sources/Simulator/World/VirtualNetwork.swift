package import Base
import Daemon

/// How the network between the machines behaves.
package struct NetworkKnobs: Sendable {
    package var delayMin = Span.microseconds(100)
    package var delayMax = Span.milliseconds(2)
    /// Chances for each datagram.
    package var loss = 0.0
    package var duplication = 0.0
    package var reordering = 0.0
    /// How much later than others a reordered datagram comes at most.
    package var reorderingMax = Span.milliseconds(40)
    /// The chance for each frame that its link breaks and all frames on their way are lost.
    package var linkBreak = 0.0
    /// Whether a link under a partition keeps frames, as TCP does, or breaks.
    package var holdsFrames = false

    package init() {}
}

/// Datagrams may be lost, doubled and reordered. Frames of a link keep their order; a link
/// can break, and then loses what was under way.
struct VirtualNetwork {
    private struct Link {
        var number = 0
        var lastArrival = Instant.zero
        var held: [PeerFrame] = []
    }

    var knobs = NetworkKnobs()
    private var random: Random
    private let count: Int
    /// Whether the path from one machine to another is cut, by `from * count + to`.
    private var cuts: [Bool]
    private var links: [Link]
    /// How much longer a path takes.
    private var extraDelays: [Span]
    private(set) var coverage = FaultCoverage()

    /// What a link under a partition keeps at most.
    private static let heldMax = 2_000

    /// - Parameter count: the number of machines that there will ever be.
    init(machinesMax count: Int, random: Random) {
        self.count = count
        self.random = random
        cuts = Array(repeating: false, count: count * count)
        links = Array(repeating: Link(), count: count * count)
        extraDelays = Array(repeating: .zero, count: count * count)
    }

    func isCut(_ from: Int, _ to: Int) -> Bool { cuts[from * count + to] }
    var hasCuts: Bool { cuts.contains(true) }

    mutating func cut(_ from: Int, _ to: Int) {
        cuts[from * count + to] = true
        if !knobs.holdsFrames { breakLink(from, to) }
    }

    /// Heals a path; the frames that TCP kept arrive now, in order.
    mutating func heal(
        _ from: Int, _ to: Int, at now: Instant, into queue: inout DeliveryQueue
    ) {
        let index = from * count + to
        guard cuts[index] else { return }
        cuts[index] = false
        let held = links[index].held
        links[index].held = []
        for frame in held { send(frame: frame, from, to, at: now, into: &queue) }
    }

    /// Makes everything from and to a machine take so much longer.
    mutating func delay(_ machine: Int, by span: Span) {
        for other in 0..<count {
            extraDelays[machine * count + other] = span
            extraDelays[other * count + machine] = span
        }
    }

    mutating func breakLink(_ from: Int, _ to: Int) {
        links[from * count + to].number += 1
        links[from * count + to].held = []
    }

    /// All links of a machine that stopped.
    mutating func breakLinks(of machine: Int) {
        for other in 0..<count {
            breakLink(machine, other)
            breakLink(other, machine)
        }
    }

    func isCurrent(link number: Int, _ from: Int, _ to: Int) -> Bool {
        links[from * count + to].number == number
    }

    mutating func send(
        datagram payload: [UInt8], _ from: Int, _ to: Int, at now: Instant,
        into queue: inout DeliveryQueue
    ) {
        guard !isCut(from, to) else { return }
        if happens(knobs.loss, .loss) { return }
        let copies = happens(knobs.duplication, .duplication) ? 2 : 1
        for _ in 0..<copies {
            var at = now + delay(from, to)
            if happens(knobs.reordering, .reordering) {
                at = at + random.span(from: .zero, to: knobs.reorderingMax)
            }
            queue.add(.datagram(from: from, to: to, payload), at: at)
        }
    }

    mutating func send(
        frame: PeerFrame, _ from: Int, _ to: Int, at now: Instant, into queue: inout DeliveryQueue
    ) {
        let index = from * count + to
        if cuts[index] {
            if knobs.holdsFrames, links[index].held.count < Self.heldMax {
                links[index].held.append(frame)
            }
            return
        }
        if happens(knobs.linkBreak, .linkBreak) { breakLink(from, to) }
        // A segment that is lost comes again after a retransmission, and holds up the others.
        let resent = happens(knobs.loss, .loss) ? Span.milliseconds(200) : .zero
        let at = max(now + delay(from, to) + resent, links[index].lastArrival + .nanoseconds(1))
        links[index].lastArrival = at
        queue.add(.frame(from: from, to: to, link: links[index].number, frame), at: at)
    }

    private mutating func delay(_ from: Int, _ to: Int) -> Span {
        let extra = extraDelays[from * count + to]
        if extra > .zero { coverage.note(.delaySpike) }
        return random.span(from: knobs.delayMin, to: knobs.delayMax) + extra
    }

    /// Draws only for trouble that this world has.
    private mutating func happens(_ chance: Double, _ kind: FaultKind) -> Bool {
        guard chance > 0, random.chance(chance) else { return false }
        coverage.note(kind)
        return true
    }
}
