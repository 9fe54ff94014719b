import API
package import Base

/// A user of the API who asks for more than there is room for, or suffers from who does.
package struct FloodUser: Sendable {
    let credential: Credential

    package init(_ name: String, groups: [String] = []) {
        credential = .user(UserInfo(name: name, groups: groups + [UserInfo.authenticated]))
    }

    static let path = "/api/v1/namespaces/default/configmaps"
}

/// How a user of the API was served.
package final class ServiceRecord {
    /// Answered, be it that the user may not do that.
    package fileprivate(set) var served = 0
    /// Answered 429.
    package fileprivate(set) var refused = 0
    /// Answered that the server cannot, or not at all.
    package fileprivate(set) var failed = 0
    package fileprivate(set) var slowest = Span.zero

    package init() {}
}

/// Reads what is not there yet, which keeps the request open for seconds, again and again.
struct Flooder: Client {
    private let user: FloodUser
    private let record: ServiceRecord
    private var hasBegun = false
    var violation: String? { nil }

    init(_ user: FloodUser, _ record: ServiceRecord) {
        self.user = user
        self.record = record
    }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        switch signal {
        case .response(let response) where response.code == 429:
            record.refused += 1
            return .pause(.milliseconds(Int64(500 + context.random.below(500))))
        case .response:
            record.served += 1
            return .send(request)
        case .lost, .streamBegan, .streamBytes: return .send(request)
        case .resumed:
            guard hasBegun else {
                hasBegun = true
                return .pause(.milliseconds(Int64(context.random.below(3_000))))
            }
            return .send(request)
        }
    }

    private var request: APIRequest {
        APIRequest(
            .get, FloodUser.path,
            query: "resourceVersion=999999999&resourceVersionMatch=NotOlderThan",
            credential: user.credential)
    }
}

/// Reads what is there, ten times a second.
struct OrdinaryUser: Client {
    private let user: FloodUser
    private let record: ServiceRecord
    private var asked: Instant?
    var violation: String? { nil }

    init(_ user: FloodUser, _ record: ServiceRecord) {
        self.user = user
        self.record = record
    }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        switch signal {
        case .response(let response):
            if let asked { record.slowest = max(record.slowest, context.now - asked) }
            switch response.code {
            case 429: record.refused += 1
            case 500...: record.failed += 1
            default: record.served += 1
            }
            return .pause(.milliseconds(100))
        case .lost, .streamBegan, .streamBytes:
            record.failed += 1
            return .pause(.milliseconds(100))
        case .resumed:
            asked = context.now
            return .send(APIRequest(.get, FloodUser.path, credential: user.credential))
        }
    }
}

extension World {
    /// So many connections of one user that ask for what takes long, without end.
    package func flood(as user: FloodUser, connections: Int) -> ServiceRecord {
        let record = ServiceRecord()
        for _ in 0..<connections { add(Flooder(user, record)) }
        return record
    }

    /// A user who reads now and then.
    package func read(as user: FloodUser) -> ServiceRecord {
        let record = ServiceRecord()
        add(OrdinaryUser(user, record))
        return record
    }
}
