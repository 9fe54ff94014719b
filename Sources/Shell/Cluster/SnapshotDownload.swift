import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Saves the Store of the running cluster into a file: the daemon of this machine sends it block by
/// block, and nothing takes the file's name before every byte of it was checked.
package struct SnapshotDownload: Sendable {
    private let socket: String

    package init(configuration: MachineConfiguration) {
        socket = AdministrationClient(configuration: configuration).socket
    }

    /// Told how many bytes have come.
    package typealias Progress = @Sendable (Int) -> Void

    /// True when the machine confirmed before that it knows every acknowledged write; false when
    /// the cluster has no quorum, and the file holds what this machine knows.
    package func save(
        to path: String, progress: @escaping Progress
    ) async throws(ShellError) -> Bool {
        let side = "\(path).part"
        let isCurrent = await isCurrent()
        do throws(ShellError) {
            try await receive(into: side, progress)
            _ = try SnapshotArchive(opening: side)
        } catch {
            unlink(side)
            throw error
        }
        guard rename(side, path) == 0 else { throw .system("rename \(side) to \(path)") }
        return isCurrent
    }

    /// A read through the log's leader: when it is answered, this machine has applied everything
    /// that was acknowledged before.
    private func isCurrent() async -> Bool {
        let client = HTTPClient(target: .socket(socket), timeout: .seconds(5))
        let answer = try? await client.request(.GET, "/api/v1/namespaces/kube-system")
        return answer.map { $0.code == 200 } ?? false
    }

    private func receive(
        into path: String, _ progress: @escaping Progress
    ) async throws(ShellError) {
        let loop = NIOSingletons.posixEventLoopGroup.next()
        let promise = loop.makePromise(of: Void.self)
        do {
            let channel = try await ClientBootstrap(group: loop).channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandler(
                        SnapshotReceiver(path: path, promise: promise, progress: progress))
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

    private let path: String
    private let promise: EventLoopPromise<Void>
    private let progress: SnapshotDownload.Progress
    private var code = 0
    private var file: File?
    private var refusal: [UInt8] = []
    private var byteCount = 0

    init(
        path: String, promise: EventLoopPromise<Void>,
        progress: @escaping SnapshotDownload.Progress
    ) {
        self.path = path
        self.promise = promise
        self.progress = progress
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(ShellError) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                code = Int(head.status.code)
                if code == 200 { file = try File(opening: path, O_WRONLY | O_CREAT | O_TRUNC) }
            case .body(let buffer): try take(Array(buffer.readableBytesView))
            case .end: try finish()
            }
        } catch {
            promise.fail(error)
            context.close(promise: nil)
        }
    }

    private func take(_ bytes: [UInt8]) throws(ShellError) {
        guard let file else {
            if refusal.count < 65_536 { refusal += bytes }
            return
        }
        try file.write(bytes)
        byteCount += bytes.count
        progress(byteCount)
    }

    private func finish() throws(ShellError) {
        guard let file else {
            let response = HTTPClient.Response(code: code, body: refusal)
            throw ShellError(
                .other, "save a snapshot",
                underlying: AdministrationClient.message(in: response))
        }
        try file.sync()
        promise.succeed()
    }

    func channelInactive(context: ChannelHandlerContext) { promise.fail(ChannelError.eof) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}
