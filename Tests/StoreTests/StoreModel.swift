import Base
import Store
import Testing

/// The Store's rules written down naively: whole dictionaries, kept for every revision.
struct StoreModel {
    var documents: [Key: Document] = [:]
    var revision = Revision.zero
    var past: [Revision: [Key: Document]] = [.zero: [:]]
    var changes: [Change] = []

    mutating func apply(_ transaction: Transaction) -> TransactionResult {
        for precondition in transaction.preconditions {
            let document = documents[precondition.key]
            let holds =
                switch precondition {
                case .unchanged(_, let since): document?.modRevision == since
                case .absent: document == nil
                case .present: document != nil
                }
            if !holds { return .conflict(precondition.key) }
        }
        let next = Revision(revision.number + 1)
        var made: [Change] = []
        for operation in transaction.operations {
            let previous = documents[operation.key]
            switch operation {
            case .put(let key, let bytes):
                let document = Document(
                    bytes: bytes, createRevision: previous?.createRevision ?? next,
                    modRevision: next)
                documents[key] = document
                made.append(
                    Change(revision: next, key: key, document: document, previous: previous))
            case .delete(let key):
                guard let previous else { continue }
                documents[key] = nil
                made.append(Change(revision: next, key: key, document: nil, previous: previous))
            }
        }
        guard !made.isEmpty else { return .committed(revision) }
        revision = next
        changes += made
        past[next] = documents
        return .committed(next)
    }
}

/// Draws transactions over a few keys, so that they meet each other often.
struct TransactionSource {
    var random: Random
    var sequence: UInt64 = 0
    let origin: MachineName

    init(seed: Int) throws {
        random = Random(seed: UInt64(seed))
        origin = try #require(MachineName("machine-a"))
    }

    mutating func key() -> Key {
        let resource = ["pods", "services", "nodes"][random.below(3)]
        return Key(
            group: random.chance(0.3) ? "apps" : "", resource: resource,
            namespace: resource == "nodes" ? "" : ["a", "b"][random.below(2)],
            name: "n\(random.below(30))")
    }

    mutating func transaction(against model: StoreModel) -> Transaction {
        sequence += 1
        var preconditions: [Precondition] = []
        for _ in 0..<random.below(3) {
            let key = key()
            let document = model.documents[key]
            switch random.below(4) {
            case 0: preconditions.append(.absent(key))
            case 1: preconditions.append(.present(key))
            default:
                let since = document?.modRevision ?? Revision(random.next() % 50)
                preconditions.append(.unchanged(key, since: since))
            }
        }
        var writes: [Key: Operation] = [:]
        for _ in 0..<random.below(5) {
            let key = key()
            writes[key] =
                random.chance(0.6) ? .put(key, bytes()) : .delete(key)
        }
        let id = CommandID(origin: origin, epoch: 9, sequence: sequence)
        return Transaction(
            id: id, preconditions: preconditions,
            operations: writes.keys.sorted().compactMap { writes[$0] })
    }

    mutating func bytes() -> [UInt8] {
        (0..<random.below(40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
}
