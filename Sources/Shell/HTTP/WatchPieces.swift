import NIOCore

/// What one turn of the daemon's loop tells its watches. An event that goes to thousands of them is
/// one buffer, and their event loops are woken once.
struct WatchPieces {
    private var pieces: [(exchange: HTTPExchange, bytes: ByteBuffer)] = []
    private var lastBytes: [UInt8] = []
    private var lastBuffer = ByteBuffer()

    mutating func add(_ bytes: [UInt8], for exchange: HTTPExchange) {
        if !Self.isSame(bytes, lastBytes) {
            lastBytes = bytes
            lastBuffer = ByteBuffer(bytes: bytes)
        }
        pieces.append((exchange, lastBuffer))
    }

    /// Hands over what was added, in its order.
    mutating func send() {
        guard !pieces.isEmpty else { return }
        HTTPExchange.write(pieces)
        pieces.removeAll(keepingCapacity: true)
        lastBytes = []
    }

    /// Whether these are one array, without a look at its elements.
    private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
                left.count == right.count && left.baseAddress == right.baseAddress
            }
        }
    }
}
