import JSON
import Objects

extension ResourceDefinition {
    static let replicationControllers = ResourceDefinition(
        .replicationControllers, shortNames: ["rc"], categories: ["all"],
        subresources: [.status("ReplicationController"), .scale],
        schema: CoreV1.replicationController, columns: WorkloadTable.replicaSetColumns,
        selectableFields: [SelectableField("status.replicas")],
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in
                let labels = document["spec"]?["template"]?["metadata"]?["labels"]
                document.update("spec") { spec in
                    if spec["selector"] == nil { spec["selector"] = labels }
                    WorkloadRules.applyTemplateDefaults(&spec)
                }
                if let labels, document["metadata"]?["labels"] == nil {
                    document[path: ["metadata", "labels"]] = labels
                }
            },
            prepareForCreate: { $0["status"] = ["replicas": 0] },
            validate: { document, v in
                v.at("spec") { validateReplicationController(document["spec"] ?? [:], &$0) }
            },
            cells: WorkloadTable.replicationControllerCells))

    private static func validateReplicationController(_ spec: JSON, _ v: inout Validation) {
        let selector = spec["selector"].stringMap
        if selector.isEmpty { v.at("selector") { $0.required() } }
        guard let template = spec["template"] else {
            return v.at("template") { $0.required() }
        }
        let labels = template["metadata"]?["labels"].stringMap ?? [:]
        WorkloadRules.validateTemplate(
            template, isSelected: selector.allSatisfy { labels[$0.key] == $0.value }, &v)
        let policy = template["spec"]?.text("restartPolicy") ?? "Always"
        guard policy != "Always" else { return }
        v.at("template") { v in
            v.at("spec") { v in
                v.at("restartPolicy") { $0.notSupported(.string(policy), ["Always"]) }
            }
        }
    }

    static let podTemplates = ResourceDefinition(
        .podTemplates, schema: CoreV1.podTemplate, columns: WorkloadTable.podTemplateColumns,
        strategy: ResourceStrategy(
            defaults: { $0.update("template") { $0.update("spec", PodDefaults.apply) } },
            validate: { document, v in
                WorkloadRules.validateTemplate(
                    document["template"] ?? [:], isSelected: true, &v)
            },
            cells: WorkloadTable.podTemplateCells))
}
