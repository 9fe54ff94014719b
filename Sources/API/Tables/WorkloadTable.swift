import Base
import JSON

/// The rows of `kubectl get` for what makes copies of Pods.
enum WorkloadTable {
    static let podColumns = [
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

    /// Containers, images and selector.
    static func podCells(_ spec: JSON) -> [JSON] {
        containerCells(spec) + [spec["selector"]?.labelSelectorText ?? "<none>"]
    }

    private static func containerCells(_ spec: JSON) -> [JSON] {
        let containers = spec["template"]?["spec"]?.list("containers") ?? []
        return [
            .string(containers.map { $0.text("name") }.joined(separator: ",")),
            .string(containers.map { $0.text("image") }.joined(separator: ",")),
        ]
    }

    static let statefulSetColumns =
        [
            TableColumn.name,
            TableColumn("Ready", "Pods that are ready, of all that are wanted."),
            TableColumn.age,
        ] + podColumns.dropLast()

    @Sendable static func statefulSetCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let ready = document["status"]?.count("readyReplicas") ?? 0
        return [
            document.name, .string("\(ready)/\(spec.count("replicas"))"), document.age(at: now),
        ] + containerCells(spec)
    }

    static let daemonSetColumns =
        [
            TableColumn.name,
            TableColumn("Desired", type: "integer", "Nodes that should run the Pod."),
            TableColumn("Current", type: "integer", "Nodes that run the Pod."),
            TableColumn("Ready", type: "integer", "Nodes whose Pod is ready."),
            TableColumn(
                "Up-to-date", type: "integer", "Nodes whose Pod is from the present template."),
            TableColumn("Available", type: "integer", "Nodes whose Pod is available."),
            TableColumn("Node Selector", "Labels of the Nodes that should run the Pod."),
            TableColumn.age,
        ] + podColumns

    @Sendable static func daemonSetCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let status = document["status"] ?? [:]
        let counts = [
            "desiredNumberScheduled", "currentNumberScheduled", "numberReady",
            "updatedNumberScheduled", "numberAvailable",
        ]
        let nodes = spec["template"]?["spec"]?["nodeSelector"]?.labelText ?? "<none>"
        return [document.name] + counts.map { .integer(status.count($0)) }
            + [nodes, document.age(at: now)] + podCells(spec)
    }

    /// As those of a ReplicaSet; the selector is a plain map of labels.
    @Sendable static func replicationControllerCells(
        _ document: JSON, _ now: WallTime
    ) -> [JSON] {
        let selector = document["spec"]?["selector"]?.labelText ?? "<none>"
        return replicaSetCells(document, now).dropLast() + [selector]
    }

    static let podTemplateColumns = [
        TableColumn.name,
        TableColumn("Containers", "Names of the containers."),
        TableColumn("Images", "Images of the containers."),
        TableColumn("Pod Labels", "Labels of the Pods."),
    ]

    @Sendable static func podTemplateCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let labels = document["template"]?["metadata"]?["labels"]?.labelText ?? "<none>"
        return [document.name] + containerCells(document) + [labels]
    }
}
