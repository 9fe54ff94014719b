import Base
import JSON
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Shell

/// Asks the Kubernetes API for Pods over connections that stay open, as clients do.
enum PodConnection {
    struct Settings: Sendable {
        var host: String
        var port: Int
        var authorityPEM: String
        var certificatePEM: String
        var privateKeyPEM: String
    }

    static let path = "/api/v1/namespaces/default/pods"
    /// Over which Pods are created and deleted, one request after the other on each.
    private static let connections = 4

    static func isReady(_ settings: Settings) async throws -> Bool {
        let answers = try await perform([.get("/api/v1/nodes")], settings)
        guard let body = answers.first?.body, let list = try? JSON(parsing: body) else {
            return false
        }
        // The account that Pods run as is made a little later than the Node.
        let accounts = try await perform(
            [.get("/api/v1/namespaces/default/serviceaccounts/default")], settings)
        return accounts.first?.code == 200
            && (list["items"]?.array ?? []).contains { node in
                (node["status"]?["conditions"]?.array ?? []).contains {
                    $0["type"] == "Ready" && $0["status"] == "True"
                }
            }
    }

    /// Creates Pods and watches until the last of them runs.
    static func start(
        _ names: [String], _ settings: Settings, probed: Bool = false
    ) async throws -> PodsRun {
        let progress = PodProgress(names: names)
        let close = try await watch(progress, settings)
        defer { close() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<min(connections, names.count) {
                let own = stride(from: part, to: names.count, by: connections).map { names[$0] }
                group.addTask {
                    let answers = try await perform(
                        own.map { .post(path, manifest($0, probed: probed)) }, settings,
                        onSent: { progress.noteSent(own[$0]) })
                    guard answers.allSatisfy({ $0.code == 201 }) else {
                        throw BenchError("a Pod was refused: \(answers.map(\.code))")
                    }
                }
            }
            try await group.waitForAll()
        }
        return try await progress.result(timeoutSeconds: 120)
    }

    /// Starts a watch of all Pods; what is returned ends it.
    static func watch(
        _ progress: PodProgress, _ settings: Settings
    ) async throws -> @Sendable () -> Void {
        let channel = try await connect(
            settings, ExchangeHandler([.get("\(path)?watch=true")], onBytes: progress.take))
        progress.begin(Stopwatch())
        return { channel.close(promise: nil) }
    }

    /// Deletes the Pods and waits until they are gone.
    static func remove(_ names: [String], _ settings: Settings) async throws {
        _ = try await perform(
            names.map { .delete("\(path)/\($0)?gracePeriodSeconds=0") },
            settings)
        let watch = Stopwatch()
        while watch.elapsedSeconds < 60 {
            let answers = try await perform([.get(path)], settings)
            if let body = answers.first?.body, let list = try? JSON(parsing: body),
                list["items"]?.array?.isEmpty ?? true
            {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw BenchError("the Pods did not go within 60 s")
    }

    private static func manifest(_ name: String, probed: Bool) -> JSON {
        var container: JSON = [
            "name": "c", "image": .string(PodsBench.image), "imagePullPolicy": "IfNotPresent",
            "command": .array(PodsBench.command.map { .string($0) }),
        ]
        var spec: JSON = ["terminationGracePeriodSeconds": 0]
        if probed {
            container["readinessProbe"] = ["exec": ["command": ["true"]], "periodSeconds": 1]
            spec["restartPolicy"] = "Never"
            // Its token would be a tmpfs for each Pod, which is not what is measured.
            spec["automountServiceAccountToken"] = false
        }
        spec["containers"] = [container]
        return [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)], "spec": spec,
        ]
    }

    // MARK: Connections

    private static func perform(
        _ requests: [ExchangeHandler.Request], _ settings: Settings,
        onSent: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> [ExchangeHandler.Answer] {
        let group = NIOSingletons.posixEventLoopGroup
        let promise = group.any().makePromise(of: [ExchangeHandler.Answer].self)
        let channel = try await connect(
            settings, ExchangeHandler(requests, onSent: onSent, promise: promise))
        defer { channel.close(promise: nil) }
        return try await promise.futureResult.get()
    }

    private static func connect(
        _ settings: Settings, _ handler: @autoclosure @escaping @Sendable () -> ExchangeHandler
    ) async throws -> any Channel {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(settings.authorityPEM.utf8)))
        configuration.certificateChain =
            try NIOSSLCertificate
            .fromPEMBytes(Array(settings.certificatePEM.utf8)).map { .certificate($0) }
        configuration.privateKey = .privateKey(
            try NIOSSLPrivateKey(bytes: Array(settings.privateKeyPEM.utf8), format: .pem))
        let context = try NIOSSLContext(configuration: configuration)
        return try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(
                        NIOSSLClientHandler(context: context, serverHostname: nil))
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(handler())
                }
            }
            .connect(host: settings.host, port: settings.port).get()
    }
}
