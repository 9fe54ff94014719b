import API
import Base
import JSON

/// Lists the ConfigMaps of the workload's namespace and watches them from there on, again and
/// again on whichever machine. Now and then its connection breaks in the middle of an event.
struct Watcher: Client {
    private var checker: WatchChecker?
    private var isListing = false
    private(set) var violation: String?
    private(set) var events = 0

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        let pause = Span.milliseconds(Int64(10 + context.random.below(100)))
        switch signal {
        case .resumed: return begin()
        case .streamBegan: return .wait
        case .streamBytes(let bytes):
            let isBroken = context.random.chance(0.02)
            let heard = isBroken ? context.random.below(bytes.count + 1) : bytes.count
            take(Array(bytes.prefix(heard)), context.changes)
            guard isBroken else { return .wait }
            checker?.noteBreak()
            return .hangUp(pause)
        case .lost:
            checker?.noteBreak()
            return .pause(pause)
        case .response(let response):
            if isListing, response.code == 200 {
                listed(response, context.changes)
            } else if response.code == 410 {
                violation = checker?.expiry(context.changes)
                checker = nil
            }
            return .pause(pause)
        }
    }

    /// What the watch still owes, in words; nil when it has shown all changes there are.
    func pending(_ changes: ChangeLog) -> String? {
        checker?.pending(changes) ?? (checker == nil ? "it has not listed" : nil)
    }

    private mutating func take(_ bytes: [UInt8], _ changes: ChangeLog) {
        let before = checker?.events ?? 0
        violation = checker?.take(bytes, changes)
        events += (checker?.events ?? 0) - before
    }

    private mutating func begin() -> ClientAction {
        if checker?.isExpired == true { checker = nil }
        isListing = checker == nil
        guard let checker else { return .send(Requests.get(Requests.configMaps)) }
        return .send(
            Requests.get(
                Requests.configMaps,
                query: "watch=1&allowWatchBookmarks=true&resourceVersion=\(checker.lastRevision)"))
    }

    private mutating func listed(_ response: APIResponse, _ changes: ChangeLog) {
        guard let list = try? JSON(parsing: response.body),
            let revision = list["metadata"]?["resourceVersion"]?.string.flatMap({ UInt64($0) })
        else {
            violation = "a list has no resourceVersion"
            return
        }
        violation = changes.difference(of: list["items"]?.array ?? [], at: revision)
        checker = WatchChecker(revision: revision, changes)
    }
}

/// Changes how many replicas a Deployment has, now and then.
struct Scaler: Client {
    private let name: String
    private let isOver: () -> Bool
    private let replicasMax: Int
    private var wanted: Int?
    let violation: String? = nil

    init(_ name: String, replicasMax: Int, isOver: @escaping () -> Bool) {
        self.name = name
        self.replicasMax = replicasMax
        self.isOver = isOver
    }

    mutating func on(_ signal: ClientSignal, _ context: inout ClientContext) -> ClientAction {
        switch signal {
        case .response(let response):
            if response.code == 200 { wanted = nil }
            let pause = wanted == nil ? 400 + context.random.below(3_000) : 50
            return .pause(.milliseconds(Int64(pause)))
        case .lost, .streamBegan, .streamBytes: return .pause(.milliseconds(100))
        case .resumed:
            if isOver() { return .stop }
            let replicas = wanted ?? context.random.below(replicasMax + 1)
            wanted = replicas
            return .send(
                Requests.write(
                    .patch, "\(Requests.deployments)/\(name)/scale",
                    ["spec": ["replicas": .integer(Int64(replicas))]],
                    contentType: "application/merge-patch+json"))
        }
    }
}
