package import Base
import Objects
package import Store

/// Which flow a request belongs to; the daemon asks before it lets the request in.
extension APICore {
    /// The priority levels, when they are others than at the last call.
    package mutating func changedLevels(_ snapshot: Snapshot) -> [PriorityLevel]? {
        policies.refresh(from: snapshot)
        return policies.takeNewLevels()
    }

    /// Brings what is kept of a Store up to date, so that ``evaluate(_:snapshot:at:with:)`` judges
    /// by the roles of that state.
    package mutating func refresh(from snapshot: Snapshot) { policies.refresh(from: snapshot) }

    /// Hears of the changes that led from one revision to another.
    package mutating func follow(_ changes: [Change], from: Revision, to: Revision) {
        policies.follow(changes, from: from, to: to)
    }

    /// Whether a request is served at once whatever the FlowSchemas say: an administrator's (the
    /// FlowSchema `exempt`, which nobody can take away).
    package static func isExempt(_ request: APIRequest) -> Bool {
        guard case .user(let user) = request.credential else { return false }
        return user.isMaster
    }

    /// Whether a request asks how this machine is.
    package static func isAboutHealth(_ request: APIRequest) -> Bool {
        let path = request.path.utf8
        return path.starts(with: "/livez".utf8) || path.starts(with: "/readyz".utf8)
            || path.starts(with: "/healthz".utf8)
    }

    /// The flow of a request; nil when no schema chooses it.
    package func flow(
        of request: APIRequest, snapshot: Snapshot, at wall: WallTime
    ) -> FlowIdentity? {
        // Nothing need be read to know an administrator's.
        if request.impersonation == nil, Self.isExempt(request),
            let exempt = policies.flows.exempt
        {
            return exempt
        }
        let evaluation = evaluation(
            of: request, snapshot: snapshot, at: wall, with: Random(seed: 0))
        // Nobody chooses for a request whose credential is refused; it costs no more than that.
        guard let user = try? authenticate(request, evaluation) else { return nil }
        guard let query = try? QueryParameters(request.query) else { return nil }
        let target = RequestTarget(path: request.path, registry: registry)
        return policies.flows.flow(of: Action(request, target, query), by: user)
    }
}
