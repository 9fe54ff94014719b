import Base
import JSON
package import Objects

/// Makes Jobs when a schedule is due (`kube-controller-manager`'s cronjob controller).
///
/// A run that is due is made once: its Job is named for the minute. Of several runs that were
/// missed only the last is made up for. Without a time zone a schedule is in UTC.
package enum CronJobController: Controller {
    private static let component = "cronjob-controller"
    private static let scheduledAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .cronJobs: [change.key]
        case .jobs: state.controllers(of: change, .cronJobs)
        default: []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        guard let cron = state.record(key), !cron.isBeingDeleted else { return .nothing }
        var result = Reconciliation()
        let jobs = state.dependents(ofUID: cron.uid).compactMap { state.record($0) }.filter {
            $0.key.resource == .jobs && $0.controller?.uid == cron.uid
        }.map(CronRun.init)
        cleanUp(cron, jobs, in: state, &result)
        updateStatus(of: cron, jobs, &result)
        guard !(cron.spec["suspend"]?.bool ?? false) else { return result }
        let name = cron.spec["timeZone"]?.string ?? "UTC"
        guard let zone = context.configuration.zones[name] else {
            result.events.append(
                event(
                    cron, "UnknownTimeZone",
                    "invalid timeZone: \"\(name)\": unknown time zone \(name)", isWarning: true))
            return result
        }
        guard let times = CronTimes(cron.spec["schedule"]?.string ?? "", in: zone) else {
            result.explanation = "its schedule cannot be read"
            return result
        }
        start(cron, jobs, times, zone, context, &result)
        if let next = times.next(after: context.wall) {
            // A little later, since clocks and seconds are not one.
            result.requeue(after: next - context.wall + .milliseconds(50))
        }
        return result
    }

    private static func start(
        _ cron: ObjectRecord, _ jobs: [CronRun], _ times: CronTimes, _ zone: ZoneRules,
        _ context: ControlContext, _ result: inout Reconciliation
    ) {
        var earliest = cron.status["lastScheduleTime"]?.string
            .flatMap(WallTime.init(rfc3339:)) ?? cron.createdAt
        for job in jobs { earliest = max(earliest, job.scheduled ?? earliest) }
        let deadline = cron.spec["startingDeadlineSeconds"]?.integer
        if let deadline { earliest = max(earliest, context.wall + .seconds(-deadline)) }
        guard let due = times.latest(after: earliest, notAfter: context.wall) else { return }
        let running = jobs.filter { !$0.isOver && !$0.record.isBeingDeleted }
        switch cron.spec["concurrencyPolicy"]?.string {
        case "Forbid" where !running.isEmpty:
            result.events.append(
                event(
                    cron, "JobAlreadyActive",
                    "Not starting job because prior execution is running and concurrency policy "
                        + "is Forbid"))
            return
        case "Replace":
            for job in running {
                let name = job.record.key.name
                result.propose(
                    .delete(job.record.key, uid: job.record.uid, propagation: .background),
                    why: "a newer run takes its place",
                    event: event(cron, "SuccessfulDelete", "Deleted job \(name)"))
            }
        default: break
        }
        result.propose(
            .create(.jobs, job(of: cron, due, zone)), why: "its schedule is due",
            event: {
                var draft = event(cron, "SuccessfulCreate", "Created job ")
                draft.ending = .name
                return draft
            }(),
            failureEvent: {
                var draft = event(cron, "FailedCreate", "Error creating job: ", isWarning: true)
                draft.ending = .refusal
                return draft
            }())
    }

    private static func job(
        of cron: ObjectRecord, _ due: WallTime, _ zone: ZoneRules
    ) -> JSON {
        let template = cron.spec["jobTemplate"] ?? [:]
        var metadata: JSON = [
            "name": .string("\(cron.key.name)-\(due.seconds / 60)"),
            "namespace": .string(cron.key.namespace),
        ]
        for name in ["labels", "annotations"] {
            if let value = template["metadata"]?[name] { metadata[name] = value }
        }
        metadata[path: ["annotations", scheduledAnnotation]] = .string(
            due.rfc3339(offset: zone.period(at: due.seconds).offset))
        metadata["ownerReferences"] = [cron.controllerReference]
        return [
            "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata,
            "spec": template["spec"] ?? [:],
        ]
    }

    /// Deletes the oldest Jobs that are over, beyond the limits of the history.
    private static func cleanUp(
        _ cron: ObjectRecord, _ jobs: [CronRun], in state: ClusterState,
        _ result: inout Reconciliation
    ) {
        for (name, limit, hasFailed) in [
            ("successfulJobsHistoryLimit", Int64(3), false), ("failedJobsHistoryLimit", 1, true),
        ] {
            let kept = Int(clamping: cron.spec[name]?.integer ?? limit)
            let over = jobs.filter {
                $0.isOver && $0.hasFailed == hasFailed && !$0.record.isBeingDeleted
                    && !state.isDeletionUnderWay(uid: $0.record.uid)
            }.sorted {
                ($0.record.createdAt, $0.record.key) < ($1.record.createdAt, $1.record.key)
            }
            for job in over.dropLast(min(kept, over.count)) {
                let name = job.record.key.name
                result.propose(
                    .delete(job.record.key, uid: job.record.uid, propagation: .background),
                    why: "more old Jobs than the history keeps",
                    event: event(cron, "SuccessfulDelete", "Deleted job \(name)"))
            }
        }
    }

    private static func updateStatus(
        of cron: ObjectRecord, _ jobs: [CronRun], _ result: inout Reconciliation
    ) {
        var status = cron.status
        let known = Set(
            (status["active"]?.array ?? []).compactMap { $0["uid"]?.string })
        let active = jobs.filter { !$0.isOver }.sorted { $0.record.key < $1.record.key }
        for job in jobs where job.isOver && known.contains(job.record.uid) {
            result.events.append(
                event(
                    cron, "SawCompletedJob",
                    "Saw completed job: \(job.record.key.name), condition: "
                        + (job.hasFailed ? "Failed" : "Complete")))
        }
        let references = active.map { job -> JSON in
            [
                "kind": "Job", "namespace": .string(job.record.key.namespace),
                "name": .string(job.record.key.name), "uid": .string(job.record.uid),
                "apiVersion": "batch/v1",
            ]
        }
        if Set(active.map(\.record.uid)) != known {
            status["active"] = references.isEmpty ? JSON?.none : .array(references)
        }
        func keepLatest(_ name: String, _ times: [WallTime]) {
            let before = status[name]?.string.flatMap(WallTime.init(rfc3339:))
            guard let last = times.max(), before.map({ $0 < last }) ?? true else { return }
            status[name] = .string(last.rfc3339)
        }
        keepLatest("lastScheduleTime", jobs.compactMap(\.scheduled))
        keepLatest("lastSuccessfulTime", jobs.compactMap(\.completed))
        result.proposeStatus(status, of: cron, why: "its Jobs changed")
    }

    private static func event(
        _ cron: ObjectRecord, _ reason: String, _ message: String, isWarning: Bool = false
    ) -> EventDraft {
        EventDraft(
            about: cron.key, uid: cron.uid, isWarning: isWarning, reason: reason,
            message: message, component: component)
    }

    /// One Job of a CronJob.
    private struct CronRun {
        let record: ObjectRecord
        let hasFailed: Bool
        let isOver: Bool
        let scheduled: WallTime?
        let completed: WallTime?

        init(_ record: ObjectRecord) {
            self.record = record
            let document = record.json
            let conditions = (document["status"]?["conditions"]?.array ?? []).map(Condition.init)
            func holds(_ type: String) -> Bool {
                conditions.contains { $0.type == type && $0.isTrue }
            }
            hasFailed = holds("Failed")
            isOver = hasFailed || holds("Complete")
            func time(_ value: JSON?) -> WallTime? {
                value?.string.flatMap(WallTime.init(rfc3339:))
            }
            scheduled = time(document["metadata"]?["annotations"]?[scheduledAnnotation])
            completed = time(document["status"]?["completionTime"])
        }
    }
}
