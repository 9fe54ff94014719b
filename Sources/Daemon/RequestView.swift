package import API
package import Base
package import Store

/// What requests can be evaluated with beside a machine's loop, on any thread: a state of the Store
/// and the policies in it. Evaluation is a pure function of this, the request and the time; what it
/// comes to, the core decides: see ``DaemonInput/evaluated(_:_:_:)``.
///
/// The core makes a new view in every step that changes one, before the effects of that step are
/// performed. So whoever has seen the answer to a write finds it in the next view.
package struct RequestView: Sendable {
    /// Increases with each view of a machine.
    package let number: UInt64
    package let snapshot: Snapshot
    /// Whether nothing newer can have been acknowledged anywhere while this is the newest view of
    /// this machine: it leads a cluster in which it alone votes.
    let isCurrent: Bool
    private let api: APICore
    private let seed: UInt64

    init(
        number: UInt64, snapshot: Snapshot, isCurrent: Bool, api: APICore, seed: UInt64
    ) {
        self.number = number
        self.snapshot = snapshot
        self.isCurrent = isCurrent
        self.api = api
        self.seed = seed
    }

    /// What a request comes to.
    package enum Verdict: Sendable {
        case respond(APIResponse)
        /// A write for ``DaemonInput/evaluated(_:_:_:)``.
        case write(EvaluatedWrite)
        /// The core must evaluate it: as ``DaemonInput/request(_:_:)``.
        case undecided
    }

    /// What chooses the request's place in the order of service; nil when nothing does.
    package func flow(of request: APIRequest, at wall: WallTime) -> FlowIdentity? {
        api.flow(of: request, snapshot: snapshot, at: wall)
    }

    /// Begins the audit log of a request; nil when the policy says that it is not logged.
    package func auditTrail(
        of request: APIRequest, by policy: AuditPolicy, from origin: AuditTrail.Origin,
        at wall: WallTime
    ) -> AuditTrail? {
        api.auditTrail(of: request, by: policy, from: origin, snapshot: snapshot, at: wall)
    }

    /// - Parameters:
    ///   - ticket: that of the request. Names and UIDs are drawn from it, so it must be another one
    ///     for each request.
    ///   - flow: as ``flow(of:at:)`` says.
    package func evaluate(
        _ ticket: Ticket, _ request: APIRequest, flow: FlowIdentity?, at wall: WallTime
    ) -> Verdict {
        guard !request.isUpgrade,
            request.query.isEmpty || !request.query.contains("watch="),
            // Health is that of the loop, and so is when a machine was heard of.
            !APICore.isAboutHealth(request), !MachineContacts.matter(to: request)
        else { return .undecided }
        // Without a query nothing more than the newest state can be asked for.
        if !isCurrent || !request.query.isEmpty {
            switch api.requirement(of: request) {
            case .refused(let response): return .respond(response)
            case .anySnapshot: break
            case .consistentRead: guard isCurrent else { return .undecided }
            case .notOlderThan(let revision):
                guard revision <= snapshot.revision else { return .undecided }
            case .exactly(let revision):
                guard revision == snapshot.revision else { return .undecided }
            }
        }
        var random = Random(seed: seed &+ ticket.number &* 0x9E37_79B9_7F4A_7C15)
        switch api.evaluate(request, snapshot: snapshot, at: wall, with: &random) {
        case .respond(let response): return .respond(response)
        case .commit(let commit):
            guard !commit.mustRepeat else { return .undecided }
            return .write(EvaluatedWrite(commit: commit, flow: flow))
        default: return .undecided
        }
    }
}

/// What the evaluation of a client's write came to.
package struct EvaluatedWrite: Sendable {
    var commit: Commit
    /// Where it waits when there is more to do than can be done at once.
    var flow: FlowIdentity?
}
