import JSON
import Objects

extension ResourceDefinition {
    static let priorityClasses = ResourceDefinition(
        .priorityClasses, shortNames: ["pc"], schema: SchedulingV1.priorityClass,
        columns: [
            .name, TableColumn("Value", type: "integer", "The importance; higher goes first."),
            TableColumn(
                "Global-Default", type: "boolean", "Whether Pods without a class have this one."),
            .age,
            TableColumn(
                "PreemptionPolicy", "Whether Pods of the class may displace others."),
        ],
        strategy: ResourceStrategy(
            validate: { document, v in
                let name = document["metadata"]?.text("name") ?? ""
                let value = document.count("value")
                if name.hasPrefix("system-"), systemPriorities[name] != value {
                    v.at("metadata") { v in
                        v.at("name") {
                            $0.forbidden(
                                "priority class names with 'system-' prefix are reserved for "
                                    + "system use only")
                        }
                    }
                } else if !name.hasPrefix("system-"), value > 1_000_000_000 {
                    v.at("value") {
                        $0.forbidden(
                            "maximum allowed value of a user defined priority is 1000000000")
                    }
                }
            },
            validateUpdate: { document, old, _, v in
                for name in ["value", "preemptionPolicy"] where document[name] != old[name] {
                    v.at(name) { $0.invalid(document[name], "field is immutable") }
                }
            },
            cells: { document, now in
                [
                    document.name, .integer(document.count("value")),
                    .bool(document.flag("globalDefault")), document.age(at: now),
                    .string(document.text("preemptionPolicy")),
                ]
            }))

    /// The classes that are built in, and their importance.
    private static let systemPriorities: [String: Int64] = [
        "system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000,
    ]

    static let runtimeClasses = ResourceDefinition(
        .runtimeClasses, schema: NodeV1.runtimeClass,
        columns: [
            .name, TableColumn("Handler", "The runtime's configuration on the machine."), .age,
        ],
        strategy: ResourceStrategy(
            validateUpdate: { document, old, _, v in
                guard document["handler"] != old["handler"] else { return }
                v.at("handler") { $0.invalid(document["handler"], "field is immutable") }
            },
            cells: { document, now in
                [document.name, .string(document.text("handler")), document.age(at: now)]
            }))
}
