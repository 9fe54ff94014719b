import API
import Base
import Control
import Daemon
import Dispatch
import Foundation
import Gossip
import JSON
import Kubelet
import Logging
import NIOCore
import NIOPosix
import Raft
import Services
import Store

/// Runs the daemon of one machine from its configuration until it is told to stop.
package struct DaemonRunner: Sendable {
    private let configuration: MachineConfiguration

    package init(configuration: MachineConfiguration) { self.configuration = configuration }

    /// How long the goodbye may take before the process ends anyway.
    private static let leaveTimeout = TimeAmount.seconds(2)
    /// How often the runtime is asked whether it is ready.
    private static let readinessPeriod = Duration.seconds(5)
    private static let readinessRetry = Duration.milliseconds(50)
    /// The API's threads evaluate requests, so a machine with more processors gets more of them.
    private static let apiThreads = max(2, min(16, System.coreCount))

    package func run() async throws(ShellError) {
        let logger = makeLogger()
        let directory = IdentityDirectory(dataDirectory: configuration.dataDirectory)
        var identity = try directory.read()
        guard identity.machine == configuration.name.text else {
            throw ShellError(
                .wrongOwner, "run as \(configuration.name)",
                underlying: "\(configuration.dataDirectory) belongs to the machine "
                    + "\(identity.machine); correct \"name\" or \"dataDirectory\"")
        }
        let log = try open(&identity, in: directory)
        do {
            try await start(identity, log, logger)
        } catch let error as ShellError {
            throw error
        } catch {
            throw ShellError(.other, "run the daemon", underlying: "\(error)")
        }
    }

    /// Opens the log with the identity's keys, which are on the disk before anything is sealed with
    /// them, and forgets those that seal nothing any more.
    private func open(
        _ identity: inout IdentityDirectory.Contents, in directory: IdentityDirectory
    ) throws(ShellError) -> LogDirectory.Contents {
        let keys = identity.storageKeys ?? .make(at: .now)
        if identity.storageKeys != keys {
            identity.storageKeys = keys
            try directory.write(identity)
        }
        let log = try LogDirectory.open(
            configuration.dataDirectory, clusterID: identity.clusterID, keys: keys)
        if keys != keys.newestOnly {
            identity.storageKeys = keys.newestOnly
            try directory.write(identity)
        }
        return log
    }

    private func start(
        _ identity: IdentityDirectory.Contents, _ log: LogDirectory.Contents, _ logger: Logger
    ) async throws {
        let peersFile = PeersFile(dataDirectory: configuration.dataDirectory)
        let trust = try MachineTrust(identity)
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let apiLoops = MultiThreadedEventLoopGroup(numberOfThreads: Self.apiThreads)
        let eventLoop = loop.next()
        let (sealer, certificate) = try makeSealer(identity)
        let settings = DaemonSettings(configuration, identity: identity, certificate: certificate)
        let core = DaemonCore(
            configuration: settings.daemon, restored: log.restored, store: log.store,
            random: Random(seed: .random(in: 0 ... .max)), now: .now, wallTime: .now)
        let runtime = try RuntimeClient(endpoint: configuration.containerRuntime.endpoint)
        let network = MachineNetwork(configuration: configuration, logger: logger)
        let machine = MachineActions(runtime: runtime, network: network)
        let zone = ZoneBox(core.zone)
        guard let vaultKey = GossipIdentity(secretKey: identity.vaultKey) else {
            throw Self.damagedIdentity
        }
        let shell = DaemonShell(
            configuration: configuration,
            identity: DaemonShell.Identity(
                directory: IdentityDirectory(dataDirectory: configuration.dataDirectory),
                contents: identity, vaultKey: vaultKey, trust: trust),
            core: core, sealer: sealer, log: log.directory, machine: machine,
            peersFile: peersFile, resolver: zone, eventLoop: eventLoop, logger: logger)
        log.directory.onPersisted { shell.didPersist($0, $1) }
        let streams = ContainerStreams(
            runtime: runtime, tunnel: MachineTunnel(trust: trust))

        let datagrams = try await bindMesh(shell, eventLoop)
        let links = try await bindLinks(shell, eventLoop, trust)
        let auditor = try Auditor(configuration.audit, logger: logger)
        let front = makeFront(shell, auditor, clusterID: identity.clusterID)
        await shell.attach(
            datagrams: datagrams, links: links, front: front, streams: streams,
            auditor: auditor)
        let server = try await listen(front, trust, apiLoops)
        try await listen(zone, on: apiLoops.next())
        network.prepare()
        network.holdVirtualAddress(false)
        await enter(shell, identity, peersFile)
        logger.info(
            """
            \(configuration.name) serves \
            https://\(configuration.address):\(configuration.api.port)
            """)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await runtime.run() }
            group.addTask { await machine.run() }
            group.addTask { await streams.run() }
            group.addTask { await watchRuntime(runtime, shell, logger) }
            group.addTask { await watchExits(runtime, shell) }
            group.addTask { await StaticPodWatch(configuration, shell, logger).run() }
            await waitForStop(shell, server, logger)
            runtime.shutDown()
            group.cancelAll()
        }
        if await shell.isRemoved {
            throw ShellError(
                .identity, "run as \(configuration.name)",
                underlying: "this machine was removed from the cluster; to let it come back, "
                    + "remove \(configuration.dataDirectory), make a token with \"podmesh token "
                    + "create\" on a machine of the cluster, and run \"podmesh join\"")
        }
        if let record = await shell.nameConflict { throw nameTaken(by: record) }
    }

    // MARK: Parts

    private func makeFront(
        _ shell: DaemonShell, _ auditor: Auditor?, clusterID: String
    ) -> APIFront {
        let routes = ClusterRoutes(
            configuration: configuration, clusterID: clusterID, shell: { shell })
        return APIFront(
            views: shell.views, meter: shell.meter, auditor: auditor,
            ownRoutes: { routes.take($0, $1) }
        ) { input, http, exchange in
            shell.deliver(.request(input, http, exchange))
        }
    }

    private func makeSealer(
        _ identity: IdentityDirectory.Contents
    ) throws(ShellError) -> (DatagramSealer, GossipCertificate) {
        guard let mesh = GossipIdentity(secretKey: identity.meshKey),
            let certificate = try? GossipCertificate(decoding: identity.meshCertificate),
            certificate.publicKey == mesh.publicKey
        else {
            throw Self.damagedIdentity
        }
        let sealer = DatagramSealer(
            identity: mesh, certificate: certificate,
            authorityKeys: identity.authorities.map(\.meshPublicKey))
        return (sealer, certificate)
    }

    private static let damagedIdentity = ShellError(
        .identity, "read the mesh key",
        underlying: "the identity file is damaged; remove the data folder and join again")

    private func bindMesh(
        _ shell: DaemonShell, _ eventLoop: any EventLoop
    ) async throws -> NIOLoopBound<DatagramSocket> {
        try await reportingPort(configuration.mesh.port, "mesh.port") {
            try await DatagramSocket.bind(
                address: configuration.address, port: configuration.mesh.port, on: eventLoop,
                admit: { head, bytes in
                    shell.assumeIsolated { $0.sealer.admits(head, bytes: bytes) }
                }
            ) { source, bytes in
                shell.assumeIsolated { $0.receiveDatagram(bytes, from: source) }
            }
        }
    }

    private func bindLinks(
        _ shell: DaemonShell, _ eventLoop: any EventLoop, _ trust: MachineTrust
    ) async throws -> NIOLoopBound<PeerLinks> {
        let links = try await eventLoop.submit {
            NIOLoopBound(PeerLinks(eventLoop: eventLoop, trust: trust), eventLoop: eventLoop)
        }.get()
        try await reportingPort(configuration.raft.port, "raft.port") {
            try await PeerLinks.listen(
                address: configuration.address, port: configuration.raft.port, on: eventLoop,
                trust: trust
            ) { sender, frame, channel in
                shell.assumeIsolated { $0.receiveFrame(frame, from: sender, on: channel) }
            }
        }
        return links
    }

    private func listen(
        _ front: APIFront, _ trust: MachineTrust, _ group: any EventLoopGroup
    ) async throws -> HTTPServer {
        let server = HTTPServer(group: group, receiver: front, trust: trust)
        try await reportingPort(configuration.api.port, "api.port") {
            _ = try await server.listen(
                address: "0.0.0.0", port: configuration.api.port)
        }
        let socket = AdministrationClient(configuration: configuration).socket
        _ = try await server.listen(socket: socket)
        chmod(socket, 0o600)
        return server
    }

    private func listen(_ zone: ZoneBox, on eventLoop: any EventLoop) async throws {
        let upstream =
            configuration.dns.upstream.isEmpty
            ? DNSForwarder.machineServers() : configuration.dns.upstream
        // A server that asks itself would never answer.
        let others = upstream.filter { $0 != configuration.address }
        let server = DNSServer(eventLoop: eventLoop, zone: zone, upstream: others)
        try await reportingPort(configuration.dns.port, "dns.port") {
            try await server.listen(address: configuration.address, port: configuration.dns.port)
        }
    }

    /// Joins the mesh through everyone known, and starts the cores' clocks.
    private func enter(
        _ shell: DaemonShell, _ identity: IdentityDirectory.Contents, _ peersFile: PeersFile
    ) async {
        let seeds = (peersFile.read() + identity.seeds).compactMap(GossipSeed.init)
        await shell.learn(seeds)
        shell.deliver(.start(seeds: seeds))
        guard let bootstrap = identity.bootstrap else { return }
        shell.deliver(.bootstrap(bootstrap.map(\.operation)))
    }

    // MARK: The runtime

    /// Tells the kubelet what the machine is and whether the runtime answers.
    private func watchRuntime(
        _ runtime: RuntimeClient, _ shell: DaemonShell, _ logger: Logger
    ) async {
        var toldFacts = false
        var lastReport: String?
        while !Task.isCancelled {
            if !toldFacts, let version = await runtime.version() {
                toldFacts = true
                shell.deliver(
                    .kubelet(
                        .machine(
                            .ofThisMachine(disk: configuration.dataDirectory, runtime: version))))
            }
            let state = await runtime.readiness()
            let report = state.message.isEmpty ? "ready" : "not ready: \(state.message)"
            if report != lastReport {
                shell.deliver(.kubelet(.runtimeReady(state.isReady, message: state.message)))
                logger.info("container runtime \(report)")
            }
            lastReport = report
            try? await Task.sleep(
                for: state.message.isEmpty ? Self.readinessPeriod : Self.readinessRetry)
        }
    }

    private func watchExits(_ runtime: RuntimeClient, _ shell: DaemonShell) async {
        while !Task.isCancelled {
            try? await runtime.watchNotices { notice in
                shell.deliver(.kubelet(.containerExited(id: notice.id)))
            }
            try? await Task.sleep(for: Self.readinessRetry)
        }
    }

    // MARK: Stop

    /// Returns after SIGTERM or SIGINT, or when the cluster has removed this machine, and the
    /// goodbye is out.
    private func waitForStop(
        _ shell: DaemonShell, _ server: HTTPServer, _ logger: Logger
    ) async {
        let (signals, continuation) = AsyncStream.makeStream(of: Int32.self)
        let sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
        await shell.whenRemoved { continuation.yield(0) }
        await shell.whenNameIsTaken { continuation.yield(0) }
        for await number in signals {
            if number != 0 { logger.info("stopping", metadata: ["signal": "\(number)"]) }
            break
        }
        server.sayGoodbye()
        // A goodbye would be that of the other machine of this name.
        if await shell.nameConflict == nil { await shell.leave(within: Self.leaveTimeout) }
        for source in sources { source.cancel() }
    }

    private func nameTaken(by record: GossipMember) -> ShellError {
        ShellError(
            .nameTaken, "be \(record.name) in the mesh",
            underlying: "a live machine at \(record.address) had this name first; if this one was "
                + "copied from it, empty \(configuration.dataDirectory) and join under another "
                + "\"name\"")
    }

    private func reportingPort<Value>(
        _ port: Int, _ field: String, _ bind: () async throws -> Value
    ) async throws(ShellError) -> Value {
        do {
            return try await bind()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw ShellError(
                .addressInUse, "listen on port \(port) (\(field) of the configuration)",
                underlying: "another program uses it; stop it or choose another port")
        } catch {
            throw ShellError(
                .other, "listen on port \(port) (\(field) of the configuration)",
                underlying: "\(error)")
        }
    }

    private func makeLogger() -> Logger {
        var logger = Logger(label: "podmesh") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: configuration.logLevel) ?? .info
        return logger
    }
}
