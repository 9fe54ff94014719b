import Base
import JSON
package import Objects

/// Empties a namespace that is being deleted and then lets it go, by taking `kubernetes` off its
/// `spec.finalizers`.
package enum NamespaceController: Controller {
    private static let finalizer = "kubernetes"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        if change.key.resource == .namespaces { return [change.key] }
        guard !change.key.namespace.isEmpty else { return [] }
        let key = ObjectKey(.namespaces, name: change.key.namespace)
        return state.record(key)?.isBeingDeleted ?? false ? [key] : []
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let namespace = state.record(key), namespace.isBeingDeleted else { return .nothing }
        var result = Reconciliation()
        if namespace.status["phase"]?.string != "Terminating" {
            result.propose(
                .patch(key, ["status": ["phase": "Terminating"]], subresource: "status"),
                why: "it is being deleted")
            return result
        }
        let content = state.keys(inNamespace: key.name)
        for object in content {
            guard let record = state.record(object), !record.isBeingDeleted,
                !state.isDeletionUnderWay(uid: record.uid)
            else { continue }
            guard result.proposals.count < context.configuration.burstMax else {
                result.requeue(after: .zero)
                break
            }
            result.propose(
                .delete(object, uid: record.uid, propagation: .background),
                why: "its namespace is being deleted")
        }
        let finalizers = namespace.spec["finalizers"].strings
        if content.isEmpty, finalizers.contains(finalizer) {
            var document = namespace.json
            document[path: ["spec", "finalizers"]] = .array(
                finalizers.filter { $0 != finalizer }.map { .string($0) })
            result.propose(
                .update(.namespaces, document, subresource: "finalize"), why: "it is empty")
        } else if !content.isEmpty, result.proposals.isEmpty {
            result.explanation = "\(content.count) objects in it are still being deleted"
        }
        return result
    }
}
