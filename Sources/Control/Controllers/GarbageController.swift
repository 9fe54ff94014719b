import JSON
package import Objects

/// Deletes objects whose owners are gone, and carries out the propagation policies of deletions
/// (`garbage-collector-controller`).
///
/// The cache holds every object of the Store, so an owner that is not in it does not exist.
package enum GarbageController: Controller {
    private static let orphan = "orphan"
    private static let foreground = "foregroundDeletion"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        var keys: [ObjectKey] = []
        if let new = change.new, !new.owners.isEmpty || isFinalizing(new) {
            keys.append(change.key)
        }
        // What was owned by it, and who waits for it to be gone.
        if let old = change.old, change.new == nil || change.new?.uid != old.uid {
            keys += state.dependents(ofUID: old.uid)
        }
        if let new = change.new, new.isBeingDeleted, isFinalizing(new) {
            keys += state.dependents(ofUID: new.uid)
        }
        for owner in change.old?.owners ?? [] {
            if let record = state.record(uid: owner.uid), isFinalizing(record) {
                keys.append(record.key)
            }
        }
        return keys
    }

    private static func isFinalizing(_ record: ObjectRecord) -> Bool {
        record.isBeingDeleted
            && (record.finalizers.contains(orphan) || record.finalizers.contains(foreground))
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let record = state.record(key) else { return .nothing }
        var result = Reconciliation()
        if record.isBeingDeleted {
            if record.finalizers.contains(orphan) {
                orphanDependents(of: record, in: state, context, &result)
            } else if record.finalizers.contains(foreground) {
                deleteDependents(of: record, in: state, context, &result)
            }
        } else if !state.isDeletionUnderWay(uid: record.uid) {
            collect(record, in: state, &result)
        }
        return result
    }

    /// Deletes an object that has lost all its owners, or drops the references to lost ones.
    private static func collect(
        _ record: ObjectRecord, in state: ClusterState, _ result: inout Reconciliation
    ) {
        var solid = 0
        var lost: [String] = []
        var isAwaited = false
        for reference in record.owners {
            let owner = state.record(uid: reference.uid).flatMap { owner in
                owner.key.namespace.isEmpty || owner.key.namespace == record.key.namespace
                    ? owner : nil
            }
            if let owner {
                if owner.isBeingDeleted, owner.finalizers.contains(foreground) {
                    isAwaited = true
                    lost.append(reference.uid)
                } else {
                    solid += 1
                }
            } else {
                lost.append(reference.uid)
            }
        }
        guard !lost.isEmpty else { return }
        if solid > 0 {
            result.propose(
                Ownership.release(record, from: lost), why: "some of its owners are gone")
            return
        }
        let hasDependents = !state.dependents(ofUID: record.uid).isEmpty
        var propagation = PropagationPolicy.background
        if record.finalizers.contains(orphan) {
            propagation = .orphan
        } else if record.finalizers.contains(foreground) || (isAwaited && hasDependents) {
            propagation = .foreground
        }
        result.propose(
            .delete(record.key, uid: record.uid, propagation: propagation),
            why: "all its owners are gone")
    }

    private static func orphanDependents(
        of record: ObjectRecord, in state: ClusterState, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        let dependents = state.dependents(ofUID: record.uid)
        for key in dependents.prefix(context.configuration.burstMax) {
            guard let dependent = state.record(key) else { continue }
            result.propose(
                Ownership.release(dependent, from: [record.uid]),
                why: "its owner is deleted without it")
        }
        if dependents.isEmpty { release(record, from: orphan, &result) }
    }

    private static func deleteDependents(
        of record: ObjectRecord, in state: ClusterState, _ context: ControlContext,
        _ result: inout Reconciliation
    ) {
        let dependents = state.dependents(ofUID: record.uid).compactMap { state.record($0) }
        let blocking = dependents.filter { dependent in
            dependent.owners.contains { $0.uid == record.uid && $0.blocksOwnerDeletion }
        }
        // Their own keys delete those that have no other owner.
        if blocking.isEmpty { release(record, from: foreground, &result) }
    }

    private static func release(
        _ record: ObjectRecord, from finalizer: String, _ result: inout Reconciliation
    ) {
        result.propose(
            .patch(
                record.key,
                [
                    "metadata": [
                        "uid": .string(record.uid),
                        "$deleteFromPrimitiveList/finalizers": [.string(finalizer)],
                    ]
                ]),
            why: "nothing that depends on it holds it any more")
    }
}
