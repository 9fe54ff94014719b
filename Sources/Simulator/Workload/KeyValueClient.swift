import API
import Base
import JSON

/// Keys that one list or one transaction takes together: ConfigMaps with a label of their own.
struct KeyGroup: Sendable {
    var name: String
    var keys: [String]

    init(_ name: String, keys count: Int) {
        self.name = name
        keys = (0..<count).map { "\(name)-\($0)" }
    }

    /// Selects the group's ConfigMaps, as a query.
    var selector: String { "labelSelector=group%3D\(name)" }
}

/// Asks for anything at all of a few keys that it shares with others: creates, updates,
/// compare-and-sets, deletes, lists, and deletes of all at once. What it calls and is answered
/// goes into the history, where ``Linearizability`` looks for an order.
///
/// No two writes have one value, so a value stands for the resourceVersion that it was given.
struct KeyValueClient: Client {
    private struct Seen {
        var value: String
        var resourceVersion: String
    }

    private struct Asked {
        var number: Int
        var call: ClientCall
        var group: KeyGroup
    }

    private let number: Int
    private let groups: [KeyGroup]
    private let isOver: () -> Bool
    private let pauseMax: Int
    private var written = 0
    /// What it last saw of each key; compare-and-sets go from there.
    private var seen: [String: Seen] = [:]
    private var asked: Asked?
    private(set) var violation: String?

    /// - Parameter pauseMax: at most so many milliseconds pass between two requests.
    init(_ number: Int, _ groups: [KeyGroup], pauseMax: Int, isOver: @escaping () -> Bool) {
        self.number = number
        self.groups = groups
        self.pauseMax = pauseMax
        self.isOver = isOver
    }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        switch signal {
        case .resumed:
            if isOver() { return .stop }
            return ask(&context)
        case .response(let response):
            if let asked {
                let outcome = outcome(of: asked, response)
                context.history.finish(asked.number, outcome, at: context.now)
            }
        case .lost, .streamBegan, .streamBytes: break
        }
        asked = nil
        return .pause(.milliseconds(Int64(1 + context.random.below(pauseMax))))
    }

    // MARK: Requests

    private mutating func ask(_ context: inout ClientContext) -> ClientAction {
        let group = groups[context.random.below(groups.count)]
        let key = group.keys[context.random.below(group.keys.count)]
        let isWhole = group.keys.count > 1 && context.random.chance(0.25)
        let call =
            isWhole
            ? context.random.chance(0.35) ? .deleteAll(group.keys) : ClientCall.list(group.keys)
            : call(on: key, &context.random)
        let number = context.history.begin(client: number, call, at: context.now)
        asked = Asked(number: number, call: call, group: group)
        return .send(request(call, group, &context.random))
    }

    private mutating func call(on key: String, _ random: inout Random) -> ClientCall {
        switch random.below(10) {
        case 0, 1: return .get(key)
        case 2, 3, 4: return .create(key, freshValue())
        case 5: return .update(key, freshValue())
        case 6: return .delete(key)
        case 7:
            guard let seen = seen[key] else { return .get(key) }
            return .deleteIf(key, seen.value)
        default:
            guard let seen = seen[key] else { return .get(key) }
            return .compareAndSet(key, from: seen.value, to: freshValue())
        }
    }

    private mutating func freshValue() -> String {
        written += 1
        return "\(number).\(written)"
    }

    private func request(
        _ call: ClientCall, _ group: KeyGroup, _ random: inout Random
    ) -> APIRequest {
        switch call {
        case .get(let key): return Requests.get(path(key))
        case .list: return Requests.get(Requests.configMaps, query: group.selector)
        case .create(let key, let value):
            return Requests.write(.post, Requests.configMaps, document(key, value, group))
        case .update(let key, let value):
            guard random.chance(0.5) else {
                return Requests.write(.put, path(key), document(key, value, group))
            }
            return Requests.write(
                .patch, path(key), ["data": ["value": .string(value)]],
                contentType: "application/merge-patch+json")
        case .compareAndSet(let key, _, let value):
            let version = seen[key]?.resourceVersion
            return Requests.write(
                .put, path(key), document(key, value, group, resourceVersion: version))
        case .delete(let key): return Requests.write(.delete, path(key), [:])
        case .deleteIf(let key, _):
            let version = JSON.string(seen[key]?.resourceVersion ?? "")
            return Requests.write(
                .delete, path(key),
                [
                    "kind": "DeleteOptions", "apiVersion": "v1",
                    "preconditions": ["resourceVersion": version],
                ])
        case .deleteAll:
            return Requests.delete(Requests.configMaps, query: group.selector)
        }
    }

    private func path(_ key: String) -> String { "\(Requests.configMaps)/\(key)" }

    private func document(
        _ key: String, _ value: String, _ group: KeyGroup, resourceVersion: String? = nil
    ) -> JSON {
        var metadata: JSON = ["name": .string(key), "labels": ["group": .string(group.name)]]
        if let resourceVersion { metadata["resourceVersion"] = .string(resourceVersion) }
        return [
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
            "data": ["value": .string(value)],
        ]
    }

    // MARK: Answers

    private mutating func outcome(of asked: Asked, _ response: APIResponse) -> ClientOutcome {
        let body = try? JSON(parsing: response.body)
        switch (asked.call, response.code) {
        case (.list, 200), (.deleteAll, 200):
            return .values(values(body?["items"]?.array ?? []))
        case (.get(let key), 200):
            guard let body, let value = note(body) else {
                violation = "\(key) was answered without value"
                return .unknown
            }
            return .values([key: value])
        case (.get, 404): return .values([:])
        case (.create, 201), (.update, 200), (.compareAndSet, 200):
            if let body { _ = note(body) }
            return .done
        case (.delete, 200), (.deleteIf, 200): return .done
        case (.create, 409): return .exists
        case (.compareAndSet, 409), (.deleteIf, 409): return .conflict
        case (.update, 404), (.compareAndSet, 404), (.delete, 404), (.deleteIf, 404):
            return .missing
        // The namespace is not there yet.
        case (.create, 404): return .refused
        case (_, 500...), (_, 429), (_, 409): return .unknown
        default:
            violation = "\(asked.call.words) was answered with code \(response.code)"
            return .unknown
        }
    }

    private mutating func values(_ items: [JSON]) -> [String: String] {
        var values: [String: String] = [:]
        for item in items {
            guard let name = item["metadata"]?["name"]?.string, let value = note(item) else {
                continue
            }
            values[name] = value
        }
        return values
    }

    /// Remembers what an object shows; its value.
    private mutating func note(_ object: JSON) -> String? {
        guard let name = object["metadata"]?["name"]?.string,
            let version = object["metadata"]?["resourceVersion"]?.string,
            let value = object["data"]?["value"]?.string
        else { return nil }
        seen[name] = Seen(value: value, resourceVersion: version)
        return value
    }
}
