package import Base
import Daemon
import Raft

/// Disks that lose what they had called durable.
extension World {
    /// Cuts the power of a machine, and of its log an end is gone that was synced. Waits for a
    /// moment in which the others make up for that.
    package func loseSynced(_ number: Int, downFor span: Span, triesLeft: Int = 0) {
        let machine = machines[number]
        guard machine.isRunning, !machine.isLost else { return }
        let (first, count) = (machine.disk.firstLosable, machine.disk.recordCount)
        guard first < count, isMadeUpFor(machine) else {
            guard triesLeft > 0 else { return }
            return schedule(
                .loseSyncedOf(number, downFor: span, triesLeft: triesLeft - 1),
                after: .milliseconds(50))
        }
        let kept = first + machine.random.below(count - first)
        crash(number)
        machine.disk.lose(recordsFrom: kept)
        noteFault(nil, "the disk of \(machine.name) loses \(count - kept) synced records")
        trace.note(
            "loses \(count - kept) records that were synced", machine.name.text, at: now)
        schedule(.boot(number), after: span)
    }

    /// Whether a majority of the voters without this machine keeps its whole log durably, in the
    /// eyes of every machine. Then every majority that elects a leader holds what is committed
    /// (Raft §5.4.3), whatever this machine has forgotten.
    private func isMadeUpFor(_ machine: VirtualMachine) -> Bool {
        guard let log = machine.disk.log, let last = log.entries.last else { return false }
        let keepers = machines.filter {
            $0.number != machine.number && !$0.isLost && $0.disk.keeps(last)
        }
        return machines.allSatisfy { observer in
            guard let membership = observer.core?.raft.membership else { return true }
            return [membership.voters, membership.outgoing].allSatisfy { voters in
                voters.count { name in keepers.contains { $0.name == name } } * 2 > voters.count
                    || voters.isEmpty
            }
        }
    }
}

extension VirtualDisk {
    /// Whether an entry is durable here, and with it all before it (Raft figure 3, Log Matching).
    fileprivate func keeps(_ entry: RaftEntry) -> Bool {
        guard let log else { return false }
        return log.snapshot.index >= entry.index
            || log.entries.contains { $0.index == entry.index && $0.term == entry.term }
    }
}
