import JSON

/// Events in the form of `events.k8s.io`.
extension EventsV1 {
    static let event = ObjectSchema(.events, "Event", "Something that happened to an object.") {
        Field("action", .string, "What was done or failed.")
        MetaV1.header
        Field("deprecatedCount", .int32, "How often it happened, in the older form.")
        Field("deprecatedFirstTimestamp", .time, "When it was first seen, in the older form.")
        Field("deprecatedLastTimestamp", .time, "When it last happened, in the older form.")
        Field("deprecatedSource", CoreV1.eventSource, "Who reports it, in the older form.")
        Field("eventTime", .microTime, "When it was first seen.", required: true)
        Field("note", .string, "What happened, for people.")
        Field("reason", .string, "What happened, in one word.")
        Field("regarding", CoreV1.objectReference, "The object that it happened to.")
        Field("related", CoreV1.objectReference, "Another object that has to do with it.")
        Field("reportingController", .string, "Name of the controller that reports it.")
        Field("reportingInstance", .string, "Which instance of that controller.")
        Field("series", eventSeries, "How often it happened, when often.")
        Field("type", .string, "Normal or Warning.")
    }

    static let eventSeries = ObjectSchema(.events, "EventSeries", "A row of the same event.") {
        Field("count", .int32, "How often it happened.", required: true)
        Field("lastObservedTime", .microTime, "When it last happened.", required: true)
    }
}
