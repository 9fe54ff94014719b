import Gossip
import NIOCore
import NIOPosix

/// The UDP socket of the mesh. It sends and receives bytes; opening and sealing is the sealer's.
/// Confined to its event loop.
final class DatagramSocket {
    typealias Receive = @Sendable (_ source: PeerAddress, _ bytes: [UInt8]) -> Void

    private let channel: any Channel
    private var addresses: [PeerAddress: SocketAddress] = [:]

    private init(channel: any Channel) { self.channel = channel }

    /// Binds the port and hands every datagram to `receive` on the event loop.
    static func bind(
        address: String, port: Int, on eventLoop: any EventLoop, receive: @escaping Receive
    ) async throws -> NIOLoopBound<DatagramSocket> {
        let channel = try await DatagramBootstrap(group: eventLoop)
            .channelOption(.datagramVectorReadMessageCount, value: 16)
            .channelOption(
                .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16 * 2_048))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        DatagramHandler(receive: receive))
                }
            }
            .bind(host: address, port: port).get()
        return try await eventLoop.submit {
            NIOLoopBound(DatagramSocket(channel: channel), eventLoop: eventLoop)
        }.get()
    }

    /// Sends one datagram; what the network or the kernel refuses is lost, as UDP may.
    func send(_ bytes: [UInt8], to address: PeerAddress) {
        guard let remote = resolved(address) else { return }
        let buffer = channel.allocator.buffer(bytes: bytes)
        channel.writeAndFlush(AddressedEnvelope(remoteAddress: remote, data: buffer), promise: nil)
    }

    private func resolved(_ address: PeerAddress) -> SocketAddress? {
        if let known = addresses[address] { return known }
        guard let fresh = try? SocketAddress(ipAddress: address.ip, port: Int(address.port)) else {
            return nil
        }
        if addresses.count >= 4_096 { addresses.removeAll() }
        addresses[address] = fresh
        return fresh
    }
}

private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let receive: DatagramSocket.Receive

    init(receive: @escaping DatagramSocket.Receive) { self.receive = receive }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let ip = envelope.remoteAddress.ipAddress,
            let port = envelope.remoteAddress.port.flatMap(UInt16.init(exactly:))
        else { return }
        receive(PeerAddress(ip: ip, port: port), Array(envelope.data.readableBytesView))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An ICMP refusal shows up here; the peer's silence is what the failure detector sees.
    }
}
