import GRPCCore
import NIOCore
import SwiftProtobuf

/// The writing side of a tunnel.
package struct TunnelWriter: Sendable {
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Waits while the other side does not read.
    package func write(_ bytes: [UInt8]) async throws {
        try await outbound.write(ByteBuffer(bytes: bytes))
    }
}

/// The reading side of a tunnel.
package struct TunnelReader {
    var reader: StreamingReader

    /// What has arrived, at least one byte; nil at the end.
    package mutating func next() async throws -> [UInt8]? {
        try await reader.chunk().map { Array($0.readableBytesView) }
    }
}

extension RuntimeClient {
    /// Carries a client's own SPDY/3.1 connection to the runtime's port forwarding for a sandbox:
    /// the bytes after the client's upgrade (or inside its `SPDY/3.1+portforward.k8s.io`
    /// WebSocket messages) are exactly the bytes that the runtime expects.
    package func portForward<Result>(
        sandboxID: String,
        _ body: (inout TunnelReader, TunnelWriter) async throws -> Result
    ) async throws -> Result {
        let url: String
        do {
            url = try await runtime.portForward(
                .with { $0.podSandboxID = sandboxID }, options: .within(.now + .seconds(30))
            ).url
        } catch let error as RPCError {
            throw StreamingError(description: error.message)
        }
        return try await tunnel(to: url, protocols: ["portforward.k8s.io"], body)
    }

    /// Carries a client's own SPDY/3.1 connection to a session of ``streamingURL(of:)``.
    package func tunnel<Result>(
        to url: String, protocols: [String],
        _ body: (inout TunnelReader, TunnelWriter) async throws -> Result
    ) async throws -> Result {
        try await StreamingConnection.open(url, protocols: protocols) { reader, outbound in
            var tunnel = TunnelReader(reader: reader)
            return try await body(&tunnel, TunnelWriter(outbound: outbound))
        }
    }
}
