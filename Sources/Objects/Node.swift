package import JSON

/// A view of `v1.Node`.
package struct Node: KubernetesObject {
    package static var resource: Resource { .nodes }
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    package var podCIDR: String? { json["spec"]?["podCIDR"]?.string }
    package var isUnschedulable: Bool { json["spec"]?["unschedulable"]?.bool ?? false }
    package var taints: [Taint] { (json["spec"]?["taints"]?.array ?? []).map(Taint.init) }
    /// Capacity less what the system keeps, by resource name.
    package var allocatable: [String: Quantity] {
        (json["status"]?["allocatable"]).stringMap.compactMapValues(Quantity.init)
    }
    package var isReady: Bool { condition("Ready")?.isTrue ?? false }
    package var internalAddress: String? {
        (json["status"]?["addresses"]?.array ?? [])
            .first { $0["type"]?.string == "InternalIP" }?["address"]?.string
    }
}

/// A view of `v1.Taint`.
package struct Taint: Sendable, Equatable {
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    package init(key: String, value: String = "", effect: String, timeAdded: String? = nil) {
        json = ["key": .string(key), "effect": .string(effect)]
        if !value.isEmpty { json["value"] = .string(value) }
        if let timeAdded { json["timeAdded"] = .string(timeAdded) }
    }

    package var key: String { json["key"]?.string ?? "" }
    package var value: String { json["value"]?.string ?? "" }
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    package var effect: String { json["effect"]?.string ?? "" }
}

/// A view of `v1.Toleration`.
package struct Toleration: Sendable, Equatable {
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    package var key: String { json["key"]?.string ?? "" }
    package var `operator`: String { json["operator"]?.string ?? "Equal" }
    package var value: String { json["value"]?.string ?? "" }
    package var effect: String { json["effect"]?.string ?? "" }
    package var tolerationSeconds: Int64? { json["tolerationSeconds"]?.integer }

    /// Whether the toleration covers the taint; an empty key or effect covers any.
    package func tolerates(_ taint: Taint) -> Bool {
        guard effect.isEmpty || effect == taint.effect else { return false }
        guard key.isEmpty || key == taint.key else { return false }
        switch `operator` {
        case "Exists": return true
        case "Equal", "": return !key.isEmpty && value == taint.value
        default: return false
        }
    }
}
