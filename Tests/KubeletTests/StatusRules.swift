import JSON
import Objects

/// How the status of a Pod may move from one write to the next, whatever happens to its containers
/// (`docs/concepts/workloads/pods/pod-lifecycle` of Kubernetes).
enum StatusRules {
    /// The rules that the second document breaks, in words.
    static func broken(from old: Pod, to new: Pod) -> [String] {
        // A mirror stays while the static Pod behind it becomes another one.
        let isMirror = new.metadata.annotations["kubernetes.io/config.mirror"] != nil
        guard old.uid == new.uid, !new.phase.isEmpty, !isMirror else { return [] }
        var rules: [String] = []
        func hold(_ isKept: Bool, _ words: @autoclosure () -> String) {
            if !isKept { rules.append("\(new.name): \(words())") }
        }
        hold(mayMove(from: old.phase, to: new), "\(old.phase) becomes \(new.phase)")
        for field in ["startTime", "qosClass"] {
            guard let before = old.status[field] else { continue }
            hold(new.status[field] == before, "another \(field)")
        }
        let generations = [old, new].map { $0.status["observedGeneration"]?.integer ?? 0 }
        hold(generations[0] <= generations[1], "an older generation")
        for condition in new.status["conditions"]?.array ?? [] {
            let type = condition["type"]?.string ?? ""
            guard let before = old.condition(type)?.json else { continue }
            let isSame = before["status"] == condition["status"]
            let isOld = before["lastTransitionTime"] == condition["lastTransitionTime"]
            hold(!isSame || isOld, "\(type) changes when it does not")
        }
        hold(
            old.condition("DisruptionTarget") == nil || new.condition("DisruptionTarget") != nil,
            "DisruptionTarget goes away")
        for list in ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"] {
            for status in new.status[list]?.array ?? [] {
                let before = old.status[list]?.array?.first { $0["name"] == status["name"] }
                for rule in Self.rules(status, before, isInitial: list.hasPrefix("init")) {
                    hold(false, "\(status["name"]?.string ?? ""): \(rule)")
                }
            }
        }
        let ready = (new.status["containerStatuses"]?.array ?? []).allSatisfy {
            $0["ready"] == true
        }
        let isReady = new.condition("Ready")?.isTrue ?? false
        let areReady = new.condition("ContainersReady")?.isTrue ?? false
        hold(!areReady || ready, "ContainersReady with one that is not")
        hold(!isReady || areReady, "Ready without ContainersReady")
        hold(!isReady || new.phase == "Running", "Ready and \(new.phase)")
        return rules
    }

    /// Only init containers that run once more bring a Pod back to Pending.
    private static func mayMove(from old: String, to new: Pod) -> Bool {
        switch (old, new.phase) {
        case ("", _), ("Pending", _): true
        case ("Running", "Pending"): !new.initContainers.isEmpty
        case ("Running", _): true
        default: old == new.phase
        }
    }

    private static func rules(_ new: JSON, _ old: JSON?, isInitial: Bool) -> [String] {
        var rules: [String] = []
        let isRunning = new["state"]?["running"] != nil
        if new["state"]?.object?.count != 1 { rules.append("not one state") }
        if new["ready"] == true, !isRunning, !isInitial { rules.append("ready, not running") }
        if new["started"] == true, !isRunning { rules.append("started, not running") }
        guard let old else { return rules }
        let counts = [old, new].map { $0["restartCount"]?.integer ?? 0 }
        if counts[0] > counts[1] { rules.append("\(counts[0]) restarts become \(counts[1])") }
        let ended = old["state"]?["terminated"]?["containerID"]
            ?? old["lastState"]?["terminated"]?["containerID"]
        if isRunning, let ended, new["containerID"] == ended {
            rules.append("\(ended.string ?? "") runs again")
        }
        return rules
    }
}
