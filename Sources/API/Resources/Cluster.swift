import JSON
import Objects

extension ResourceDefinition {
    static let namespaces = ResourceDefinition(
        .namespaces, shortNames: ["ns"],
        verbs: ["create", "delete", "get", "list", "patch", "update", "watch"],
        subresources: [
            .status("Namespace"), Subresource("finalize", kind: "Namespace", verbs: ["update"]),
        ],
        schema: CoreV1.namespace,
        columns: [
            .name, TableColumn("Status", "Whether the namespace is in use or going."), .age,
        ],
        selectableFields: [SelectableField("status.phase")],
        strategy: ResourceStrategy(
            nameFormat: .dnsLabel,
            defaults: { document in
                let name = document["metadata"]?.text("name") ?? ""
                guard !name.isEmpty else { return }
                document[path: ["metadata", "labels", "kubernetes.io/metadata.name"]] =
                    .string(name)
            },
            prepareForCreate: { document in
                document["status"] = ["phase": "Active"]
                let finalizers = document["spec"]?.list("finalizers") ?? []
                if !finalizers.contains("kubernetes") {
                    document[path: ["spec", "finalizers"]] = .array(finalizers + ["kubernetes"])
                }
            },
            prepareForUpdate: { document, old, subresource in
                guard subresource != "finalize" else { return }
                document[path: ["spec", "finalizers"]] = old["spec"]?["finalizers"]
            },
            cells: { document, now in
                let phase = document["status"]?.text("phase") ?? ""
                return [document.name, .string(phase), document.age(at: now)]
            }))

    static let nodes = ResourceDefinition(
        .nodes, shortNames: ["no"],
        subresources: [.status("Node"), .proxy("NodeProxyOptions")], schema: CoreV1.node,
        columns: NodeTable.columns,
        selectableFields: [
            SelectableField("spec.unschedulable") {
                ($0["spec"]?.flag("unschedulable") ?? false) ? "true" : "false"
            }
        ],
        strategy: ResourceStrategy(
            defaults: { document in
                guard let capacity = document["status"]?["capacity"],
                    document["status"]?["allocatable"] == nil
                else { return }
                document[path: ["status", "allocatable"]] = capacity
            },
            validate: { document, v in
                var taints: Set<String> = []
                v.at("spec") { v in
                    v.each("taints", of: document["spec"] ?? [:]) { v, taint in
                        let identity = "\(taint.text("key")):\(taint.text("effect"))"
                        if !taints.insert(identity).inserted {
                            v.duplicate(taint)
                        }
                    }
                }
            },
            validateUpdate: { document, old, subresource, v in
                guard subresource == nil else { return }
                v.at("spec") { v in
                    for name in ["podCIDR", "podCIDRs", "providerID"] {
                        guard let before = old["spec"]?[name], before != "", before != [],
                            before != document["spec"]?[name]
                        else { continue }
                        v.at(name) {
                            $0.forbidden(
                                "node updates may not change \(name) except from \"\" to valid")
                        }
                    }
                }
            },
            cells: NodeTable.cells))

    static let serviceAccounts = ResourceDefinition(
        .serviceAccounts, shortNames: ["sa"],
        subresources: [
            Subresource(
                "token", kind: "TokenRequest", group: "authentication.k8s.io", version: "v1",
                verbs: ["create"])
        ],
        schema: CoreV1.serviceAccount,
        columns: [
            .name,
            TableColumn("Secrets", "Number of Secrets that Pods of the account may use."), .age,
        ],
        strategy: ResourceStrategy(cells: { document, now in
            [
                document.name, .integer(Int64(document.list("secrets").count)),
                document.age(at: now),
            ]
        }))

    static let leases = ResourceDefinition(
        .leases, schema: CoordinationV1.lease,
        columns: [.name, TableColumn("Holder", "Who holds the lease."), .age],
        strategy: ResourceStrategy(
            allowsCreateOnUpdate: true,
            validate: { document, v in
                v.at("spec") { v in
                    guard let seconds = document["spec"]?["leaseDurationSeconds"]?.integer,
                        seconds <= 0
                    else { return }
                    v.at("leaseDurationSeconds") {
                        $0.invalid(.integer(seconds), "must be greater than 0")
                    }
                }
            },
            cells: { document, now in
                let holder = document["spec"]?.text("holderIdentity") ?? ""
                return [document.name, .string(holder), document.age(at: now)]
            }))
}
