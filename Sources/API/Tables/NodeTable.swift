import Base
import JSON

/// The rows of `kubectl get nodes`.
enum NodeTable {
    static let columns = [
        TableColumn.name,
        TableColumn("Status", "Whether the Node can run Pods."),
        TableColumn("Roles", "Roles of the Node, from its labels."),
        TableColumn.age,
        TableColumn("Version", "Version of the kubelet."),
        TableColumn("Internal-IP", "Address of the Node in the cluster.", priority: 1),
        TableColumn("External-IP", "Address of the Node outside the cluster.", priority: 1),
        TableColumn("OS-Image", "Distribution that the Node runs.", priority: 1),
        TableColumn("Kernel-Version", "Version of the Node's kernel.", priority: 1),
        TableColumn("Container-Runtime", "Container runtime and its version.", priority: 1),
    ]

    @Sendable static func cells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let status = document["status"] ?? [:]
        let info = status["nodeInfo"] ?? [:]
        func address(_ type: String) -> JSON {
            (status.list("addresses").first { $0.text("type") == type }?.text("address") ?? "")
                .orNone
        }
        return [
            document.name, .string(state(document)), .string(roles(document)),
            document.age(at: now), .string(info.text("kubeletVersion")), address("InternalIP"),
            address("ExternalIP"), info.text("osImage").orUnknown,
            info.text("kernelVersion").orUnknown, info.text("containerRuntimeVersion").orUnknown,
        ]
    }

    private static func state(_ document: JSON) -> String {
        let ready = (document["status"]?.list("conditions") ?? []).first {
            $0.text("type") == "Ready"
        }
        let state = ready.map { $0.text("status") == "True" ? "Ready" : "NotReady" } ?? "Unknown"
        let isCordoned = document["spec"]?.flag("unschedulable") ?? false
        return isCordoned ? state + ",SchedulingDisabled" : state
    }

    private static func roles(_ document: JSON) -> String {
        let prefix = "node-role.kubernetes.io/"
        var roles: Set<String> = []
        for (name, value) in (document["metadata"]?["labels"] ?? [:]).members {
            if name.hasPrefix(prefix), name != prefix {
                roles.insert(String(name.dropFirst(prefix.count)))
            } else if name == "kubernetes.io/role", let role = value.string, !role.isEmpty {
                roles.insert(role)
            }
        }
        return roles.isEmpty ? "<none>" : roles.sorted().joined(separator: ",")
    }
}
