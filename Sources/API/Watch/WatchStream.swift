package import Base
import JSON
package import Objects
package import Store

/// One client's watch, as a value: what it wants to hear of, and in which form.
///
/// The daemon answers with code 200, ``contentType`` and no length, sends
/// ``initialEvents(_:)``, and then what ``event(for:)`` makes of each change of ``range`` after
/// ``start``, in the order of revisions. When the Store has dropped changes that are still owed it
/// sends ``expired(oldest:)`` and ends the answer. Every event is one line of JSON.
package struct WatchStream: Sendable {
    let filter: ObjectFilter
    let format: ResponseFormat
    let sendsInitialEvents: Bool
    let marksInitialEventsEnd: Bool
    /// The time of day by which ages in tables are told; to be set before an event is made.
    package var wall: WallTime
    /// Changes after this revision are owed to the client.
    package let start: Revision
    /// Whether the client wants to hear from time to time how far the watch is.
    package let allowsBookmarks: Bool
    /// After so many seconds the daemon ends the answer.
    package let timeoutSeconds: Int64
    private var hasSentColumns = false

    init(
        filter: ObjectFilter, format: ResponseFormat, options: WatchOptions, start: Revision,
        timeoutSeconds: Int64, wall: WallTime
    ) {
        self.filter = filter
        self.format = format
        sendsInitialEvents = options.sendsInitialEvents
        marksInitialEventsEnd = options.marksInitialEventsEnd
        allowsBookmarks = options.allowsBookmarks
        self.start = start
        self.timeoutSeconds = timeoutSeconds
        self.wall = wall
    }

    /// The documents whose changes concern the watch.
    package var range: KeyRange { filter.range }

    /// The one key whose changes concern the watch; nil when there are more.
    package var onlyKey: Key? { filter.onlyKey }

    package var contentType: String { format.contentType }

    /// Whether the client names a revision that it has seen, and is not shown all objects first.
    package var goesOn: Bool { !sendsInitialEvents }

    /// The kind and plural of what is watched, for metrics and logs.
    package var resource: Resource { filter.definition.resource }

    /// What the client gets before any change: every object that matches, as ADDED, where it asked
    /// for that. `snapshot` must be the one of ``start``.
    package mutating func initialEvents(_ snapshot: Snapshot) -> [UInt8] {
        guard sendsInitialEvents else { return [] }
        var output: [UInt8] = []
        if let key = filter.onlyKey {
            if let document = snapshot[key].map(filter.definition.served),
                filter.matches(key, document)
            {
                append("ADDED", document, version: nil, to: &output)
            }
        } else {
            snapshot.forEach(in: range) { key, document in
                let document = filter.definition.served(document)
                if filter.matches(key, document) {
                    append("ADDED", document, version: nil, to: &output)
                }
                return true
            }
        }
        if marksInitialEventsEnd {
            appendBookmark(
                snapshot.revision, annotations: ["k8s.io/initial-events-end": "true"], to: &output)
        }
        return output
    }

    /// The event of one change, or nil when the client does not hear of it. An object that begins
    /// to match is ADDED, one that ceases to is DELETED.
    package mutating func event(for change: Change) -> [UInt8]? {
        var shared = SharedEvents(change)
        return event(&shared)
    }

    /// The same for a change that many watches hear of: what is equal for all of them is made once
    /// and shared.
    package mutating func event(_ shared: inout SharedEvents) -> [UInt8]? {
        let change = shared.change
        guard range.contains(change.key) else { return nil }
        let definition = filter.definition
        let previous = change.previous.map(definition.served).flatMap {
            filter.matches(change.key, $0) ? $0 : nil
        }
        let current = change.document.map(definition.served).flatMap {
            filter.matches(change.key, $0) ? $0 : nil
        }
        switch (previous, current) {
        case (nil, let current?):
            return make(\.added, "ADDED", current, version: nil, in: &shared)
        case (_?, let current?):
            return make(\.modified, "MODIFIED", current, version: nil, in: &shared)
        case (let previous?, nil):
            return make(\.deleted, "DELETED", previous, version: change.revision, in: &shared)
        case (nil, nil):
            return nil
        }
    }

    /// Tables tell ages and send their columns once, so they are each client's own.
    private mutating func make(
        _ path: WritableKeyPath<SharedEvents, [UInt8]?>, _ type: StaticString,
        _ document: Document, version: Revision?, in shared: inout SharedEvents
    ) -> [UInt8] {
        // What is shared is in the version that is stored.
        let isShared = format.shape == .document && filter.definition.conversion == nil
        if isShared, let made = shared[keyPath: path] { return made }
        var output: [UInt8] = []
        append(type, document, version: version, to: &output)
        if isShared { shared[keyPath: path] = output }
        return output
    }

    /// Tells the client that it has seen everything up to that revision.
    package func bookmark(_ revision: Revision) -> [UInt8] {
        var output: [UInt8] = []
        appendBookmark(revision, annotations: nil, to: &output)
        return output
    }

    /// The last event of a watch whose next changes are compacted: the client must list again.
    package func expired(oldest: Revision) -> [UInt8] {
        error(
            StatusError(
                .expired, "too old resource version: \(start) (\(oldest.number))"))
    }

    /// An ERROR event; the daemon ends the answer behind it.
    package func error(_ error: StatusError) -> [UInt8] {
        var output = Array("{\"type\":\"ERROR\",\"object\":".utf8)
        error.json.write(into: &output)
        output.append(contentsOf: "}\n".utf8)
        return output
    }

    private mutating func append(
        _ type: StaticString, _ document: Document, version: Revision?, to output: inout [UInt8]
    ) {
        output.reserveCapacity(output.count + document.bytes.count + 96)
        output.append(contentsOf: "{\"type\":\"".utf8)
        type.withUTF8Buffer { output.append(contentsOf: $0) }
        output.append(contentsOf: "\",\"object\":".utf8)
        if format.shape == .document {
            filter.renderer.append(document, version: version, to: &output)
        } else {
            rendered(document, version ?? document.modRevision).write(into: &output)
        }
        output.append(contentsOf: "}\n".utf8)
    }

    private mutating func rendered(_ document: Document, _ version: Revision) -> JSON {
        let json = document.json.withResourceVersion(version)
        guard case .table(let include) = format.shape else {
            return format.rendered(json, filter.definition, now: wall)
        }
        defer { hasSentColumns = true }
        return filter.definition.table(
            [json], listMetadata: ["resourceVersion": .string(version.description)],
            include: include, now: wall, withColumns: !hasSentColumns)
    }

    private func appendBookmark(
        _ revision: Revision, annotations: JSON?, to output: inout [UInt8]
    ) {
        var metadata: JSON = [
            "resourceVersion": .string(revision.description), "creationTimestamp": nil,
        ]
        if let annotations { metadata["annotations"] = annotations }
        let object: JSON
        switch format.shape {
        case .document, .aggregatedDiscovery:
            object = [
                "kind": .string(resource.kind), "apiVersion": .string(resource.apiVersion),
                "metadata": metadata,
            ]
        case .partialMetadata:
            object = [
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
            ]
        case .table:
            object = [
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
                "columnDefinitions": nil, "rows": [],
            ]
        }
        output.append(contentsOf: "{\"type\":\"BOOKMARK\",\"object\":".utf8)
        object.write(into: &output)
        output.append(contentsOf: "}\n".utf8)
    }
}

/// One change, and its events in the form of documents as far as a watch needed them already.
package struct SharedEvents: Sendable {
    package let change: Change
    fileprivate var added: [UInt8]?
    fileprivate var modified: [UInt8]?
    fileprivate var deleted: [UInt8]?

    package init(_ change: Change) { self.change = change }
}

extension Evaluation {
    mutating func watch(
        _ target: ResourceTarget, _ query: QueryParameters
    ) throws(StatusError) -> APIOutcome {
        guard target.definition.verbs.contains("watch") else {
            throw StatusError.methodNotAllowed
        }
        let filter = try ObjectFilter(target, query, limits: configuration.limits)
        let options = try WatchOptions(query, configuration)
        try ReadOptions(version: options.version).check(snapshot)
        var start = snapshot.revision
        if !options.sendsInitialEvents, case .notOlderThan(let revision) = options.version {
            start = revision
        }
        let least = configuration.limits.watchSecondsMin
        let timeout =
            options.timeoutSeconds ?? least + Int64(random.below(Int(clamping: max(1, least))))
        return .watch(
            WatchStream(
                filter: filter, format: format, options: options, start: start,
                timeoutSeconds: timeout, wall: wall))
    }
}
