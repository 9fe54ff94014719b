import Base
import JSON
package import Objects

/// Runs Pods until enough of them have succeeded (`kube-controller-manager`'s job controller).
///
/// Each Pod is counted once, though it may be deleted at any time (KEP-2307): it carries a
/// finalizer; when it has ended its UID goes into `status.uncountedTerminatedPods`, then the
/// finalizer is taken off, and when that is seen the UID becomes a number.
package enum JobController: Controller {
    static let component = "job-controller"
    static let finalizer = "batch.kubernetes.io/job-tracking"
    static let nameLabel = "batch.kubernetes.io/job-name"

    package static func keys(
        affectedBy change: ObjectChange, in state: ClusterState
    ) -> [ObjectKey] {
        switch change.key.resource {
        case .jobs: return [change.key]
        case .pods:
            var keys = state.keepers(of: change, .jobs)
            // A Pod that was orphaned is let go by the key of the Job that it had.
            if let new = change.new, new.controller == nil, new.finalizers.contains(finalizer),
                let name = new.labels[nameLabel]
            {
                keys.append(ObjectKey(.jobs, namespace: change.key.namespace, name: name))
            }
            return keys
        default: return []
        }
    }

    package static func reconcile(
        _ key: ObjectKey, in state: ClusterState, _ context: ControlContext
    ) -> Reconciliation {
        var result = Reconciliation()
        letGo(key, in: state, &result)
        guard let job = state.record(key) else { return result }
        let manager = job.spec["managedBy"]?.string ?? "kubernetes.io/job-controller"
        guard manager == "kubernetes.io/job-controller" else {
            result.explanation = "\(manager) takes care of it"
            return result
        }
        let selector = job.podSelector
        guard !selector.isEmpty else { return .refused("its selector is empty") }
        let owned = state.pods(controlledBy: job.uid)
        if !job.isBeingDeleted { settle(job, selector, owned, in: state, &result) }
        guard result.proposals.isEmpty else { return result }
        let pods = owned.filter { selector.matches($0.labels) }.map(\.withDocument)
        var work = JobWork(job, pods, in: state, context)
        if job.isBeingDeleted || work.isOver {
            work.releaseAll(&result)
            if work.isOver { work.expire(&result) }
            return result
        }
        work.advance(&result)
        return result
    }

    private static func settle(
        _ job: ObjectRecord, _ selector: LabelSelector, _ owned: [PodRecord],
        in state: ClusterState, _ result: inout Reconciliation
    ) {
        for pod in owned where !selector.matches(pod.labels) && !state.isDeparting(pod) {
            result.propose(
                .patch(
                    pod.key,
                    [
                        "metadata": [
                            "uid": .string(pod.uid),
                            "ownerReferences": [["$patch": "delete", "uid": .string(job.uid)]],
                            "$deleteFromPrimitiveList/finalizers": [.string(finalizer)],
                        ]
                    ]),
                why: "its labels no longer match")
        }
        for record in state.unmanaged(.pods, inNamespace: job.key.namespace) {
            guard let pod = state.pod(record.key), state.isActive(pod),
                selector.matches(pod.labels)
            else { continue }
            result.propose(
                .patch(
                    pod.key,
                    [
                        "metadata": [
                            "uid": .string(pod.uid),
                            "ownerReferences": [job.controllerReference],
                            "finalizers": [.string(finalizer)],
                        ]
                    ]),
                why: "its labels match and nobody controls it")
        }
    }

    /// Takes the finalizer off Pods whose Job is gone, or that were orphaned.
    private static func letGo(
        _ key: ObjectKey, in state: ClusterState, _ result: inout Reconciliation
    ) {
        let job = state.record(key)
        let labels = [(nameLabel, key.name)]
        for pod in state.pods(withLabels: labels, inNamespace: key.namespace) {
            guard let record = state.record(pod.key), record.finalizers.contains(finalizer)
            else { continue }
            if let controller = record.controller {
                guard controller.kind == "Job", controller.name == key.name,
                    controller.uid != job?.uid
                else { continue }
            } else {
                guard !(job?.podSelector.matches(record.labels) ?? false) else { continue }
            }
            release(record.key, uid: record.uid, "its Job is gone", &result)
        }
    }

    static func release(
        _ key: ObjectKey, uid: String, _ why: String, _ result: inout Reconciliation
    ) {
        result.propose(
            .patch(
                key,
                [
                    "metadata": [
                        "uid": .string(uid),
                        "$deleteFromPrimitiveList/finalizers": [.string(finalizer)],
                    ]
                ]),
            why: why)
    }
}

/// Numbers as a Job's status writes them: `1,3-5`.
struct JobIndexes: Equatable {
    private(set) var numbers: Set<Int> = []

    /// Passes over what is no number below `bound`.
    init(_ text: String, below bound: Int) {
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first >= 0, first <= last else {
                continue
            }
            for number in first...min(last, max(first, bound - 1)) where number < bound {
                numbers.insert(number)
            }
        }
    }

    var count: Int { numbers.count }
    func contains(_ number: Int) -> Bool { numbers.contains(number) }
    mutating func insert(_ number: Int) { numbers.insert(number) }
    mutating func formUnion(_ other: some Sequence<Int>) { numbers.formUnion(other) }

    var text: String {
        var runs: [(first: Int, last: Int)] = []
        for number in numbers.sorted() {
            if let run = runs.last, run.last + 1 == number {
                runs[runs.count - 1].last = number
            } else {
                runs.append((number, number))
            }
        }
        return runs.map { run in
            switch run.last - run.first {
            case 0: "\(run.first)"
            case 1: "\(run.first),\(run.last)"
            default: "\(run.first)-\(run.last)"
            }
        }.joined(separator: ",")
    }
}

/// A Pod of a Job, and which of the Job's numbers it is for.
struct JobPod {
    static let indexKey = "batch.kubernetes.io/job-completion-index"
    static let failuresKey = "batch.kubernetes.io/job-index-failure-count"

    let record: PodRecord
    let isTracked: Bool
    let index: Int?
    /// How many Pods of this number failed before.
    let earlierFailures: Int

    init(_ record: PodRecord, finalizers: [String]) {
        self.record = record
        isTracked = finalizers.contains(JobController.finalizer)
        let annotations = record.pod.metadata.annotations
        index = annotations[Self.indexKey].flatMap { Int($0) }
        earlierFailures = annotations[Self.failuresKey].flatMap { Int($0) } ?? 0
    }

    var phase: String { record.pod.phase }

    /// When it ended, as far as its containers tell.
    func end(_ fallback: WallTime) -> WallTime {
        let statuses = record.pod.status["containerStatuses"]?.array ?? []
        let ends = statuses.compactMap {
            $0["state"]?["terminated"]?["finishedAt"]?.string.flatMap(WallTime.init(rfc3339:))
        }
        return ends.max() ?? (record.createdAt.seconds > 0 ? record.createdAt : fallback)
    }
}
