package import Base

/// Which machine a fault hits; decided at the moment of the fault.
package enum MachineSelector: Sendable, Hashable {
    case leader
    /// A running machine that does not lead.
    case member
    case any
    /// By number, counted from 0.
    case machine(Int)
}

/// Something that goes wrong, and for how long.
package enum Fault: Sendable, Hashable {
    /// A power cut of one machine.
    case crash(MachineSelector, downFor: Span)
    /// A power cut when the machine has performed so many more effects, which is most often in
    /// the middle of what one step wanted.
    case crashAfterEffects(MachineSelector, Int, downFor: Span)
    /// Only the daemon's process is killed; the containers go on.
    case endDaemon(MachineSelector, downFor: Span)
    case powerCutOfAll(downFor: Span)
    /// The machine stops (SIGSTOP) and goes on.
    case pause(MachineSelector, for: Span)
    /// Each input takes the machine so long.
    case slow(MachineSelector, perInput: Span, for: Span)
    /// Nobody reaches the machine and it reaches nobody.
    case isolate(MachineSelector, for: Span)
    /// The machine is heard and hears nothing.
    case deafen(MachineSelector, for: Span)
    /// What the first machine sends does not reach the second one.
    case cutPath(MachineSelector, MachineSelector, for: Span)
    /// The machine is cut off and reached again so many times.
    case flap(MachineSelector, times: Int, period: Span)
    /// Everything from and to the machine takes so much longer.
    case delay(MachineSelector, by: Span, for: Span)
    /// The machine's syncs take until then.
    case stallDisk(MachineSelector, for: Span)
    /// Writes fail; then there is room again, and the daemon is started anew.
    case fillDisk(MachineSelector, for: Span)
    /// A bit of a file at rest turns while the machine is off. The daemon must refuse to start;
    /// then the machine joins as another one, as the manual says.
    case flipBit(MachineSelector, downFor: Span)
    /// The disk is lost as a whole; the machine joins as another one.
    case loseDisk(MachineSelector, downFor: Span)
    /// The power is cut, and writes are gone that the disk had called durable; as many as the
    /// others make up for. Waits for a moment in which they do.
    case loseSynced(MachineSelector, downFor: Span)
    /// The calendar jumps.
    case jumpClock(MachineSelector, by: Span)
    /// A new machine joins.
    case join
    /// An orderly stop with goodbye, and a start; for good when `downFor` is nil.
    case leave(MachineSelector, downFor: Span?)
    /// The operator removes the machine from the cluster, and switches it off when that is done.
    case remove(MachineSelector)
    /// The operator changes the cluster's authority.
    case rotate
    /// The process of some container ends.
    case endContainer(exitCode: Int32)

    // The ends of the above.
    case boot(Int)
    case startDaemon(Int, life: Int)
    case resume(Int)
    case hasten(Int)
    case heal(Int)
    case healPath(Int, Int)
    case flapAgain(Int, times: Int, period: Span, isCut: Bool)
    case undelay(Int)
    case freeDisk(Int)
    case replace(Int)
    case loseSyncedOf(Int, downFor: Span, triesLeft: Int)
    case endGoodbye(Int, life: Int)
    case operate(World.IdentityTask)
    /// From now on the network, the disks and the runtimes are kind.
    case calm
}
