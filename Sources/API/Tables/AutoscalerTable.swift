import Base
import JSON

/// The rows of `kubectl get horizontalpodautoscalers`.
enum AutoscalerTable {
    static let columns = [
        TableColumn.name,
        TableColumn("Reference", "What is scaled."),
        TableColumn("Targets", "What the metrics are, of what they should be."),
        TableColumn("MinPods", "The fewest Pods."),
        TableColumn("MaxPods", type: "integer", "The most Pods."),
        TableColumn("Replicas", type: "integer", "Pods that there are."),
        TableColumn.age,
    ]

    @Sendable static func cells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let target = spec["scaleTargetRef"] ?? [:]
        let minimum = spec["minReplicas"]?.integer.map(String.init) ?? "<unset>"
        return [
            document.name, .string("\(target.text("kind"))/\(target.text("name"))"),
            .string(targets(document)), .string(minimum), .integer(spec.count("maxReplicas")),
            .integer(document["status"]?.count("currentReplicas") ?? 0), document.age(at: now),
        ]
    }

    /// The first two metrics, and how many more there are.
    private static func targets(_ document: JSON) -> String {
        let wanted = (document["spec"] ?? [:]).list("metrics")
        let measured = (document["status"] ?? [:]).list("currentMetrics")
        if wanted.isEmpty { return "<none>" }
        let texts = wanted.enumerated().map { position, metric in
            text(of: metric, measured.indices.contains(position) ? measured[position] : [:])
        }
        let shown = texts.prefix(2).joined(separator: ", ")
        return texts.count > 2 ? "\(shown) + \(texts.count - 2) more..." : shown
    }

    private static func text(of metric: JSON, _ status: JSON) -> String {
        let type = metric.text("type")
        let field = type.prefix(1).lowercased() + type.dropFirst()
        let source = metric[field] ?? [:]
        let target = source["target"] ?? [:]
        let current = status[field]?["current"] ?? [:]
        let text: String
        if let wanted = target["averageUtilization"]?.integer {
            let now = current["averageUtilization"]?.integer.map { "\($0)%" } ?? "<unknown>"
            text = "\(now)/\(wanted)%"
        } else if let wanted = target["averageValue"]?.string {
            let suffix = type == "Object" || type == "External" ? " (avg)" : ""
            text = "\(current["averageValue"]?.string ?? "<unknown>")/\(wanted)\(suffix)"
        } else {
            text = "\(current["value"]?.string ?? "<unknown>")/\(target.text("value"))"
        }
        return type.hasSuffix("Resource") ? "\(source.text("name")): \(text)" : text
    }
}
