import API
import Base
import JSON
import Objects
import Store
import Testing

/// A Store and the API in front of it, joined as the daemon joins them: evaluate, apply, finish.
struct VerbsHarness {
    var api: APICore
    var store = StoreCore()
    var wall = WallTime(seconds: 1_795_241_100)
    private var sequence: UInt64 = 0
    private let origin = MachineName("machine-1")

    init(seed: UInt64 = 1, limits: APILimits = APILimits()) throws {
        let network = try #require(IPv4Network("10.96.0.0/16"))
        api = APICore(
            configuration: APIConfiguration(serviceNetwork: network, limits: limits),
            random: Random(seed: seed))
        for name in ["default", "kube-system"] {
            _ = try expect(
                .post, "/api/v1/namespaces", ["metadata": ["name": .string(name)]], code: 201)
        }
    }

    static let admin = UserInfo(
        name: "admin", groups: [UserInfo.masters, UserInfo.authenticated])

    func request(
        _ method: APIRequest.Method, _ path: String, _ body: JSON? = nil,
        accept: String = "application/json", contentType: String = "application/json",
        user: UserInfo = admin
    ) -> APIRequest {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        return APIRequest(
            method, parts.first ?? "", query: parts.count > 1 ? parts[1] : "", accept: accept,
            contentType: contentType, userAgent: "kubectl/v1.32.0", body: body?.bytes ?? [],
            credential: .user(user))
    }

    /// Runs a request to its end, with retries on conflicts.
    mutating func run(_ request: APIRequest) throws -> APIResponse {
        for _ in 0..<5 {
            switch api.handle(request, snapshot: try snapshot(for: request), at: wall) {
            case .respond(let response):
                return response
            case .commit(let commit):
                guard case .committed(let revision) = try apply(commit) else { continue }
                if commit.mustRepeat { continue }
                return commit.response.finish(at: revision)
            case .watch, .stream, .proxy, .usage, .issueToken, .metrics, .openIDKeys:
                throw HarnessError(what: "the request is answered by a stream")
            }
        }
        throw HarnessError(what: "the request met conflicts again and again")
    }

    private func snapshot(for request: APIRequest) throws -> Snapshot {
        guard case .exactly(let revision) = api.requirement(of: request) else {
            return store.snapshot
        }
        return store.snapshot(at: revision) ?? store.snapshot
    }

    mutating func apply(_ commit: Commit) throws -> TransactionResult {
        sequence += 1
        let transaction = Transaction(
            id: CommandID(origin: try #require(origin), epoch: 1, sequence: sequence),
            preconditions: commit.preconditions, operations: commit.operations)
        return store.apply(transaction.encode(), index: sequence).result
    }

    mutating func write(_ write: ObjectWrite, by part: String = "tester") throws -> WriteResult {
        switch api.handle(write, by: .system(part), snapshot: store.snapshot, at: wall) {
        case .done(let result):
            return result
        case .commit(let commit):
            guard case .committed(let revision) = try apply(commit) else {
                throw HarnessError(what: "the write met a conflict")
            }
            return commit.response.result(at: revision)
        }
    }

    /// Runs a request and returns the JSON of its answer, which must have that code.
    @discardableResult
    mutating func expect(
        _ method: APIRequest.Method, _ path: String, _ body: JSON? = nil, code: Int,
        accept: String = "application/json", contentType: String = "application/json",
        user: UserInfo = admin, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> JSON {
        let response = try run(
            request(
                method, path, body, accept: accept, contentType: contentType, user: user))
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(response.code == code, "\(text)", sourceLocation: sourceLocation)
        return try JSON(parsing: response.body)
    }

    /// The watch that a request opens.
    mutating func watch(
        _ path: String, accept: String = "application/json"
    ) throws -> WatchStream {
        let request = request(.get, path, accept: accept)
        guard case .watch(let stream) = api.handle(request, snapshot: store.snapshot, at: wall)
        else { throw HarnessError(what: "\(path) opens no watch") }
        return stream
    }

    /// The lines that a watch would have got by now.
    func events(of stream: inout WatchStream) throws -> [JSON] {
        var bytes = stream.initialEvents(store.snapshot(at: stream.start) ?? store.snapshot)
        switch store.changes(after: stream.start, in: stream.range, limit: .max) {
        case .compacted(let through):
            bytes += stream.expired(oldest: through)
        case .changes(let changes, _):
            for change in changes { bytes += stream.event(for: change) ?? [] }
        }
        return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: $0) }
    }
}

struct HarnessError: Error {
    var what: String
}

/// Documents that tests begin with.
enum Sample {
    static func configMap(_ name: String, labels: JSON = [:]) -> JSON {
        [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string(name), "labels": labels], "data": ["key": "value"],
        ]
    }

    static func pod(_ name: String, labels: JSON = [:]) -> JSON {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "labels": labels],
            "spec": ["containers": [["name": "main", "image": "busybox"]]],
        ]
    }

    static func deployment(_ name: String) -> JSON {
        [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": .string(name)],
            "spec": [
                "replicas": 2, "selector": ["matchLabels": ["app": "web"]],
                "template": [
                    "metadata": ["labels": ["app": "web"]],
                    "spec": ["containers": [["name": "main", "image": "busybox"]]],
                ],
            ],
        ]
    }

    static func service(_ name: String, type: String = "ClusterIP") -> JSON {
        [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(name)],
            "spec": [
                "type": .string(type), "selector": ["app": "web"],
                "ports": [["port": 80, "protocol": "TCP", "targetPort": 8_080]],
            ],
        ]
    }
}
