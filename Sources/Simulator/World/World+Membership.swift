package import Base
import Daemon
import Gossip
import Raft

/// Machines that join, leave, and take the place of others.
extension World {
    /// A new machine joins through those that run; nil when none does, or there is no room.
    @discardableResult
    package func join() -> Int? {
        let seeds = running.map { seed(machines[$0]) }
        guard !seeds.isEmpty, let machine = addMachine() else { return nil }
        machine.seeds = seeds
        trace.note("joins", machine.name.text, at: now)
        boot(machine.number)
        return machine.number
    }

    /// The voters as the leader sees them, by number.
    package var voters: [Int] {
        guard let leader, let membership = machines[leader].core?.raft.membership else { return [] }
        return membership.voters.compactMap { numbers[$0] }.sorted()
    }

    /// The daemon is told to end in order (SIGTERM).
    /// - Parameter span: when it starts again; nil for never.
    package func leave(_ number: Int, downFor span: Span?) {
        let machine = machines[number]
        guard machine.isRunning else { return }
        trace.note(span == nil ? "leaves" : "is stopped in order", machine.name.text, at: now)
        machine.returnsAfter = span
        machine.isLost = span == nil
        schedule(.endGoodbye(number, life: machine.life), after: Self.goodbyeLimit)
        give(.leave, to: machine)
    }

    /// The daemon that was told to end does so.
    func finishGoodbye(_ machine: VirtualMachine) {
        machine.hasSaidGoodbye = false
        endDaemon(machine.number)
        if let span = machine.returnsAfter {
            coverage.note(.orderlyRestart)
            schedule(.startDaemon(machine.number, life: machine.life), after: span)
        } else {
            coverage.note(.leave)
            crash(machine.number)
        }
    }

    /// What `docs/operations.md` says of a machine whose data folder is lost or damaged: it joins
    /// again as a new machine with another name.
    func replace(_ number: Int) {
        crash(number)
        if join() != nil {
            coverage.note(.replacement)
            if plan.removesLost { askForRemoval(of: number) }
        } else if machines.count < machinesMax {
            schedule(.replace(number), after: .seconds(1))
        }
    }

    /// Whether the cluster can do without what a machine promised. As in TigerBeetle's fault
    /// budget, a majority of the voters keeps what it wrote, in the eyes of every machine.
    func mayLose(_ number: Int) -> Bool {
        guard leader != nil, machines.count < machinesMax else { return false }
        return machines.allSatisfy { machine in
            guard let membership = machine.core?.raft.membership else { return true }
            // Of a joint membership both halves must go on deciding.
            return [membership.voters, membership.outgoing].allSatisfy { voters in
                let lost = voters.filter { name in
                    numbers[name].map { $0 == number || machines[$0].isLost } ?? true
                }
                return lost.count <= max(0, voters.count - 1) / 2
            }
        }
    }

    func seed(_ machine: VirtualMachine) -> GossipSeed {
        GossipSeed(
            name: machine.name, address: PeerAddress(ip: machine.address, port: Self.meshPort))
    }

    /// How long the daemon may take to say goodbye before it is killed, as in production.
    private static let goodbyeLimit = Span.seconds(5)
}
