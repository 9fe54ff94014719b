import NIOCore

/// What one turn of the daemon's loop tells its watches. An event that goes to thousands of them is
/// one piece, and their event loops are woken once.
package struct WatchPieces {
    /// A piece and those of one event loop who get it.
    private struct Delivery {
        let piece: StreamPiece
        var exchanges: [HTTPExchange]
    }

    private struct Group {
        let loop: any EventLoop
        var deliveries: [Delivery] = []
    }

    /// One for each event loop; there are about as many as processors.
    private var groups: [Group] = []

    package init() {}

    package mutating func add(_ bytes: [UInt8], for exchanges: [HTTPExchange]) {
        // A chunk without bytes would end the answer.
        guard !bytes.isEmpty else { return }
        let piece = StreamPiece(bytes)
        var members: [[HTTPExchange]] = groups.map { _ in [] }
        for exchange in exchanges where exchange.admit(piece.count) {
            let index = group(of: exchange.channel.eventLoop)
            if index == members.count { members.append([]) }
            members[index].append(exchange)
        }
        for (index, exchanges) in members.enumerated() where !exchanges.isEmpty {
            groups[index].deliveries.append(Delivery(piece: piece, exchanges: exchanges))
        }
    }

    private mutating func group(of loop: any EventLoop) -> Int {
        if let index = groups.firstIndex(where: { $0.loop === loop }) { return index }
        groups.append(Group(loop: loop))
        return groups.count - 1
    }

    /// Hands over what was added, in its order.
    package mutating func send() {
        for index in groups.indices where !groups[index].deliveries.isEmpty {
            let deliveries = groups[index].deliveries
            groups[index].deliveries = []
            groups[index].loop.execute {
                for delivery in deliveries {
                    for exchange in delivery.exchanges { exchange.send(delivery.piece) }
                }
            }
        }
    }
}
