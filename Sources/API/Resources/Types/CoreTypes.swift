import JSON

/// Namespaces, configuration, accounts and Events.
extension CoreV1 {
    static let namespace = ObjectSchema(
        .core, "Namespace", "A room for names, which keeps groups of objects apart."
    ) {
        MetaV1.header
        Field("spec", namespaceSpec, "What must happen before the namespace goes.")
        Field("status", namespaceStatus, "Whether the namespace is in use or going.")
    }

    static let namespaceSpec = ObjectSchema(
        .core, "NamespaceSpec", "What must happen before a namespace goes."
    ) {
        Field("finalizers", .strings, "Names of what must still happen.")
    }

    static let namespaceStatus = ObjectSchema(
        .core, "NamespaceStatus", "Whether a namespace is in use or going."
    ) {
        Field(
            "conditions", .list(namespaceCondition, by: "type"),
            "What is true of the namespace now.")
        Field("phase", .choice(["Active", "Terminating"]), "Active or Terminating.")
    }

    static let namespaceCondition = ObjectSchema(
        .core, "NamespaceCondition", "One thing that is true of a namespace or not."
    ) {
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let configMap = ObjectSchema(
        .core, "ConfigMap", "Configuration for Pods to read, as names and values."
    ) {
        MetaV1.header
        Field(
            "binaryData", .map(of: .bytes, keys: .configKey),
            "Values that are no UTF-8 text, in base64.")
        Field("data", .map(of: .string, keys: .configKey), "Values that are UTF-8 text.")
        Field("immutable", .boolean, "Whether the data may never change again.")
    }

    static let secret = ObjectSchema(
        .core, "Secret", "Passwords, keys and the like for Pods to read."
    ) {
        MetaV1.header
        Field("data", .map(of: .bytes, keys: .configKey), "Values in base64.")
        Field("immutable", .boolean, "Whether the data may never change again.")
        Field(
            "stringData", .map(of: .string, keys: .configKey),
            "Values as text; the server folds them into data.")
        Field(
            "type", .string,
            "What the Secret is for; it says which keys there are.", default: "Opaque")
    }

    static let serviceAccount = ObjectSchema(
        .core, "ServiceAccount", "An identity for programs in Pods."
    ) {
        MetaV1.header
        Field(
            "automountServiceAccountToken", .boolean,
            "Whether Pods find a token of the account in their file system.")
        Field(
            "imagePullSecrets", .atomicList(localObjectReference),
            "Secrets with which Pods of the account pull images.")
        Field(
            "secrets", .list(objectReference, by: "name"),
            "Secrets that Pods of the account may use.")
    }

    static let event = ObjectSchema(.core, "Event", "Something that happened to an object.") {
        Field("action", .string, "What was done.")
        MetaV1.header
        Field("count", .int32, "How often it happened.")
        Field("eventTime", .microTime, "When it was first seen.")
        Field("firstTimestamp", .time, "When it was first recorded.")
        Field("involvedObject", objectReference, "The object that it happened to.")
        Field("lastTimestamp", .time, "When it last happened.")
        Field("message", .string, "What happened, for people.")
        Field("reason", .string, "What happened, in one word.")
        Field("related", objectReference, "Another object that has to do with it.")
        Field("reportingComponent", .string, "Name of the controller that reports it.", default: "")
        Field("reportingInstance", .string, "Which instance of that controller.", default: "")
        Field("series", eventSeries, "How often it happened, when often.")
        Field("source", eventSource, "Who reports it, in an older form.", default: [:])
        Field("type", .string, "Normal or Warning.")
    }

    static let eventSeries = ObjectSchema(.core, "EventSeries", "A row of the same event.") {
        Field("count", .int32, "How often it happened.")
        Field("lastObservedTime", .microTime, "When it last happened.")
    }

    static let eventSource = ObjectSchema(.core, "EventSource", "Who reports an Event.") {
        Field("component", .string, "Name of the component.")
        Field("host", .string, "Name of the Node.")
    }

    static let binding = ObjectSchema(.core, "Binding", "Binds a Pod to a Node.") {
        MetaV1.header
        Field("target", objectReference, "The Node.", required: true)
    }
}
