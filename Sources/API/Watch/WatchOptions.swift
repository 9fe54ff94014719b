import JSON
import Objects
import Store

/// The query of a watch.
struct WatchOptions: Sendable, Equatable {
    var version: ReadOptions.Version
    var sendsInitialEvents: Bool
    /// Whether a bookmark with the annotation `k8s.io/initial-events-end` follows them.
    var marksInitialEventsEnd: Bool
    var allowsBookmarks: Bool
    var timeoutSeconds: Int64?

    init(_ query: QueryParameters, _ configuration: APIConfiguration) throws(StatusError) {
        let text = query.first("resourceVersion") ?? ""
        let match = query.first("resourceVersionMatch") ?? ""
        let asked = query.first("sendInitialEvents").map { _ in query.bool("sendInitialEvents") }
        var faults: [FieldError] = []
        if !match.isEmpty, asked == nil {
            faults.append(
                FieldError(
                    .forbidden, "resourceVersionMatch",
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is "
                        + "provided"))
        }
        if asked != nil {
            if match.isEmpty {
                faults.append(
                    FieldError(
                        .forbidden, "resourceVersionMatch",
                        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
            } else if match != "NotOlderThan" {
                faults.append(
                    FieldError(
                        .notSupported, "resourceVersionMatch", value: .string(match),
                        "supported values: \"NotOlderThan\""))
            }
        }
        if query.first("continue").map({ !$0.isEmpty }) ?? false {
            faults.append(
                FieldError(.forbidden, "continue", "continue is forbidden for watch"))
        }
        if !faults.isEmpty { throw ReadOptions.invalid(faults) }
        version = try ReadOptions.atLeast(text)
        allowsBookmarks = query.bool("allowWatchBookmarks")
        timeoutSeconds = try query.integer("timeoutSeconds").flatMap { $0 > 0 ? $0 : nil }
        let isFromNow = version == .newest || version == .any
        sendsInitialEvents = asked ?? isFromNow
        marksInitialEventsEnd = asked == true && allowsBookmarks
    }

    /// A watch from a revision goes on from there even when this machine is behind: what it has
    /// not applied yet comes as changes. Kubernetes waits in the same way.
    var requirement: APIRequirement {
        switch version {
        case .newest: .consistentRead
        case .any: .anySnapshot
        case .notOlderThan(let revision), .exactly(let revision): .notOlderThan(revision)
        }
    }
}
