package import JSON

/// A view of one entry of `status.conditions` of a Pod, Node, Deployment or ReplicaSet.
package struct Condition: Sendable, Equatable {
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    package init(
        type: String, status: String, reason: String? = nil, message: String? = nil
    ) {
        json = ["type": .string(type), "status": .string(status)]
        if let reason { json["reason"] = .string(reason) }
        if let message { json["message"] = .string(message) }
    }

    package var type: String { json["type"]?.string ?? "" }
    /// `True`, `False` or `Unknown`.
    package var status: String { json["status"]?.string ?? "" }
    package var reason: String { json["reason"]?.string ?? "" }
    package var message: String { json["message"]?.string ?? "" }
    package var isTrue: Bool { status == "True" }
}

extension KubernetesObject {
    package var conditions: [Condition] {
        (json["status"]?["conditions"]?.array ?? []).map(Condition.init)
    }

    package func condition(_ type: String) -> Condition? {
        conditions.first { $0.type == type }
    }
}
