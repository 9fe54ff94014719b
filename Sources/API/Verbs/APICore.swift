package import Base
import JSON
package import Objects
package import Store

/// The API server's decisions: a request and a snapshot of the Store go in, an answer or a
/// transaction comes out. It does no I/O and remembers nothing between requests but its random
/// state and the roles that it has read, so the daemon may evaluate a request again whenever its
/// transaction meets a conflict.
///
/// For each request the daemon asks ``requirement(of:)``, gets a fitting snapshot, and calls
/// ``handle(_:snapshot:at:)``. Writes of controllers, the scheduler and kubelets take
/// ``handle(_:by:snapshot:at:)`` with a snapshot after a read index.
package struct APICore: Sendable {
    package let registry: ResourceRegistry
    package let configuration: APIConfiguration
    let openAPI: OpenAPIDocuments
    var policies = PolicyIndex()
    /// Told before a request that ``MachineContacts/matter(to:)``.
    package var contacts = MachineContacts()
    private var random: Random

    package init(
        configuration: APIConfiguration, random: Random,
        registry: ResourceRegistry = .builtIn
    ) {
        self.configuration = configuration
        self.random = random
        self.registry = registry
        openAPI = OpenAPIDocuments(registry)
    }

    /// What must be done before the request is evaluated. Cheap: it looks at method, path and
    /// query only.
    package func requirement(of request: APIRequest) -> APIRequirement {
        guard request.body.count <= configuration.limits.bodyBytesMax else {
            return .refused(.status(bodyTooLarge))
        }
        // Who is not known gets no read index: it would cost the cluster a round trip.
        if request.credential == Credential.none || request.credential == .invalid {
            return .anySnapshot
        }
        // Most writes are about resources; only reviews, which write nothing, look like them.
        if request.method != .get, request.method != .head, request.isAboutResources {
            return .consistentRead
        }
        guard case .resource(let target) = RequestTarget(path: request.path, registry: registry)
        else { return .anySnapshot }
        guard request.method == .get || request.method == .head else { return .consistentRead }
        do throws(StatusError) {
            let query = try QueryParameters(request.query)
            if target.subresource != nil { return .consistentRead }
            if query.bool("watch") { return try WatchOptions(query, configuration).requirement }
            if target.name != nil { return try ReadOptions.get(query).requirement }
            return try ReadOptions.list(query).requirement
        } catch {
            // Evaluation finds the same fault, after it has judged who asks.
            return .anySnapshot
        }
    }

    /// Evaluates a request. The random state moves on, so a second try draws other names.
    package mutating func handle(
        _ request: APIRequest, snapshot: Snapshot, at wall: WallTime
    ) -> APIOutcome {
        if request.needsRoles { policies.refresh(from: snapshot) }
        var random = random
        defer { self.random = random }
        return evaluate(request, snapshot: snapshot, at: wall, with: &random)
    }

    /// Evaluates a request by the policies that were read last: a pure function, which any thread
    /// may call.
    package func evaluate(
        _ request: APIRequest, snapshot: Snapshot, at wall: WallTime, with random: inout Random
    ) -> APIOutcome {
        var evaluation = evaluation(of: request, snapshot: snapshot, at: wall, with: random)
        defer { random = evaluation.random }
        do throws(StatusError) {
            return try route(request, &evaluation)
        } catch {
            return .respond(.status(error))
        }
    }

    func evaluation(
        of request: APIRequest, snapshot: Snapshot, at wall: WallTime, with random: Random
    ) -> Evaluation {
        var evaluation = Evaluation(
            registry: registry, configuration: configuration, snapshot: snapshot, wall: wall,
            random: random)
        evaluation.contacts = contacts
        if request.needsRoles {
            evaluation.authorizer = Authorizer(roles: policies.roles, snapshot: snapshot)
        }
        return evaluation
    }

    /// Who proved to be himself; nil when nobody did.
    package func user(
        of credential: Credential, snapshot: Snapshot, at wall: WallTime
    ) -> UserInfo? {
        let evaluation = Evaluation(
            registry: registry, configuration: configuration, snapshot: snapshot, wall: wall,
            random: random)
        return try? identify(credential, evaluation)
    }

    /// Evaluates a write of a part of podmesh itself.
    package mutating func handle(
        _ write: ObjectWrite, by user: UserInfo, snapshot: Snapshot, at wall: WallTime
    ) -> WriteOutcome {
        var evaluation = Evaluation(
            registry: registry, configuration: configuration, snapshot: snapshot, wall: wall,
            random: random)
        evaluation.user = user
        evaluation.options = WriteOptions(manager: user.managerName)
        defer { random = evaluation.random }
        do throws(StatusError) {
            switch try evaluation.plan(write) {
            case .answer(let response, let revision):
                return .done(response.result(at: revision))
            case .commit(let commit):
                return .commit(commit)
            }
        } catch {
            return .done(.failure(error))
        }
    }

    var bodyTooLarge: StatusError {
        StatusError(
            .requestEntityTooLarge,
            "Request entity too large: limit is \(configuration.limits.bodyBytesMax)")
    }
}

extension APIRequest {
    /// Whether the path can only be that of a resource, by its beginning.
    fileprivate var isAboutResources: Bool {
        path.utf8.starts(with: "/api/v1/".utf8)
            || path.utf8.starts(with: "/apis/".utf8) && !path.utf8.starts(with: "/apis/auth".utf8)
    }

    /// Whether roles can matter: an administrator who acts as himself and asks about nobody else
    /// needs none.
    fileprivate var needsRoles: Bool {
        guard case .user(let user) = credential, user.isMaster, impersonation == nil else {
            return true
        }
        return path.utf8.starts(with: "/apis/authorization.k8s.io/".utf8)
    }
}

extension UserInfo {
    /// The name under which its writes own fields.
    fileprivate var managerName: String {
        if isMachine { return "kubelet" }
        return name.hasPrefix("system:") ? String(name.dropFirst(7)) : name
    }
}
