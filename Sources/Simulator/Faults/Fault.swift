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
    /// Only the daemon's process is killed; the containers go on.
    case endDaemon(MachineSelector, downFor: Span)
    case powerCutOfAll(downFor: Span)
    /// The machine stops (SIGSTOP) and goes on.
    case pause(MachineSelector, for: Span)
    /// Nobody reaches the machine and it reaches nobody.
    case isolate(MachineSelector, for: Span)
    /// The machine is heard and hears nothing.
    case deafen(MachineSelector, for: Span)
    /// The process of some container ends.
    case endContainer(exitCode: Int32)

    // The ends of the above.
    case boot(Int)
    case startDaemon(Int, life: Int)
    case resume(Int)
    case heal(Int)
    /// From now on the network, the disks and the runtimes are kind.
    case calm
}
