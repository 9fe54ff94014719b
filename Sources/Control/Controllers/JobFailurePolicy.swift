import JSON
import Objects

/// What `spec.podFailurePolicy` makes of a Pod that failed (KEP-3329).
struct JobFailurePolicy {
    enum Verdict: Equatable {
        case count
        case ignore
        case failIndex
        case failJob(String)
    }

    private let rules: [JSON]

    init(_ job: ObjectRecord) { rules = job.spec["podFailurePolicy"]?["rules"]?.array ?? [] }

    /// The first rule that matches decides; without one the failure counts.
    func judge(_ pod: PodRecord) -> Verdict {
        for (index, rule) in rules.enumerated() {
            guard let match = match(rule, pod) else { continue }
            let action = rule["action"]?.string ?? ""
            switch action {
            case "Ignore": return .ignore
            case "FailIndex": return .failIndex
            case "FailJob": return .failJob("\(match) matching \(action) rule at index \(index)")
            default: return .count
            }
        }
        return .count
    }

    /// What of the Pod the rule matches, in words.
    private func match(_ rule: JSON, _ pod: PodRecord) -> String? {
        let name = "\(pod.key.namespace)/\(pod.key.name)"
        if let requirement = rule["onExitCodes"] {
            return exit(requirement, pod).map { container, code in
                "Container \(container) for pod \(name) failed with exit code \(code)"
            }
        }
        for pattern in rule["onPodConditions"]?.array ?? [] {
            let type = pattern["type"]?.string ?? ""
            let status = pattern["status"]?.string ?? "True"
            if pod.pod.condition(type)?.status == status {
                return "Pod \(name) has condition \(type)"
            }
        }
        return nil
    }

    private func exit(_ requirement: JSON, _ pod: PodRecord) -> (String, Int64)? {
        let values = (requirement["values"]?.array ?? []).compactMap(\.integer)
        let wanted = requirement["containerName"]?.string
        let statuses = ["containerStatuses", "initContainerStatuses"].flatMap {
            pod.pod.status[$0]?.array ?? []
        }
        for status in statuses {
            let name = status["name"]?.string ?? ""
            guard wanted == nil || wanted == name,
                let code = status["state"]?["terminated"]?["exitCode"]?.integer, code != 0
            else { continue }
            let isIn = values.contains(code)
            if (requirement["operator"]?.string == "NotIn") != isIn { return (name, code) }
        }
        return nil
    }
}
