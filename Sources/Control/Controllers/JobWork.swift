import Base
import JSON
import Objects

/// One look at a Job: its Pods counted, and what follows.
struct JobWork {
    let job: ObjectRecord
    let state: ClusterState
    let context: ControlContext
    let pods: [JobPod]
    let completions: Int?
    let parallelism: Int
    let isIndexed: Bool
    /// Pods of the Job's numbers fail for themselves.
    let limitPerIndex: Int?
    var status: JSON

    var succeeded = 0
    var failed = 0
    var completed: JobIndexes
    var failedIndexes: JobIndexes
    /// UIDs of Pods that have ended, until their finalizer is off.
    private var endedWell: [String] = []
    private var endedBadly: [String] = []
    /// Why the failure of a Pod ends the Job.
    private var verdict: String?
    /// Pods that are counted, or need not be: their finalizer may go.
    private var counted: [JobPod] = []

    init(
        _ job: ObjectRecord, _ pods: [PodRecord], in state: ClusterState,
        _ context: ControlContext
    ) {
        self.job = job
        self.state = state
        self.context = context
        self.pods = pods.map { pod in
            JobPod(pod, finalizers: state.record(pod.key)?.finalizers ?? [])
        }
        let spec = job.spec
        completions = spec["completions"]?.integer.map { Int(clamping: max(0, $0)) }
        parallelism = Int(clamping: max(0, spec["parallelism"]?.integer ?? 1))
        isIndexed = spec["completionMode"]?.string == "Indexed"
        limitPerIndex = spec["backoffLimitPerIndex"]?.integer.map { Int(clamping: $0) }
        status = job.status
        let bound = completions ?? 0
        completed = JobIndexes(status["completedIndexes"]?.string ?? "", below: bound)
        failedIndexes = JobIndexes(status["failedIndexes"]?.string ?? "", below: bound)
        tally()
    }

    var isSuspended: Bool { job.spec["suspend"]?.bool ?? false }
    private var waitsForEnd: Bool {
        job.spec["podReplacementPolicy"]?.string == "Failed"
    }

    func condition(_ type: String) -> Condition? {
        (job.status["conditions"]?.array ?? []).map(Condition.init)
            .first { $0.type == type && $0.isTrue }
    }

    var isOver: Bool { condition("Complete") != nil || condition("Failed") != nil }

    var active: [JobPod] { pods.filter { state.isActive($0.record) } }
    var terminating: [JobPod] {
        pods.filter { state.isDeparting($0.record) && !$0.record.isFinished }
    }

    private func hasFailed(_ pod: JobPod) -> Bool {
        if pod.phase == "Failed" { return true }
        return !waitsForEnd && pod.record.isBeingDeleted && pod.phase != "Succeeded"
    }

    /// Counts the Pods that have ended.
    private mutating func tally() {
        let byUID = Dictionary(pods.map { ($0.record.uid, $0) }) { first, _ in first }
        let uncounted = status["uncountedTerminatedPods"]
        succeeded = Int(clamping: status["succeeded"]?.integer ?? 0)
        failed = Int(clamping: status["failed"]?.integer ?? 0)
        let known = Set(uncounted?["succeeded"].strings ?? [])
        let knownBad = Set(uncounted?["failed"].strings ?? [])
        // A Pod of the status becomes a number when its finalizer is off, and may lose it now.
        for uid in uncounted?["succeeded"].strings ?? [] {
            if noteTracked(byUID[uid]) { endedWell.append(uid) } else { succeeded += 1 }
        }
        for uid in uncounted?["failed"].strings ?? [] {
            if noteTracked(byUID[uid]) { endedBadly.append(uid) } else { failed += 1 }
        }
        let policy = JobFailurePolicy(job)
        for pod in pods where pod.isTracked {
            let uid = pod.record.uid
            guard !known.contains(uid), !knownBad.contains(uid) else { continue }
            if pod.phase == "Succeeded" {
                countSuccess(of: pod)
            } else if hasFailed(pod) {
                countFailure(of: pod, policy)
            }
        }
        if isIndexed { succeeded = completed.count }
    }

    private mutating func noteTracked(_ pod: JobPod?) -> Bool {
        guard let pod, pod.isTracked else { return false }
        counted.append(pod)
        return true
    }

    private mutating func countSuccess(of pod: JobPod) {
        guard isIndexed else { return endedWell.append(pod.record.uid) }
        guard let index = pod.index, index < completions ?? 0 else { return counted.append(pod) }
        if completed.contains(index) { counted.append(pod) }
        completed.insert(index)
    }

    private mutating func countFailure(of pod: JobPod, _ policy: JobFailurePolicy) {
        let judged: JobFailurePolicy.Verdict =
            pod.phase == "Failed" ? policy.judge(pod.record) : .count
        if case .failJob(let why) = judged, verdict == nil { verdict = why }
        guard judged != .ignore else { return counted.append(pod) }
        endedBadly.append(pod.record.uid)
        guard let limitPerIndex, let index = pod.index, index < completions ?? 0 else { return }
        if judged == .failIndex || pod.earlierFailures >= limitPerIndex {
            failedIndexes.insert(index)
        }
    }

    var totalSucceeded: Int { succeeded + endedWell.count }
    var totalFailed: Int { failed + endedBadly.count }
    var hasUncounted: Bool {
        !endedWell.isEmpty || !endedBadly.isEmpty
            || pods.contains { $0.isTracked && ($0.phase == "Succeeded" || hasFailed($0)) }
    }
    var failureVerdict: String? { verdict }

    /// Takes the finalizer off all Pods: nobody will count them any more.
    func releaseAll(_ result: inout Reconciliation) {
        for pod in pods where pod.isTracked {
            JobController.release(
                pod.record.key, uid: pod.record.uid, "its Job is over", &result)
        }
    }

    func releaseCounted(_ result: inout Reconciliation) {
        for pod in counted {
            JobController.release(pod.record.key, uid: pod.record.uid, "it is counted", &result)
        }
    }

    /// Deletes a Job that ended long enough ago (`ttlSecondsAfterFinished`).
    func expire(_ result: inout Reconciliation) {
        guard let seconds = job.spec["ttlSecondsAfterFinished"]?.integer, !job.isBeingDeleted,
            let condition = condition("Complete") ?? condition("Failed"),
            let end = condition.json["lastTransitionTime"]?.string
                .flatMap(WallTime.init(rfc3339:))
        else { return }
        let due = end + .seconds(max(0, seconds))
        guard due <= context.wall else { return result.requeue(after: due - context.wall) }
        result.propose(
            .delete(job.key, uid: job.uid, propagation: .foreground),
            why: "it ended \(seconds) s ago")
    }

    /// Writes the numbers, and what else has become of the status.
    mutating func writeStatus(_ result: inout Reconciliation) {
        func store(_ name: String, _ count: Int, keepsZero: Bool = false) {
            status[name] = count == 0 && !keepsZero ? JSON?.none : .integer(Int64(count))
        }
        store("active", active.count)
        store("ready", active.count(where: \.record.isReady), keepsZero: true)
        store("terminating", terminating.count, keepsZero: true)
        store("succeeded", succeeded)
        store("failed", failed)
        if isIndexed {
            status["completedIndexes"] =
                completed.count == 0 ? JSON?.none : .string(completed.text)
        }
        if limitPerIndex != nil { status["failedIndexes"] = .string(failedIndexes.text) }
        var uncounted: JSON = .object([:])
        if !endedWell.isEmpty { uncounted["succeeded"] = .array(endedWell.map { .string($0) }) }
        if !endedBadly.isEmpty { uncounted["failed"] = .array(endedBadly.map { .string($0) }) }
        status["uncountedTerminatedPods"] = uncounted
        result.proposeStatus(status, of: job, why: "its counts changed")
    }

    func event(_ reason: String, _ message: String, isWarning: Bool = false) -> EventDraft {
        EventDraft(
            about: job.key, uid: job.uid, isWarning: isWarning, reason: reason, message: message,
            component: JobController.component)
    }
}
