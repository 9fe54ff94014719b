import API
import Base
import JSON

/// Lists the registers and watches them from there on, again and again on whichever machine.
struct Watcher: Client {
    private var checker: WatchChecker?
    private var isListing = false
    private(set) var violation: String?

    var events: Int { checker?.events ?? 0 }

    mutating func on(
        _ signal: ClientSignal, _ registers: inout RegisterChecker, _ random: inout Random
    ) -> ClientAction {
        switch signal {
        case .resumed: return begin()
        case .streamBegan: return .wait
        case .streamBytes(let bytes):
            violation = checker?.take(bytes)
            return .wait
        case .lost:
            checker?.noteBreak()
            return .pause(.milliseconds(Int64(10 + random.below(100))))
        case .response(let response):
            if isListing, response.code == 200 {
                listed(response)
            } else if response.code == 410 {
                checker = nil
            }
            return .pause(.milliseconds(Int64(10 + random.below(100))))
        }
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

    private mutating func listed(_ response: APIResponse) {
        guard let list = try? JSON(parsing: response.body),
            let revision = list["metadata"]?["resourceVersion"]?.string.flatMap({ UInt64($0) })
        else {
            violation = "a list has no resourceVersion"
            return
        }
        var values: [String: Int] = [:]
        for item in list["items"]?.array ?? [] {
            guard let name = item["metadata"]?["name"]?.string,
                let value = item["data"]?["value"]?.string.flatMap({ Int($0) })
            else { continue }
            values[name] = value
        }
        checker = WatchChecker(listed: values, revision: revision)
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

    mutating func on(
        _ signal: ClientSignal, _ registers: inout RegisterChecker, _ random: inout Random
    ) -> ClientAction {
        switch signal {
        case .response(let response):
            if response.code == 200 { wanted = nil }
            return .pause(.milliseconds(Int64(wanted == nil ? 400 + random.below(3_000) : 50)))
        case .lost, .streamBegan, .streamBytes: return .pause(.milliseconds(100))
        case .resumed:
            if isOver() { return .stop }
            let replicas = wanted ?? random.below(replicasMax + 1)
            wanted = replicas
            return .send(
                Requests.write(
                    .patch, "\(Requests.deployments)/\(name)/scale",
                    ["spec": ["replicas": .integer(Int64(replicas))]],
                    contentType: "application/merge-patch+json"))
        }
    }
}
