import Base
import Daemon
import Kubelet
import Raft

/// Something that reaches a part of the world at a certain time. Machines are named by their
/// number. A life is one run of a machine's daemon, a boot one run of the whole machine: what was
/// meant for an earlier one never arrives.
///
/// What is large and rare stands in a box, so that wake-ups and datagrams are moved in a few words.
enum Delivery {
    case wake(machine: Int, life: Int)
    /// A slow machine is done with an input.
    case unbusy(machine: Int, life: Int)
    indirect case input(machine: Int, life: Int, DaemonInput)
    case datagram(from: Int, to: Int, [UInt8])
    /// A frame on a link; it is lost when the link broke since it was sent.
    case frame(from: Int, to: Int, link: Int, PeerFrame)
    /// The disk finished the batch under way.
    case synced(machine: Int, boot: Int)
    /// A whole snapshot became durable; its content is installed when the leader sent it.
    indirect case snapshotSynced(
        machine: Int, boot: Int, RaftSnapshotMetadata, [UInt8], isInstall: Bool)
    indirect case operation(machine: Int, boot: Int, life: Int, Ticket, RuntimeRequest)
    /// The process of a container ends by itself or after TERM.
    indirect case containerEnds(machine: Int, boot: Int, id: String, exitCode: Int32)
    /// A client's pause is over.
    case clientResumes(Int, turn: Int)
    /// A client waited long enough for the answer to this exchange.
    case clientGivesUp(Ticket)
    indirect case response(Ticket, ClientSignal)
    case request(Ticket)
    indirect case fault(Fault)
}

/// What is to come, earliest first, and in order of sending when due together.
///
/// The heap orders small keys; the deliveries stay where they are put.
struct DeliveryQueue {
    private struct Key {
        var at: Instant
        var sequence: UInt64
        var slot: Int

        func precedes(_ other: Key) -> Bool {
            at == other.at ? sequence < other.sequence : at < other.at
        }
    }

    private var heap: [Key] = []
    private var slots: [Delivery?] = []
    private var free: [Int] = []
    private var lastSequence: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }
    var nextAt: Instant? { heap.first?.at }

    mutating func add(_ delivery: Delivery, at instant: Instant) {
        lastSequence += 1
        let slot: Int
        if let known = free.popLast() {
            slot = known
            slots[slot] = delivery
        } else {
            slot = slots.count
            slots.append(delivery)
        }
        let key = Key(at: instant, sequence: lastSequence, slot: slot)
        heap.append(key)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard key.precedes(heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = key
    }

    /// Takes the earliest one when it is due at `end` or before.
    mutating func removeFirst(until end: Instant) -> (at: Instant, delivery: Delivery)? {
        guard let first = heap.first, first.at <= end, let last = heap.popLast() else {
            return nil
        }
        if !heap.isEmpty { sink(last) }
        guard let delivery = slots[first.slot].take() else {
            preconditionFailure("slot \(first.slot) of the queue is empty")
        }
        free.append(first.slot)
        return (first.at, delivery)
    }

    /// Puts a key into the hole at the root.
    private mutating func sink(_ key: Key) {
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(key) else { break }
            heap[hole] = heap[child]
            hole = child
        }
        heap[hole] = key
    }
}
