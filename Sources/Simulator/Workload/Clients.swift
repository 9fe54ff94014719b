import API
import Base
import JSON

/// Requests that the clients make.
enum Requests {
    static let namespace = "load"

    static func get(_ path: String, query: String = "") -> APIRequest {
        APIRequest(.get, path, query: query, credential: administrator)
    }

    static func write(
        _ method: APIRequest.Method, _ path: String, _ body: JSON,
        contentType: String = "application/json"
    ) -> APIRequest {
        APIRequest(
            method, path, contentType: contentType, body: body.bytes, credential: administrator)
    }

    static func delete(_ path: String, query: String) -> APIRequest {
        APIRequest(.delete, path, query: query, credential: administrator)
    }

    static let configMaps = "/api/v1/namespaces/\(namespace)/configmaps"
    static let deployments = "/apis/apps/v1/namespaces/\(namespace)/deployments"

    static func configMap(_ name: String, _ value: Int, resourceVersion: String? = nil) -> JSON {
        var metadata: JSON = ["name": .string(name)]
        if let resourceVersion { metadata["resourceVersion"] = .string(resourceVersion) }
        return [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
            "data": ["value": .string(String(value))],
        ]
    }

    static let services = "/api/v1/namespaces/\(namespace)/services"
    static let pods = "/api/v1/namespaces/\(namespace)/pods"

    /// - Parameter clusterIP: nil lets the cluster choose one.
    static func service(_ name: String, clusterIP: String?) -> JSON {
        var spec: JSON = [
            "selector": ["app": .string(name)],
            "ports": [["name": "http", "port": 80, "targetPort": 8080]],
        ]
        if let clusterIP { spec["clusterIP"] = .string(clusterIP) }
        return [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": .string(name)],
            "spec": spec,
        ]
    }

    static func deployment(_ name: String, replicas: Int, image: String) -> JSON {
        [
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": ["name": .string(name)],
            "spec": [
                "replicas": .integer(Int64(replicas)),
                "selector": ["matchLabels": ["app": .string(name)]],
                "template": [
                    "metadata": ["labels": ["app": .string(name)]],
                    "spec": [
                        "terminationGracePeriodSeconds": 2,
                        "containers": [
                            [
                                "name": "main", "image": .string(image),
                                "command": ["sh", "-c", "httpd -f -p 8080"],
                            ]
                        ],
                    ],
                ],
            ],
        ]
    }

    private static let administrator = Credential.user(
        UserInfo(name: "kubernetes-admin", groups: [UserInfo.masters, UserInfo.authenticated]))
}

/// Makes objects one after the other, each until it is there.
struct Creator: Client {
    private var left: [(path: String, body: JSON)]
    var violation: String? { nil }
    var isDone: Bool { left.isEmpty }

    init(_ objects: [(path: String, body: JSON)]) { left = objects }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        switch signal {
        // An earlier try, whose answer was lost, may have made it.
        case .response(let response) where response.code == 201 || response.code == 409:
            left.removeFirst()
        case .response, .lost, .streamBegan, .streamBytes:
            return .pause(.milliseconds(Int64(20 + context.random.below(100))))
        case .resumed: break
        }
        guard let next = left.first else { return .stop }
        return .send(Requests.write(.post, next.path, next.body))
    }
}

/// Counts a register up, as an operator does: read, write with the resourceVersion read. A retry
/// of a write whose answer was lost finds its value there, or writes it.
struct RegisterWriter: Client {
    private let name: String
    private var value = 0
    private var exists = false
    private var isOver: () -> Bool
    private(set) var violation: String?

    init(_ name: String, isOver: @escaping () -> Bool) {
        self.name = name
        self.isOver = isOver
    }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        guard case .response(let response) = signal else {
            if case .resumed = signal {
                if exists, isOver(), context.registers.floor(name) >= value { return .stop }
                return begin(&context)
            }
            return retry(&context)
        }
        switch (response.code, exists) {
        case (201, false), (409, false):
            exists = true
            return finish(&context)
        case (200, true): return write(response, &context)
        case (404, true):
            violation = "register \(name) is gone"
            return .stop
        default: return retry(&context)
        }
    }

    private mutating func begin(_ context: inout ClientContext) -> ClientAction {
        context.registers.attempt(name, value)
        guard exists else {
            return .send(
                Requests.write(
                    .post, Requests.configMaps, Requests.configMap(name, value)))
        }
        return .send(Requests.get("\(Requests.configMaps)/\(name)"))
    }

    /// The answer to a read or to a write, which both show the register.
    private mutating func write(
        _ response: APIResponse, _ context: inout ClientContext
    ) -> ClientAction {
        guard let object = try? JSON(parsing: response.body),
            let held = object["data"]?["value"]?.string.flatMap({ Int($0) }),
            let version = object["metadata"]?["resourceVersion"]?.string
        else {
            violation = "register \(name) was answered without value"
            return .stop
        }
        if held == value { return finish(&context) }
        guard held == value - 1 else {
            violation = "the writer of register \(name) finds \(held) and not \(value - 1)"
            return .stop
        }
        return .send(
            Requests.write(
                .put, "\(Requests.configMaps)/\(name)",
                Requests.configMap(name, value, resourceVersion: version)))
    }

    private mutating func finish(_ context: inout ClientContext) -> ClientAction {
        context.registers.acknowledge(name, value)
        value += 1
        if isOver() {
            value -= 1
            return .stop
        }
        return .pause(.milliseconds(Int64(20 + context.random.below(300))))
    }

    private func retry(_ context: inout ClientContext) -> ClientAction {
        .pause(.milliseconds(Int64(20 + context.random.below(150))))
    }
}

/// Reads registers from whichever machine.
struct RegisterReader: Client {
    private let names: [String]
    private var reading: (name: String, floor: Int)?
    private let isOver: () -> Bool
    private(set) var violation: String?

    init(_ names: [String], isOver: @escaping () -> Bool) {
        self.names = names
        self.isOver = isOver
    }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        switch signal {
        case .response(let response):
            if let reading, response.code == 200 || response.code == 404 {
                let object = response.code == 200 ? try? JSON(parsing: response.body) : nil
                let value = object?["data"]?["value"]?.string.flatMap { Int($0) }
                violation = context.registers.finishRead(reading.name, value, floor: reading.floor)
            }
            return .pause(.milliseconds(Int64(20 + context.random.below(200))))
        case .lost, .streamBegan, .streamBytes:
            return .pause(.milliseconds(Int64(20 + context.random.below(200))))
        case .resumed:
            if isOver() { return .stop }
            let name = names[context.random.below(names.count)]
            reading = (name, context.registers.floor(name))
            return .send(Requests.get("\(Requests.configMaps)/\(name)"))
        }
    }
}
