import Base
import Raft
import Store

/// What Raft and the Store read, from links and from the disk.
extension FuzzDecoder {
    static let raft = FuzzDecoder(
        "raft", "messages of Raft links",
        seeds: { RaftSamples.messages.map(RaftCodec.encode) },
        check: { .roundTrip($0, decode: RaftCodec.decode, encode: RaftCodec.encode) })

    static let record = FuzzDecoder(
        "record", "records of the write-ahead log",
        seeds: { RaftSamples.records.map { $0.encoded() } },
        check: { bytes in
            .roundTrip(bytes, decode: RaftRecord.init(decoding:), encode: { $0.encoded() })
        })

    static let transaction = FuzzDecoder(
        "transaction", "transactions of the Store, read and applied",
        seeds: { StoreSamples.transactions.map { $0.encode() } },
        check: { bytes in
            let outcome = Outcome.roundTrip(
                bytes, decode: { try Transaction(decoding: $0) }, encode: { $0.encode() })
            var core = StoreSamples.core
            _ = core.apply(bytes, index: core.appliedIndex + 1)
            let store = Outcome.sameStore(core.encode())
            return store == .accepted ? outcome : store
        })

    static let snapshot = FuzzDecoder(
        "snapshot", "snapshots of the Store",
        seeds: { [StoreCore().encode(), StoreSamples.core.encode()] },
        check: { bytes in
            guard let core = try? StoreCore(decoding: bytes) else { return .refused }
            return .sameStore(core.encode())
        })
}

extension FuzzDecoder.Outcome {
    /// What a Store wrote, it must read as the same Store.
    fileprivate static func sameStore(_ written: [UInt8]) -> Self {
        do {
            let again = try StoreCore(decoding: written).encode()
            return again == written ? .accepted : .broken("a Store reads itself as another one")
        } catch {
            return .broken("a Store refuses its own bytes: \(error)")
        }
    }
}

private enum RaftSamples {
    static func names(_ texts: String...) -> [MachineName] { texts.compactMap { MachineName($0) } }

    static let membership = RaftMembership(
        voters: names("machine-1", "machine-2", "machine-3"), learners: names("machine-4"))
    static let metadata = RaftSnapshotMetadata(index: 900, term: 4, membership: membership)
    static let entries = [
        RaftEntry(index: 1_000, term: 5, payload: .noop),
        RaftEntry(index: 1_001, term: 5, payload: .command(StoreSamples.transactions[0].encode())),
        RaftEntry(index: 1_002, term: 5, payload: .membership(membership)),
    ]

    static let messages: [RaftMessage] = [
        .preVoteRequest(RaftVoteRequest(term: 7, lastIndex: 1_000, lastTerm: 6)),
        .preVoteResponse(term: 7, isGranted: true),
        .voteRequest(RaftVoteRequest(term: 7, lastIndex: 1, lastTerm: 1, isTransfer: true)),
        .voteResponse(term: 7, isGranted: false),
        .append(
            RaftAppend(
                term: 5, previousIndex: 999, previousTerm: 5, entries: entries, commit: 990)),
        .appendResponse(term: 5, match: 1_002),
        .appendRejected(
            RaftAppendRejection(term: 5, previousIndex: 999, hintIndex: 10, hintTerm: 2)),
        .heartbeat(term: 5, commit: 4, round: 300),
        .heartbeatResponse(term: 5, round: 300),
        .commit(term: 5, index: 77),
        .snapshotProgress(term: 5, index: 900, offset: 65_536),
        .timeoutNow(term: 5),
        .readRequest(identifier: 9),
        .readResponse(identifier: 9, index: 1_000),
    ]

    static let records: [RaftRecord] = [
        .hardState(RaftHardState(term: 7, votedFor: names("machine-2").first)),
        .hardState(RaftHardState(term: 0, votedFor: nil)),
        .entries(entries), .truncate(from: 1_001), .snapshot(metadata),
    ]
}

enum StoreSamples {
    private static func key(_ name: String) -> Key {
        Key(group: "apps", resource: "deployments", namespace: "default", name: name)
    }

    private static func transaction(
        _ sequence: UInt64, _ preconditions: [Precondition], _ operations: [Operation]
    ) -> Transaction {
        guard let origin = MachineName("machine-1") else { preconditionFailure("a name") }
        return Transaction(
            id: CommandID(origin: origin, epoch: 0xABCD, sequence: sequence),
            preconditions: preconditions, operations: operations)
    }

    static let transactions = [
        transaction(
            1, [.absent(key("web"))],
            [.put(key("web"), Array("{}".utf8)), .put(key("db"), [1, 2, 3])]),
        transaction(
            2, [.unchanged(key("web"), since: Revision(1)), .present(key("db"))],
            [.put(key("web"), Array("{\"a\":1}".utf8)), .delete(key("db"))]),
        transaction(3, [.absent(key("web"))], [.put(key("web"), [])]),
        transaction(4, [], []),
    ]

    /// A Store that has applied the transactions but for the last one.
    static let core: StoreCore = {
        var core = StoreCore()
        for (index, transaction) in transactions.dropLast().enumerated() {
            _ = core.apply(transaction.encode(), index: UInt64(index + 1))
        }
        return core
    }()
}
