package import Base
import JSON
package import Objects

/// The controllers in the order in which their work is done within a step: what frees or makes
/// Pods comes before what places them, so that a failure is answered in one step.
package enum ControllerName: Int, CaseIterable, Comparable, Hashable, Sendable {
    case bootstrap
    case nodeAddresses
    case nodeLifecycle
    case nodeLeases
    case podGarbage
    case deployment
    case replicaSet
    case replication
    case statefulSet
    case daemonSet
    case job
    case cronJob
    case ephemeralClaims
    case claims
    case volumes
    case storageProtection
    case scheduler
    case endpoints
    case endpointMirrors
    case disruption
    case serviceAccount
    case serviceAddresses
    case roleAggregation
    case quota
    case namespace
    case garbage

    package static func < (left: ControllerName, right: ControllerName) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// One key of one controller.
package struct WorkItem: Hashable, Comparable, Sendable {
    package var controller: ControllerName
    package var key: ObjectKey

    package init(_ controller: ControllerName, _ key: ObjectKey) {
        self.controller = controller
        self.key = key
    }

    package static func < (left: WorkItem, right: WorkItem) -> Bool {
        left.controller != right.controller
            ? left.controller < right.controller : left.key < right.key
    }
}

/// A write that a controller wants, and why.
package struct Proposal: Sendable, Equatable {
    package var write: ObjectWrite
    /// The reason in words, for people who ask what the cluster is doing.
    package var why: String
    /// Recorded when the write succeeds.
    package var event: EventDraft?
    /// Recorded when the write is refused.
    package var failureEvent: EventDraft?

    package init(
        _ write: ObjectWrite, why: String, event: EventDraft? = nil,
        failureEvent: EventDraft? = nil
    ) {
        self.write = write
        self.why = why
        self.event = event
        self.failureEvent = failureEvent
    }
}

/// What a controller makes of one key: writes, or an explanation why there are none.
package struct Reconciliation: Sendable, Equatable {
    package var proposals: [Proposal] = []
    package var events: [EventDraft] = []
    /// Look at the key again after this time even when nothing changes.
    package var requeueAfter: Span?
    /// Why something wanted is not done.
    package var explanation: String?
    /// All that is written tells people why something is not done, so it may wait for its turn.
    package var isReport = false

    package init() {}

    package static let nothing = Reconciliation()

    package static func refused(_ explanation: String) -> Reconciliation {
        var result = Reconciliation()
        result.explanation = explanation
        return result
    }

    package mutating func propose(
        _ write: ObjectWrite, why: String, event: EventDraft? = nil,
        failureEvent: EventDraft? = nil
    ) {
        proposals.append(
            Proposal(write, why: why, event: event, failureEvent: failureEvent))
    }

    /// Keeps the earlier of this and an already wanted time.
    package mutating func requeue(after span: Span) {
        requeueAfter = min(requeueAfter ?? span, span)
    }
}

/// What a reconciliation may know besides the objects.
package struct ControlContext: Sendable {
    package var configuration: ControlConfiguration
    package var wall: WallTime
    /// How often in a row the writes of this key were refused.
    package var refusals: Int
    /// What the last refusal said.
    package var refusal: String

    package init(
        configuration: ControlConfiguration, wall: WallTime, refusals: Int = 0,
        refusal: String = ""
    ) {
        self.configuration = configuration
        self.wall = wall
        self.refusals = refusals
        self.refusal = refusal
    }
}

/// A controller has no state: what it knows is in the objects.
package protocol Controller {
    /// The keys to reconcile when an object changed.
    static func keys(affectedBy change: ObjectChange, in state: ClusterState) -> [ObjectKey]
    /// Compares what is with what should be.
    static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation
}

/// An object before and after a change; nil where it did not or does not exist.
package struct ObjectChange: Sendable {
    package var key: ObjectKey
    package var old: ObjectRecord?
    package var new: ObjectRecord?
    /// What was known of it before, when it is a Pod.
    package var oldPod: PodRecord?

    package init(
        key: ObjectKey, old: ObjectRecord?, new: ObjectRecord?, oldPod: PodRecord? = nil
    ) {
        self.key = key
        self.old = old
        self.new = new
        self.oldPod = oldPod
    }

    /// The newest that is known of the object.
    package var record: ObjectRecord? { new ?? old }
}
