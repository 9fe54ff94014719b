import JSON
import Objects

extension ResourceDefinition {
    static let horizontalPodAutoscalers = ResourceDefinition(
        .horizontalPodAutoscalers, shortNames: ["hpa"], categories: ["all"],
        subresources: [.status("HorizontalPodAutoscaler")],
        schema: AutoscalingV2.horizontalPodAutoscaler, columns: AutoscalerTable.columns,
        strategy: ResourceStrategy(
            defaults: { document in
                document.update("spec") { spec in
                    if spec.list("metrics").isEmpty { spec["metrics"] = [defaultMetric] }
                    spec.update("behavior") { behavior in
                        completeScaling(&behavior, "scaleUp", scaleUp)
                        completeScaling(&behavior, "scaleDown", scaleDown)
                    }
                }
            },
            prepareForCreate: { document in
                document["status"] = ["currentMetrics": .null, "desiredReplicas": 0]
            },
            validate: { document, v in
                let spec = document["spec"] ?? [:]
                v.at("spec") { v in
                    for name in ["minReplicas", "maxReplicas"] where spec.count(name) < 1 {
                        v.at(name) {
                            $0.invalid(spec[name], "must be greater than or equal to 1")
                        }
                    }
                    if spec.count("maxReplicas") < spec.count("minReplicas") {
                        v.at("maxReplicas") {
                            $0.invalid(
                                spec["maxReplicas"],
                                "must be greater than or equal to `minReplicas`")
                        }
                    }
                }
            },
            cells: AutoscalerTable.cells))

    /// 80 % of the processor that the Pods request.
    private static let defaultMetric: JSON = [
        "type": "Resource",
        "resource": [
            "name": "cpu", "target": ["type": "Utilization", "averageUtilization": 80],
        ],
    ]

    private static let scaleUp: JSON = [
        "stabilizationWindowSeconds": 0, "selectPolicy": "Max",
        "policies": [
            ["type": "Pods", "value": 4, "periodSeconds": 15],
            ["type": "Percent", "value": 100, "periodSeconds": 15],
        ],
    ]

    private static let scaleDown: JSON = [
        "selectPolicy": "Max",
        "policies": [["type": "Percent", "value": 100, "periodSeconds": 15]],
    ]

    private static func completeScaling(
        _ behavior: inout JSON, _ name: String, _ defaults: JSON
    ) {
        var rules = behavior[name] ?? [:]
        for (field, value) in defaults.members where rules[field] == nil { rules[field] = value }
        behavior[name] = rules
    }
}
