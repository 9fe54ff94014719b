import JSON
package import Objects

/// Keeps `status.used` of a ResourceQuota equal to what the objects of its namespace take. A write
/// that takes more has charged itself in its own transaction; this gives back what deleted,
/// finished and shrunken objects took, and puts changed bounds in effect.
///
/// Its write is conditional on the quota's version: whoever charges the quota meanwhile makes it
/// fail, and it counts again.
package enum QuotaController: Controller {
    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        let resource = change.key.resource
        if resource == .resourceQuotas { return [change.key] }
        guard !change.key.namespace.isEmpty else { return [] }
        let quotas = state.records(.resourceQuotas, inNamespace: change.key.namespace)
        guard !quotas.isEmpty, usage(change.old) != usage(change.new) else { return [] }
        return quotas.filter { record in
            ResourceQuota(record.json).hard.names.contains {
                QuotaUsage.resources(behind: $0, among: [resource]).contains(resource)
            }
        }.map(\.key)
    }

    private static func usage(_ record: ObjectRecord?) -> ResourceList? {
        record.map { QuotaUsage.usage(of: $0.json, $0.key.resource) }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let record = state.record(key), !record.isBeingDeleted else { return .nothing }
        let status = ResourceQuota(record.json).status(state.resources) { resource in
            state.records(resource, inNamespace: key.namespace).map(\.json)
        }
        var result = Reconciliation()
        result.proposeStatus(
            status, of: record, why: "what the namespace uses, or may use, has changed")
        return result
    }
}
