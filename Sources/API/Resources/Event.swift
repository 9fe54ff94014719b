import Base
import JSON
import Objects

extension ResourceDefinition {
    static let events = ResourceDefinition(
        .events, shortNames: ["ev"], schema: CoreV1.event,
        columns: [
            TableColumn("Last Seen", "Time since it last happened."),
            TableColumn("Type", "Normal or Warning."),
            TableColumn("Reason", "What happened, in one word."),
            TableColumn("Object", "The object that it happened to."),
            TableColumn("Subobject", "The part of the object that is meant.", priority: 1),
            TableColumn("Source", "Who reports it.", priority: 1),
            TableColumn("Message", "What happened."),
            TableColumn("First Seen", "Time since it first happened.", priority: 1),
            TableColumn("Count", "How often it happened.", priority: 1),
            TableColumn("Name", format: "name", "Name of the Event.", priority: 1),
        ],
        selectableFields: [
            SelectableField("involvedObject.kind"), SelectableField("involvedObject.namespace"),
            SelectableField("involvedObject.name"), SelectableField("involvedObject.uid"),
            SelectableField("involvedObject.apiVersion"),
            SelectableField("involvedObject.resourceVersion"),
            SelectableField("involvedObject.fieldPath"), SelectableField("reason"),
            SelectableField("reportingComponent"), SelectableField("type"),
            SelectableField("source") { event in
                let component = event["source"]?.text("component") ?? ""
                return component.isEmpty ? event.text("reportingComponent") : component
            },
        ],
        strategy: ResourceStrategy(
            allowsCreateOnUpdate: true, validate: validateEvent, cells: eventCells))

    @Sendable private static func validateEvent(_ document: JSON, _ v: inout Validation) {
        let namespace = document["metadata"]?.text("namespace") ?? ""
        let involved = document["involvedObject"]?.text("namespace") ?? ""
        // Events of cluster-wide objects are kept in the namespace default.
        let isGood = involved.isEmpty ? namespace == "default" : involved == namespace
        guard !isGood else { return }
        v.at("involvedObject") { v in
            v.at("namespace") { $0.invalid(.string(involved), "does not match event.namespace") }
        }
    }

    @Sendable private static func eventCells(_ event: JSON, _ now: WallTime) -> [JSON] {
        let series = event["series"]
        let object = event["involvedObject"] ?? [:]
        let kind = object.text("kind").lowercased()
        let target = object.text("name").isEmpty ? kind : "\(kind)/\(object.text("name"))"
        let source = event["source"] ?? [:]
        var reporter = source.text("component")
        if reporter.isEmpty { reporter = event.text("reportingComponent") }
        var host = source.text("host")
        if host.isEmpty { host = event.text("reportingInstance") }
        if !host.isEmpty { reporter += ", \(host)" }
        let first = event.text("firstTimestamp").isEmpty ? "eventTime" : "firstTimestamp"
        let last = event.text("lastTimestamp").isEmpty ? event[first] : event["lastTimestamp"]
        let count = series?["count"]?.integer ?? event["count"]?.integer ?? 1
        return [
            .string(HumanDuration.since(series?["lastObservedTime"] ?? last, now: now)),
            .string(event.text("type")), .string(event.text("reason")), .string(target),
            .string(object.text("fieldPath")), .string(reporter),
            .string(event.text("message").trimmed),
            .string(HumanDuration.since(event[first], now: now)), .integer(max(1, count)),
            event.name,
        ]
    }
}

extension String {
    /// The text without white space at its ends.
    fileprivate var trimmed: String {
        guard let start = firstIndex(where: { !$0.isWhitespace }),
            let end = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[start...end])
    }
}
