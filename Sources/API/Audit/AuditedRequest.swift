package import Base
import JSON
package import Store

/// What the audit log needs to know of a request, found out apart from answering it: who sends it,
/// what it wants, and whether that is allowed.
struct AuditedRequest: Sendable, Equatable {
    /// Who proved to be himself; nil when nobody did.
    var user: UserInfo?
    /// Whom he acts as.
    var impersonated: UserInfo?
    var action: Action
    /// What the authorizer said; nil where it was not asked.
    var decision: Authorizer.Decision?
    /// The answer goes on until somebody ends it.
    var isLongRunning = false
    /// The path with its query.
    var uri: String
    var userAgent: String
    /// The body, when it is a document.
    var body: JSON?
}

extension APICore {
    /// Begins the audit log of a request; nil when the policy says that it is not logged.
    package func auditTrail(
        of request: APIRequest, by policy: AuditPolicy, from origin: AuditTrail.Origin,
        snapshot: Snapshot, at wall: WallTime
    ) -> AuditTrail? {
        var audited = audited(request, snapshot: snapshot, at: wall)
        let decision = policy.decision(on: audited)
        guard decision.level > .none else { return nil }
        if audited.action.path == nil, !request.body.isEmpty, !audited.isLongRunning {
            audited.body = document(in: request)
        }
        return AuditTrail(audited, decision, from: origin, at: wall)
    }

    private func audited(
        _ request: APIRequest, snapshot: Snapshot, at wall: WallTime
    ) -> AuditedRequest {
        let evaluation = evaluation(
            of: request, snapshot: snapshot, at: wall, with: Random(seed: 0))
        let target = RequestTarget(path: request.path, registry: registry)
        let query = (try? QueryParameters(request.query)) ?? .empty
        var audited = AuditedRequest(
            action: Action(request, target, query),
            uri: request.path + (request.query.isEmpty ? "" : "?" + request.query),
            userAgent: request.userAgent)
        audited.isLongRunning =
            audited.action.path == nil
            && (["watch", "proxy"].contains(audited.action.verb)
                || Self.longRunning.contains(audited.action.subresource))
        guard let user = try? identify(request.credential, evaluation) else { return audited }
        audited.user = user
        guard let actor = try? impersonated(by: user, request, evaluation) else { return audited }
        if request.impersonation != nil { audited.impersonated = actor }
        audited.decision = evaluation.authorizer.decide(audited.action, for: actor)
        return audited
    }

    private static let longRunning = ["attach", "exec", "log", "portforward", "proxy"]

    private func document(in request: APIRequest) -> JSON? {
        if request.mediaType == ProtobufEnvelope.mediaType {
            return try? ProtobufEnvelope.document(in: request.body, registry)
        }
        return try? JSON(parsing: request.body)
    }
}
