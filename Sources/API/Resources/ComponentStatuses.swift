import JSON
import Objects
import Store

extension CoreV1 {
    static let componentStatus = ObjectSchema(
        .core, "ComponentStatus", "Whether a part of the cluster works."
    ) {
        MetaV1.header
        Field(
            "conditions", .list(componentCondition, by: "type"), "What was found about the part.")
    }

    static let componentCondition = ObjectSchema(
        .core, "ComponentCondition", "What was found about a part of the cluster."
    ) {
        Field("error", .string, "The code of the fault.")
        Field("message", .string, "What was found, for people.")
        Field("status", .choice(["False", "True", "Unknown"]), "The finding.", required: true)
        Field("type", .string, "What was looked at.", required: true)
    }
}

extension ResourceDefinition {
    /// The parts of Kubernetes that old tools ask for. Here they are one program: a machine that
    /// answers has them all.
    static let componentStatuses = ResourceDefinition(
        .componentStatuses, shortNames: ["cs"], verbs: ["get", "list"],
        schema: CoreV1.componentStatus,
        columns: [
            .name, TableColumn("Status", "Whether the part works."),
            TableColumn("Message", "What was found."), TableColumn("Error", "The fault."),
        ],
        strategy: ResourceStrategy(cells: { document, _ in
            let condition = document.list("conditions").first { $0.text("type") == "Healthy" }
            let words = ["True": "Healthy", "False": "Unhealthy"]
            return [
                document.name,
                .string(words[condition?.text("status") ?? ""] ?? "Unknown"),
                .string(condition?.text("message") ?? ""),
                .string(condition?.text("error") ?? ""),
            ]
        }),
        constants: ["controller-manager", "etcd-0", "scheduler"].map { name in
            [
                "apiVersion": "v1", "kind": "ComponentStatus",
                "metadata": ["name": .string(name)],
                "conditions": [["type": "Healthy", "status": "True", "message": "ok"]],
            ]
        })
}

extension ResourceDefinition {
    /// What a snapshot would hold of a resource whose objects are always the same.
    func constantSnapshot(at revision: Revision) -> [(key: Key, document: Document)] {
        constants.map { json in
            (
                key(namespace: "", name: json["metadata"]?.text("name") ?? ""),
                Document(bytes: json.bytes, createRevision: revision, modRevision: revision)
            )
        }
    }
}
