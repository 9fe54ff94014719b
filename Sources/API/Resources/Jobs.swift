import Base
import JSON
import Objects

extension ResourceDefinition {
    static let jobs = ResourceDefinition(
        .jobs, categories: ["all"], subresources: [.status("Job")], schema: BatchV1.job,
        columns: JobTable.jobColumns,
        selectableFields: [
            SelectableField("status.successful") {
                String($0["status"]?.count("succeeded") ?? 0)
            }
        ],
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in
                let labels = document["spec"]?["template"]?["metadata"]?["labels"]
                if let labels, document["metadata"]?["labels"] == nil {
                    document[path: ["metadata", "labels"]] = labels
                }
                document.update("spec", JobRules.applyDefaults)
            },
            prepareForCreate: { document in
                document["status"] = [:]
                JobRules.generateSelector(&document)
            },
            validate: { document, v in
                v.at("spec") { JobRules.validate(document["spec"] ?? [:], &$0) }
            },
            validateUpdate: JobRules.validateUpdate, cells: JobTable.jobCells))

    static let cronJobs = ResourceDefinition(
        .cronJobs, shortNames: ["cj"], categories: ["all"],
        subresources: [.status("CronJob")], schema: BatchV1.cronJob,
        columns: JobTable.cronJobColumns,
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in
                document.update("spec") { spec in
                    spec.update("jobTemplate") { template in
                        template.update("spec") { job in
                            if job["backoffLimit"] == nil { job["backoffLimit"] = 6 }
                            WorkloadRules.applyTemplateDefaults(&job)
                        }
                    }
                }
            },
            prepareForCreate: { $0["status"] = [:] },
            validate: JobRules.validateCronJob, cells: JobTable.cronJobCells))
}

/// What Jobs and CronJobs must look like beyond their schemas (`pkg/apis/batch/validation`).
enum JobRules {
    static func applyDefaults(_ spec: inout JSON) {
        if spec["completions"] == nil, spec["parallelism"] == nil { spec["completions"] = 1 }
        if spec["parallelism"] == nil { spec["parallelism"] = 1 }
        if spec["backoffLimit"] == nil {
            let isPerIndex = spec["backoffLimitPerIndex"] != nil
            spec["backoffLimit"] = isPerIndex ? .integer(Int64(Int32.max)) : 6
        }
        if spec["podReplacementPolicy"] == nil {
            spec["podReplacementPolicy"] =
                spec["podFailurePolicy"] == nil ? "TerminatingOrFailed" : "Failed"
        }
        WorkloadRules.applyTemplateDefaults(&spec)
    }

    /// Gives the Pods of a Job labels that no other Job's have, and selects by them, unless the
    /// user selects by hand.
    static func generateSelector(_ document: inout JSON) {
        guard !(document["spec"]?.flag("manualSelector") ?? false) else { return }
        let metadata = document["metadata"] ?? [:]
        let identity: [(String, String)] = [
            ("batch.kubernetes.io/controller-uid", metadata.text("uid")),
            ("controller-uid", metadata.text("uid")),
            ("batch.kubernetes.io/job-name", metadata.text("name")),
            ("job-name", metadata.text("name")),
        ]
        for (key, value) in identity {
            document[path: ["spec", "template", "metadata", "labels", key]] = .string(value)
        }
        document[path: ["spec", "selector", "matchLabels", identity[0].0]] =
            .string(identity[0].1)
    }

    static func validate(_ spec: JSON, _ v: inout Validation) {
        if let selector = spec["selector"] {
            v.at("selector") { validateLabelSelector(selector, &$0) }
        } else {
            v.at("selector") { $0.required() }
        }
        let isIndexed = spec.text("completionMode") == "Indexed"
        if isIndexed {
            if spec["completions"] == nil {
                v.at("completions") { $0.required("when completion mode is Indexed") }
            }
            if spec.count("parallelism") > 100_000 {
                v.at("parallelism") {
                    $0.invalid(
                        spec["parallelism"],
                        "must be less than or equal to 100000 when completion mode is Indexed")
                }
            }
        } else if spec["backoffLimitPerIndex"] != nil {
            v.at("backoffLimitPerIndex") {
                $0.invalid(
                    spec["backoffLimitPerIndex"], "requires indexed completion mode")
            }
        }
        guard let template = spec["template"] else { return }
        let labels = template["metadata"]?["labels"].stringMap ?? [:]
        WorkloadRules.validateTemplate(
            template,
            isSelected: spec["selector"].map { LabelSelector($0).matches(labels) } ?? true, &v)
        validateRestartPolicy(spec, template, &v)
    }

    private static func validateRestartPolicy(
        _ spec: JSON, _ template: JSON, _ v: inout Validation
    ) {
        let policy = template["spec"]?.text("restartPolicy") ?? ""
        v.at("template") { v in
            v.at("spec") { v in
                v.at("restartPolicy") { v in
                    switch policy {
                    case "", "Always":
                        v.required("valid values: \"OnFailure\", \"Never\"")
                    case "OnFailure":
                        if spec["podFailurePolicy"] != nil {
                            v.invalid(
                                .string(policy),
                                "only \"Never\" is supported when podFailurePolicy is specified")
                        }
                    default:
                        break
                    }
                }
            }
        }
    }

    @Sendable static func validateUpdate(
        _ document: JSON, _ old: JSON, _ subresource: String?, _ v: inout Validation
    ) {
        guard subresource == nil else { return }
        let spec = document["spec"] ?? [:]
        let oldSpec = old["spec"] ?? [:]
        // An indexed Job may grow and shrink with its parallelism.
        let isElastic =
            spec.text("completionMode") == "Indexed"
            && spec["completions"] == spec["parallelism"]
        v.at("spec") { v in
            for name in immutable where spec[name] != oldSpec[name] {
                if name == "completions", isElastic { continue }
                // The template of a Job that is suspended may still be changed.
                if name == "template", oldSpec.flag("suspend") { continue }
                v.at(name) { $0.invalid(spec[name], "field is immutable") }
            }
        }
    }

    private static let immutable = [
        "completions", "selector", "template", "completionMode", "podFailurePolicy",
        "backoffLimitPerIndex", "managedBy", "successPolicy",
    ]

    @Sendable static func validateCronJob(_ document: JSON, _ v: inout Validation) {
        // A Job's name is made of the CronJob's and eleven more characters.
        let name = document["metadata"]?.text("name") ?? ""
        if name.utf8.count > 52 {
            v.at("metadata") { v in
                v.at("name") {
                    $0.invalid(.string(name), "must be no more than 52 characters")
                }
            }
        }
        let spec = document["spec"] ?? [:]
        v.at("spec") { v in
            let schedule = spec.text("schedule")
            if schedule.contains("TZ") {
                v.at("schedule") {
                    $0.invalid(
                        .string(schedule),
                        "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
                }
            } else if !schedule.isEmpty, let fault = CronSchedule.fault(of: schedule) {
                v.at("schedule") { $0.invalid(.string(schedule), fault) }
            }
            if let zone = spec["timeZone"]?.string, let fault = fault(ofZone: zone, in: v.zones) {
                v.at("timeZone") { $0.invalid(.string(zone), fault) }
            }
            v.at("jobTemplate") { v in
                v.at("spec") { v in
                    let job = spec["jobTemplate"]?["spec"] ?? [:]
                    guard let template = job["template"] else { return }
                    if job.flag("manualSelector") {
                        v.at("manualSelector") {
                            $0.notSupported(true, ["nil", "false"])
                        }
                    }
                    WorkloadRules.validateTemplate(template, isSelected: true, &v)
                    validateRestartPolicy(job, template, &v)
                }
            }
        }
    }

    private static func fault(ofZone name: String, in zones: TimeZones) -> String? {
        guard !name.isEmpty else { return "timeZone must be nil or non-empty string" }
        guard name.lowercased() != "local" else {
            return "timeZone must be an explicit time zone as defined in "
                + "https://www.iana.org/time-zones"
        }
        return zones[name] == nil ? "unknown time zone \(name)" : nil
    }
}
