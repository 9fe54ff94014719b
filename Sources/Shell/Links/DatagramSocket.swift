import Glibc
import Gossip
import NIOCore
import NIOPosix

/// The UDP socket of the mesh. It sends and receives bytes; opening and sealing is the sealer's.
/// Confined to its event loop.
final class DatagramSocket {
    /// Whether a datagram with that head, and that many bytes in all, is worth more work.
    typealias Admit = @Sendable (_ head: SealedHead, _ bytes: Int) -> Bool
    typealias Receive = @Sendable (_ source: PeerAddress, _ bytes: [UInt8]) -> Void

    /// Datagrams read by one `recvmmsg`, and what may wait in the kernel: noise at 100,000 a second
    /// fills 40 ms, longer than the loop is ever away.
    private static let vector = 64
    private static let datagramBytes = 2_048
    private static let kernelBufferBytes = 8 * 1_024 * 1_024

    private let channel: any Channel
    private var addresses: [PeerAddress: SocketAddress] = [:]

    private init(channel: any Channel) { self.channel = channel }

    /// Binds the port and hands every datagram that `admit` admits by its head to `receive`, on the
    /// event loop. Most noise ends there: it is neither copied nor decrypted.
    static func bind(
        address: String, port: Int, on eventLoop: any EventLoop, admit: @escaping Admit,
        receive: @escaping Receive
    ) async throws -> NIOLoopBound<DatagramSocket> {
        let channel = try await DatagramBootstrap(group: eventLoop)
            .channelOption(.datagramVectorReadMessageCount, value: vector)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: vector * datagramBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        DatagramHandler(admit: admit, receive: receive))
                }
            }
            .bind(host: address, port: port).get()
        try await Self.enlargeBuffer(of: channel)
        return try await eventLoop.submit {
            NIOLoopBound(DatagramSocket(channel: channel), eventLoop: eventLoop)
        }.get()
    }

    /// As root beyond what `net.core.rmem_max` allows; as anybody else as far as that.
    private static func enlargeBuffer(of channel: any Channel) async throws {
        guard let socket = channel as? any SocketOptionProvider else { return }
        let bytes = CInt(kernelBufferBytes)
        let level = SocketOptionLevel(SOL_SOCKET)
        do {
            try await socket.unsafeSetSocketOption(
                level: level, name: SocketOptionName(SO_RCVBUFFORCE), value: bytes).get()
        } catch {
            try await socket.unsafeSetSocketOption(
                level: level, name: SocketOptionName(SO_RCVBUF), value: bytes).get()
        }
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
    private let admit: DatagramSocket.Admit
    private let receive: DatagramSocket.Receive

    init(admit: @escaping DatagramSocket.Admit, receive: @escaping DatagramSocket.Receive) {
        self.admit = admit
        self.receive = receive
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard admit(SealedHead(envelope.data), envelope.data.readableBytes) else { return }
        guard let ip = envelope.remoteAddress.ipAddress,
            let port = envelope.remoteAddress.port.flatMap(UInt16.init(exactly:))
        else { return }
        receive(PeerAddress(ip: ip, port: port), Array(envelope.data.readableBytesView))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An ICMP refusal shows up here; the peer's silence is what the failure detector sees.
    }
}

extension SealedHead {
    /// Reads the head out of a buffer; one too short for it has a version that is not known.
    fileprivate init(_ buffer: ByteBuffer) {
        let start = buffer.readerIndex
        guard buffer.readableBytes >= Self.bytes,
            let version: UInt8 = buffer.getInteger(at: start),
            let flags: UInt8 = buffer.getInteger(at: start + 1),
            let sender: UInt64 = buffer.getInteger(at: start + 2, endianness: .little),
            let recipient: UInt64 = buffer.getInteger(at: start + 10, endianness: .little)
        else {
            self.init(version: 0, flags: 0, sender: 0, recipient: 0)
            return
        }
        self.init(version: version, flags: flags, sender: sender, recipient: recipient)
    }
}
