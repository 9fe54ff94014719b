package import Base
import Raft

/// Swarm testing: each seed draws which kinds of trouble it has at all, and how much of each, so
/// that some runs have much of one kind (Groce et al., 2012).
extension FaultPlan {
    package init(random: inout Random, machines: Int, length: SimulationLength = .storm) {
        machinesAtStart = machines
        drawKnobs(&random)
        switch length {
        case .storm: drawStorm(&random, machines)
        case .season: drawSeason(&random)
        }
        faults.sort { $0.after < $1.after }
    }

    /// Every storm kills the leader and a member, in either order, sometimes both at once.
    private mutating func drawStorm(_ random: inout Random, _ machines: Int) {
        if machines > 1, random.chance(0.15) { machinesAtStart = 1 }
        let kinds = Self.drawKinds(&random)
        var at = random.span(from: .milliseconds(300), to: .seconds(2))
        for _ in machinesAtStart..<machines {
            faults.append((at, .join))
            at = at + random.span(from: .zero, to: .seconds(1))
        }
        var killed: [MachineSelector] = [.leader, .member]
        random.shuffle(&killed)
        for target in killed {
            let down = random.span(from: .milliseconds(100), to: .seconds(6))
            let fault: Fault =
                random.chance(0.4)
                ? .crashAfterEffects(target, random.below(40), downFor: down)
                : .crash(target, downFor: down)
            faults.append((at, fault))
            at = at + random.span(from: .milliseconds(200), to: .seconds(3))
        }
        for _ in 0..<random.below(6) {
            faults.append((at, Self.draw(kinds, &random)))
            at = at + random.span(from: .milliseconds(200), to: .seconds(3))
        }
        for _ in 0..<random.below(4) {
            let code: Int32 = random.chance(0.5) ? 0 : 1
            faults.append((random.span(from: .zero, to: at), .endContainer(exitCode: code)))
        }
        length = at + .seconds(1)
    }

    /// An hour or so with a fault now and then; in the mean one in two to twenty minutes.
    private mutating func drawSeason(_ random: inout Random) {
        let kinds = Self.drawKinds(&random)
        length = random.span(from: .minutes(20), to: .minutes(2 * 60))
        times.log = [1, 2, 5, 10][random.below(4)]
        times.mesh = [1, 2, 5, 10][random.below(4)]
        clientPause = Int64(200 + random.below(600))
        // Every few minutes, not every few seconds as in a storm.
        if let count = log.snapshotAfterEntries { log.snapshotAfterEntries = count * 5 }
        let gapMax = random.span(from: .minutes(4), to: .minutes(40))
        var at = random.span(from: .seconds(1), to: .minutes(2))
        while at < length - .minutes(2) {
            faults.append((at, Self.draw(kinds, &random)))
            // Now and then faults come together.
            at = at + random.span(
                from: .milliseconds(100), to: random.chance(0.2) ? .seconds(3) : gapMax)
        }
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
        if random.chance(0.3) { runtime.lostAnswer = random.fraction() * 0.1 }
        if random.chance(0.5) { runtime.probeFailure = random.fraction() * 0.3 }
        if random.chance(0.3) { runtime.ignoresTerm = random.fraction() }
        if random.chance(0.5) { wallSkewMax = .milliseconds(Int64(1 + random.below(800))) }
        if random.chance(0.5) { driftMax = Int64(1 + random.below(500)) }
        if random.chance(0.4) { log.reads = .lease }
        removesLost = random.chance(0.5)
        guard random.chance(0.6) else { return }
        log.snapshotAfterEntries = 10 + random.below(300)
        log.entriesKeptBehindSnapshot = random.below(50)
        log.snapshotChunkBytes = 1 << (9 + random.below(8))
    }

    /// How faults of one kind are drawn.
    private typealias Recipe = @Sendable (inout Random) -> Fault

    private static func drawKinds(_ random: inout Random) -> [Recipe] {
        let chosen = recipes.filter { _ in random.chance(0.5) }
        return chosen.isEmpty ? recipes : chosen
    }

    private static func draw(_ kinds: [Recipe], _ random: inout Random) -> Fault {
        kinds[random.below(kinds.count)](&random)
    }

    private static func target(_ random: inout Random) -> MachineSelector {
        random.chance(0.4) ? .leader : .any
    }

    private static func short(_ random: inout Random) -> Span {
        random.span(from: .milliseconds(50), to: .seconds(4))
    }

    private static let recipes: [Recipe] = [
        { .crash(target(&$0), downFor: short(&$0)) },
        { .crashAfterEffects(target(&$0), $0.below(60), downFor: short(&$0)) },
        { .endDaemon(target(&$0), downFor: short(&$0)) },
        { .powerCutOfAll(downFor: $0.span(from: .milliseconds(200), to: .seconds(2))) },
        { .pause(target(&$0), for: short(&$0)) },
        {
            .slow(
                target(&$0), perInput: $0.span(from: .microseconds(100), to: .milliseconds(6)),
                for: short(&$0))
        },
        { .isolate(target(&$0), for: short(&$0)) },
        { .deafen(target(&$0), for: short(&$0)) },
        { .cutPath(target(&$0), .any, for: short(&$0)) },
        {
            .flap(
                target(&$0), times: 2 + $0.below(6),
                period: $0.span(from: .milliseconds(50), to: .milliseconds(900)))
        },
        {
            .delay(
                target(&$0), by: $0.span(from: .milliseconds(20), to: .milliseconds(700)),
                for: short(&$0))
        },
        { .stallDisk(target(&$0), for: short(&$0)) },
        { .fillDisk(target(&$0), for: short(&$0)) },
        { .flipBit(target(&$0), downFor: short(&$0)) },
        { .loseDisk(target(&$0), downFor: short(&$0)) },
        { .loseSynced(target(&$0), downFor: short(&$0)) },
        { .jumpClock(target(&$0), by: jump(&$0)) },
        { _ in .join },
        { .leave(target(&$0), downFor: $0.chance(0.6) ? short(&$0) : nil) },
        { .remove(target(&$0)) },
        { _ in .rotate },
        { .endContainer(exitCode: $0.chance(0.5) ? 0 : 1) },
    ]

    /// A step of a time server, an hour of a wrong zone, or a dead battery.
    private static func jump(_ random: inout Random) -> Span {
        let most: [Span] = [.seconds(2), .seconds(3_700), .minutes(26 * 60)]
        let bound = most[random.below(most.count)]
        return random.span(from: bound * -1, to: bound)
    }
}
