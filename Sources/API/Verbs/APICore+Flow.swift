package import Base
import Objects
package import Store

/// Which flow a request belongs to; the daemon asks before it lets the request in.
extension APICore {
    /// The priority levels, when they are others than at the last call.
    package mutating func changedLevels(_ snapshot: Snapshot) -> [PriorityLevel]? {
        flows.refresh(from: snapshot) ? flows.levels : nil
    }

    /// The flow of a request; nil when it is served at once, as an administrator's always is (the
    /// FlowSchema `exempt`, which nobody can take away).
    package func flow(
        of request: APIRequest, snapshot: Snapshot, at wall: WallTime
    ) -> FlowIdentity? {
        if case .user(let user) = request.credential, user.isMaster { return nil }
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
