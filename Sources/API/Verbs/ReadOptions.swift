import Base
import JSON
import Objects
import Store

/// How old or new an answer may be (`resourceVersion` and `resourceVersionMatch`).
struct ReadOptions: Sendable, Equatable {
    enum Version: Sendable, Equatable {
        case newest
        case any
        case notOlderThan(Revision)
        case exactly(Revision)
    }

    var version: Version
    var limit: Int?
    var token: ContinueToken?

    var requirement: APIRequirement {
        switch version {
        case .newest: .consistentRead
        case .any: .anySnapshot
        case .notOlderThan(let revision): .notOlderThan(revision)
        case .exactly(let revision): .exactly(revision)
        }
    }

    /// The options of a get.
    static func get(_ query: QueryParameters) throws(StatusError) -> ReadOptions {
        ReadOptions(version: try atLeast(query.first("resourceVersion") ?? ""))
    }

    /// The options of a list.
    static func list(_ query: QueryParameters) throws(StatusError) -> ReadOptions {
        let text = query.first("resourceVersion") ?? ""
        let match = query.first("resourceVersionMatch") ?? ""
        var faults: [FieldError] = []
        if query.first("sendInitialEvents") != nil {
            faults.append(
                FieldError(
                    .forbidden, "sendInitialEvents", "sendInitialEvents is forbidden for list"))
        }
        if !match.isEmpty {
            if text.isEmpty {
                faults.append(
                    FieldError(
                        .forbidden, "resourceVersionMatch",
                        "resourceVersionMatch is forbidden unless resourceVersion is provided"))
            }
            if query.first("continue").map({ !$0.isEmpty }) ?? false {
                faults.append(
                    FieldError(
                        .forbidden, "resourceVersionMatch",
                        "resourceVersionMatch is forbidden when continue is provided"))
            }
            if match == "Exact", text == "0" {
                faults.append(
                    FieldError(
                        .forbidden, "resourceVersionMatch",
                        "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\""))
            }
            if match != "Exact", match != "NotOlderThan" {
                faults.append(
                    FieldError(
                        .notSupported, "resourceVersionMatch", value: .string(match),
                        "supported values: \"Exact\", \"NotOlderThan\", \"\""))
            }
        }
        if !faults.isEmpty { throw invalid(faults) }

        let limit = try query.integer("limit")
        let bound = limit.flatMap { $0 > 0 ? Int(clamping: $0) : nil }
        if let token = query.first("continue"), !token.isEmpty {
            guard text.isEmpty || text == "0" else {
                throw StatusError(
                    .badRequest, "specifying resource version is not allowed when using continue")
            }
            let token = try ContinueToken(parsing: token)
            return ReadOptions(
                version: token.revision == .zero ? .newest : .exactly(token.revision),
                limit: bound, token: token)
        }
        var version = try atLeast(text)
        if case .notOlderThan(let revision) = version,
            match == "Exact" || (match.isEmpty && bound != nil)
        {
            version = .exactly(revision)
        }
        return ReadOptions(version: version, limit: bound)
    }

    static func atLeast(_ text: String) throws(StatusError) -> Version {
        if text.isEmpty { return .newest }
        guard let number = UInt64(text), text.utf8.first != UInt8(ascii: "+") else {
            throw StatusError(
                .badRequest,
                "invalid resource version: resourceVersion: Invalid value: \(quotedText(text)): "
                    + "strconv.ParseUint: parsing \(quotedText(text)): invalid syntax")
        }
        return number == 0 ? .any : .notOlderThan(Revision(number))
    }

    /// The 422 for options that contradict each other.
    static func invalid(_ faults: [FieldError], kind: String = "ListOptions") -> StatusError {
        let options = Resource(
            group: "meta.k8s.io", version: "v1", plural: "", kind: kind, isNamespaced: false)
        return .invalid(options, name: "", faults)
    }

    /// Refuses to go on with a list that was begun too long ago, as etcd's compaction does: a
    /// client that pages for hours is told so, whatever the history happens to keep.
    func checkAge(at now: WallTime, _ limits: APILimits) throws(StatusError) {
        guard let token, token.revision != .zero, let begun = token.begun,
            begun + limits.continueTokenLifetime < now
        else { return }
        throw Self.expired(token)
    }

    /// The 410 of a list whose revision is gone; its token leads on through the newest state.
    private static func expired(_ token: ContinueToken) -> StatusError {
        var error = StatusError(
            .expired,
            "The provided continue parameter is too old to display a consistent list result. You "
                + "can start a new list without the continue parameter, or use the continue token "
                + "in this response to retrieve the remainder of the results. Continuing with the "
                + "provided token results in an inconsistent list - objects that were created, "
                + "modified, or deleted between the time the first chunk was returned and now may "
                + "show up in the list.")
        var rest = token
        rest.revision = .zero
        rest.begun = nil
        error.continueToken = rest.text
        return error
    }

    /// Refuses a snapshot that is not what the client asked for.
    func check(_ snapshot: Snapshot) throws(StatusError) {
        switch version {
        case .newest, .any:
            return
        case .notOlderThan(let revision):
            guard snapshot.revision < revision else { return }
            throw StatusError(
                .timeout,
                "Too large resource version: \(revision), current: \(snapshot.revision)",
                causes: [
                    StatusError.Cause(
                        reason: "ResourceVersionTooLarge", message: "Too large resource version",
                        field: "")
                ], retryAfterSeconds: 1)
        case .exactly(let revision):
            guard snapshot.revision != revision else { return }
            if snapshot.revision < revision {
                return try ReadOptions(version: .notOlderThan(revision)).check(snapshot)
            }
            if let token { throw Self.expired(token) }
            throw StatusError(
                .expired, "The resourceVersion for the provided list is too old.")
        }
    }
}

/// Where a list goes on: opaque to clients, base64 of a small JSON object.
package struct ContinueToken: Sendable, Equatable {
    /// Zero: go on through the newest state.
    var revision: Revision
    /// When the list's first page was answered.
    var begun: WallTime?
    /// The key that the last answer ended with.
    var namespace: String
    var name: String
}
