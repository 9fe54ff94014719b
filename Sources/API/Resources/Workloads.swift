import JSON
import Objects

extension ResourceDefinition {
    static let deployments = ResourceDefinition(
        .deployments, shortNames: ["deploy"], categories: ["all"],
        subresources: [.status("Deployment"), .scale], schema: AppsV1.deployment,
        columns: WorkloadTable.deploymentColumns,
        strategy: ResourceStrategy(
            hasGeneration: true, countsAnnotations: true,
            defaults: { document in
                document.update("spec") { spec in
                    spec.update("strategy", applyRollingUpdate)
                    WorkloadRules.applyTemplateDefaults(&spec)
                }
            },
            prepareForCreate: { $0["status"] = [:] },
            validate: { document, v in
                v.at("spec") { v in
                    let spec = document["spec"] ?? [:]
                    WorkloadRules.validate(spec, &v)
                    if let strategy = spec["strategy"] {
                        v.at("strategy") { validateStrategy(strategy, &$0) }
                    }
                    let deadline = spec["progressDeadlineSeconds"]?.integer ?? 600
                    if deadline <= spec.count("minReadySeconds") {
                        v.at("progressDeadlineSeconds") {
                            $0.invalid(.integer(deadline), "must be greater than minReadySeconds")
                        }
                    }
                }
            },
            validateUpdate: WorkloadRules.validateUpdate,
            cells: WorkloadTable.deploymentCells))

    static let replicaSets = ResourceDefinition(
        .replicaSets, shortNames: ["rs"], categories: ["all"],
        subresources: [.status("ReplicaSet"), .scale], schema: AppsV1.replicaSet,
        columns: WorkloadTable.replicaSetColumns,
        selectableFields: [SelectableField("status.replicas")],
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { $0.update("spec", WorkloadRules.applyTemplateDefaults) },
            prepareForCreate: { $0["status"] = ["replicas": 0] },
            validate: { document, v in
                v.at("spec") { WorkloadRules.validate(document["spec"] ?? [:], &$0) }
            },
            validateUpdate: WorkloadRules.validateUpdate,
            cells: WorkloadTable.replicaSetCells))

    private static func applyRollingUpdate(_ strategy: inout JSON) {
        guard strategy.text("type") == "RollingUpdate" else { return }
        var settings = strategy["rollingUpdate"] ?? [:]
        for name in ["maxUnavailable", "maxSurge"] where settings[name] == nil {
            settings[name] = "25%"
        }
        strategy["rollingUpdate"] = settings
    }

    private static func validateStrategy(_ strategy: JSON, _ v: inout Validation) {
        let settings = strategy["rollingUpdate"]
        if strategy.text("type") == "Recreate" {
            if settings != nil {
                v.at("rollingUpdate") {
                    $0.forbidden("may not be specified when strategy `type` is 'Recreate'")
                }
            }
            return
        }
        guard let settings else { return }
        v.at("rollingUpdate") { v in
            for name in ["maxUnavailable", "maxSurge"] {
                guard let value = settings[name] else { continue }
                v.at(name) { WorkloadRules.validateCountOrPercentage(value, &$0) }
            }
            if settings["maxUnavailable"].isZero, settings["maxSurge"].isZero {
                v.at("maxUnavailable") {
                    $0.invalid(settings["maxUnavailable"], "may not be 0 when `maxSurge` is 0")
                }
            }
        }
    }
}

/// What resources that make copies of a Pod have in common.
enum WorkloadRules {
    static func applyTemplateDefaults(_ spec: inout JSON) {
        spec.update("template") { $0.update("spec", PodDefaults.apply) }
    }

    /// Judges selector and template of the spec that the walk stands at.
    ///
    /// - Parameter kind: the owner, as the sentences name it; ReplicaSets judge the templates of
    ///   Deployments, too.
    static func validate(
        _ spec: JSON, kind: String = "Deployment", template owner: String = "ReplicaSet",
        _ v: inout Validation
    ) {
        if let selector = spec["selector"] {
            v.at("selector") { v in
                validateLabelSelector(selector, &v)
                if LabelSelector(selector).isEmpty {
                    v.invalid(selector, "empty selector is invalid for \(kind.lowercased())")
                }
            }
        }
        guard let template = spec["template"] else { return }
        let labels = template["metadata"]?["labels"].stringMap ?? [:]
        validateTemplate(template, isSelected: spec["selector"].map {
            LabelSelector($0).matches(labels)
        } ?? false, &v)
        v.at("template") { v in
            v.at("spec") { v in
                let pod = template["spec"] ?? [:]
                let policy = pod.text("restartPolicy")
                if policy == "OnFailure" || policy == "Never" {
                    v.at("restartPolicy") { $0.notSupported(.string(policy), ["Always"]) }
                }
                if pod["activeDeadlineSeconds"] != nil {
                    v.at("activeDeadlineSeconds") {
                        $0.forbidden("activeDeadlineSeconds in \(owner) is not Supported")
                    }
                }
            }
        }
    }

    /// Judges the template that the walk's spec holds, whoever makes copies of it.
    static func validateTemplate(
        _ template: JSON, isSelected: Bool, _ v: inout Validation
    ) {
        v.at("template") { v in
            v.at("metadata") { v in
                let labels = template["metadata"]?["labels"]
                if !isSelected {
                    v.at("labels") {
                        $0.invalid(labels, "`selector` does not match template `labels`")
                    }
                }
                validateLabels(labels, "labels", &v)
                validateAnnotations(template["metadata"]?["annotations"], &v)
            }
            v.at("spec") { PodRules.validate(template["spec"], &$0) }
        }
    }

    @Sendable static func validateUpdate(
        _ document: JSON, _ old: JSON, _ subresource: String?, _ v: inout Validation
    ) {
        guard subresource == nil else { return }
        let selector = document["spec"]?["selector"]
        guard selector != old["spec"]?["selector"] else { return }
        v.at("spec") { v in
            v.at("selector") { $0.invalid(selector, "field is immutable") }
        }
    }

    /// A count of at least zero, or a percentage of at most 100 %.
    static func validateCountOrPercentage(_ value: JSON, _ v: inout Validation) {
        switch value {
        case .integer(let count):
            if count < 0 { v.invalid(value, "must be greater than or equal to 0") }
        case .string(let text):
            guard text.hasSuffix("%"), let percentage = UInt32(text.dropLast()) else {
                return v.invalid(
                    value,
                    "a valid percent string must be a numeric string followed by an ending '%' "
                        + "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")
            }
            if percentage > 100 { v.invalid(value, "must not be greater than 100%") }
        default:
            break
        }
    }
}

extension Optional where Wrapped == JSON {
    /// A count or percentage of nothing.
    fileprivate var isZero: Bool { self == 0 || self == "0%" }
}
