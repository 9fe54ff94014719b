package import Base
import Objects
package import Store

/// Which flow a request belongs to; the daemon asks before it lets the request in.
extension APICore {
    /// The priority levels, when they are others than at the last call.
    package mutating func changedLevels(_ snapshot: Snapshot) -> [PriorityLevel]? {
        flows.refresh(from: snapshot) ? flows.levels : nil
    }

    /// Whether a request is served at once whatever the FlowSchemas say: an administrator's (the
    /// FlowSchema `exempt`, which nobody can take away).
    package static func isExempt(_ request: APIRequest) -> Bool {
        guard case .user(let user) = request.credential else { return false }
        return user.isMaster
    }

    /// The flow of a request; nil when no schema chooses it.
    package func flow(
        of request: APIRequest, snapshot: Snapshot, at wall: WallTime
    ) -> FlowIdentity? {
        let evaluation = Evaluation(
            registry: registry, configuration: configuration, snapshot: snapshot, wall: wall,
            random: Random(seed: 0))
        // Who cannot be authenticated waits with those who did not try.
        let user = (try? authenticate(request, evaluation)) ?? .anonymous
        guard let query = try? QueryParameters(request.query) else { return nil }
        let target = RequestTarget(path: request.path, registry: registry)
        return flows.flow(of: Action(request, target, query), by: user)
    }
}
