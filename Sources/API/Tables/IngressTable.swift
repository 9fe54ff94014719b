import Base
import JSON

/// The rows of `kubectl get ingresses`.
enum IngressTable {
    static let columns = [
        TableColumn.name,
        TableColumn("Class", "The class of Ingress."),
        TableColumn("Hosts", "Hosts whose requests it takes."),
        TableColumn("Address", "Where it can be reached."),
        TableColumn("Ports", "Ports on which it can be reached."),
        TableColumn.age,
    ]

    @Sendable static func cells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let addresses = (document["status"]?["loadBalancer"] ?? [:]).list("ingress")
            .map { $0.text("ip").isEmpty ? $0.text("hostname") : $0.text("ip") }
        return [
            document.name, spec.text("ingressClassName").orNone,
            .string(hosts(spec.list("rules"))), .string(addresses.joined(separator: ",")),
            spec.list("tls").isEmpty ? "80" : "80, 443", document.age(at: now),
        ]
    }

    /// The first three hosts, and how many more there are.
    private static func hosts(_ rules: [JSON]) -> String {
        let hosts = rules.map { $0.text("host") }.filter { !$0.isEmpty }
        if hosts.isEmpty { return "*" }
        let shown = hosts.prefix(3).joined(separator: ",")
        return hosts.count > 3 ? "\(shown) + \(hosts.count - 3) more..." : shown
    }
}
