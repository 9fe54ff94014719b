import API
import Base
import Daemon
import JSON
import Objects
import Store

/// What clients ask: calls of the Store on links between machines, and requests of the API with
/// their paths, queries, selectors and claims.
extension FuzzDecoder {
    static let calls = FuzzDecoder(
        "calls", "calls of the Store and their answers, on links between machines",
        seeds: { CallSamples.calls.map(\.bytes) + CallSamples.answers.map(\.bytes) },
        check: { bytes in
            .roundTrip(bytes, decode: CallSamples.Framed.init(decoding:), encode: \.bytes)
        })

    /// A method, a path with its query, and a body: `POST /api/v1/namespaces?dryRun=All`, then the
    /// body behind the first line.
    static let requests = FuzzDecoder(
        "requests", "requests of the API: paths, queries, selectors, bodies", isText: true,
        tokens: [
            "GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "/api/v1/", "/apis/", "web",
            "/apps/v1/", "namespaces/", "default/", "pods", "/log", "/status", "/scale", "/exec",
            "/proxy/", "?", "&", "=", "%2F", "%00", "%", "+", "labelSelector=", "fieldSelector=",
            "watch=1",
            "limit=1", "continue=", "resourceVersion=", "resourceVersionMatch=NotOlderThan",
            "timeoutSeconds=", "dryRun=All", "fieldManager=f", "force=true", "propagationPolicy=",
            "sendInitialEvents=true", "fieldValidation=Strict", "command=", "container=", "port=",
        ],
        seeds: { RequestSamples.requests.map { Array($0.utf8) } },
        check: { bytes in
            let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            guard let line = String(validating: bytes[..<end], as: UTF8.self) else {
                return .refused
            }
            let words = line.split(separator: " ", maxSplits: 1)
            let target = (words.count > 1 ? words[1] : "").split(
                separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let request = APIRequest(
                APIRequest.Method(rawValue: words.first.map(String.init) ?? "") ?? .other,
                target.first.map(String.init) ?? "",
                query: target.count > 1 ? String(target[1]) : "", accept: "application/json",
                contentType: "application/json", body: Array(bytes[end...].dropFirst()),
                credential: .user(RequestSamples.administrator))
            return RequestSamples.outcome(of: request)
        })
}

private enum CallSamples {
    /// A frame in either direction.
    enum Framed: Equatable {
        case call(StoreCall, UInt64)
        case answer(StoreAnswer, UInt64)

        init(decoding bytes: [UInt8]) throws {
            if bytes.first == StoreCallCodec.callKind {
                let (call, number) = try StoreCallCodec.decodeCall(bytes)
                self = .call(call, number)
            } else {
                let (answer, number) = try StoreCallCodec.decodeAnswer(bytes)
                self = .answer(answer, number)
            }
        }

        var bytes: [UInt8] {
            switch self {
            case .call(let call, let number): StoreCallCodec.encode(call, number: number)
            case .answer(let answer, let number): StoreCallCodec.encode(answer, number: number)
            }
        }
    }

    private static let key = Key(
        group: "apps", resource: "deployments", namespace: "default", name: "web")

    static let calls: [Framed] = [
        .call(.transact(StoreSamples.transactions[1].encode()), 7), .call(.read(key), 1 << 40),
    ]
    static let answers: [Framed] = [
        .answer(.committed(Revision(77)), 7), .answer(.conflict(key), 8),
        .answer(.document(Array(#"{"a":1}"#.utf8), modRevision: Revision(3)), 9),
        .answer(.absent(Revision(4)), 10), .answer(.refused(.overloaded), 11),
    ]
}

enum RequestSamples {
    static let administrator = UserInfo(
        name: "admin", groups: [UserInfo.masters, UserInfo.authenticated])
    static let wall = WallTime(seconds: 1_795_241_100)

    static let requests = [
        "GET /api/v1/namespaces/default/pods?labelSelector=app%3Dweb,tier+in+(a,b)&limit=5",
        "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dmachine-1,status.phase!=Failed",
        "GET /api/v1/namespaces/default/configmaps?watch=true&resourceVersion=1&timeoutSeconds=9",
        "GET /api/v1/namespaces/default/pods/web-0/log?container=main&tailLines=5&follow=true",
        "GET /apis/apps/v1/namespaces/default/deployments/web/scale",
        "GET /openapi/v3/api/v1?hash=1", "GET /api", "GET /apis/apps/v1", "GET /version",
        "GET /apis/nowhere.io/v1/things", "HEAD /healthz", "OPTIONS /api/v1/pods",
        "POST /api/v1/namespaces/default/pods/web-0/exec?command=sh&stdin=true&container=main",
        "POST /api/v1/namespaces/default/configmaps?fieldManager=f&dryRun=All\n"
            + #"{"metadata":{"generateName":"a-","labels":{"app":"web"}},"data":{"a":"b"}}"#,
        "POST /api/v1/namespaces/default/pods?fieldValidation=Strict\n"
            + #"{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"busybox"}]}}"#,
        "PUT /api/v1/namespaces/default/configmaps/c\n"
            + #"{"metadata":{"name":"c","resourceVersion":"3"},"data":{"a":"c"}}"#,
        "DELETE /api/v1/namespaces/default/configmaps?labelSelector=!x\n"
            + #"{"propagationPolicy":"Foreground","preconditions":{"uid":"u"}}"#,
        "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews\n"
            + #"{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}"#,
    ]

    /// An API in front of a Store that holds a namespace, a service account and two ConfigMaps.
    private struct Server: Sendable {
        var api: APICore
        var store = StoreCore()

        init() {
            guard let network = IPv4Network("10.96.0.0/16") else {
                preconditionFailure("a network")
            }
            api = APICore(
                configuration: APIConfiguration(serviceNetwork: network), random: Random(seed: 1))
            for (path, body) in [
                ("/api/v1/namespaces", #"{"metadata":{"name":"default"}}"#),
                ("/api/v1/namespaces/default/serviceaccounts", #"{"metadata":{"name":"robot"}}"#),
                ("/api/v1/namespaces/default/configmaps", #"{"metadata":{"name":"a"}}"#),
                ("/api/v1/namespaces/default/configmaps", #"{"metadata":{"name":"c"}}"#),
            ] {
                apply(
                    APIRequest(
                        .post, path, contentType: "application/json", body: Array(body.utf8),
                        credential: .user(administrator)))
            }
        }

        private mutating func apply(_ request: APIRequest) {
            guard
                case .commit(let commit) = api.handle(
                    request, snapshot: store.snapshot, at: wall),
                let origin = MachineName("machine-1")
            else { preconditionFailure("\(request.path) makes nothing") }
            let number = store.appliedIndex + 1
            let transaction = Transaction(
                id: CommandID(origin: origin, epoch: 1, sequence: number),
                preconditions: commit.preconditions, operations: commit.operations)
            _ = store.apply(transaction.encode(), index: number)
        }
    }

    private static let server = Server()

    /// The UID of the service account, which its tokens name.
    static let accountUID: String = {
        let key = Key(
            group: "", resource: "serviceaccounts", namespace: "default", name: "robot")
        let document = server.store.snapshot[key].flatMap { try? JSON(parsing: $0.bytes) }
        return document?["metadata"]?["uid"]?.string ?? ""
    }()

    /// Whatever a client asks, the answer is one of HTTP, says what is wrong with the request and
    /// never that the server is at its end, and its body is what its type says.
    static func outcome(of request: APIRequest) -> FuzzDecoder.Outcome {
        var api = server.api
        if case .refused(let response) = api.requirement(of: request) { return judge(response) }
        switch api.handle(request, snapshot: server.store.snapshot, at: wall) {
        case .respond(let response): return judge(response)
        case .commit(let commit):
            return judge(commit.response.finish(at: Revision(server.store.revision.number + 1)))
        case .watch, .stream, .issueToken, .proxy, .usage, .metrics, .openIDKeys: return .accepted
        }
    }

    private static func judge(_ response: APIResponse) -> FuzzDecoder.Outcome {
        guard (200..<600).contains(response.code), response.code != 500 else {
            return .broken(
                "answered \(response.code): \(String(decoding: response.body, as: UTF8.self))")
        }
        if response.contentType == "application/json", !response.body.isEmpty,
            (try? JSON(parsing: response.body, limits: JSONLimits(bytesMax: .max))) == nil
        {
            return .broken("an answer of \(response.body.count) bytes is no JSON")
        }
        return response.code < 300 ? .accepted : .refused
    }
}
