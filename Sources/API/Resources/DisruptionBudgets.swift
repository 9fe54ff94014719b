import JSON
import Objects

extension ResourceDefinition {
    static let podDisruptionBudgets = ResourceDefinition(
        .podDisruptionBudgets, shortNames: ["pdb"],
        subresources: [.status("PodDisruptionBudget")], schema: PolicyV1.podDisruptionBudget,
        columns: [
            .name, TableColumn("Min Available", "How many Pods must stay."),
            TableColumn("Max Unavailable", "How many Pods may be missing."),
            TableColumn("Allowed Disruptions", type: "integer", "How many Pods may go now."),
            .age,
        ],
        strategy: ResourceStrategy(
            hasGeneration: true,
            prepareForCreate: { document in
                document["status"] = [
                    "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0,
                    "expectedPods": 0,
                ]
            },
            validate: { document, v in
                let spec = document["spec"] ?? [:]
                v.at("spec") { v in
                    if spec["minAvailable"] != nil, spec["maxUnavailable"] != nil {
                        v.invalid(
                            spec, "minAvailable and maxUnavailable cannot be both set")
                    }
                    for name in ["minAvailable", "maxUnavailable"] {
                        guard let value = spec[name] else { continue }
                        v.at(name) { WorkloadRules.validateCountOrPercentage(value, &$0) }
                    }
                    if let selector = spec["selector"] {
                        v.at("selector") { validateLabelSelector(selector, &$0) }
                    }
                }
            },
            cells: { document, now in
                let spec = document["spec"] ?? [:]
                return [
                    document.name, amount(spec["minAvailable"]), amount(spec["maxUnavailable"]),
                    .integer(document["status"]?.count("disruptionsAllowed") ?? 0),
                    document.age(at: now),
                ]
            }))

    private static func amount(_ value: JSON?) -> JSON {
        switch value {
        case .string: value ?? "N/A"
        case .integer(let number): .string(String(number))
        default: "N/A"
        }
    }
}
