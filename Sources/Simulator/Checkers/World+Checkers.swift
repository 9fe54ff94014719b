import Base
import Daemon
import Store

extension World {
    /// What a step has added to the Store is what watches owe from now on.
    func noteChanges(of machine: VirtualMachine, at revision: UInt64) {
        guard revision > workload.context.changes.through,
            let timeline = machine.core?.inspect({ $0.store.timeline })
        else { return }
        workload.context.changes.note(timeline)
    }

    /// Why the answers to the clients have no order that explains them; nil when they have one.
    func unexplained() -> String? {
        switch Linearizability.check(workload.context.history.operations) {
        case .linearizable: return nil
        case .violation(let lines): return lines.joined(separator: "\n")
        case .undecided(let parts):
            checkers.marks["linearizability.undecided", default: 0] += parts
            return nil
        }
    }
}
