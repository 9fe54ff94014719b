package import Base

/// What must have held of one key for an operation to have had its outcome.
package enum Requirement: Hashable, Sendable {
    case absent
    case present
    case holds(String)
    /// The key was there with another value.
    case holdsOther(than: String)
}

/// One thing that an operation may have done, at one instant: what it shows of the state
/// before it, and what it wrote; nil for a key that it removed.
package struct Effectuation: Hashable, Sendable {
    package var requires: [String: Requirement]
    package var writes: [String: String?]

    package init(requires: [String: Requirement] = [:], writes: [String: String?] = [:]) {
        self.requires = requires
        self.writes = writes
    }

    var keys: Set<String> { Set(requires.keys).union(writes.keys) }
}

/// An operation of a client, from its call to its answer.
package struct RecordedOperation: Sendable {
    package var client: Int
    package var call: ClientCall
    /// Places in the one order of all calls and answers.
    package var begin: Int
    package var beginAt: Instant
    /// Nil while, and when for ever, the client has no answer.
    package var end: Int?
    package var endAt: Instant?
    package var outcome: ClientOutcome?

    package init(
        client: Int, call: ClientCall, begin: Int, beginAt: Instant, end: Int? = nil,
        endAt: Instant? = nil, outcome: ClientOutcome? = nil
    ) {
        self.client = client
        self.call = call
        self.begin = begin
        self.beginAt = beginAt
        self.end = end
        self.endAt = endAt
        self.outcome = outcome
    }

    /// What it may have done. An operation with an answer did one of them between call and
    /// answer; one without did one of them at some time after the call, or none.
    package var effectuations: [Effectuation] {
        call.effectuations(outcome ?? .unknown)
    }

    /// For a person: when, who, what, and what came of it.
    package var words: String {
        let from = TraceText.time(beginAt)
        let until = endAt.map(TraceText.time) ?? "   (no end)"
        return "\(from) to \(until) client \(client): \(call.words)"
            + " → \((outcome ?? .unknown).words)"
    }
}

/// What a client asks of a few keys.
package enum ClientCall: Hashable, Sendable {
    case get(String)
    /// All keys of a group at one instant.
    case list([String])
    case create(String, String)
    /// Writes over whatever is there.
    case update(String, String)
    case compareAndSet(String, from: String, to: String)
    case delete(String)
    case deleteIf(String, String)
    /// Removes what there is of a group in one transaction. A key that appears between its
    /// evaluation and its commit is spared, as in Kubernetes.
    case deleteAll([String])

    package var words: String {
        switch self {
        case .get(let key): "get \(key)"
        case .list(let keys): "list \(keys.joined(separator: " "))"
        case .create(let key, let value): "create \(key) = \(value)"
        case .update(let key, let value): "update \(key) = \(value)"
        case .compareAndSet(let key, let from, let to): "set \(key) from \(from) to \(to)"
        case .delete(let key): "delete \(key)"
        case .deleteIf(let key, let value): "delete \(key) if \(value)"
        case .deleteAll(let keys): "delete all of \(keys.joined(separator: " "))"
        }
    }

    func effectuations(_ outcome: ClientOutcome) -> [Effectuation] {
        switch outcome {
        case .unknown: return success.filter { !$0.writes.isEmpty }
        case .refused: return []
        case .done: return success
        case .values(let values): return [observed(values)]
        case .missing: return key.map { [Effectuation(requires: [$0: .absent])] } ?? []
        case .exists: return key.map { [Effectuation(requires: [$0: .present])] } ?? []
        case .conflict:
            switch self {
            case .compareAndSet(let key, let value, _), .deleteIf(let key, let value):
                return [Effectuation(requires: [key: .holdsOther(than: value)])]
            default: return []
            }
        }
    }

    private var key: String? {
        switch self {
        case .get(let key), .create(let key, _), .update(let key, _),
            .compareAndSet(let key, _, _), .delete(let key), .deleteIf(let key, _):
            key
        case .list, .deleteAll: nil
        }
    }

    /// What it does when it succeeds.
    private var success: [Effectuation] {
        switch self {
        case .get, .list: []
        case .create(let key, let value):
            [Effectuation(requires: [key: .absent], writes: [key: value])]
        case .update(let key, let value):
            [Effectuation(requires: [key: .present], writes: [key: value])]
        case .compareAndSet(let key, let from, let to):
            [Effectuation(requires: [key: .holds(from)], writes: [key: to])]
        case .delete(let key):
            [Effectuation(requires: [key: .present], writes: [key: String?.none])]
        case .deleteIf(let key, let value):
            [Effectuation(requires: [key: .holds(value)], writes: [key: String?.none])]
        case .deleteAll(let keys): Self.removals(of: keys)
        }
    }

    /// Every selection of the keys, as long as there are few.
    private static func removals(of keys: [String]) -> [Effectuation] {
        (1..<(1 << min(keys.count, 6))).map { selection in
            var removal = Effectuation()
            for (position, key) in keys.enumerated() where selection >> position & 1 == 1 {
                removal.requires[key] = .present
                removal.writes[key] = String?.none
            }
            return removal
        }
    }

    private func observed(_ values: [String: String]) -> Effectuation {
        var effectuation = Effectuation()
        switch self {
        case .deleteAll(let keys) where !values.isEmpty:
            for key in keys {
                guard let value = values[key] else { continue }
                effectuation.requires[key] = .holds(value)
                effectuation.writes[key] = String?.none
            }
        case .list(let keys), .deleteAll(let keys):
            for key in keys {
                effectuation.requires[key] = values[key].map { .holds($0) } ?? .absent
            }
        default:
            if let key { effectuation.requires[key] = values[key].map { .holds($0) } ?? .absent }
        }
        return effectuation
    }
}

/// What a client was answered.
package enum ClientOutcome: Hashable, Sendable {
    case done
    /// What there was, by key; a key that is not among them was absent.
    case values([String: String])
    case missing
    case exists
    case conflict
    /// It was turned away and has certainly done nothing.
    case refused
    /// The answer was lost, late, or does not say what happened.
    case unknown

    package var words: String {
        switch self {
        case .done: "done"
        case .values(let values):
            values.isEmpty
                ? "nothing there"
                : values.keys.sorted().map { "\($0) = \(values[$0] ?? "")" }
                    .joined(separator: ", ")
        case .missing: "missing"
        case .exists: "exists already"
        case .conflict: "conflict"
        case .refused: "refused"
        case .unknown: "unknown"
        }
    }
}
