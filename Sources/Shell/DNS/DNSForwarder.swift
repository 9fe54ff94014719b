import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// Passes queries on to upstream servers over UDP and hands their answers back under the
/// client's own identifier.
final class DNSForwarder: Sendable {
    typealias Reply = @Sendable (_ response: [UInt8]?) -> Void

    private let eventLoop: any EventLoop
    private let servers: [SocketAddress]

    /// Each server has this long before the next one is asked.
    private static let timeout = TimeAmount.seconds(2)
    /// Queries under way at once; beyond it clients hear SERVFAIL.
    private static let queriesMax = 1_024
    private let underWay = NIOLockedValueBox(0)

    init(eventLoop: any EventLoop, servers: [String]) {
        self.eventLoop = eventLoop
        self.servers = servers.compactMap { try? SocketAddress(ipAddress: $0, port: 53) }
    }

    /// Nil means that no server answered, or that there is none.
    func forward(_ query: [UInt8], reply: @escaping Reply) {
        let isAdmitted = underWay.withLockedValue { count in
            guard count < Self.queriesMax else { return false }
            count += 1
            return true
        }
        guard isAdmitted else { return reply(nil) }
        ask(servers[...], query) { [underWay] response in
            underWay.withLockedValue { $0 -= 1 }
            reply(response)
        }
    }

    private func ask(_ servers: ArraySlice<SocketAddress>, _ query: [UInt8], reply: @escaping Reply)
    {
        guard let server = servers.first else { return reply(nil) }
        let promise = eventLoop.makePromise(of: [UInt8].self)
        // A fresh port and a random identifier make answers hard to forge (RFC 5452).
        var question = query
        let identifier = (UInt8.random(in: 0...255), UInt8.random(in: 0...255))
        question[0] = identifier.0
        question[1] = identifier.1
        let sent = question
        let socket = DatagramBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        UpstreamAnswer(from: server, to: sent, promise: promise))
                }
            }
            .bind(host: "0.0.0.0", port: 0)
        socket.whenFailure { promise.fail($0) }
        socket.whenSuccess { channel in
            channel.writeAndFlush(
                AddressedEnvelope(
                    remoteAddress: server, data: channel.allocator.buffer(bytes: sent)),
                promise: nil)
            let deadline = channel.eventLoop.scheduleTask(in: Self.timeout) {
                promise.fail(ChannelError.connectTimeout(Self.timeout))
            }
            promise.futureResult.whenComplete { _ in
                deadline.cancel()
                channel.close(promise: nil)
            }
        }
        promise.futureResult.whenComplete { [self] result in
            switch result {
            case .success(var response):
                response[0] = query[0]
                response[1] = query[1]
                reply(response)
            case .failure:
                ask(servers.dropFirst(), query, reply: reply)
            }
        }
    }

    /// The servers of the machine's own resolv.conf.
    static func machineServers() -> [String] {
        guard let text = try? String(contentsOfFile: "/etc/resolv.conf", encoding: .utf8) else {
            return []
        }
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 2, words[0] == "nameserver" else { return nil }
            return String(words[1])
        }
    }
}

private final class UpstreamAnswer: ChannelInboundHandler, Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let server: SocketAddress
    private let query: [UInt8]
    private let promise: EventLoopPromise<[UInt8]>

    init(from server: SocketAddress, to query: [UInt8], promise: EventLoopPromise<[UInt8]>) {
        self.server = server
        self.query = query
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let bytes = Array(envelope.data.readableBytesView)
        guard envelope.remoteAddress == server, bytes.count >= 12, bytes[2] & 0x80 != 0,
            bytes[0] == query[0], bytes[1] == query[1]
        else { return }
        promise.succeed(bytes)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { promise.fail(error) }
}
