import JSON
import Objects
import Store

/// The flow that a request belongs to and the priority level at which it waits
/// (KEP-1040).
package struct FlowIdentity: Sendable, Hashable {
    /// The FlowSchema that chose the request.
    package var schema: String
    package var level: String
    /// The user or the namespace, as the schema distinguishes; empty when it does not.
    package var distinguisher: String
    /// By which clients are told what chose their request.
    package var schemaUID: String
    package var levelUID: String

    package init(
        schema: String, level: String, distinguisher: String, schemaUID: String = "",
        levelUID: String = ""
    ) {
        self.schema = schema
        self.level = level
        self.distinguisher = distinguisher
        self.schemaUID = schemaUID
        self.levelUID = levelUID
    }
}

/// A PriorityLevelConfiguration, as far as it is needed to share seats.
package struct PriorityLevel: Sendable, Equatable {
    package var name: String
    package var isExempt = false
    package var shares = 0
    package var lendablePercent = 0
    /// Of its own share; nil for no limit.
    package var borrowingLimitPercent: Int?
    /// Zero when requests beyond the seats are refused at once.
    package var queues = 0
    package var handSize = 1
    package var queueLengthLimit = 0

    package init(name: String) { self.name = name }

    init(name: String, _ spec: JSON) {
        self.name = name
        isExempt = spec.text("type") == "Exempt"
        let own = spec["limited"] ?? spec["exempt"] ?? [:]
        shares = Self.bounded(own["nominalConcurrencyShares"])
        lendablePercent = min(100, Self.bounded(own["lendablePercent"]))
        borrowingLimitPercent = own["borrowingLimitPercent"].map { Self.bounded($0) }
        guard let queuing = own["limitResponse"]?["queuing"] else { return }
        queues = min(10_000, Self.bounded(queuing["queues"]))
        handSize = max(1, min(queues, Self.bounded(queuing["handSize"])))
        queueLengthLimit = Self.bounded(queuing["queueLengthLimit"])
    }

    private static func bounded(_ value: JSON?) -> Int {
        Int(clamping: max(0, min(1_000_000, value?.integer ?? 0)))
    }
}

/// The FlowSchemas and priority levels of a Store.
struct FlowIndex: Sendable {
    private struct Schema: Sendable {
        var name: String
        var uid: String
        var precedence: Int64
        var level: String
        var levelUID: String
        var distinguisher: String
        var rules: [Rule]
    }

    private struct Rule: Sendable {
        var users: Set<String> = []
        var groups: Set<String> = []
        /// Namespaces of which every service account is meant.
        var accountNamespaces: Set<String> = []
        var resourceRules: [JSON]
        var pathRules: [JSON]
    }

    private(set) var levels: [PriorityLevel] = []
    private var schemas: [Schema] = []
    /// The flow of what is served at once whatever the schemas say.
    private(set) var exempt: FlowIdentity?

    static let kinds: [Resource] = [.flowSchemas, .priorityLevelConfigurations]

    init() {}

    init(_ snapshot: Snapshot) {
        var uids: [String: String] = [:]
        levels = snapshot.list(.all(of: .priorityLevelConfigurations)).map { key, document in
            let json = document.json
            uids[key.name] = json["metadata"]?.text("uid") ?? ""
            return PriorityLevel(name: key.name, json["spec"] ?? [:])
        }
        schemas = snapshot.list(.all(of: .flowSchemas)).map { key, document in
            let json = document.json
            let spec = json["spec"] ?? [:]
            let level = spec["priorityLevelConfiguration"]?.text("name") ?? ""
            return Schema(
                name: key.name, uid: json["metadata"]?.text("uid") ?? "",
                precedence: spec.count("matchingPrecedence"), level: level,
                levelUID: uids[level] ?? "",
                distinguisher: spec["distinguisherMethod"]?.text("type") ?? "",
                rules: spec.list("rules").map(Self.rule))
        }.filter { uids[$0.level] != nil }.sorted {
            ($0.precedence, $0.name) < ($1.precedence, $1.name)
        }
        exempt = schemas.first { $0.name == "exempt" }.map {
            FlowIdentity(
                schema: $0.name, level: $0.level, distinguisher: "", schemaUID: $0.uid,
                levelUID: $0.levelUID)
        }
    }

    private static func rule(_ json: JSON) -> Rule {
        var rule = Rule(
            resourceRules: json.list("resourceRules"), pathRules: json.list("nonResourceRules"))
        for subject in json.list("subjects") {
            switch subject.text("kind") {
            case "User": rule.users.insert(subject["user"]?.text("name") ?? "")
            case "Group": rule.groups.insert(subject["group"]?.text("name") ?? "")
            default:
                let account = subject["serviceAccount"] ?? [:]
                let namespace = account.text("namespace")
                if account.text("name") == "*" {
                    rule.accountNamespaces.insert(namespace)
                } else {
                    rule.users.insert(
                        "system:serviceaccount:\(namespace):\(account.text("name"))")
                }
            }
        }
        return rule
    }

    /// The flow of a request; nil when no schema chooses it.
    func flow(of action: Action, by user: UserInfo) -> FlowIdentity? {
        guard let schema = schemas.first(where: { schema in
            schema.rules.contains { Self.matches($0, user) && Self.matches($0, action) }
        }) else { return nil }
        let distinguisher =
            switch schema.distinguisher {
            case "ByUser": user.name
            case "ByNamespace": action.namespace
            default: ""
            }
        return FlowIdentity(
            schema: schema.name, level: schema.level, distinguisher: distinguisher,
            schemaUID: schema.uid, levelUID: schema.levelUID)
    }

    private static func matches(_ rule: Rule, _ user: UserInfo) -> Bool {
        if rule.users.contains(user.name) || rule.users.contains("*") { return true }
        if rule.groups.contains("*") || user.groups.contains(where: rule.groups.contains) {
            return true
        }
        guard !rule.accountNamespaces.isEmpty, user.isServiceAccount else { return false }
        let parts = user.name.split(separator: ":")
        return parts.count == 4 && rule.accountNamespaces.contains(String(parts[2]))
    }

    private static func matches(_ rule: Rule, _ action: Action) -> Bool {
        if let path = action.path {
            return rule.pathRules.contains { json in
                holds(json["verbs"], action.verb)
                    && json["nonResourceURLs"].strings.contains {
                        $0 == "*" || $0 == path
                            || $0.hasSuffix("*") && path.hasPrefix($0.dropLast())
                    }
            }
        }
        let resource =
            action.subresource.isEmpty
            ? action.resource : "\(action.resource)/\(action.subresource)"
        return rule.resourceRules.contains { json in
            guard holds(json["verbs"], action.verb), holds(json["apiGroups"], action.group),
                holds(json["resources"], resource)
            else { return false }
            return action.namespace.isEmpty
                ? json.flag("clusterScope") : holds(json["namespaces"], action.namespace)
        }
    }

    private static func holds(_ list: JSON?, _ value: String) -> Bool {
        (list?.array ?? []).contains { $0.string == value || $0.string == "*" }
    }
}
