/// Translates between a WebSocket client's `v4.channel.k8s.io` port-forward and the SPDY streams of
/// the runtime. A message is a channel's number and bytes; port number i of the request has channel
/// 2i for its data and 2i + 1 for its error, and each begins with the port in two bytes, the lower
/// first (`k8s.io/kubelet/pkg/cri/streaming/portforward`). A session makes one connection to each
/// port.
///
/// Port i has stream 4i + 1 for its error and 4i + 3 for its data: a client's streams are odd.
package struct PortForwardChannels {
    private let ports: [Int]
    private var encoder = SPDYEncoder()
    private var decoder = SPDYDecoder()
    private var failed: Set<Int> = []
    /// Streams that the runtime has closed. Which of a port's two closes first says nothing.
    private var closed: Set<UInt32> = []

    /// What the runtime's bytes come to.
    package enum Output: Equatable {
        /// For the client.
        case message([UInt8])
        /// For the runtime.
        case answer([UInt8])
        /// The session is over.
        case close
    }

    /// Channels have one byte.
    package static let portsMax = 127

    package init(ports: [Int]) { self.ports = ports }

    /// The messages with which the client learns which channels are whose.
    package var greetings: [[UInt8]] {
        ports.indices.flatMap { index in
            let port = UInt16(truncatingIfNeeded: ports[index])
            let bytes = [UInt8(truncatingIfNeeded: port), UInt8(port >> 8)]
            return [UInt8(index * 2), UInt8(index * 2 + 1)].map { [$0] + bytes }
        }
    }

    /// The frames that open all streams; nothing is ever written to those of errors.
    package mutating func open() -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, port) in ports.enumerated() {
            let (error, data) = (UInt32(index * 4 + 1), UInt32(index * 4 + 3))
            for (stream, type) in [(error, "error"), (data, "data")] {
                let headers = [
                    ("streamtype", type), ("port", String(port)), ("requestid", String(index)),
                ]
                bytes += encoder.encode(.synStream(stream: stream, headers: headers))
            }
            bytes += encoder.encode(.data(stream: error, bytes: [], isLast: true))
        }
        return bytes
    }

    /// The frames that a client's message becomes; empty when it is for no port's data.
    package mutating func toRuntime(_ message: [UInt8]) -> [UInt8] {
        guard let channel = message.first, channel % 2 == 0, Int(channel / 2) < ports.count,
            message.count > 1
        else { return [] }
        let stream = UInt32(channel) * 2 + 3
        return encoder.encode(
            .data(stream: stream, bytes: Array(message.dropFirst()), isLast: false))
    }

    /// What the client gets for bytes of the runtime. It cannot be told that one of its connections
    /// has ended, so the first that ends by itself ends the session, as the kubelet has it.
    package mutating func toClient(
        _ bytes: [UInt8]
    ) throws(SPDYDecoder.Malformed) -> [Output] {
        decoder.feed(bytes)
        var outputs: [Output] = []
        while let frame = try decoder.next() {
            switch frame {
            case .data(let stream, let bytes, let isLast):
                guard let (index, isError) = place(of: stream) else { continue }
                if !bytes.isEmpty {
                    let channel = UInt8(index * 2 + (isError ? 1 : 0))
                    outputs.append(.message([channel] + bytes))
                    if isError { failed.insert(index) }
                }
                if isLast { closed.insert(stream) }
            case .rstStream(let stream, _):
                closed.insert(stream)
            case .ping(let id):
                if id % 2 == 0 { outputs.append(.answer(encoder.encode(.ping(id: id)))) }
            case .synStream, .synReply, .goAway, .other:
                continue
            }
        }
        let ended = ports.indices.filter { index in
            closed.contains(UInt32(index * 4 + 1)) && closed.contains(UInt32(index * 4 + 3))
        }
        if ended.contains(where: { !failed.contains($0) }) || ended.count == ports.count {
            outputs.append(.close)
        }
        return outputs
    }

    private func place(of stream: UInt32) -> (index: Int, isError: Bool)? {
        let index = Int(stream / 4)
        guard stream % 2 == 1, index < ports.count else { return nil }
        return (index, stream % 4 == 1)
    }
}
