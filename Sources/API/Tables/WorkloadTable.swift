import Base
import JSON

/// The rows of `kubectl get deployments` and `kubectl get replicasets`.
enum WorkloadTable {
    private static let podColumns = [
        TableColumn("Containers", "Names of the template's containers.", priority: 1),
        TableColumn("Images", "Images of the template's containers.", priority: 1),
        TableColumn("Selector", "Labels by which the Pods are selected.", priority: 1),
    ]

    static let deploymentColumns =
        [
            TableColumn.name,
            TableColumn("Ready", "Pods that are ready, of all that are wanted."),
            TableColumn("Up-to-date", "Pods made from the present template."),
            TableColumn("Available", "Pods that are available."),
            TableColumn.age,
        ] + podColumns

    static let replicaSetColumns =
        [
            TableColumn.name,
            TableColumn("Desired", type: "integer", "Pods that are wanted."),
            TableColumn("Current", type: "integer", "Pods that are there."),
            TableColumn("Ready", type: "integer", "Pods that are ready."),
            TableColumn.age,
        ] + podColumns

    @Sendable static func deploymentCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let status = document["status"] ?? [:]
        let spec = document["spec"] ?? [:]
        return [
            document.name,
            .string("\(status.count("readyReplicas"))/\(spec.count("replicas"))"),
            .integer(status.count("updatedReplicas")),
            .integer(status.count("availableReplicas")), document.age(at: now),
        ] + podCells(spec)
    }

    @Sendable static func replicaSetCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let status = document["status"] ?? [:]
        let spec = document["spec"] ?? [:]
        return [
            document.name, .integer(spec.count("replicas")), .integer(status.count("replicas")),
            .integer(status.count("readyReplicas")), document.age(at: now),
        ] + podCells(spec)
    }

    private static func podCells(_ spec: JSON) -> [JSON] {
        let containers = spec["template"]?["spec"]?.list("containers") ?? []
        return [
            .string(containers.map { $0.text("name") }.joined(separator: ",")),
            .string(containers.map { $0.text("image") }.joined(separator: ",")),
            spec["selector"]?.labelSelectorText ?? "<none>",
        ]
    }
}
