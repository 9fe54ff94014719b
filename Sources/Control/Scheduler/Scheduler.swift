package import Objects

/// Its rules follow.
package enum Scheduler: Controller {
    static func arrange(_ keys: [ObjectKey], in state: ClusterState) -> [ObjectKey] { keys }

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] { [] }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation { .nothing }
}
