import Foundation

/// What the tests read of a Pod.
struct PodState: Decodable, Sendable {
    struct Metadata: Decodable, Sendable {
        let name: String
        let uid: String
        let deletionTimestamp: String?
    }
    struct Spec: Decodable, Sendable {
        let nodeName: String?
    }
    struct Status: Decodable, Sendable {
        let phase: String
        let podIP: String?
        let containerStatuses: [ContainerStatus]?
    }
    struct ContainerStatus: Decodable, Sendable, Equatable {
        struct State: Decodable, Sendable, Equatable {
            struct Running: Decodable, Sendable, Equatable { let startedAt: String }
            let running: Running?
        }
        let ready: Bool
        let restartCount: Int
        let containerID: String?
        let state: State
    }

    let metadata: Metadata
    let spec: Spec
    let status: Status

    var name: String { metadata.name }
    var node: String { spec.nodeName ?? "" }
    var containers: [ContainerStatus] { status.containerStatuses ?? [] }
    var isRunning: Bool {
        status.phase == "Running" && metadata.deletionTimestamp == nil
            && !containers.isEmpty && containers.allSatisfy(\.ready)
    }

    func address() throws -> String {
        guard let address = status.podIP else { throw Failed("\(name) has no address") }
        return address
    }
}

private struct List<Item: Decodable>: Decodable { let items: [Item] }

private struct NodeState: Decodable {
    struct Metadata: Decodable { let name: String }
    struct Condition: Decodable {
        let type: String
        let status: String
    }
    struct Status: Decodable { let conditions: [Condition]? }
    let metadata: Metadata
    let status: Status
}

extension Cluster {
    func pods(_ selector: String) async throws -> [PodState] {
        let answer = try await kubectl(
            "get", "pods", "--selector", selector, "--output", "json", "--request-timeout", "2s")
        guard answer.succeeded else { throw Failed("\(answer)") }
        return try JSONDecoder().decode(List<PodState>.self, from: Data(answer.output.utf8)).items
    }

    func pod(_ name: String) async throws -> PodState {
        let answer = try await kubectl(
            "get", "pod", name, "--output", "json", "--request-timeout", "2s")
        guard answer.succeeded else { throw Failed("\(answer)") }
        return try JSONDecoder().decode(PodState.self, from: Data(answer.output.utf8))
    }

    /// The Ready condition of each Node by name.
    func readiness() async throws -> [String: String] {
        let answer = try await kubectl(
            "get", "nodes", "--output", "json", "--request-timeout", "2s")
        guard answer.succeeded else { throw Failed("\(answer)") }
        let nodes = try JSONDecoder().decode(List<NodeState>.self, from: Data(answer.output.utf8))
        return nodes.items.reduce(into: [:]) { result, node in
            let ready = node.status.conditions?.first { $0.type == "Ready" }
            result[node.metadata.name] = ready?.status
        }
    }

    func waitUntilAllReady(within limit: Duration = .seconds(15)) async throws {
        try await eventually(within: limit, "all Nodes are Ready") {
            try await readiness() == Dictionary(uniqueKeysWithValues: names.map { ($0, "True") })
        }
    }

    /// What every test begins with: all machines run, and their Nodes are Ready. An earlier test
    /// that failed may have left it otherwise.
    func settle() async throws {
        for name in names where try machine(name).pid == nil {
            _ = try await script("start", name)
        }
        try await waitUntilAllReady(within: .seconds(20))
    }

    /// The Deployment `web` of the examples with all its Pods running, and nothing else of it.
    @discardableResult
    func deployWeb() async throws -> [PodState] {
        try await applyExample("web")
        return try await runningWeb(within: .seconds(20))
    }

    /// The same with new Pods, two on each machine.
    func deployWebAnew() async throws -> [PodState] {
        _ = try await kubectl("delete", "deployment", "web", "--ignore-not-found")
        _ = try await kubectl("delete", "pods", "--selector", "app=web", "--now")
        try await eventually(within: .seconds(10), "no Pod of web is left") {
            try await pods("app=web").isEmpty
        }
        return try await deployWeb()
    }

    /// The six Pods of `web` once they all run, none of them on the machine `gone`.
    @discardableResult
    func runningWeb(
        within limit: Duration, without gone: String? = nil
    ) async throws -> [PodState] {
        var found: [PodState] = []
        try await eventually(within: limit, "six Pods of web run") {
            found = try await pods("app=web")
            let settled = found.allSatisfy { $0.isRunning && $0.node != gone }
            guard found.count == 6, settled else {
                let states = found.map { "\($0.name) \($0.node) \($0.status.phase)" }
                throw Failed(states.joined(separator: ", "))
            }
            return true
        }
        return found
    }

    /// One Pod bound to each machine, named `probe-1` and so on, each a web server that says on
    /// port 8080 on which machine it runs. In the order of the machines.
    func deployProbes() async throws -> [PodState] {
        let manifests = names.enumerated().map { index, name in
            """
            apiVersion: v1
            kind: Pod
            metadata:
              name: probe-\(index + 1)
              labels: {app: probe}
            spec:
              nodeSelector: {kubernetes.io/hostname: \(name)}
              terminationGracePeriodSeconds: 0
              containers:
                - name: httpd
                  image: busybox
                  command: [sh, -c, "echo \(name) >/tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
            """
        }
        try await apply(manifests.joined(separator: "\n---\n"))
        var found: [PodState] = []
        try await eventually(within: .seconds(20), "the three probes run") {
            found = try await pods("app=probe").sorted { $0.name < $1.name }
            return found.map(\.node) == names && found.allSatisfy(\.isRunning)
        }
        return found
    }
}
