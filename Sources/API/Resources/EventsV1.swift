import JSON
import Objects

extension ResourceDefinition {
    /// Events under their newer path; they are the Events of the core group.
    static let eventsV1 = ResourceDefinition(
        EventConversion.resource, shortNames: ["ev"], schema: EventsV1.event,
        columns: events.columns,
        selectableFields: [
            "kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath",
        ].map { SelectableField("regarding.\($0)") } + [
            SelectableField("reason"), SelectableField("reportingController"),
            SelectableField("type"),
        ],
        strategy: ResourceStrategy(
            allowsCreateOnUpdate: true, validate: EventConversion.validate,
            validateUpdate: EventConversion.validateUpdate,
            cells: { document, now in
                events.cells(EventConversion.older(document), now: now)
            }),
        conversion: ResourceConversion(
            stored: .events, fromStored: EventConversion.newer,
            toStored: EventConversion.older))
}

/// Between `v1` and `events.k8s.io/v1`: the same fields under other names.
enum EventConversion {
    static let resource = Resource.grouped("events.k8s.io", "events", "Event")

    private static let names: [(from: String, to: String)] = [
        ("involvedObject", "regarding"), ("message", "note"),
        ("reportingComponent", "reportingController"), ("source", "deprecatedSource"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"),
    ]

    @Sendable static func newer(_ document: JSON) -> JSON {
        document.renamed(names).retyped(as: resource)
    }

    @Sendable static func older(_ document: JSON) -> JSON {
        var result = document.renamed(names.map { ($0.to, $0.from) }).retyped(as: .events)
        if result["source"] == nil { result["source"] = [:] }
        return result
    }

    /// `ValidateEventCreate`: who writes in the newer form must fill it in.
    @Sendable static func validate(_ document: JSON, _ v: inout Validation) {
        for name in ["reportingController", "reportingInstance", "action", "reason"]
        where document.text(name).isEmpty { v.at(name) { $0.required() } }
        for (name, limit) in [("reportingInstance", 128), ("action", 128), ("reason", 128)] {
            guard document.text(name).utf8.count > limit else { continue }
            v.at(name) { $0.invalid(.string(""), "can have at most \(limit) characters") }
        }
        if document.text("note").utf8.count > 1_024 {
            v.at("note") { $0.invalid(.string(""), "can have at most 1024 characters") }
        }
        if document.text("eventTime").isEmpty { v.at("eventTime") { $0.required() } }
        for name in [
            "deprecatedFirstTimestamp", "deprecatedLastTimestamp", "deprecatedCount",
        ] where document[name] != nil {
            v.at(name) { $0.invalid(.string(""), "needs to be unset") }
        }
        if let series = document["series"], series.count("count") < 2 {
            v.at("series") { v in
                v.at("count") { $0.invalid(.string(""), "should be at least 2") }
            }
        }
        let type = document.text("type")
        if type != "Normal", type != "Warning" {
            v.at("type") { $0.invalid("", "has invalid value: \(type)") }
        }
        let namespace = document["metadata"]?.text("namespace") ?? ""
        let regarding = document["regarding"]?.text("namespace") ?? ""
        let isGood = regarding.isEmpty ? namespace == "default" : regarding == namespace
        guard !isGood else { return }
        v.at("regarding") { v in
            v.at("namespace") {
                $0.invalid(.string(regarding), "does not match event.namespace")
            }
        }
    }

    /// What happened stays what it is; only its repetitions are counted.
    @Sendable static func validateUpdate(
        _ document: JSON, _ old: JSON, _ subresource: String?, _ v: inout Validation
    ) {
        for name in [
            "regarding", "reason", "note", "type", "eventTime", "action", "related",
            "reportingController", "reportingInstance", "deprecatedSource",
            "deprecatedFirstTimestamp", "deprecatedLastTimestamp", "deprecatedCount",
        ] where document[name] != old[name] {
            v.at(name) { $0.invalid(document[name], "field is immutable") }
        }
    }
}
