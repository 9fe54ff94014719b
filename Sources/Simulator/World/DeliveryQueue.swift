import Base
import Daemon
import Kubelet
import Raft

/// Something that reaches a part of the world at a certain time. Machines are named by their
/// number. A life is one run of a machine's daemon, a boot one run of the whole machine: what was
/// meant for an earlier one never arrives.
enum Delivery {
    case wake(machine: Int, life: Int)
    case input(machine: Int, life: Int, DaemonInput)
    case datagram(from: Int, to: Int, [UInt8])
    /// A frame on a link; it is lost when the link broke since it was sent.
    case frame(from: Int, to: Int, link: Int, PeerFrame)
    /// The disk finished the batch under way.
    case synced(machine: Int, boot: Int)
    /// A whole snapshot became durable; its content is installed when the leader sent it.
    case snapshotSynced(
        machine: Int, boot: Int, RaftSnapshotMetadata, [UInt8], isInstall: Bool)
    case operation(machine: Int, boot: Int, life: Int, Ticket, RuntimeRequest)
    /// The process of a container ends by itself or after TERM.
    case containerEnds(machine: Int, boot: Int, id: String, exitCode: Int32)
    /// A client's pause is over.
    case clientResumes(Int, turn: Int)
    /// A client waited long enough for the answer to this exchange.
    case clientGivesUp(Ticket)
    case response(Ticket, ClientSignal)
    case request(Ticket)
    case fault(Fault)
    case check
}

/// What is to come, earliest first, and in order of sending when due together.
struct DeliveryQueue {
    struct Entry {
        var at: Instant
        var sequence: UInt64
        var delivery: Delivery

        func precedes(_ other: Entry) -> Bool {
            at == other.at ? sequence < other.sequence : at < other.at
        }
    }

    private var heap: [Entry] = []
    private var lastSequence: UInt64 = 0

    var isEmpty: Bool { heap.isEmpty }
    var nextAt: Instant? { heap.first?.at }

    mutating func add(_ delivery: Delivery, at instant: Instant) {
        lastSequence += 1
        heap.append(Entry(at: instant, sequence: lastSequence, delivery: delivery))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].precedes(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> Entry? {
        guard !heap.isEmpty else { return nil }
        heap.swapAt(0, heap.count - 1)
        let first = heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].precedes(heap[least]) {
                least = child
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
