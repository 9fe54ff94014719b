import JSON

/// Who is served how much when there is more to do than can be done at once.
extension FlowcontrolV1 {
    static let flowSchema = ObjectSchema(
        .flowcontrol, "FlowSchema", "Chooses requests, and the priority level at which they wait."
    ) {
        MetaV1.header
        Field("spec", flowSchemaSpec, "Which requests, and where they wait.")
        Field("status", flowSchemaStatus, "Whether the schema is in effect.")
    }

    static let flowSchemaSpec = ObjectSchema(
        .flowcontrol, "FlowSchemaSpec", "Which requests, and where they wait."
    ) {
        Field(
            "distinguisherMethod", flowDistinguisherMethod,
            "What makes requests one flow; all of them are one when left out.")
        Field(
            "matchingPrecedence", .integer32(1...10_000),
            "Of several schemas that choose a request, the lowest number counts.", default: 1_000)
        Field(
            "priorityLevelConfiguration", priorityLevelConfigurationReference,
            "Where the requests wait.", required: true)
        Field("rules", .atomicList(policyRulesWithSubjects), "The requests; one must match.")
    }

    static let flowDistinguisherMethod = ObjectSchema(
        .flowcontrol, "FlowDistinguisherMethod", "What makes requests one flow."
    ) {
        Field(
            "type", .choice(["ByNamespace", "ByUser"]), "By whose name, or where to.",
            required: true)
    }

    static let priorityLevelConfigurationReference = ObjectSchema(
        .flowcontrol, "PriorityLevelConfigurationReference", "Names a priority level."
    ) {
        Field("name", .string, "Name of the level.", required: true)
    }

    static let policyRulesWithSubjects = ObjectSchema(
        .flowcontrol, "PolicyRulesWithSubjects", "Requests of some subjects."
    ) {
        Field("nonResourceRules", .atomicList(nonResourcePolicyRule), "Requests to plain paths.")
        Field("resourceRules", .atomicList(resourcePolicyRule), "Requests to resources.")
        Field("subjects", .atomicList(subject), "Who sends them.", required: true)
    }

    static let nonResourcePolicyRule = ObjectSchema(
        .flowcontrol, "NonResourcePolicyRule", "Requests to plain paths."
    ) {
        Field("nonResourceURLs", .strings, "The paths; * at the end for all below.", required: true)
        Field("verbs", .strings, "The verbs; * for all.", required: true)
    }

    static let resourcePolicyRule = ObjectSchema(
        .flowcontrol, "ResourcePolicyRule", "Requests to resources."
    ) {
        Field("apiGroups", .strings, "Their groups; * for all.", required: true)
        Field("clusterScope", .boolean, "Whether requests without a namespace match.")
        Field("namespaces", .strings, "Their namespaces; * for all.")
        Field("resources", .strings, "The resources; * for all.", required: true)
        Field("verbs", .strings, "The verbs; * for all.", required: true)
    }

    static let subject = ObjectSchema(
        .flowcontrol, "Subject", "A user, group or service account."
    ) {
        Field("group", groupSubject, "The group.")
        Field(
            "kind", .choice(["Group", "ServiceAccount", "User"]), "Which of them.", required: true)
        Field("serviceAccount", serviceAccountSubject, "The service account.")
        Field("user", userSubject, "The user.")
    }

    static let groupSubject = ObjectSchema(.flowcontrol, "GroupSubject", "A group of users.") {
        Field("name", .string, "Name of the group; * for all.", required: true)
    }

    static let userSubject = ObjectSchema(.flowcontrol, "UserSubject", "A user.") {
        Field("name", .string, "Name of the user; * for all.", required: true)
    }

    static let serviceAccountSubject = ObjectSchema(
        .flowcontrol, "ServiceAccountSubject", "A service account."
    ) {
        Field("name", .string, "Name of the account; * for all.", required: true)
        Field("namespace", .string, "Namespace of the account.", required: true)
    }

    static let flowSchemaStatus = ObjectSchema(
        .flowcontrol, "FlowSchemaStatus", "Whether a schema is in effect."
    ) {
        Field("conditions", .list(flowSchemaCondition, by: "type"), "What was found about it.")
    }

    static let flowSchemaCondition = ObjectSchema(
        .flowcontrol, "FlowSchemaCondition", "What was found about a schema."
    ) {
        conditionFields
    }

    static let conditionFields: [Field] = [
        Field("lastTransitionTime", .time, "When the finding changed last."),
        Field("message", .string, "The finding, for people."),
        Field("reason", .string, "The finding, in one word."),
        Field("status", .string, "True, False or Unknown."),
        Field("type", .string, "What was looked at."),
    ]
}

/// Priority levels.
extension FlowcontrolV1 {
    static let priorityLevelConfiguration = ObjectSchema(
        .flowcontrol, "PriorityLevelConfiguration",
        "How many requests are served at once, and what happens to those beyond."
    ) {
        MetaV1.header
        Field("spec", priorityLevelConfigurationSpec, "How many, and what happens beyond.")
        Field("status", priorityLevelConfigurationStatus, "Whether the level is in effect.")
    }

    static let priorityLevelConfigurationSpec = ObjectSchema(
        .flowcontrol, "PriorityLevelConfigurationSpec", "How many requests are served at once."
    ) {
        Field("exempt", exemptPriorityLevelConfiguration, "For a level without a bound.")
        Field("limited", limitedPriorityLevelConfiguration, "For a level with a bound.")
        Field(
            "type", .choice(["Exempt", "Limited"]), "Whether the level has a bound.",
            required: true)
    }

    static let exemptPriorityLevelConfiguration = ObjectSchema(
        .flowcontrol, "ExemptPriorityLevelConfiguration", "A level without a bound."
    ) {
        Field(
            "lendablePercent", .integer32(0...100),
            "How much of its share others may use while it does not.", default: 0)
        Field(
            "nominalConcurrencyShares", .count32, "Its share beside the other levels.", default: 0)
    }

    static let limitedPriorityLevelConfiguration = ObjectSchema(
        .flowcontrol, "LimitedPriorityLevelConfiguration", "A level with a bound."
    ) {
        Field(
            "borrowingLimitPercent", .count32,
            "How much of its own share it may use of others' besides.")
        Field(
            "lendablePercent", .integer32(0...100),
            "How much of its share others may use while it does not.", default: 0)
        Field(
            "limitResponse", limitResponse, "What happens to requests beyond the bound.",
            default: ["type": "Reject"])
        Field(
            "nominalConcurrencyShares", .count32, "Its share beside the other levels.",
            default: 30)
    }

    static let limitResponse = ObjectSchema(
        .flowcontrol, "LimitResponse", "What happens to requests beyond a bound."
    ) {
        Field("queuing", queuingConfiguration, "How they wait.")
        Field(
            "type", .choice(["Queue", "Reject"]), "Whether they wait or are refused.",
            required: true)
    }

    static let queuingConfiguration = ObjectSchema(
        .flowcontrol, "QueuingConfiguration", "How requests wait."
    ) {
        Field("handSize", .port, "How many queues a flow may choose among.", default: 8)
        Field(
            "queueLengthLimit", .integer32(1...Int64(Int32.max)),
            "How many may wait in one queue.", default: 50)
        Field("queues", .integer32(1...10_000_000), "How many queues there are.", default: 64)
    }

    static let priorityLevelConfigurationStatus = ObjectSchema(
        .flowcontrol, "PriorityLevelConfigurationStatus", "Whether a level is in effect."
    ) {
        Field(
            "conditions", .list(priorityLevelConfigurationCondition, by: "type"),
            "What was found about it.")
    }

    static let priorityLevelConfigurationCondition = ObjectSchema(
        .flowcontrol, "PriorityLevelConfigurationCondition", "What was found about a level."
    ) {
        conditionFields
    }
}
