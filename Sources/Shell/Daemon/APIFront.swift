import API
import Base
import Daemon
import Foundation
import JSON
import NIOConcurrencyHelpers
import NIOHTTP1
import Objects

/// A client's request on its way to the daemon's loop.
struct APIInput: Sendable {
    var ticket: Ticket
    var request: APIRequest
    /// Set for a write whose evaluation is done.
    var evaluated: EvaluatedWrite?
    var acceptedAt: Instant
    /// What the audit log holds of the request, if anything.
    var audit: AuditTrail?
}

/// Stands between HTTP and the daemon: it takes the transport off a request, checks signatures,
/// and evaluates it with the daemon's newest ``RequestView``. What that does not answer goes to the
/// daemon's loop under a ticket. It decides nothing itself.
final class APIFront: HTTPRequestReceiver {
    /// The daemon's loop; set once, before the server listens.
    typealias Deliver = @Sendable (APIInput, HTTPRequest, HTTPExchange) -> Void
    typealias Route = @Sendable (HTTPRequest, HTTPExchange) -> Bool

    private let deliver: Deliver
    /// Answers paths that are podmesh's own; true when it took the request.
    private let ownRoutes: Route
    private let counter = NIOLockedValueBox(TicketCounter())
    private let tokens = NIOLockedValueBox<[ServiceAccountTokens]>([])

    private let views: ViewBox
    private let meter: RequestMeter
    /// Writes the audit log; nil when there is none.
    private let auditor: Auditor?

    init(
        views: ViewBox, meter: RequestMeter, auditor: Auditor?, ownRoutes: @escaping Route,
        deliver: @escaping Deliver
    ) {
        self.views = views
        self.meter = meter
        self.auditor = auditor
        self.ownRoutes = ownRoutes
        self.deliver = deliver
    }

    /// The keys that bearer tokens are checked with, as the Store has told them: one of each
    /// trusted authority.
    func setTokens(_ fresh: [ServiceAccountTokens]) { tokens.withLockedValue { $0 = fresh } }

    func receive(_ request: HTTPRequest, _ exchange: HTTPExchange) {
        if ownRoutes(request, exchange) { return }
        let method = APIRequest.Method(rawValue: request.head.method.rawValue) ?? .other
        let (path, query) = Self.split(request.head.uri)
        var contentType = request.header("content-type") ?? ""
        var body = request.body
        if Self.isYAML(contentType), !body.isEmpty {
            do {
                body = try YAMLBody.json(body).bytes
            } catch {
                exchange.respond(.status(StatusError(.badRequest, error.description)))
                return
            }
            // Server-side apply keeps its own content type: it names the operation.
            if !contentType.hasPrefix("application/apply-patch") {
                contentType = "application/json"
            }
        }
        var apiRequest = APIRequest(
            method, path, query: query,
            accept: request.head.headers["accept"].joined(separator: ","),
            contentType: contentType, userAgent: request.header("user-agent") ?? "", body: body,
            credential: credential(of: request), impersonation: Self.impersonation(request),
            isUpgrade: request.header("upgrade") != nil)
        if method == .post, path.hasSuffix("/tokenreviews") {
            apiRequest.reviewedClaims = reviewedClaims(in: body)
        }
        evaluate(apiRequest, request, exchange)
    }

    private func evaluate(
        _ apiRequest: APIRequest, _ request: HTTPRequest, _ exchange: HTTPExchange
    ) {
        let ticket = counter.withLockedValue { $0.next() }
        var input = APIInput(ticket: ticket, request: apiRequest, acceptedAt: .now)
        let (newest, wall) = (views.newest, WallTime.now)
        let flow = newest?.view.flow(of: apiRequest, at: wall)
        exchange.announce(Self.headers(of: flow))
        input.audit = auditor?.begin(apiRequest, request, exchange) { policy, origin in
            newest?.view.auditTrail(of: apiRequest, by: policy, from: origin, at: wall)
        }
        switch newest?.view.evaluate(ticket, apiRequest, flow: flow, at: wall) {
        case .respond(let response):
            meter.didAnswer(
                request.head.method.rawValue, code: response.code,
                after: .now - input.acceptedAt)
            auditor?.write(input.audit?.completed(response, at: .now))
            exchange.respond(response)
        case .write(let write):
            input.evaluated = write
            deliver(input, request, exchange)
        case .undecided, nil:
            deliver(input, request, exchange)
        }
    }

    /// Every answer tells what chose its place in the order of service (KEP-1040).
    private static func headers(of flow: FlowIdentity?) -> [(String, String)] {
        guard let flow else { return [] }
        return [
            ("X-Kubernetes-PF-FlowSchema-UID", flow.schemaUID),
            ("X-Kubernetes-PF-PriorityLevel-UID", flow.levelUID),
        ]
    }

    /// A machine may speak for a user whose request it passes on; it has authenticated him.
    private func credential(of request: HTTPRequest) -> Credential {
        switch request.connection {
        case .administrator:
            return .user(UserInfo.system("admin"))
        case .certificate(let subject):
            if subject.machine != nil, let user = ForwardedUser(request.head.headers) {
                return .user(user.info)
            }
            return .user(subject.user)
        case .refused:
            // A token may still prove who it is.
            let bearer = bearer(of: request)
            return bearer == .none ? .invalid : bearer
        case .anonymous:
            return bearer(of: request)
        }
    }

    private func bearer(of request: HTTPRequest) -> Credential {
        guard let token = Self.bearerToken(in: request) else { return .none }
        guard let claims = claims(of: token) else {
            return BootstrapToken(token).map(Credential.bootstrapToken) ?? .invalid
        }
        return .token(claims: claims)
    }

    /// The token of the header `Authorization`, or of the WebSocket protocol by which browsers,
    /// which cannot set that header, hand one over. Another scheme is no credential.
    private static func bearerToken(in request: HTTPRequest) -> String? {
        let words = (request.header("authorization") ?? "").split(separator: " ")
        if words.count > 1, words[0].lowercased() == "bearer" { return String(words[1]) }
        guard request.header("upgrade")?.lowercased() == "websocket" else { return nil }
        let offers = request.head.headers[canonicalForm: "sec-websocket-protocol"]
        let offer = offers.first { $0.hasPrefix(WebSocketConnection.bearerPrefix) }
        guard let offer,
            let bytes = ServiceAccountTokens.decode(
                offer.dropFirst(WebSocketConnection.bearerPrefix.count))
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// What a token claims, when this cluster signed it.
    private func claims(of token: String) -> [UInt8]? {
        let keys = tokens.withLockedValue { $0 }
        return keys.lazy.compactMap { $0.verify(token) }.first
    }

    /// The claims of the token that a TokenReview asks about.
    private func reviewedClaims(in body: [UInt8]) -> [UInt8]? {
        guard let token = try? JSON(parsing: body)["spec"]?["token"]?.string else { return nil }
        return claims(of: token)
    }

    /// The public keys that tokens are checked with, as a JSON Web Key Set (RFC 7517 §5).
    var keySet: JSON {
        ["keys": .array(tokens.withLockedValue { $0 }.map(\.publicKey))]
    }

    private static func impersonation(_ request: HTTPRequest) -> Impersonation? {
        // Nearly no request has such a header, and then none is looked for by its name.
        guard request.head.headers.contains(where: { $0.name.utf8.first.map { $0 | 0x20 } == 0x69 })
        else { return nil }
        let impersonation = Impersonation(
            user: request.header("impersonate-user") ?? "",
            groups: request.head.headers["impersonate-group"],
            uid: request.header("impersonate-uid") ?? "", extra: extra(in: request.head.headers))
        let isWanted =
            !impersonation.user.isEmpty || !impersonation.groups.isEmpty
            || !impersonation.uid.isEmpty || !impersonation.extra.isEmpty
        return isWanted ? impersonation : nil
    }

    private static let extraPrefix = "impersonate-extra-"

    /// `Impersonate-Extra-KEY: VALUE`, where the key may be percent-encoded.
    private static func extra(in headers: HTTPHeaders) -> [UserInfo.Extra] {
        var extra: [UserInfo.Extra] = []
        for (name, value) in headers where name.lowercased().hasPrefix(extraPrefix) {
            let coded = String(name.dropFirst(extraPrefix.utf8.count)).lowercased()
            let key = coded.removingPercentEncoding ?? coded
            if let index = extra.firstIndex(where: { $0.name == key }) {
                extra[index].values.append(value)
            } else {
                extra.append(UserInfo.Extra(name: key, values: [value]))
            }
        }
        return extra
    }

    static func split(_ uri: String) -> (String, String) {
        guard let mark = uri.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (uri, "") }
        return (String(uri[..<mark]), String(uri[uri.utf8.index(after: mark)...]))
    }

    private static func isYAML(_ contentType: String) -> Bool {
        let type = contentType.split(separator: ";").first.map { $0.lowercased() } ?? ""
        return type.hasSuffix("yaml")
    }
}

/// The user of a request that one machine passes on to another, in headers that are believed
/// only from a machine's certificate.
struct ForwardedUser {
    static let nameHeader = "x-podmesh-user"
    static let groupHeader = "x-podmesh-group"

    let info: UserInfo

    init?(_ headers: HTTPHeaders) {
        guard let name = headers.first(name: Self.nameHeader) else { return nil }
        info = UserInfo(name: name, groups: headers[Self.groupHeader])
    }

    static func write(_ user: UserInfo, to headers: inout HTTPHeaders) {
        headers.remove(name: nameHeader)
        headers.remove(name: groupHeader)
        headers.add(name: nameHeader, value: user.name)
        for group in user.groups { headers.add(name: groupHeader, value: group) }
    }
}

extension HTTPExchange {
    static let cacheControl = ("Cache-Control", "no-cache, private")

    func respond(_ response: APIResponse) {
        var headers = [("content-type", response.contentType)]
        // Clients keep no answer without asking again, unless it says otherwise.
        if !response.headers.contains(where: { $0.name == Self.cacheControl.0 }) {
            headers.append(Self.cacheControl)
        }
        headers += response.headers.map { ($0.name, $0.value) }
        respond(code: response.code, headers: headers, body: response.body)
    }
}
