package import Base
import Glibc

/// Datagrams that no machine should take for the mesh's, sent at a steady rate from one thread.
///
/// For a mesh on this computer: the socket sends to directly attached networks alone, and every
/// flood has an end.
package struct NoiseFlood: Sendable {
    /// How much the sender knows.
    package enum Kind: String, Sendable, CaseIterable {
        /// Random bytes.
        case random
        /// A right head, from a key that nobody knows.
        case stranger
        /// A right head from a peer's key, as somebody can send who listens; costs a decryption.
        case forged
        /// A right head with a certificate that nobody signed; costs a signature's verification.
        case certificate
    }

    package struct Result: Sendable {
        package let sent: Int
        package let seconds: Double
    }

    package var target: PeerTarget
    package var kind: Kind
    package var perSecond: Int
    package var seconds: Int
    package var bytes: Int
    /// Key ids, as `podmesh members --output json` shows them.
    package var recipient: UInt64
    package var sender: UInt64

    package struct PeerTarget: Sendable {
        package let address: IPv4Address
        package let port: UInt16

        package init(address: IPv4Address, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    package static let secondsMax = 60
    private static let batch = 64

    package init(
        target: PeerTarget, kind: Kind, perSecond: Int, seconds: Int, bytes: Int,
        recipient: UInt64, sender: UInt64
    ) {
        self.target = target
        self.kind = kind
        self.perSecond = perSecond
        self.seconds = min(seconds, Self.secondsMax)
        self.bytes = min(max(bytes, 64), 1_200)
        self.recipient = recipient
        self.sender = sender
    }

    /// Sends until the time is over; returns what was handed to the kernel.
    package func run() throws -> Result {
        let socket = try connected()
        defer { close(socket) }
        var random = SystemRandomNumberGenerator()
        var payloads = (0..<Self.batch).map { _ in datagram(using: &random) }
        let clock = ContinuousClock()
        let start = clock.now
        var sent = 0
        while true {
            let elapsed = start.duration(to: clock.now)
            let passed =
                Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
            guard passed < Double(seconds) else {
                return Result(sent: sent, seconds: passed)
            }
            guard Double(sent) < passed * Double(perSecond) else {
                usleep(200)
                continue
            }
            for index in payloads.indices {
                vary(&payloads[index], sent &+ index)
                // A full queue loses noise, which is what a network does, too.
                _ = send(socket, payloads[index], payloads[index].count, CInt(MSG_DONTWAIT))
            }
            sent += payloads.count
        }
    }

    private func connected() throws -> CInt {
        let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError("no socket: errno \(errno)") }
        var isOn: CInt = 1
        setsockopt(
            descriptor, SOL_SOCKET, SO_DONTROUTE, &isOn, socklen_t(MemoryLayout<CInt>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = target.port.bigEndian
        address.sin_addr.s_addr = target.address.octets.reversed()
            .reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            throw BenchError(
                "\(target.address) is in no network that is attached to this machine; the flood "
                    + "is for a mesh on this computer")
        }
        return descriptor
    }

    private func datagram(using random: inout SystemRandomNumberGenerator) -> [UInt8] {
        var bytes = (0..<bytes).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        guard kind != .random else { return bytes }
        bytes[0] = 1
        bytes[1] = kind == .certificate ? 1 : 0
        if kind == .forged { Self.write(sender, to: &bytes, at: 2) }
        Self.write(recipient, to: &bytes, at: 10)
        if kind == .certificate {
            // 24 bytes of nonce, then the length of what claims to be a certificate.
            bytes[42] = 18
            bytes[43] = 0
        }
        return bytes
    }

    /// No two are the same.
    private func vary(_ bytes: inout [UInt8], _ number: Int) {
        Self.write(UInt64(truncatingIfNeeded: number), to: &bytes, at: 18)
        if kind == .random { bytes[0] = UInt8(truncatingIfNeeded: number) }
    }

    private static func write(_ word: UInt64, to bytes: inout [UInt8], at offset: Int) {
        for index in 0..<8 {
            bytes[offset + index] = UInt8(truncatingIfNeeded: word >> UInt64(8 * index))
        }
    }
}
