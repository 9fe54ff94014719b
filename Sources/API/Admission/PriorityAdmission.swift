import JSON
import Objects
import Store

/// Priority: a Pod's class becomes a number, which the scheduler compares.
extension Evaluation {
    func admitPriority(_ document: inout JSON, _ target: ResourceTarget) throws(StatusError) {
        let name = document["spec"]?["priorityClassName"]?.string ?? ""
        let priority = try priority(named: name, of: document, target)
        if !priority.className.isEmpty {
            document[path: ["spec", "priorityClassName"]] = .string(priority.className)
        }
        document[path: ["spec", "priority"]] = .integer(priority.value)
        if document["spec"]?["preemptionPolicy"] == nil {
            document[path: ["spec", "preemptionPolicy"]] = .string(priority.preemptionPolicy)
        }
    }

    fileprivate struct Priority {
        var className: String
        var value: Int64
        var preemptionPolicy = "PreemptLowerPriority"
    }

    private func priority(
        named name: String, of document: JSON, _ target: ResourceTarget
    ) throws(StatusError) -> Priority {
        switch name {
        case "":
            // A static Pod of a machine brings its number along.
            let given = document["spec"]?["priority"]?.integer
            return globalDefault() ?? Priority(className: "", value: given ?? 0)
        case "system-cluster-critical": return Priority(className: name, value: 2_000_000_000)
        case "system-node-critical": return Priority(className: name, value: 2_000_001_000)
        default:
            guard let stored = stored(.priorityClasses, name: name) else {
                throw StatusError.forbidden(
                    target.resource, target.name ?? "",
                    "no PriorityClass with name \(name) was found")
            }
            return Priority(stored.json)
        }
    }

    /// The class of Pods that name none; of several the least important one counts, as in
    /// Kubernetes.
    private func globalDefault() -> Priority? {
        let resource = Resource.priorityClasses
        return snapshot.list(.resource(group: resource.group, resource: resource.plural))
            .map(\.document.json).filter { $0.flag("globalDefault") }
            .map { Priority($0) }.min { $0.value < $1.value }
    }
}

extension Evaluation.Priority {
    fileprivate init(_ json: JSON) {
        let policy = json.text("preemptionPolicy")
        self.init(
            className: json["metadata"]?.text("name") ?? "", value: json.count("value"),
            preemptionPolicy: policy.isEmpty ? "PreemptLowerPriority" : policy)
    }
}
