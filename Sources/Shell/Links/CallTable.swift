import Base
import Daemon
import NIOCore

/// The calls to the Store that came over links and wait for their answers, and the answers of
/// this turn of the loop. Confined to the daemon's event loop.
struct CallTable {
    private struct Call {
        var number: UInt64
        var channel: any Channel
    }

    private var calls: [Ticket: Call] = [:]
    private var tickets = TicketCounter()
    /// Answers gather here, so that those of one link leave with one write and one TLS record.
    private var answers: [ObjectIdentifier: (channel: any Channel, bytes: ByteBuffer)] = [:]

    init() {}

    /// Remembers where the answer of a call goes.
    mutating func begin(_ number: UInt64, on channel: any Channel) -> Ticket {
        let ticket = tickets.next()
        calls[ticket] = Call(number: number, channel: channel)
        return ticket
    }

    /// Queues the answer of a call; it leaves with ``flush()``.
    mutating func end(_ ticket: Ticket, _ answer: StoreAnswer) {
        guard let call = calls.removeValue(forKey: ticket) else { return }
        let frame = StoreCallCodec.encode(answer, number: call.number)
        let link = ObjectIdentifier(call.channel)
        var bytes =
            answers.removeValue(forKey: link)?.bytes
            ?? call.channel.allocator.buffer(capacity: max(4_096, frame.count + 4))
        bytes.writeInteger(UInt32(frame.count))
        bytes.writeBytes(frame)
        answers[link] = (call.channel, bytes)
    }

    /// Writes what has gathered. A caller that does not read its answers is hung up on.
    mutating func flush() {
        guard !answers.isEmpty else { return }
        for (channel, bytes) in answers.values {
            if channel.isWritable {
                channel.writeAndFlush(bytes, promise: nil)
            } else {
                channel.close(promise: nil)
            }
        }
        answers.removeAll(keepingCapacity: true)
    }
}
