import Base
import Daemon
import Kubelet
import Raft
import Store

/// The rules that are looked at after every step of every machine.
struct Checkers {
    private var raft = RaftCheckers()
    private var detection = DetectionChecker()
    private var bounds = BoundChecker()
    var refusals = RefusalChecker()
    var restarts = RestartChecker()
    private var sinceInvariants: [Int: Int] = [:]
    private var stepsSeen = 0
    /// How often each rare branch was taken.
    var marks: [String: Int] = [:]

    // Looking at the whole Store after each step would cost more than the step. A cluster that
    // lives for hours is looked at less often than one that lives for seconds.
    private static let stepsBetweenBounds = 16
    /// A prime, so that no machine's turn is missed for ever.
    private static let stepsBetweenBoundsLater = 127
    private static let stepsBetweenInvariants = 97
    private static let stepsBetweenInvariantsLater = 4_999
    private static let earlySteps = 10_000

    /// The rule that a machine has just broken, or nil.
    mutating func afterStep(
        _ machine: VirtualMachine, _ glance: DaemonGlance, of machines: [VirtualMachine],
        at now: Instant
    ) -> String? {
        detection.noteStep(machine, at: now)
        if let rule = detection.look(machines, at: now) { return rule }
        if let rule = raft.afterStep(machine, glance, others: { machines }) { return rule }
        stepsSeen += 1
        let isEarly = stepsSeen < Self.earlySteps
        let pauseOfBounds = isEarly ? Self.stepsBetweenBounds : Self.stepsBetweenBoundsLater
        if stepsSeen % pauseOfBounds == 0, let rule = bounds.check(machine) {
            return rule
        }
        let steps = sinceInvariants[machine.number, default: 0] + 1
        let pause = isEarly ? Self.stepsBetweenInvariants : Self.stepsBetweenInvariantsLater
        sinceInvariants[machine.number] = steps
        guard steps >= pause else { return nil }
        sinceInvariants[machine.number] = 0
        return machine.core?.invariantsInPlace().map { "\(machine.name): \($0)" }
    }

    /// A machine starts again from its disk, and must agree with everything once more.
    mutating func forget(_ machine: VirtualMachine) { raft.forget(machine) }
}

extension DaemonCore {
    /// Read where the core stands: reading through an optional copies what is around the member.
    fileprivate mutating func invariantsInPlace() -> String? { checkInvariants() }
}

/// No container runs twice: of each Pod, by its UID, and each name in it there is at most one live
/// process on all machines together.
enum ContainerChecker {
    static func doubles(_ machines: [VirtualMachine]) -> String? {
        var live: [String: String] = [:]
        for machine in machines where machine.isPowered {
            for container in machine.runtime.containersInOrder where container.isLive {
                let owner = "\(container.podUID)/\(container.state.name)"
                let place = "\(machine.name)/\(container.state.id)"
                if let other = live.updateValue(place, forKey: owner) {
                    return "container \(owner) runs twice: \(other) and \(place)"
                }
            }
        }
        return nil
    }
}
