import JSON
import Objects

/// A rule of a role (`rbac.authorization.k8s.io/v1` PolicyRule).
struct PolicyRule: Sendable, Hashable {
    var verbs: [String]
    var apiGroups: [String] = []
    var resources: [String] = []
    var resourceNames: [String] = []
    var nonResourceURLs: [String] = []

    init(_ json: JSON) {
        verbs = json["verbs"].strings
        apiGroups = json["apiGroups"].strings
        resources = json["resources"].strings
        resourceNames = json["resourceNames"].strings
        nonResourceURLs = json["nonResourceURLs"].strings
    }

    /// A rule that allows one action and nothing else.
    init(_ action: Action) {
        verbs = [action.verb]
        if let path = action.path {
            nonResourceURLs = [path]
            return
        }
        apiGroups = [action.group]
        resources = [action.resourcePath]
        resourceNames = action.name.isEmpty ? [] : [action.name]
    }

    func allows(_ action: Action) -> Bool {
        guard Self.holds(verbs, action.verb) else { return false }
        if let path = action.path {
            return nonResourceURLs.contains {
                $0 == path || $0.hasSuffix("*") && path.hasPrefix($0.dropLast())
            }
        }
        return Self.holds(apiGroups, action.group)
            && (Self.holds(resources, action.resourcePath) || holdsSubresource(action))
            && (resourceNames.isEmpty || resourceNames.contains(action.name))
    }

    /// `*/scale` stands for that subresource of all resources.
    private func holdsSubresource(_ action: Action) -> Bool {
        !action.subresource.isEmpty && resources.contains("*/\(action.subresource)")
    }

    private static func holds(_ list: [String], _ value: String) -> Bool {
        list.contains { $0 == value || $0 == "*" }
    }

    /// Every single thing that the rule allows, or nil when there are more than `limit`.
    func actions(limit: Int) -> [Action]? {
        let names = resourceNames.isEmpty ? [""] : resourceNames
        let places = apiGroups.count * resources.count * names.count + nonResourceURLs.count
        guard places <= limit, places * verbs.count <= limit else { return nil }
        var actions: [Action] = []
        for verb in verbs {
            for path in nonResourceURLs { actions.append(Action(verb: verb, path: path)) }
            for group in apiGroups {
                for resource in resources {
                    let parts = resource.split(separator: "/", maxSplits: 1).map(String.init)
                    for name in names {
                        actions.append(
                            Action(
                                verb: verb, group: group, resource: parts.first ?? "",
                                subresource: parts.count > 1 ? parts[1] : "", name: name))
                    }
                }
            }
        }
        return actions
    }

    /// The rule as messages of Kubernetes spell it: `{APIGroups:[""], Resources:["pods"], …}`.
    var description: String {
        let parts = [
            ("APIGroups", apiGroups), ("Resources", resources),
            ("NonResourceURLs", nonResourceURLs), ("ResourceNames", resourceNames),
            ("Verbs", verbs),
        ]
        let texts = parts.filter { !$0.1.isEmpty }.map { name, values in
            let list = values.map { "\"\($0)\"" }.joined(separator: " ")
            return "\(name):[\(list)]"
        }
        return "{\(texts.joined(separator: ", "))}"
    }

    /// The rule in an answer to SelfSubjectRulesReview.
    var json: JSON {
        var json: JSON = ["verbs": Self.list(verbs)]
        guard nonResourceURLs.isEmpty else {
            json["nonResourceURLs"] = Self.list(nonResourceURLs)
            return json
        }
        json["apiGroups"] = Self.list(apiGroups)
        json["resources"] = Self.list(resources)
        if !resourceNames.isEmpty { json["resourceNames"] = Self.list(resourceNames) }
        return json
    }

    private static func list(_ texts: [String]) -> JSON { .array(texts.map(JSON.string)) }
}

extension Action {
    /// `pods`, or `pods/log`.
    var resourcePath: String {
        subresource.isEmpty ? resource : "\(resource)/\(subresource)"
    }
}
