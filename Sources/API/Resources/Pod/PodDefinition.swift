import JSON
import Objects

extension CoreV1 {
    static let pod = ObjectSchema(
        .core, "Pod", "A group of containers that run together on one machine."
    ) {
        MetaV1.header
        Field("spec", podSpec, "What the Pod runs, and where and how.")
        Field("status", podStatus, "What is known of the Pod; written by its kubelet.")
    }
}

extension ResourceDefinition {
    static let pods = ResourceDefinition(
        .pods, shortNames: ["po"], categories: ["all"],
        subresources: [
            .status("Pod"),
            Subresource("attach", kind: "PodAttachOptions", verbs: ["create", "get"]),
            Subresource("binding", kind: "Binding", verbs: ["create"]),
            Subresource(
                "eviction", kind: "Eviction", group: "policy", version: "v1", verbs: ["create"]),
            Subresource("ephemeralcontainers", kind: "Pod", verbs: ["get", "patch", "update"]),
            Subresource("exec", kind: "PodExecOptions", verbs: ["create", "get"]),
            Subresource("log", kind: "Pod", verbs: ["get"]),
            Subresource("resize", kind: "Pod", verbs: ["get", "patch", "update"]),
            Subresource("portforward", kind: "PodPortForwardOptions", verbs: ["create", "get"]),
            .proxy("PodProxyOptions"),
        ],
        schema: CoreV1.pod, columns: PodTable.columns,
        selectableFields: [
            SelectableField("spec.nodeName"), SelectableField("spec.restartPolicy"),
            SelectableField("spec.schedulerName"), SelectableField("spec.serviceAccountName"),
            SelectableField("spec.hostNetwork") {
                ($0["spec"]?.flag("hostNetwork") ?? false) ? "true" : "false"
            },
            SelectableField("status.phase"), SelectableField("status.podIP"),
            SelectableField("status.podIPs") {
                $0["status"]?.list("podIPs").first?.text("ip") ?? ""
            },
            SelectableField("status.nominatedNodeName"),
        ],
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in document.update("spec", PodDefaults.apply) },
            prepareForCreate: { document in
                let spec = document["spec"] ?? [:]
                var status: JSON = [
                    "phase": "Pending", "qosClass": .string(PodDefaults.qosClass(spec)),
                ]
                if !spec.list("schedulingGates").isEmpty {
                    status["conditions"] = [
                        [
                            "type": "PodScheduled", "status": "False",
                            "reason": "SchedulingGated",
                            "message": "Scheduling is blocked due to non-empty scheduling gates",
                        ]
                    ]
                }
                document["status"] = status
            },
            prepareForUpdate: { document, old, subresource in
                if subresource == "resize" { PodResizeRules.prepare(&document, from: old) }
            },
            validate: { document, v in
                v.at("spec") { PodRules.validate(document["spec"], &$0) }
            },
            validateUpdate: PodRules.validateUpdate, cells: PodTable.cells))
}
