import Base
import JSON

/// The rows of `kubectl get` for roles and bindings.
enum RoleTable {
    static let roleColumns = [
        TableColumn.name, TableColumn("Created At", "When the object was created."),
    ]

    @Sendable static func roleCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        [document.name, document["metadata"]?["creationTimestamp"] ?? "<unknown>"]
    }

    static let bindingColumns = [
        TableColumn.name,
        TableColumn("Role", "The role that is given."),
        TableColumn.age,
        TableColumn("Users", "Users who have the role.", priority: 1),
        TableColumn("Groups", "Groups that have the role.", priority: 1),
        TableColumn("ServiceAccounts", "Service accounts that have the role.", priority: 1),
    ]

    @Sendable static func bindingCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let role = document["roleRef"] ?? [:]
        var names: [String: [String]] = [:]
        for subject in document.list("subjects") {
            let kind = subject.text("kind")
            let isAccount = kind == "ServiceAccount"
            let prefix = isAccount ? subject.text("namespace") + "/" : ""
            names[kind, default: []].append(prefix + subject.text("name"))
        }
        return [
            document.name, .string("\(role.text("kind"))/\(role.text("name"))"),
            document.age(at: now),
        ]
            + ["User", "Group", "ServiceAccount"].map {
                .string((names[$0] ?? []).joined(separator: ", "))
            }
    }
}
