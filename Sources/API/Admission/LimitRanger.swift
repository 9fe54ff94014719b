import JSON
import Objects
import Store

/// LimitRanger: the LimitRanges of a namespace give containers what they leave out, and refuse
/// what lies outside the bounds (`plugin/pkg/admission/limitranger`).
extension Evaluation {
    /// The entries of all LimitRanges of a namespace.
    private func limits(in namespace: String) -> [JSON] {
        let resource = Resource.limitRanges
        let range = KeyRange.namespace(
            group: resource.group, resource: resource.plural, namespace: namespace)
        return snapshot.list(range).flatMap { $0.document.json["spec"]?.list("limits") ?? [] }
    }

    /// Fills in the requests and limits that a Pod's containers leave out.
    func applyLimitDefaults(_ document: inout JSON, _ target: ResourceTarget) {
        let limits = limits(in: target.namespace).filter { $0.text("type") == "Container" }
        guard !limits.isEmpty else { return }
        var notes: [String] = []
        document.update("spec") { spec in
            for (list, word) in [
                ("containers", "container"), ("initContainers", "init container"),
            ] {
                spec.updateEach(list) { container in
                    for limit in limits {
                        for (field, source) in [
                            ("requests", "defaultRequest"), ("limits", "default"),
                        ] {
                            let names = Self.fill(&container, field, from: limit[source])
                            guard !names.isEmpty else { continue }
                            notes.append(
                                "\(names.sorted().joined(separator: ", ")) "
                                    + "\(field.dropLast()) for \(word) \(container.text("name"))")
                        }
                    }
                }
            }
        }
        guard !notes.isEmpty else { return }
        document[path: ["metadata", "annotations", "kubernetes.io/limit-ranger"]] = .string(
            "LimitRanger plugin set: " + notes.joined(separator: "; "))
    }

    /// Sets the amounts that a container does not have; returns their names.
    private static func fill(
        _ container: inout JSON, _ field: String, from defaults: JSON?
    ) -> [String] {
        guard let defaults = defaults?.object else { return [] }
        var names: [String] = []
        for (name, amount) in defaults
        where container["resources"]?[field]?[name] == nil {
            container[path: ["resources", field, name]] = amount
            names.append(name)
        }
        return names
    }

    /// Throws 403 when an object of the namespace is outside the bounds.
    func checkLimits(_ document: JSON, _ target: ResourceTarget) throws(StatusError) {
        let limits = limits(in: target.namespace)
        guard !limits.isEmpty else { return }
        var faults: [String] = []
        for limit in limits {
            switch (limit.text("type"), target.resource) {
            case ("Container", .pods):
                let pod = Pod(document)
                for container in pod.containers + pod.initContainers {
                    LimitCheck(limit, of: container.json["resources"]).judge(&faults)
                }
            case ("Pod", .pods):
                let pod = Pod(document)
                LimitCheck(limit, requests: pod.totalRequests, limits: pod.totalLimits)
                    .judge(&faults)
            case ("PersistentVolumeClaim", .persistentVolumeClaims):
                LimitCheck(limit, of: document["spec"]?["resources"]).judgeRequests(&faults)
            default:
                break
            }
        }
        guard let first = faults.first else { return }
        throw StatusError.forbidden(
            target.resource, target.name ?? "",
            faults.count == 1 ? first : "[\(faults.joined(separator: ", "))]")
    }
}

/// One entry of a LimitRange against the amounts of one container, Pod or claim.
private struct LimitCheck {
    let type: String
    let min: ResourceList
    let max: ResourceList
    let ratio: ResourceList
    let requests: ResourceList
    let limits: ResourceList

    init(_ limit: JSON, requests: ResourceList, limits: ResourceList) {
        type = limit.text("type")
        min = ResourceList(limit["min"])
        max = ResourceList(limit["max"])
        ratio = ResourceList(limit["maxLimitRequestRatio"])
        self.requests = requests
        self.limits = limits
    }

    init(_ limit: JSON, of resources: JSON?) {
        self.init(
            limit, requests: ResourceList(resources?["requests"]),
            limits: ResourceList(resources?["limits"]))
    }

    func judge(_ faults: inout [String]) {
        for name in min.names { judgeMinimum(name, &faults) }
        for name in max.names { judgeMaximum(name, &faults) }
        for name in ratio.names { judgeRatio(name, &faults) }
    }

    /// A claim has no limits of its own; its request stands for both.
    func judgeRequests(_ faults: inout [String]) {
        for name in min.names {
            LimitCheck.judgeMinimum(name, min[name], requests[name], nil, type, &faults)
        }
        for name in max.names {
            guard let bound = max[name] else { continue }
            let head = "maximum \(name) usage per \(type) is \(bound)"
            guard let request = requests[name] else {
                faults.append("\(head).  No request is specified")
                continue
            }
            if request.quantity > bound.quantity {
                faults.append("\(head), but request is \(request)")
            }
        }
    }

    private func judgeMinimum(_ name: String, _ faults: inout [String]) {
        Self.judgeMinimum(name, min[name], requests[name], limits[name], type, &faults)
    }

    private static func judgeMinimum(
        _ name: String, _ bound: Amount?, _ request: Amount?, _ limit: Amount?, _ type: String,
        _ faults: inout [String]
    ) {
        guard let bound else { return }
        let head = "minimum \(name) usage per \(type) is \(bound)"
        if let request {
            if request.quantity < bound.quantity {
                faults.append("\(head), but request is \(request)")
            } else if let limit, limit.quantity < bound.quantity {
                faults.append("\(head), but limit is \(limit)")
            }
        } else {
            faults.append("\(head).  No request is specified")
        }
    }

    private func judgeMaximum(_ name: String, _ faults: inout [String]) {
        guard let bound = max[name] else { return }
        let head = "maximum \(name) usage per \(type) is \(bound)"
        if let limit = limits[name] {
            if limit.quantity > bound.quantity {
                faults.append("\(head), but limit is \(limit)")
            } else if let request = requests[name], request.quantity > bound.quantity {
                faults.append("\(head), but request is \(request)")
            }
        } else {
            faults.append("\(head).  No limit is specified")
        }
    }

    private func judgeRatio(_ name: String, _ faults: inout [String]) {
        guard let bound = ratio[name] else { return }
        let head = "\(name) max limit to request ratio per \(type) is \(bound), but "
        guard let request = requests[name], request.quantity > .zero else {
            return faults.append(head + "no request is specified or request is 0")
        }
        guard let limit = limits[name], limit.quantity > .zero else {
            return faults.append(head + "no limit is specified or limit is 0")
        }
        let observed = Double(limit.quantity.milli) / Double(request.quantity.milli)
        if observed * 1_000 > Double(bound.quantity.milli) {
            faults.append(head + "provided ratio is \(Self.sixDecimals(observed))")
        }
    }

    /// As C's `%f` prints a number.
    private static func sixDecimals(_ value: Double) -> String {
        guard value < 1e12 else { return String(value) }
        let scaled = Int64((value * 1_000_000).rounded())
        let rest = String(scaled % 1_000_000)
        return "\(scaled / 1_000_000)." + String(repeating: "0", count: 6 - rest.count) + rest
    }
}
