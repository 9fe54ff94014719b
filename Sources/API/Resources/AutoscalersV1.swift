import JSON
import Objects

extension ResourceDefinition {
    /// The older version of HorizontalPodAutoscalers; what it has no field for stands in
    /// annotations, as Kubernetes keeps it there.
    static let horizontalPodAutoscalersV1 = ResourceDefinition(
        AutoscalerConversion.resource, shortNames: ["hpa"], categories: ["all"],
        subresources: [.status("HorizontalPodAutoscaler")],
        schema: AutoscalingV1.horizontalPodAutoscaler, columns: AutoscalerTable.columns,
        strategy: ResourceStrategy(
            prepareForCreate: { document in
                document["status"] = ["currentReplicas": 0, "desiredReplicas": 0]
            },
            validate: { document, v in
                horizontalPodAutoscalers.strategy.validate(document, &v)
                let target = document["spec"]?["targetCPUUtilizationPercentage"]
                guard let percent = target?.integer, percent < 1 else { return }
                v.at("spec") { v in
                    v.at("targetCPUUtilizationPercentage") {
                        $0.invalid(target, "must be greater than 0")
                    }
                }
            },
            cells: { document, now in
                AutoscalerTable.cells(AutoscalerConversion.current(document), now)
            }),
        conversion: ResourceConversion(
            stored: .horizontalPodAutoscalers, fromStored: AutoscalerConversion.older,
            toStored: AutoscalerConversion.current))
}

/// Between `autoscaling/v1` and `autoscaling/v2`.
enum AutoscalerConversion {
    static let resource = Resource.grouped(
        "autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler")

    private static let prefix = "autoscaling.alpha.kubernetes.io/"

    private static func isProcessor(_ metric: JSON, _ side: String) -> Bool {
        metric.text("type") == "Resource" && metric["resource"]?.text("name") == "cpu"
            && metric["resource"]?[side]?["averageUtilization"]?.integer != nil
    }

    /// As version 1.
    @Sendable static func older(_ document: JSON) -> JSON {
        var result = document.retyped(as: resource)
        var spec = document["spec"] ?? [:]
        let metrics = spec.list("metrics")
        let processor = metrics.first { isProcessor($0, "target") }
        let others = metrics.filter { $0 != processor }
        spec["targetCPUUtilizationPercentage"] =
            processor?["resource"]?["target"]?["averageUtilization"]
        keep(others.isEmpty ? JSON?.none : .array(others), "metrics", in: &result)
        keep(spec["behavior"], "behavior", in: &result)
        spec["metrics"] = JSON?.none
        spec["behavior"] = JSON?.none
        result["spec"] = spec

        guard var status = document["status"] else { return result }
        let current = status.list("currentMetrics")
        let used = current.first { isProcessor($0, "current") }
        status["currentCPUUtilizationPercentage"] =
            used?["resource"]?["current"]?["averageUtilization"]
        keep(current.isEmpty ? JSON?.none : .array(current), "current-metrics", in: &result)
        keep(status["conditions"], "conditions", in: &result)
        status["currentMetrics"] = JSON?.none
        status["conditions"] = JSON?.none
        if status["currentReplicas"] == nil { status["currentReplicas"] = 0 }
        result["status"] = status
        return result
    }

    /// As version 2.
    @Sendable static func current(_ document: JSON) -> JSON {
        var result = document.retyped(as: .horizontalPodAutoscalers)
        var spec = document["spec"] ?? [:]
        var metrics = take("metrics", from: &result)?.array ?? []
        if let percent = spec["targetCPUUtilizationPercentage"] {
            metrics.append([
                "type": "Resource",
                "resource": [
                    "name": "cpu",
                    "target": ["type": "Utilization", "averageUtilization": percent],
                ],
            ])
        }
        spec["targetCPUUtilizationPercentage"] = JSON?.none
        if !metrics.isEmpty { spec["metrics"] = .array(metrics) }
        spec["behavior"] = take("behavior", from: &result)
        result["spec"] = spec
        var status = document["status"] ?? [:]
        status["currentMetrics"] = take("current-metrics", from: &result) ?? .null
        status["conditions"] = take("conditions", from: &result)
        status["currentCPUUtilizationPercentage"] = JSON?.none
        result["status"] = status
        ResourceDefinition.horizontalPodAutoscalers.strategy.defaults(&result)
        return result
    }

    private static func keep(_ value: JSON?, _ name: String, in document: inout JSON) {
        guard let value, !value.isNull else { return }
        document[path: ["metadata", "annotations", prefix + name]] = .string(value.quoted)
    }

    private static func take(_ name: String, from document: inout JSON) -> JSON? {
        guard let text = document["metadata"]?["annotations"]?[prefix + name]?.string else {
            return nil
        }
        document[path: ["metadata", "annotations", prefix + name]] = nil
        if document["metadata"]?["annotations"]?.object?.isEmpty == true {
            document[path: ["metadata", "annotations"]] = nil
        }
        return try? JSON(parsing: Array(text.utf8))
    }
}
