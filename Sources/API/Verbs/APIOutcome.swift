package import JSON
package import Objects
package import Store

/// What the daemon must have done before it lets ``APICore`` evaluate a request.
package enum APIRequirement: Sendable, Equatable {
    /// Any snapshot will do, however old.
    case anySnapshot
    /// A snapshot taken after a read index was confirmed: it holds every write acknowledged so far.
    case consistentRead
    /// A snapshot of that revision or a later one. When it does not come within three seconds
    /// the daemon evaluates with what it has, and the client is told to retry.
    case notOlderThan(Revision)
    /// The snapshot of just that revision. When it is compacted the daemon evaluates with the
    /// newest one, and the client is told 410.
    case exactly(Revision)
    /// No evaluation is needed.
    case refused(APIResponse)
}

/// What a request comes to.
package enum APIOutcome: Sendable {
    case respond(APIResponse)
    /// A transaction to propose. On its commit the daemon answers with
    /// ``PendingResponse/finish(at:)``; on a conflict it evaluates the request again with a fresh
    /// snapshot.
    case commit(Commit)
    /// An answer without end: see ``WatchStream``.
    case watch(WatchStream)
    /// A stream between the client and a container.
    case stream(StreamRequest)
    /// A token to sign.
    case issueToken(TokenIssue)
    /// Somebody else's answer to the request.
    case proxy(ProxyRequest)
    /// What the machines measure of these.
    case usage(UsageQuery)
    /// The counters of the machine that was asked.
    case metrics
    /// The public keys of the cluster's token issuer, as a JSON Web Key Set.
    case openIDKeys
}

/// What an ``ObjectWrite`` comes to.
package enum WriteOutcome: Sendable {
    case done(WriteResult)
    /// As ``APIOutcome/commit(_:)``; the result is ``PendingResponse/result(at:)``.
    case commit(Commit)
}

/// The writes of a request and the answer once they are in the log.
package struct Commit: Sendable {
    package var preconditions: [Precondition]
    package var operations: [Operation]
    package var response: PendingResponse
    /// Whether the request is only done in part (a deletecollection of very many objects): after
    /// the commit the daemon evaluates it again and does not answer yet.
    package var mustRepeat = false

    package init(
        preconditions: [Precondition], operations: [Operation], response: PendingResponse
    ) {
        self.preconditions = preconditions
        self.operations = operations
        self.response = response
    }
}

/// A connection that the client wants to a container, after all validation.
package struct StreamRequest: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case log(LogOptions)
        case exec(ExecOptions)
        case attach(ExecOptions)
        /// The ports named in the query; empty with WebSocket clients of the newer protocol.
        case portForward(ports: [Int])
    }

    package var pod: ObjectKey
    package var podUID: String
    package var node: String
    /// Empty for port-forward.
    package var container: String
    package var kind: Kind
}

/// The query of `pods/log` (`v1.PodLogOptions`).
package struct LogOptions: Sendable, Equatable {
    package var follow = false
    package var previous = false
    package var timestamps = false
    /// The last so many lines only.
    package var tailLines: Int64?
    package var limitBytes: Int64?
    /// Lines of the last so many seconds only.
    package var sinceSeconds: Int64?
    /// RFC 3339; lines at or after this time only.
    package var sinceTime: String?
}

/// The query of `pods/exec` and `pods/attach`.
package struct ExecOptions: Sendable, Equatable {
    /// Empty for attach.
    package var command: [String] = []
    package var stdin = false
    package var stdout = false
    package var stderr = false
    package var tty = false

    package init(
        command: [String] = [], stdin: Bool = false, stdout: Bool = false, stderr: Bool = false,
        tty: Bool = false
    ) {
        self.command = command
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.tty = tty
    }
}

/// The claims of a service account token, and the answer that will carry it. The shell signs the
/// claims and answers with ``response(token:)``.
package struct TokenIssue: Sendable, Equatable {
    package var claims: JSON
    /// The TokenRequest with its status, but for the token.
    package var document: JSON

    /// - Parameter token: the signed JWT.
    package func response(token: String) -> APIResponse {
        var document = document
        document[path: ["status", "token"]] = .string(token)
        return APIResponse(code: 201, body: document.bytes)
    }
}
