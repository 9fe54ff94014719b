import JSON
import Objects

extension ResourceDefinition {
    static let statefulSets = ResourceDefinition(
        .statefulSets, shortNames: ["sts"], categories: ["all"],
        subresources: [.status("StatefulSet"), .scale], schema: AppsV1.statefulSet,
        columns: WorkloadTable.statefulSetColumns,
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in
                document.update("spec") { spec in
                    spec.update("updateStrategy") { strategy in
                        guard strategy.text("type") == "RollingUpdate" else { return }
                        var settings = strategy["rollingUpdate"] ?? [:]
                        if settings["partition"] == nil { settings["partition"] = 0 }
                        strategy["rollingUpdate"] = settings
                    }
                    spec.updateEach("volumeClaimTemplates", StorageRules.completeClaimTemplate)
                    WorkloadRules.applyTemplateDefaults(&spec)
                }
            },
            prepareForCreate: { $0["status"] = ["replicas": 0] },
            validate: { document, v in
                v.at("spec") { v in
                    let spec = document["spec"] ?? [:]
                    WorkloadRules.validate(
                        spec, kind: "StatefulSet", template: "StatefulSet", &v)
                    guard let settings = spec["updateStrategy"]?["rollingUpdate"] else { return }
                    v.at("updateStrategy") { v in
                        if spec["updateStrategy"]?.text("type") == "OnDelete" {
                            v.at("rollingUpdate") {
                                $0.invalid(
                                    settings, "only allowed for updateStrategy 'RollingUpdate'")
                            }
                        }
                    }
                }
            },
            validateUpdate: { document, old, subresource, v in
                guard subresource == nil else { return }
                let isKept = document["spec"]?.members.filter { !mutable.contains($0.name) }
                    .elementsEqual(
                        (old["spec"] ?? [:]).members.filter { !mutable.contains($0.name) }
                    ) { $0.name == $1.name && $0.value == $1.value }
                if !(isKept ?? true) { v.at("spec") { $0.forbidden(statefulSetRefusal) } }
            },
            cells: WorkloadTable.statefulSetCells))

    /// What may change in a StatefulSet's spec.
    private static let mutable: Set<String> = [
        "minReadySeconds", "ordinals", "persistentVolumeClaimRetentionPolicy", "replicas",
        "revisionHistoryLimit", "template", "updateStrategy",
    ]

    private static let statefulSetRefusal =
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
        + "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
        + "'minReadySeconds' are forbidden"

    static let daemonSets = ResourceDefinition(
        .daemonSets, shortNames: ["ds"], categories: ["all"],
        subresources: [.status("DaemonSet")], schema: AppsV1.daemonSet,
        columns: WorkloadTable.daemonSetColumns,
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in
                document.update("spec") { spec in
                    spec.update("updateStrategy") { strategy in
                        guard strategy.text("type") == "RollingUpdate" else { return }
                        var settings = strategy["rollingUpdate"] ?? [:]
                        if settings["maxUnavailable"] == nil { settings["maxUnavailable"] = 1 }
                        if settings["maxSurge"] == nil { settings["maxSurge"] = 0 }
                        strategy["rollingUpdate"] = settings
                    }
                    WorkloadRules.applyTemplateDefaults(&spec)
                }
            },
            prepareForCreate: { document in
                document["status"] = [
                    "currentNumberScheduled": 0, "numberMisscheduled": 0,
                    "desiredNumberScheduled": 0, "numberReady": 0,
                ]
            },
            validate: { document, v in
                v.at("spec") { v in
                    let spec = document["spec"] ?? [:]
                    WorkloadRules.validate(spec, kind: "DaemonSet", template: "DaemonSet", &v)
                    guard let settings = spec["updateStrategy"]?["rollingUpdate"] else { return }
                    v.at("updateStrategy") { v in
                        v.at("rollingUpdate") { validateDaemonSetUpdate(settings, &$0) }
                    }
                }
            },
            validateUpdate: WorkloadRules.validateUpdate,
            cells: WorkloadTable.daemonSetCells))

    private static func validateDaemonSetUpdate(_ settings: JSON, _ v: inout Validation) {
        for name in ["maxUnavailable", "maxSurge"] {
            guard let value = settings[name] else { continue }
            v.at(name) { WorkloadRules.validateCountOrPercentage(value, &$0) }
        }
        let isNone = { (value: JSON?) in value == nil || value == 0 || value == "0%" }
        let hasSurge = !isNone(settings["maxSurge"])
        let hasUnavailable = !isNone(settings["maxUnavailable"])
        if hasSurge, hasUnavailable {
            v.at("maxSurge") {
                $0.invalid(
                    settings["maxSurge"], "may not be set when `maxUnavailable` is non-zero")
            }
        } else if !hasSurge, !hasUnavailable {
            v.at("maxUnavailable") {
                $0.invalid(
                    settings["maxUnavailable"], "cannot be 0 when `maxSurge` is 0")
            }
        }
    }

    static let controllerRevisions = ResourceDefinition(
        .controllerRevisions, schema: AppsV1.controllerRevision,
        columns: [
            .name, TableColumn("Controller", "Who keeps the revision."),
            TableColumn("Revision", type: "integer", "Number of the revision."), .age,
        ],
        strategy: ResourceStrategy(
            validate: { document, v in
                if document["data"] == nil { v.at("data") { $0.required("data is mandatory") } }
                let number = document.count("revision")
                if number < 0 {
                    v.at("revision") {
                        $0.invalid(.integer(number), "must be greater than or equal to 0")
                    }
                }
            },
            validateUpdate: { document, old, _, v in
                if document["data"] != old["data"] {
                    v.at("data") { $0.invalid(document["data"], "field is immutable") }
                }
            },
            cells: { document, now in
                let owner = (document["metadata"] ?? [:]).list("ownerReferences")
                    .first { $0.flag("controller") }
                let controller = owner.map { owner in
                    let group = owner.text("apiVersion").split(separator: "/").dropLast()
                    let kind = ([owner.text("kind").lowercased()] + group.map(String.init))
                    return "\(kind.joined(separator: "."))/\(owner.text("name"))"
                }
                return [
                    document.name, (controller ?? "").orNone,
                    .integer(document.count("revision")), document.age(at: now),
                ]
            }))
}
