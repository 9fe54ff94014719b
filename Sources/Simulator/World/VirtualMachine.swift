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
    /// What arrived while the machine was paused, in order.
    var backlog: [Delivery] = []
    /// When the armed wake-up comes, in the world's time.
    var armedAt: Instant?
    /// When the core was last told the calendar's time, on the local clock.
    var wallToldAt: Instant?

    /// What a paused machine's sockets keep.
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

    /// The daemon runs and is not stopped by a signal.
    var isRunning: Bool { core != nil && !isPaused }
}
