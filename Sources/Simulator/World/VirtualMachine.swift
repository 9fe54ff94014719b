import Base
import Daemon
import Gossip

/// A machine: a daemon's core when it runs, and what stays when it does not.
final class VirtualMachine {
    let number: Int
    let name: MachineName
    let address: String
    var core: DaemonCore?
    var clock: VirtualClock
    var disk: VirtualDisk
    var runtime: VirtualRuntime
    var random: Random
    /// Peers that the daemon remembers on its disk.
    var peers: [MachineName: GossipSeed] = [:]
    /// Counts the runs of the daemon.
    var life = 0
    /// Counts the boots of the machine.
    var boot = 0
    var isPowered = false
    var isPaused = false
    /// What it promised is lost: it left for good, or its disk is damaged. It never comes back
    /// under its name.
    var isLost = false
    /// An operator wants it removed from the cluster.
    var isRemovalAsked = false
    /// It is removed: the cluster bars it.
    var isBarred = false
    /// What is on its disk is not what was written.
    var isDamaged = false
    /// When the daemon that was told to end starts again; nil for never.
    var returnsAfter: Span?
    /// When the last snapshot that is being written will be.
    var snapshotsWrittenAt = Instant.zero
    /// The daemon's goodbye is out; it may end.
    var hasSaidGoodbye = false
    /// How long each input takes; zero as long as the machine is not slow.
    var timePerInput = Span.zero
    var busyUntil = Instant.zero
    /// The power is cut when so many more effects are performed, and comes back after that.
    var crash: (afterEffects: Int, downFor: Span)?
    /// The machines through which it joined.
    var seeds: [GossipSeed] = []
    /// What arrived while the machine was paused or busy, in order.
    var backlog: [Delivery] = []
    /// What the shell gathers for one step; nil when each input gets its own.
    var gathered: [DaemonInput]?
    /// When the armed wake-up comes, in the world's time.
    var armedAt: Instant?
    /// When the core was last told the calendar's time, on the local clock.
    var wallToldAt: Instant?

    /// What the sockets of a machine that is paused or busy keep.
    static let backlogMax = 4_000

    init(
        number: Int, name: MachineName, address: String, clock: VirtualClock, isFirst: Bool,
        random: Random
    ) {
        self.number = number
        self.name = name
        self.address = address
        self.clock = clock
        self.random = random
        disk = VirtualDisk(firstVoter: isFirst ? name : nil)
        runtime = VirtualRuntime(number: number)
    }

    /// A slow machine is at work, or has work waiting.
    var isBusy: Bool { !backlog.isEmpty || timePerInput > .zero }

    /// The daemon runs and is not stopped by a signal.
    var isRunning: Bool { core != nil && !isPaused }
}
