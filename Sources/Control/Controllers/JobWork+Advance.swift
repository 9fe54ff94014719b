import Base
import JSON
import Objects

extension JobWork {
    private static let criteriaMet = "SuccessCriteriaMet"
    private static let target = "FailureTarget"

    /// Moves the Job on: towards its end when that is decided, else towards more Pods.
    mutating func advance(_ result: inout Reconciliation) {
        releaseCounted(&result)
        var list = ConditionList(status["conditions"], now: context.wall, hasUpdateTime: false)
        suspendOrResume(&list, &result)
        if list[Self.criteriaMet] == nil, list[Self.target] == nil {
            decide(&list, &result)
        }
        let isEnding = list[Self.criteriaMet]?.isTrue ?? false || list[Self.target]?.isTrue ?? false
        if isEnding || isSuspended {
            stop(active, &result)
            if isEnding { conclude(&list, &result) }
        } else {
            manage(&result)
        }
        status["conditions"] = list.conditions.isEmpty ? JSON?.none : list.json
        writeStatus(&result)
    }

    private mutating func suspendOrResume(
        _ list: inout ConditionList, _ result: inout Reconciliation
    ) {
        let type = "Suspended"
        let now = JSON.string(context.wall.rfc3339)
        if isSuspended {
            guard list[type]?.isTrue != true else { return }
            list.set(type, "True", reason: "JobSuspended", message: "Job suspended")
            status["startTime"] = JSON?.none
            result.events.append(event("Suspended", "Job suspended"))
        } else if list[type]?.isTrue ?? false {
            list.set(type, "False", reason: "JobResumed", message: "Job resumed")
            status["startTime"] = now
            result.events.append(event("Resumed", "Job resumed"))
        } else if status["startTime"] == nil {
            status["startTime"] = now
        }
    }

    /// Whether the Job has failed or has done enough.
    private func decide(_ list: inout ConditionList, _ result: inout Reconciliation) {
        if let (reason, message) = failure(&result) {
            list.set(Self.target, "True", reason: reason, message: message)
        } else if let rule = matchedSuccessRule {
            list.set(
                Self.criteriaMet, "True", reason: "SuccessPolicy",
                message: "Matched rules at index \(rule)")
        } else if isComplete {
            list.set(
                Self.criteriaMet, "True", reason: "CompletionsReached",
                message: "Reached expected number of succeeded pods")
        }
    }

    private var isComplete: Bool {
        guard active.isEmpty else { return false }
        return completions.map { totalSucceeded >= $0 } ?? (totalSucceeded > 0)
    }

    private func failure(_ result: inout Reconciliation) -> (String, String)? {
        if let failureVerdict { return ("PodFailurePolicy", failureVerdict) }
        let limit = Int(clamping: job.spec["backoffLimit"]?.integer ?? 6)
        if totalFailed > limit || restartsExceed(limit) {
            return ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
        }
        if let seconds = job.spec["activeDeadlineSeconds"]?.integer, !isSuspended,
            let start = status["startTime"]?.string.flatMap(WallTime.init(rfc3339:))
        {
            let due = start + .seconds(seconds)
            guard due > context.wall else {
                return ("DeadlineExceeded", "Job was active longer than specified deadline")
            }
            result.requeue(after: due - context.wall)
        }
        guard limitPerIndex != nil, failedIndexes.count > 0 else { return nil }
        if let bound = job.spec["maxFailedIndexes"]?.integer, failedIndexes.count > bound {
            return (
                "MaxFailedIndexesExceeded",
                "Job has exceeded the specified maximal number of failed indexes"
            )
        }
        let done = completed.numbers.union(failedIndexes.numbers)
        return done.count >= completions ?? 0 ? ("FailedIndexes", "Job has failed indexes") : nil
    }

    /// Containers that are restarted in place count, too (`restartPolicy: OnFailure`).
    private func restartsExceed(_ limit: Int) -> Bool {
        guard job.spec["template"]?["spec"]?["restartPolicy"]?.string == "OnFailure" else {
            return false
        }
        let restarts = active.reduce(Int64(0)) { sum, pod in
            ["containerStatuses", "initContainerStatuses"].reduce(sum) { sum, list in
                (pod.record.pod.status[list]?.array ?? []).reduce(sum) {
                    $0 + ($1["restartCount"]?.integer ?? 0)
                }
            }
        }
        return limit == 0 ? restarts > 0 : restarts >= Int64(limit)
    }

    /// The first rule of `spec.successPolicy` that holds (KEP-3998).
    private var matchedSuccessRule: Int? {
        guard isIndexed else { return nil }
        let rules = job.spec["successPolicy"]?["rules"]?.array ?? []
        return rules.firstIndex { rule in
            let wanted = rule["succeededIndexes"]?.string.map {
                JobIndexes($0, below: completions ?? 0).numbers
            }
            let met = wanted.map { completed.numbers.intersection($0) } ?? completed.numbers
            if let count = rule["succeededCount"]?.integer { return met.count >= count }
            return wanted.map { met == $0 } ?? false
        }
    }

    /// Says that the Job is over when the last of its Pods is gone and counted.
    private mutating func conclude(
        _ list: inout ConditionList, _ result: inout Reconciliation
    ) {
        guard active.isEmpty, terminating.isEmpty, !hasUncounted else { return }
        if let reason = list[Self.target] {
            list.set("Failed", "True", reason: reason.reason, message: reason.message)
            result.events.append(event(reason.reason, reason.message, isWarning: true))
        } else if let reason = list[Self.criteriaMet] {
            list.set("Complete", "True", reason: reason.reason, message: reason.message)
            status["completionTime"] = .string(context.wall.rfc3339)
            result.events.append(event("Completed", "Job completed"))
        }
    }
}

extension JobWork {
    /// Makes Pods that are missing and deletes those that are too many.
    private func manage(_ result: inout Reconciliation) {
        let wanted = wantedActive
        let surplus = active.count - wanted
        if surplus > 0 {
            let ranked = PodRanking(active.map(\.record), in: state).sorted.prefix(surplus)
            let uids = Set(ranked.map(\.uid))
            stop(active.filter { uids.contains($0.record.uid) }, &result)
            return
        }
        let waitsForEnd = job.spec["podReplacementPolicy"]?.string == "Failed"
        let missing = -surplus - (waitsForEnd ? terminating.count : 0)
        guard missing > 0 else { return }
        if limitPerIndex == nil, let pause = pause(after: pods) {
            return result.requeue(after: pause)
        }
        let limit = context.refusals > 0 ? 1 : context.configuration.burstMax
        guard isIndexed else {
            for _ in 0..<min(missing, limit) { create(nil, &result) }
            return
        }
        let busy = Set((active + (waitsForEnd ? terminating : [])).compactMap(\.index))
        var left = min(missing, limit)
        for index in 0..<(completions ?? 0) where left > 0 {
            guard !busy.contains(index), !completed.contains(index),
                !failedIndexes.contains(index)
            else { continue }
            if limitPerIndex != nil, let pause = pause(after: pods.filter { $0.index == index }) {
                result.requeue(after: pause)
                continue
            }
            create(index, &result)
            left -= 1
        }
    }

    private var wantedActive: Int {
        guard let completions else {
            return totalSucceeded > 0 ? min(active.count, parallelism) : parallelism
        }
        let done = totalSucceeded + (limitPerIndex == nil ? 0 : failedIndexes.count)
        return min(max(0, completions - done), parallelism)
    }

    /// How long the next Pod waits for the failures since the last success: 10 s, 20 s … 10 min.
    private func pause(after pods: [JobPod]) -> Span? {
        let ended = pods.filter { $0.phase == "Failed" || $0.phase == "Succeeded" }
            .map { (end: $0.end(context.wall), hasFailed: $0.phase == "Failed") }
            .sorted { $0.end > $1.end }
        let failures = ended.prefix { $0.hasFailed }
        guard let last = failures.first else { return nil }
        let seconds = min(600, 10 << Int64(min(6, failures.count - 1)))
        let due = last.end + .seconds(Int64(seconds))
        return due > context.wall ? due - context.wall : nil
    }

    private func stop(_ pods: [JobPod], _ result: inout Reconciliation) {
        for pod in pods {
            let record = pod.record
            // It is stopped, it did not fail; so nobody counts it.
            if pod.isTracked {
                JobController.release(record.key, uid: record.uid, "it is stopped", &result)
            }
            result.propose(
                .delete(record.key, uid: record.uid), why: "the Job does not want it now",
                event: event("SuccessfulDelete", "Deleted pod: \(record.key.name)"))
        }
    }

    private func create(_ index: Int?, _ result: inout Reconciliation) {
        var pod = PodTemplate.pod(of: job)
        let finalizers = pod["metadata"]?["finalizers"]?.array ?? []
        pod[path: ["metadata", "finalizers"]] = .array(
            finalizers + [.string(JobController.finalizer)])
        // By it the Pods are found when the Job is gone.
        pod[path: ["metadata", "labels", JobController.nameLabel]] = .string(job.key.name)
        if let index { number(&pod, index) }
        var draft = event("SuccessfulCreate", "Created pod: ")
        draft.ending = .name
        var failure = event("FailedCreate", "Error creating: ", isWarning: true)
        failure.ending = .refusal
        result.propose(
            .create(.pods, pod), why: "the Job wants more Pods", event: draft,
            failureEvent: failure)
    }

    private func number(_ pod: inout JSON, _ index: Int) {
        let text = String(index)
        pod[path: ["metadata", "generateName"]] = .string("\(job.key.name)-\(index)-")
        pod[path: ["metadata", "labels", JobPod.indexKey]] = .string(text)
        pod[path: ["metadata", "annotations", JobPod.indexKey]] = .string(text)
        if limitPerIndex != nil {
            let failures = pods.filter { $0.index == index && $0.phase == "Failed" }
            let count = failures.map { $0.earlierFailures + 1 }.max() ?? 0
            pod[path: ["metadata", "annotations", JobPod.failuresKey]] = .string(String(count))
        }
        if pod["spec"]?["hostname"] == nil {
            pod[path: ["spec", "hostname"]] = .string("\(job.key.name)-\(index)")
        }
        let variable: JSON = [
            "name": "JOB_COMPLETION_INDEX",
            "valueFrom": [
                "fieldRef": ["fieldPath": .string("metadata.labels['\(JobPod.indexKey)']")]
            ],
        ]
        for list in ["initContainers", "containers"] {
            guard let containers = pod["spec"]?[list]?.array else { continue }
            pod[path: ["spec", list]] = .array(
                containers.map { container in
                    var container = container
                    let env = container["env"]?.array ?? []
                    if !env.contains(where: { $0["name"]?.string == "JOB_COMPLETION_INDEX" }) {
                        container["env"] = .array(env + [variable])
                    }
                    return container
                })
        }
    }
}
