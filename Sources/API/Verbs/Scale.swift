import Base
import JSON
import Objects
import Store

/// The subresource `scale`: the number of replicas of a workload, whatever its kind.
extension ResourceDefinition {
    /// How a Scale is printed. It is no resource of its own, so no registry knows it.
    static let scales = ResourceDefinition(
        .grouped("autoscaling", "scales", "Scale"), verbs: [], schema: AutoscalingV1.scale,
        columns: [
            .name, TableColumn("Desired", type: "integer", "How many copies are wanted."),
            TableColumn("Available", type: "integer", "How many there are."), .age,
        ],
        strategy: ResourceStrategy(cells: { document, now in
            [
                document.name, .integer(document["spec"]?.count("replicas") ?? 0),
                .integer(document["status"]?.count("replicas") ?? 0), document.age(at: now),
            ]
        }))
}

extension Evaluation {
    /// The `autoscaling/v1` Scale of a workload, without its version.
    func scale(of document: JSON, _ target: ResourceTarget) throws(StatusError) -> JSON {
        var metadata: JSON = [:]
        for name in ["name", "namespace", "uid", "creationTimestamp"] {
            metadata[name] = document["metadata"]?[name]
        }
        var status: JSON = ["replicas": document["status"]?["replicas"] ?? 0]
        if let selector = document["spec"]?["selector"] {
            // The selector of a ReplicationController is a plain map.
            let isPlain = target.resource == .replicationControllers
            status["selector"] = .string(
                Self.text(of: isPlain ? ["matchLabels": selector] : selector))
        }
        return [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
            "spec": ["replicas": document["spec"]?["replicas"] ?? 1], "status": status,
        ]
    }

    mutating func updateScale(
        _ target: ResourceTarget, _ scale: JSON
    ) throws(StatusError) -> Planned {
        let current = try existing(target)
        let kind = Resource(
            group: "autoscaling", version: "v1", plural: "scales", kind: "Scale",
            isNamespaced: true)
        let name = scale["metadata"]?["name"]?.string ?? ""
        guard name == target.name else {
            throw StatusError(
                .badRequest,
                "the name of the object (\(name)) does not match the name on the URL "
                    + "(\(target.name ?? ""))")
        }
        let count: Int64
        switch scale["spec"]?["replicas"] {
        case nil, .null?: count = 0
        case .integer(let number)?: count = number
        case let other?:
            throw StatusError(
                .badRequest,
                "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal "
                    + "\(other.text) into Go struct field ScaleSpec.spec.replicas of type int32")
        }
        guard (0...Int64(Int32.max)).contains(count) else {
            throw StatusError.invalid(
                kind, name: name,
                [
                    FieldError(
                        .invalid, "spec.replicas", value: .integer(count),
                        "must be greater than or equal to 0")
                ])
        }
        let old = current.json
        var document = old
        document[path: ["spec", "replicas"]] = .integer(count)
        document[path: ["metadata", "resourceVersion"]] = scale["metadata"]?["resourceVersion"]
        document[path: ["metadata", "uid"]] =
            scale["metadata"]?["uid"] ?? old["metadata"]?["uid"]
        // The replicas belong to the workload itself, so the write is one to the workload.
        var plain = target
        plain.subresource = nil
        return try scaled(
            replace(current, old, with: document, plain, warnings: []), target)
    }

    mutating func applyScale(
        _ target: ResourceTarget, _ applied: JSON
    ) throws(StatusError) -> Planned {
        var scale = try scale(of: existing(target).json, target)
        scale = scale.merged(with: applied)
        if scale["metadata"]?["name"] == nil {
            scale[path: ["metadata", "name"]] = .string(target.name ?? "")
        }
        return try updateScale(target, scale)
    }

    /// Answers with the Scale where the workload was written.
    private func scaled(
        _ planned: Planned, _ target: ResourceTarget
    ) throws(StatusError) -> Planned {
        func reworded(_ response: PendingResponse) throws(StatusError) -> PendingResponse {
            guard case .document(let document, _) = response.body else { return response }
            var response = response
            response.body = .derived(try scale(of: document, target))
            return response
        }
        switch planned {
        case .answer(let response, let revision):
            return .answer(try reworded(response), revision)
        case .commit(var commit):
            commit.response = try reworded(commit.response)
            return .commit(commit)
        }
    }

    /// A label selector as the text of a query.
    private static func text(of selector: JSON) -> String {
        var terms: [String] = []
        if let labels = selector["matchLabels"]?.object {
            terms += labels.map { "\($0.name)=\($0.value.string ?? "")" }
        }
        for expression in selector["matchExpressions"]?.array ?? [] {
            let key = expression["key"]?.string ?? ""
            let values = expression["values"].strings.sorted().joined(separator: ",")
            switch expression["operator"]?.string {
            case "In": terms.append("\(key) in (\(values))")
            case "NotIn": terms.append("\(key) notin (\(values))")
            case "Exists": terms.append(key)
            case "DoesNotExist": terms.append("!\(key)")
            default: break
            }
        }
        return terms.sorted().joined(separator: ",")
    }
}
