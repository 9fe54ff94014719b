import Base
import Foundation
import Glibc
import Gossip
import Shell

/// A member of a mesh and nothing else, for measurements: ``GossipCore`` and ``DatagramSealer``
/// on one UDP socket, without a daemon around them. Every agent derives the keys of all from one
/// secret, so that none has to join a cluster first.
///
/// A daemon has TLS links for what must not get lost; an agent cuts such a message into pieces and
/// sends these as datagrams, since the bridge between namespaces loses and reorders nothing while
/// the sockets' buffers have room. A message that misses a piece is refused as malformed, and the
/// next comparison of tables makes up for it. The first byte of each payload tells what it is.
package struct MeshAgent {
    private let index: Int
    private let socket: Int32
    private var core: GossipCore
    private var sealer: DatagramSealer
    private var outbox = Outbox<GossipEffect>()
    /// Pieces of messages that are not whole yet, by sender.
    private var pieces: [MachineName: [UInt8]] = [:]

    /// What the first byte of a payload says.
    private enum Kind: UInt8 {
        case datagram = 0
        case piece
        case lastPiece
    }

    private static let pieceBytes = 1_000
    package static let port: UInt16 = 7_946
    private static let datagramBytesMax = 2_048

    private static func name(_ index: Int) -> MachineName {
        guard let name = MachineName("machine-\(index)") else { preconditionFailure("a name") }
        return name
    }

    /// `secret` has 32 bytes.
    package init(index: Int, secret: [UInt8]) throws {
        self.index = index
        let own = try Self.identity(index, secret)
        let certificate = try Self.certificate(index, secret)
        guard let authority = GossipAuthority(seed: secret) else {
            throw BenchError("the secret of the mesh has 64 hexadecimal digits")
        }
        sealer = DatagramSealer(
            identity: own, certificate: certificate, authorityKeys: [authority.publicKey])
        let address = PeerAddress(ip: BenchNetwork.address(index), port: Self.port)
        core = GossipCore(
            local: GossipMember(
                name: Self.name(index), address: address,
                incarnation: UInt64(WallTime.now.seconds), certificate: certificate),
            random: Random(seed: UInt64.random(in: 0...UInt64.max)), now: .now)
        socket = try Self.bind(address)
        if index > 0 {
            let first = try Self.certificate(0, secret)
            sealer.learn(first, at: .now)
            let seed = GossipSeed(
                name: Self.name(0),
                address: PeerAddress(ip: BenchNetwork.address(0), port: Self.port),
                certificate: first)
            core.step(.join(seeds: [seed]), at: .now, into: &outbox)
        }
    }

    private static func identity(_ index: Int, _ secret: [UInt8]) throws -> GossipIdentity {
        // Not in the first byte: X25519 takes no notice of its three lowest bits (RFC 7748 §5).
        var key = secret
        key[1] ^= UInt8(truncatingIfNeeded: index + 1)
        key[2] ^= UInt8(truncatingIfNeeded: (index + 1) >> 8)
        guard let identity = GossipIdentity(secretKey: key) else {
            throw BenchError("the secret of the mesh has 64 hexadecimal digits")
        }
        return identity
    }

    private static func certificate(_ index: Int, _ secret: [UInt8]) throws -> GossipCertificate {
        guard let authority = GossipAuthority(seed: secret) else {
            throw BenchError("the secret of the mesh has 64 hexadecimal digits")
        }
        return authority.certify(
            name: name(index), publicKey: try identity(index, secret).publicKey, serial: 1,
            expiry: WallTime.now + .minutes(60))
    }

    private static func bind(_ address: PeerAddress) throws -> Int32 {
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(AF_INET, kind, 0)
        guard socket >= 0 else { throw BenchError("no socket: errno \(errno)") }
        var place = socketAddress(address)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket, $0, size)
            }
        }
        guard result == 0 else { throw BenchError("\(address) cannot be bound: errno \(errno)") }
        return socket
    }

    private static func socketAddress(_ address: PeerAddress) -> sockaddr_in {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = address.port.bigEndian
        place.sin_addr.s_addr = inet_addr(address.ip)
        return place
    }

    // MARK: The loop

    /// Runs until the process is ended; writes a line whenever a member changes its status.
    package mutating func run() throws -> Never {
        while true {
            performAll()
            var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            // Rounded up: a wake that comes too early would only be repeated.
            let pause = core.deadline.map { ($0 - .now + .nanoseconds(999_999)).milliseconds }
            let timeout = Int32(clamping: max(0, pause ?? 1_000))
            if poll(&descriptor, 1, timeout) > 0 { receiveAll() }
            if let deadline = core.deadline, deadline <= .now {
                core.step(.wake, at: .now, into: &outbox)
            }
        }
    }

    private mutating func receiveAll() {
        var buffer = [UInt8](repeating: 0, count: Self.datagramBytesMax)
        while true {
            var source = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &source) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(socket, &buffer, buffer.count, 0, $0, &size)
                }
            }
            guard count > 0 else { return }
            guard let opened = sealer.open(Array(buffer[..<count]), at: .now),
                !opened.payload.isEmpty
            else { continue }
            let address = PeerAddress(
                ip: Self.text(source.sin_addr), port: UInt16(bigEndian: source.sin_port))
            receive(opened, from: address)
            performAll()
        }
    }

    private mutating func receive(_ opened: DatagramSealer.Opened, from address: PeerAddress) {
        let rest = Array(opened.payload.dropFirst())
        switch opened.payload.first.flatMap(Kind.init(rawValue:)) {
        case .datagram:
            core.step(
                .datagram(from: opened.sender, address: address, payload: rest), at: .now,
                into: &outbox)
        case .piece:
            pieces[opened.sender, default: []] += rest
            if pieces[opened.sender, default: []].count > GossipLimits.linkPayloadBytesMax {
                pieces[opened.sender] = nil
            }
        case .lastPiece:
            let message = (pieces.removeValue(forKey: opened.sender) ?? []) + rest
            core.step(
                .reliable(from: opened.sender, payload: message), at: .now, into: &outbox)
        case nil: break
        }
    }

    private static func text(_ address: in_addr) -> String {
        withUnsafeBytes(of: address.s_addr) { bytes in
            bytes.map(String.init).joined(separator: ".")
        }
    }

    private mutating func performAll() {
        for effect in outbox.take() {
            switch effect {
            case .send(let to, let address, let payload):
                send(payload, as: .datagram, to: to, at: address)
            case .sendReliably(let to, let payload):
                guard let address = core[to]?.address else { continue }
                var rest = payload[...]
                while rest.count > Self.pieceBytes {
                    send(rest.prefix(Self.pieceBytes), as: .piece, to: to, at: address)
                    rest = rest.dropFirst(Self.pieceBytes)
                }
                send(rest, as: .lastPiece, to: to, at: address)
            case .memberChanged(let member, _):
                if let certificate = member.certificate { sealer.learn(certificate, at: .now) }
                say("\(member.status) \(member.name)")
            default: break
            }
        }
    }

    private mutating func send(
        _ payload: some Collection<UInt8>, as kind: Kind, to name: MachineName,
        at address: PeerAddress
    ) {
        for datagram in sealer.seal([kind.rawValue] + payload, to: name) {
            send(datagram, to: address)
        }
    }

    private func send(_ datagram: [UInt8], to address: PeerAddress) {
        var place = Self.socketAddress(address)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(socket, datagram, datagram.count, 0, $0, size)
            }
        }
    }

    /// Unbuffered, because the reader waits for it.
    private func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }
}
