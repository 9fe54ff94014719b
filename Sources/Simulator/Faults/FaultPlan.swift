package import Base

/// What a world is like, and what goes wrong in it; all of it drawn from the seed.
package struct FaultPlan: Sendable {
    package var network = NetworkKnobs()
    package var disk = DiskKnobs()
    package var runtime = RuntimeKnobs()
    /// Machines' calendars differ from the true time by at most this.
    package var wallSkewMax = Span.zero
    /// Machines' monotonic clocks run wrong by at most so many millionths.
    package var driftMax: Int64 = 0
    /// In order of time, as spans after the cluster has formed.
    package var faults: [(after: Span, fault: Fault)] = []
    /// When the faults end, after the cluster has formed.
    package var length = Span.zero

    /// A kind world.
    package init() {}

    /// Swarm testing: each seed draws which kinds of trouble it has at all, so that some runs
    /// have much of one kind (Groce et al., 2012).
    package init(random: inout Random, machines: Int) {
        drawKnobs(&random)
        var at = random.span(from: .milliseconds(300), to: .seconds(2))
        func next() -> Span { at + random.span(from: .milliseconds(200), to: .seconds(3)) }
        // Every run kills the leader and a member, in either order, sometimes both at once.
        var kinds: [(MachineSelector) -> Fault] = [Self.crash(&random), Self.crash(&random)]
        var targets: [MachineSelector] = [.leader, .member]
        random.shuffle(&targets)
        let extra = random.below(4)
        for _ in 0..<extra {
            kinds.append(Self.anyFault(&random))
            targets.append(random.chance(0.4) ? .leader : .any)
        }
        for (target, kind) in zip(targets, kinds) {
            faults.append((at, kind(target)))
            at = next()
        }
        if random.chance(0.15) {
            let down = random.span(from: .milliseconds(200), to: .seconds(2))
            faults.append((at, .powerCutOfAll(downFor: down)))
            at = next()
        }
        for _ in 0..<random.below(4) {
            let code: Int32 = random.chance(0.5) ? 0 : 1
            faults.append((random.span(from: .zero, to: at), .endContainer(exitCode: code)))
        }
        length = at + .seconds(1)
        faults.sort { $0.after < $1.after }
    }

    private mutating func drawKnobs(_ random: inout Random) {
        if random.chance(0.5) { network.loss = random.fraction() * 0.1 }
        if random.chance(0.3) { network.duplication = random.fraction() * 0.1 }
        if random.chance(0.3) { network.reordering = random.fraction() * 0.2 }
        if random.chance(0.3) { network.delayMax = .milliseconds(Int64(1 + random.below(15))) }
        if random.chance(0.3) { network.linkBreak = random.fraction() * 0.01 }
        network.holdsFrames = random.chance(0.5)
        if random.chance(0.3) { disk.syncMax = .milliseconds(Int64(1 + random.below(30))) }
        if random.chance(0.3) { runtime.failure = random.fraction() * 0.1 }
        if random.chance(0.3) { runtime.ignoresTerm = random.fraction() }
        if random.chance(0.5) { wallSkewMax = .milliseconds(Int64(random.below(800))) }
        if random.chance(0.5) { driftMax = Int64(random.below(200)) }
    }

    private static func crash(_ random: inout Random) -> (MachineSelector) -> Fault {
        let down = random.span(from: .milliseconds(100), to: .seconds(6))
        return { .crash($0, downFor: down) }
    }

    private static func anyFault(_ random: inout Random) -> (MachineSelector) -> Fault {
        let span = random.span(from: .milliseconds(50), to: .seconds(4))
        switch random.below(6) {
        case 0: return { .endDaemon($0, downFor: span) }
        case 1: return { .pause($0, for: span) }
        case 2, 3: return { .isolate($0, for: span) }
        case 4: return { .deafen($0, for: span) }
        default: return { .crash($0, downFor: span) }
        }
    }
}
