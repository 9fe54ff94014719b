import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Saves the Store of the running cluster into a file: the daemon of this machine sends it block by
/// block, and nothing takes the file's name before every byte of it was checked.
package struct SnapshotDownload: Sendable {
    private let socket: String
    private let configuration: MachineConfiguration

    package init(configuration: MachineConfiguration) {
        self.configuration = configuration
        socket = AdministrationClient(configuration: configuration).socket
    }

    /// Told how many bytes have come.
    package typealias Progress = @Sendable (Int) -> Void

    /// True when the machine confirmed before that it knows every acknowledged write; false when
    /// the cluster has no quorum, and the file holds what this machine knows.
    ///
    /// The file is sealed for every machine of the cluster, and for whoever knows the passphrase.
    package func save(
        to path: String, passphrase: String?, progress: @escaping Progress
    ) async throws(ShellError) -> (isCurrent: Bool, summary: SnapshotArchive.Summary) {
        let side = "\(path).part"
        let isCurrent = await isCurrent()
        let recipients = KeyEnvelope.Recipients(
            machines: try await ClusterAdministration(configuration: configuration).vaultKeys(),
            passphrase: passphrase)
        let summary: SnapshotArchive.Summary
        do throws(ShellError) {
            let file = try SealedFileWriter(creating: side, .recipients(recipients))
            try await receive(into: file, progress)
            summary = try SnapshotArchive(
                opening: side,
                with: KeyEnvelope.Opener(
                    dataDirectory: configuration.dataDirectory, passphrase: passphrase)
            ).summary()
        } catch {
            unlink(side)
            throw error
        }
        guard rename(side, path) == 0 else { throw .system("rename \(side) to \(path)") }
        return (isCurrent, summary)
    }

    /// A read through the log's leader: when it is answered, this machine has applied everything
    /// that was acknowledged before.
    private func isCurrent() async -> Bool {
        let client = HTTPClient(target: .socket(socket), timeout: .seconds(5))
        let answer = try? await client.request(.GET, "/api/v1/namespaces/kube-system")
        return answer.map { $0.code == 200 } ?? false
    }

    private func receive(
        into file: sending SealedFileWriter, _ progress: @escaping Progress
    ) async throws(ShellError) {
        let loop = NIOSingletons.posixEventLoopGroup.next()
        let promise = loop.makePromise(of: Void.self)
        do {
            let receiver = NIOLoopBoundBox.makeBoxSendingValue(
                SnapshotReceiver(file: file, promise: promise, progress: progress), eventLoop: loop)
            let channel = try await ClientBootstrap(group: loop).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(receiver.value)
                }
            }.connect(unixDomainSocketPath: socket).get()
            defer { channel.close(promise: nil) }
            var head = HTTPRequestHead(
                version: .http1_1, method: .GET, uri: ClusterRoutes.snapshotPath)
            head.headers.replaceOrAdd(name: "host", value: "podmesh")
            head.headers.replaceOrAdd(name: "connection", value: "close")
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            try await promise.futureResult.get()
        } catch let error as ShellError {
            throw error
        } catch {
            promise.fail(error)
            throw ShellError(
                .unreachable, "save a snapshot through \(socket)",
                underlying: "\(error); is \"podmesh run\" running on this machine?")
        }
    }
}

/// Writes the body of an answer into a file as it comes; what is not written is not read.
private final class SnapshotReceiver: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let file: SealedFileWriter
    private let promise: EventLoopPromise<Void>
    private let progress: SnapshotDownload.Progress
    private var code = 0
    private var refusal: [UInt8] = []
    private var byteCount = 0

    init(
        file: SealedFileWriter, promise: EventLoopPromise<Void>,
        progress: @escaping SnapshotDownload.Progress
    ) {
        self.file = file
        self.promise = promise
        self.progress = progress
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(ShellError) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                code = Int(head.status.code)
            case .body(let buffer): try take(Array(buffer.readableBytesView))
            case .end: try finish()
            }
        } catch {
            promise.fail(error)
            context.close(promise: nil)
        }
    }

    private func take(_ bytes: [UInt8]) throws(ShellError) {
        guard code == 200 else {
            if refusal.count < 65_536 { refusal += bytes }
            return
        }
        try file.write(bytes)
        byteCount += bytes.count
        progress(byteCount)
    }

    private func finish() throws(ShellError) {
        guard code == 200 else {
            let response = HTTPClient.Response(code: code, body: refusal)
            throw ShellError(
                .other, "save a snapshot",
                underlying: AdministrationClient.message(in: response))
        }
        try file.finish()
        promise.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}
