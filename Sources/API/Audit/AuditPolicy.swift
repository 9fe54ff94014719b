package import JSON

/// How much of a request the audit log holds (`audit.k8s.io/v1` Level).
enum AuditLevel: String, Sendable, Comparable, CaseIterable {
    case none = "None"
    case metadata = "Metadata"
    case request = "Request"
    case requestResponse = "RequestResponse"

    static func < (left: AuditLevel, right: AuditLevel) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Where a request stands (`audit.k8s.io/v1` Stage).
enum AuditStage: String, Sendable, CaseIterable {
    case requestReceived = "RequestReceived"
    /// Of requests whose answers go on: watch, log, exec and their like.
    case responseStarted = "ResponseStarted"
    case responseComplete = "ResponseComplete"
    case panic = "Panic"
}

/// What the audit log says of a request: the level, and what is left out.
struct AuditDecision: Sendable, Equatable {
    var level: AuditLevel
    var omittedStages: Set<AuditStage>
    var omitsManagedFields: Bool
}

/// Which requests are logged, and how much of them (`audit.k8s.io/v1` Policy). The first rule that
/// fits decides; a request that none fits is not logged.
package struct AuditPolicy: Sendable, Equatable {
    struct ResourceGroup: Sendable, Equatable {
        var group: String
        var resources: [String]
        var names: [String]
    }

    struct Rule: Sendable, Equatable {
        var level: AuditLevel
        var users: [String]
        var userGroups: [String]
        var verbs: [String]
        var resources: [ResourceGroup]
        var namespaces: [String]
        var nonResourceURLs: [String]
        var omittedStages: Set<AuditStage>
        var omitsManagedFields: Bool?
    }

    private var rules: [Rule] = []
    private var omittedStages: Set<AuditStage> = []
    private var omitsManagedFields = false

    /// What is wrong in a policy's file, as field and fault.
    package struct Fault: Error, CustomStringConvertible, Equatable {
        package var description: String
    }

    package init(_ json: JSON) throws(Fault) {
        try Self.check(json, ["apiVersion", "kind", "metadata"] + Self.policyFields, "")
        guard json["kind"]?.string == "Policy", json["apiVersion"]?.string == "audit.k8s.io/v1"
        else {
            throw Fault(
                description: "the document must be of apiVersion audit.k8s.io/v1 and kind Policy")
        }
        omittedStages = try Self.stages(json, "omitStages")
        omitsManagedFields = json["omitManagedFields"]?.bool ?? false
        for (index, rule) in (json["rules"]?.array ?? []).enumerated() {
            rules.append(try Self.rule(rule, "rules[\(index)]"))
        }
        guard !rules.isEmpty else { throw Fault(description: "rules: the policy has no rule") }
    }

    // MARK: Reading

    private static let policyFields = ["rules", "omitStages", "omitManagedFields"]
    private static let ruleFields = [
        "level", "users", "userGroups", "verbs", "resources", "namespaces", "nonResourceURLs",
        "omitStages", "omitManagedFields",
    ]

    private static func rule(_ json: JSON, _ path: String) throws(Fault) -> Rule {
        try check(json, ruleFields, path)
        guard let level = AuditLevel(rawValue: json["level"]?.string ?? "") else {
            throw unsupported(
                "\(path).level", json["level"], AuditLevel.allCases.map(\.rawValue))
        }
        var rule = Rule(
            level: level, users: try strings(json, "users", path),
            userGroups: try strings(json, "userGroups", path),
            verbs: try strings(json, "verbs", path), resources: [],
            namespaces: try strings(json, "namespaces", path),
            nonResourceURLs: try strings(json, "nonResourceURLs", path),
            omittedStages: try stages(json, "omitStages", path),
            omitsManagedFields: json["omitManagedFields"]?.bool)
        for (index, entry) in (json["resources"]?.array ?? []).enumerated() {
            let path = "\(path).resources[\(index)]"
            try check(entry, ["group", "resources", "resourceNames"], path)
            rule.resources.append(
                ResourceGroup(
                    group: entry["group"]?.string ?? "",
                    resources: try strings(entry, "resources", path),
                    names: try strings(entry, "resourceNames", path)))
        }
        let isAboutResources = !rule.resources.isEmpty || !rule.namespaces.isEmpty
        guard rule.nonResourceURLs.isEmpty || !isAboutResources else {
            throw Fault(
                description: "\(path).nonResourceURLs: Invalid value: rules cannot apply to both "
                    + "regular resources and non-resource URLs")
        }
        for url in rule.nonResourceURLs where url != "*" {
            guard url.hasPrefix("/") else {
                throw Fault(
                    description: "\(path).nonResourceURLs: Invalid value: \"\(url)\": non-resource "
                        + "URL rules must begin with a '/' character")
            }
            guard !url.dropLast().contains("*") else {
                throw Fault(
                    description: "\(path).nonResourceURLs: Invalid value: \"\(url)\": non-resource "
                        + "URL wildcards '*' must be the final character of the rule")
            }
        }
        return rule
    }

    private static func stages(
        _ json: JSON, _ name: String, _ path: String = ""
    ) throws(Fault) -> Set<AuditStage> {
        var stages: Set<AuditStage> = []
        for text in try strings(json, name, path) {
            guard let stage = AuditStage(rawValue: text) else {
                throw unsupported(
                    join(path, name), .string(text), AuditStage.allCases.map(\.rawValue))
            }
            stages.insert(stage)
        }
        return stages
    }

    private static func strings(
        _ json: JSON, _ name: String, _ path: String
    ) throws(Fault) -> [String] {
        guard let value = json[name], !value.isNull else { return [] }
        guard let list = value.array, list.allSatisfy({ $0.string != nil }) else {
            throw Fault(description: "\(join(path, name)): must be a list of strings")
        }
        return list.compactMap(\.string)
    }

    private static func check(
        _ json: JSON, _ known: [String], _ path: String
    ) throws(Fault) {
        guard let object = json.object else {
            throw Fault(description: "\(path.isEmpty ? "the policy" : path): must be a mapping")
        }
        for name in object.names where !known.contains(name) {
            throw Fault(description: "unknown field \"\(join(path, name))\"")
        }
    }

    private static func unsupported(
        _ path: String, _ value: JSON?, _ known: [String]
    ) -> Fault {
        let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
        return Fault(
            description: "\(path): Unsupported value: \(value?.text ?? "\"\""): supported values: "
                + list)
    }

    private static func join(_ path: String, _ name: String) -> String {
        path.isEmpty ? name : "\(path).\(name)"
    }

    // MARK: Deciding

    func decision(on request: AuditedRequest) -> AuditDecision {
        guard let rule = rules.first(where: { $0.fits(request) }) else {
            return AuditDecision(
                level: .none, omittedStages: omittedStages, omitsManagedFields: omitsManagedFields)
        }
        return AuditDecision(
            level: rule.level, omittedStages: omittedStages.union(rule.omittedStages),
            omitsManagedFields: rule.omitsManagedFields ?? omitsManagedFields)
    }
}

extension AuditPolicy.Rule {
    fileprivate func fits(_ request: AuditedRequest) -> Bool {
        if !users.isEmpty {
            guard let user = request.user, users.contains(user.name) else { return false }
        }
        if !userGroups.isEmpty {
            guard let user = request.user, user.groups.contains(where: userGroups.contains)
            else { return false }
        }
        let action = request.action
        guard verbs.isEmpty || verbs.contains(action.verb) else { return false }
        if !namespaces.isEmpty || !resources.isEmpty {
            return action.path == nil
                && (namespaces.isEmpty || namespaces.contains(action.namespace))
                && (resources.isEmpty || resources.contains { $0.holds(action) })
        }
        guard !nonResourceURLs.isEmpty else { return true }
        guard let path = action.path else { return false }
        return nonResourceURLs.contains {
            $0 == path || $0.hasSuffix("*") && path.hasPrefix($0.dropLast())
        }
    }
}

extension AuditPolicy.ResourceGroup {
    fileprivate func holds(_ action: Action) -> Bool {
        guard group == action.group else { return false }
        guard !resources.isEmpty else { return true }
        guard names.isEmpty || names.contains(action.name) else { return false }
        return resources.contains { resource in
            resource == "*" || resource == action.resourcePath
                || !action.subresource.isEmpty && resource == "*/\(action.subresource)"
                || resource == "\(action.resource)/*"
        }
    }
}
