import Base
import JSON
import Objects

extension ResourceDefinition {
    static let flowSchemas = ResourceDefinition(
        .flowSchemas, subresources: [.status("FlowSchema")], schema: FlowcontrolV1.flowSchema,
        columns: [
            .name, TableColumn("PriorityLevel", "Where the requests wait."),
            TableColumn("MatchingPrecedence", type: "integer", "The lowest number counts."),
            TableColumn("DistinguisherMethod", "What makes requests one flow."), .age,
            TableColumn("MissingPL", "Whether there is no such priority level."),
        ],
        strategy: ResourceStrategy(
            hasGeneration: true, prepareForCreate: { $0["status"] = [:] },
            cells: FlowControlTable.schemaCells))

    static let priorityLevelConfigurations = ResourceDefinition(
        .priorityLevelConfigurations, subresources: [.status("PriorityLevelConfiguration")],
        schema: FlowcontrolV1.priorityLevelConfiguration,
        columns: [
            .name, TableColumn("Type", "Whether the level has a bound."),
            TableColumn("NominalConcurrencyShares", "Its share beside the other levels."),
            TableColumn("Queues", "How many queues there are."),
            TableColumn("HandSize", "How many of them a flow may choose among."),
            TableColumn("QueueLengthLimit", "How many may wait in one queue."), .age,
        ],
        strategy: ResourceStrategy(
            hasGeneration: true,
            defaults: { document in
                document.update("spec") { spec in
                    if spec.text("type") == "Exempt", spec["exempt"] == nil {
                        spec["exempt"] = ["lendablePercent": 0, "nominalConcurrencyShares": 0]
                    }
                }
            },
            prepareForCreate: { $0["status"] = [:] },
            validate: FlowControlRules.validateLevel, cells: FlowControlTable.levelCells))
}

/// What a priority level must look like beyond its schema.
enum FlowControlRules {
    @Sendable static func validateLevel(_ document: JSON, _ v: inout Validation) {
        let spec = document["spec"] ?? [:]
        v.at("spec") { v in
            if spec.text("type") == "Limited" {
                if spec["exempt"] != nil {
                    v.at("exempt") { $0.forbidden("must be nil if the type is Limited") }
                }
                guard let limited = spec["limited"] else {
                    return v.at("limited") {
                        $0.required("must not be empty when type is Limited")
                    }
                }
                v.at("limited") { validate(limited["limitResponse"] ?? [:], &$0) }
            } else if spec["limited"] != nil {
                v.at("limited") { $0.forbidden("must be nil if the type is not Limited") }
            }
        }
    }

    private static func validate(_ response: JSON, _ v: inout Validation) {
        v.at("limitResponse") { v in
            guard response.text("type") == "Queue" else {
                if response["queuing"] != nil {
                    v.at("queuing") {
                        $0.forbidden("must be nil if limited.limitResponse.type is not Limited")
                    }
                }
                return
            }
            guard let queuing = response["queuing"] else {
                return v.at("queuing") {
                    $0.required("must not be empty if limited.limitResponse.type is Limited")
                }
            }
            let (queues, hand) = (queuing.count("queues"), queuing.count("handSize"))
            guard hand > queues else { return }
            v.at("queuing") { v in
                v.at("handSize") {
                    $0.invalid(
                        queuing["handSize"],
                        "should not be greater than queues (\(queues))")
                }
            }
        }
    }
}

/// Rows of FlowSchemas and of priority levels.
enum FlowControlTable {
    @Sendable static func schemaCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let dangling = (document["status"]?.list("conditions") ?? [])
            .first { $0.text("type") == "Dangling" }?.text("status")
        return [
            document.name,
            spec["priorityLevelConfiguration"]?["name"] ?? "",
            .integer(spec.count("matchingPrecedence")),
            spec["distinguisherMethod"]?["type"] ?? "<none>", document.age(at: now),
            .string(dangling ?? "?"),
        ]
    }

    @Sendable static func levelCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let own = spec["limited"] ?? spec["exempt"]
        let queuing = spec["limited"]?["limitResponse"]?["queuing"]
        func cell(_ value: JSON?) -> JSON {
            .string(value?.integer.map { String($0) } ?? "<none>")
        }
        return [
            document.name, .string(spec.text("type")), cell(own?["nominalConcurrencyShares"]),
            cell(queuing?["queues"]), cell(queuing?["handSize"]),
            cell(queuing?["queueLengthLimit"]), document.age(at: now),
        ]
    }
}
