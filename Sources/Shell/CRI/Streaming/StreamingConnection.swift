import NIOCore
import NIOHTTP1
import NIOPosix

/// The address of a session that the runtime prepared, `http://127.0.0.1:40123/exec/…`.
package struct StreamingURL: Equatable {
    package var host: String
    package var port: Int
    package var path: String

    package init?(_ text: String) {
        guard let rest = text.dropPrefix("http://"), let slash = rest.firstIndex(of: "/") else {
            return nil
        }
        let authority = rest[..<slash]
        guard let colon = authority.lastIndex(of: ":"),
            let port = Int(authority[authority.index(after: colon)...]), port > 0, port < 65_536
        else { return nil }
        var host = String(authority[..<colon])
        // The runtime writes the address it was told to listen on.
        if host.isEmpty || host == "0.0.0.0" || host == "[::]" { host = "127.0.0.1" }
        self.host = host.trimmingBrackets
        self.port = port
        path = String(rest[slash...])
    }
}

extension String {
    fileprivate func dropPrefix(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }

    fileprivate var trimmingBrackets: String {
        hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
    }
}

/// Why a session with the streaming server failed.
package struct StreamingError: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
}

/// A connection to the runtime's streaming server after the upgrade: plain bytes both ways.
struct StreamingConnection {
    typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private static let headBytesMax = 16 * 1024
    private static let connectTimeout = TimeAmount.seconds(10)

    /// Connects, upgrades, and gives `body` the connection for as long as it runs.
    static func open<Result>(
        _ text: String, protocols: [String], headers: [(String, String)] = [],
        _ body: (inout StreamingReader, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws
            -> Result
    ) async throws -> Result {
        guard let url = StreamingURL(text) else {
            throw StreamingError(description: "the runtime's streaming URL is \(text)")
        }
        let channel: Channel = try await ClientBootstrap(group: NIOSingletons.posixEventLoopGroup)
            .connectTimeout(connectTimeout)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: url.host, port: url.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: false))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var reader = StreamingReader(inbound.makeAsyncIterator())
            try await outbound.write(request(url, protocols, headers))
            try await upgrade(&reader)
            return try await body(&reader, outbound)
        }
    }

    private static func request(
        _ url: StreamingURL, _ protocols: [String], _ headers: [(String, String)]
    ) -> ByteBuffer {
        var lines = [
            "POST \(url.path) HTTP/1.1", "Host: \(url.host):\(url.port)", "Connection: Upgrade",
            "Upgrade: SPDY/3.1", "Content-Length: 0",
        ]
        lines += protocols.map { "X-Stream-Protocol-Version: \($0)" }
        lines += headers.map { "\($0): \($1)" }
        return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n")
    }

    private static func upgrade(_ reader: inout StreamingReader) async throws {
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard head.count < headBytesMax, let byte = try await reader.byte() else {
                throw StreamingError(description: "the streaming server closed the connection")
            }
            head.append(byte)
        }
        let status = String(decoding: head.prefix { $0 != 13 }, as: UTF8.self)
        guard status.hasPrefix("HTTP/1.1 101") else {
            let rest = String(decoding: try await reader.rest(max: 1024), as: UTF8.self)
            throw StreamingError(description: "the streaming server answered \(status): \(rest)")
        }
    }
}

/// Reads a connection in pieces of any size.
struct StreamingReader {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private var pending = ByteBuffer()

    init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) {
        self.inbound = inbound
    }

    /// Nil at the end.
    mutating func byte() async throws -> UInt8? {
        while true {
            if let byte = pending.readInteger(as: UInt8.self) { return byte }
            guard let next = try await inbound.next() else { return nil }
            pending = next
        }
    }

    /// What has arrived, at least one byte; nil at the end.
    mutating func chunk() async throws -> ByteBuffer? {
        if pending.readableBytes > 0 {
            defer { pending = ByteBuffer() }
            return pending
        }
        while let next = try await inbound.next() {
            if next.readableBytes > 0 { return next }
        }
        return nil
    }

    mutating func rest(max: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < max, let byte = try await byte() { bytes.append(byte) }
        return bytes
    }
}
