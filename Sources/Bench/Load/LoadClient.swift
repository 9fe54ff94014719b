import Base
import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Shell

/// Keeps a server busy with a fixed number of operations at a time, and measures each. It runs in
/// a process of its own, on one thread, and does as little as it can: what it uses of the
/// processors it takes from the server.
package struct LoadClient: Sendable {
    private let settings: LoadSettings

    package init(_ settings: LoadSettings) { self.settings = settings }

    package func run() async throws -> LoadResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let tls = try makeTLS()
        let settings = settings
        let meter = try await loop.submit { NIOLoopBound(LoadMeter(), eventLoop: loop) }.get()
        var channels: [any Channel] = []
        for number in 0..<settings.connections {
            let channel = try await ClientBootstrap(group: loop)
                .channelOption(.socketOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        if let tls {
                            try pipeline.addHandler(
                                NIOSSLClientHandler(context: tls, serverHostname: nil))
                        }
                        let handler = LoadHandler(
                            wire: Self.wire(settings, connection: number),
                            clients: Self.share(of: number, settings), meter: meter.value)
                        try pipeline.addHandler(handler)
                    }
                }
                .connect(host: settings.host, port: settings.port).get()
            channels.append(channel)
        }
        let result = try await loop.flatSubmit { meter.value.start(settings, on: loop) }.get()
        for channel in channels { try? await channel.close() }
        try await group.shutdownGracefully()
        return result
    }

    /// Clients are dealt out evenly; the first connections take what is left over.
    private static func share(of connection: Int, _ settings: LoadSettings) -> Int {
        let (each, rest) = settings.clients.quotientAndRemainder(
            dividingBy: max(1, settings.connections))
        return each + (connection < rest ? 1 : 0)
    }

    private static func wire(_ settings: LoadSettings, connection: Int) -> any LoadProtocol {
        switch settings.server {
        case .store: StoreLoad(settings.operation, connection: connection)
        case .kubernetes:
            KubernetesLoad(settings, connection: connection)
        case .etcd:
            EtcdLoad(
                settings.operation, authority: "\(settings.host):\(settings.port)",
                connection: connection)
        }
    }

    private func makeTLS() throws -> NIOSSLContext? {
        guard !settings.authorityPEM.isEmpty else { return nil }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.certificateVerification = .noHostnameVerification
        configuration.trustRoots = .certificates(
            try NIOSSLCertificate.fromPEMBytes(Array(settings.authorityPEM.utf8)))
        configuration.certificateChain =
            try NIOSSLCertificate
            .fromPEMBytes(Array(settings.certificatePEM.utf8)).map { .certificate($0) }
        configuration.privateKey = .privateKey(
            try NIOSSLPrivateKey(bytes: Array(settings.privateKeyPEM.utf8), format: .pem))
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Counts the operations of a run. Confined to the client's event loop.
final class LoadMeter {
    private var handlers: [LoadHandler] = []
    private var samples = Samples()
    private var failures = 0
    private var begin = Instant.distantFuture
    private var end = Instant.distantFuture
    private var promise: EventLoopPromise<LoadResult>?

    func add(_ handler: LoadHandler) { handlers.append(handler) }

    /// Lets every client begin, and tells the result when the time is over.
    func start(
        _ settings: LoadSettings, on loop: any EventLoop
    ) -> EventLoopFuture<LoadResult> {
        let promise = loop.makePromise(of: LoadResult.self)
        self.promise = promise
        begin = .now + .milliseconds(Int64(settings.warmUpSeconds * 1_000))
        end = begin + .milliseconds(Int64(settings.seconds * 1_000))
        var processor = 0.0
        loop.assumeIsolated().scheduleTask(in: .nanoseconds((begin - .now).nanoseconds)) {
            processor = Self.processorSeconds
        }
        loop.assumeIsolated().scheduleTask(in: .nanoseconds((end - .now).nanoseconds)) {
            self.finish(settings, processorSeconds: Self.processorSeconds - processor)
        }
        for handler in handlers { handler.start() }
        return promise.futureResult
    }

    func note(from start: Instant, to now: Instant, isGood: Bool) {
        guard now >= begin, now < end else { return }
        if isGood {
            samples.append(Double((now - start).nanoseconds) / 1e6)
        } else {
            failures += 1
        }
    }

    /// A connection broke, or the server said something that makes no sense.
    func fail(_ error: any Error) {
        promise?.fail(error)
        promise = nil
    }

    private func finish(_ settings: LoadSettings, processorSeconds: Double) {
        guard let promise else { return }
        self.promise = nil
        for handler in handlers { handler.stop() }
        promise.succeed(
            LoadResult(
                operations: samples.count, failures: failures, seconds: settings.seconds,
                median: samples.median() ?? 0, percentile99: samples.percentile(99) ?? 0,
                processorSeconds: processorSeconds))
    }

    private static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
