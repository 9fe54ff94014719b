import JSON
import Objects
import Store

/// What the identity of a machine may do (`plugin/pkg/auth/authorizer/node`): what its kubelet
/// needs for the Pods that are bound to its Node, and nothing of other Nodes.
struct NodeAuthorizer {
    let snapshot: Snapshot

    enum Verdict: Equatable {
        case allowed
        /// Not allowed here; a role may still allow it. The reason is for the refusal's message.
        case noOpinion(String)
    }

    /// The Node that a user speaks for; nil when it is no machine.
    static func node(of user: UserInfo) -> String? {
        let prefix = "system:node:"
        guard user.isMachine, user.name.hasPrefix(prefix) else { return nil }
        let name = String(user.name.dropFirst(prefix.count))
        return name.isEmpty ? nil : name
    }

    func judge(_ action: Action, by user: UserInfo) -> Verdict {
        guard let node = Self.node(of: user) else {
            return .noOpinion("unknown node for user \(quotedText(user.name))")
        }
        switch (action.group, action.resource, action.subresource) {
        case ("", "secrets", ""), ("", "configmaps", ""), ("", "persistentvolumeclaims", ""),
            ("", "serviceaccounts", ""):
            guard action.isRead, !action.name.isEmpty else {
                return .noOpinion("can only read resources of this type with a name")
            }
            return related(node, to: action)
        case ("", "serviceaccounts", "token"):
            guard action.verb == "create" else {
                return .noOpinion("can only create tokens for individual service accounts")
            }
            return related(node, to: action)
        case ("", "persistentvolumes", ""):
            return judgeVolume(action, node)
        case ("", "nodes", _):
            return judgeNode(action, node)
        case ("", "pods", _):
            return judgePod(action, node)
        case ("coordination.k8s.io", "leases", ""):
            return judgeLease(action, node)
        case ("storage.k8s.io", "csinodes", ""):
            let isOwn = action.name == node || (action.name.isEmpty && action.verb == "create")
            return isOwn
                ? .allowed
                : .noOpinion("can only access CSINode with the same name as the requesting node")
        default:
            return Self.isForEveryNode(action) ? .allowed : .noOpinion("")
        }
    }

    /// What every kubelet may do, whatever runs on its Node.
    private static func isForEveryNode(_ action: Action) -> Bool {
        switch (action.group, action.resource, action.subresource) {
        case ("", "services", ""), ("", "endpoints", ""),
            ("discovery.k8s.io", "endpointslices", ""),
            ("node.k8s.io", "runtimeclasses", ""), ("storage.k8s.io", "csidrivers", ""),
            ("storage.k8s.io", "volumeattachments", ""):
            return action.isRead
        case ("", "events", ""), ("events.k8s.io", "events", ""):
            return ["create", "update", "patch"].contains(action.verb)
        case ("certificates.k8s.io", "certificatesigningrequests", ""):
            return action.isRead || action.verb == "create"
        case ("authentication.k8s.io", "tokenreviews", ""),
            ("authorization.k8s.io", "subjectaccessreviews", ""),
            ("authorization.k8s.io", "localsubjectaccessreviews", ""):
            return action.verb == "create"
        default:
            return false
        }
    }

    private func judgeNode(_ action: Action, _ node: String) -> Verdict {
        switch (action.verb, action.subresource) {
        case ("create", ""):
            return .allowed
        case ("get", ""), ("list", ""), ("watch", ""):
            return action.name == node
                ? .allowed
                : .noOpinion(
                    "node '\(node)' cannot read '\(action.name)', only its own Node object")
        case ("update", ""), ("patch", ""), ("update", "status"), ("patch", "status"):
            return action.name == node
                ? .allowed
                : .noOpinion("node '\(node)' is not allowed to modify node '\(action.name)'")
        default:
            return .noOpinion("")
        }
    }

    private func judgePod(_ action: Action, _ node: String) -> Verdict {
        switch (action.verb, action.subresource) {
        case ("create", ""), ("delete", ""), ("create", "eviction"), ("update", "status"),
            ("patch", "status"):
            // NodeRestriction looks at the Pod itself.
            return .allowed
        case ("get", ""):
            let key = Resource.pods.key(namespace: action.namespace, name: action.name)
            // Whoever asks for a Pod that is gone is told so.
            guard let pod = snapshot[key] else { return .allowed }
            return Pod(pod.json).nodeName == node ? .allowed : Self.unrelated(node)
        case ("list", ""), ("watch", ""):
            guard action.selectedNode != node else { return .allowed }
            return .noOpinion(
                "can only list/watch pods with spec.nodeName field selector")
        default:
            return .noOpinion("")
        }
    }

    private func judgeLease(_ action: Action, _ node: String) -> Verdict {
        let verbs = ["get", "create", "update", "patch", "delete"]
        guard verbs.contains(action.verb) else {
            return .noOpinion("can only get, create, update, patch, or delete a node lease")
        }
        guard action.namespace == "kube-node-lease" else {
            return .noOpinion("can only access leases in the \"kube-node-lease\" system namespace")
        }
        guard action.verb == "create" || action.name == node else {
            return .noOpinion(
                "can only access node lease with the same name as the requesting node")
        }
        return .allowed
    }

    private static func unrelated(_ node: String) -> Verdict {
        .noOpinion("no relationship found between node '\(node)' and this object")
    }

    private func related(_ node: String, to action: Action) -> Verdict {
        let isFound = pods(on: node, in: action.namespace) { pod in
            PodReferences(pod).names(of: action.resource).contains(action.name)
        }
        return isFound ? .allowed : Self.unrelated(node)
    }

    /// A volume is a node's business when a claim that a Pod there uses is bound to it.
    private func judgeVolume(_ action: Action, _ node: String) -> Verdict {
        guard action.verb == "get" else {
            return .noOpinion("can only get individual resources of this type")
        }
        let key = Resource.persistentVolumes.key(name: action.name)
        guard let claim = snapshot[key]?.json["spec"]?["claimRef"] else {
            return Self.unrelated(node)
        }
        let name = claim.text("name")
        let isFound = pods(on: node, in: claim.text("namespace")) { pod in
            PodReferences(pod).names(of: "persistentvolumeclaims").contains(name)
        }
        return isFound ? .allowed : Self.unrelated(node)
    }

    /// Whether a Pod of the namespace that is bound to the Node satisfies a condition. Only the
    /// Pods whose text holds the Node's name are parsed.
    private func pods(
        on node: String, in namespace: String, _ isWanted: (Pod) -> Bool
    ) -> Bool {
        let range = KeyRange.namespace(group: "", resource: "pods", namespace: namespace)
        var isFound = false
        snapshot.forEach(in: range) { _, document in
            guard document.mentions(node) else { return true }
            let pod = Pod(document.json)
            isFound = pod.nodeName == node && isWanted(pod)
            return !isFound
        }
        return isFound
    }
}

/// What else a Pod needs to run, by name.
struct PodReferences {
    private let pod: Pod

    init(_ pod: Pod) { self.pod = pod }

    func names(of resource: String) -> Set<String> {
        switch resource {
        case "serviceaccounts": [pod.serviceAccountName]
        case "persistentvolumeclaims": Set(claims)
        case "secrets": Set(secrets)
        case "configmaps": Set(configMaps)
        default: []
        }
    }

    private var claims: [String] {
        pod.volumes.compactMap { volume in
            if volume["ephemeral"] != nil { return "\(pod.name)-\(volume.text("name"))" }
            return volume["persistentVolumeClaim"]?["claimName"]?.string
        }
    }

    private var secrets: [String] {
        pod.spec.list("imagePullSecrets").map { $0.text("name") }
            + pod.volumes.compactMap { $0["secret"]?["secretName"]?.string }
            + pod.volumes.flatMap { volume in
                volume.members.compactMap { source in
                    (source.value["secretRef"] ?? source.value["nodePublishSecretRef"])?["name"]?
                        .string
                }
            }
            + projected("secret") + variables("secretKeyRef", "secretRef")
    }

    private var configMaps: [String] {
        pod.volumes.compactMap { $0["configMap"]?["name"]?.string }
            + projected("configMap") + variables("configMapKeyRef", "configMapRef")
    }

    private func projected(_ source: String) -> [String] {
        pod.volumes.flatMap { $0["projected"]?.list("sources") ?? [] }
            .compactMap { $0[source]?["name"]?.string }
    }

    private func variables(_ one: String, _ all: String) -> [String] {
        PodRules.containerLists.flatMap { pod.spec.list($0) }.flatMap { container in
            container.list("env").compactMap { $0["valueFrom"]?[one]?["name"]?.string }
                + container.list("envFrom").compactMap { $0[all]?["name"]?.string }
        }
    }
}
