import JSON
import Objects

extension ResourceDefinition {
    static let resourceQuotas = ResourceDefinition(
        .resourceQuotas, shortNames: ["quota"], subresources: [.status("ResourceQuota")],
        schema: CoreV1.resourceQuota,
        columns: [
            .name, TableColumn("Request", "What is used, of what may be, of all but limits."),
            TableColumn("Limit", "What is used, of what may be, of limits."), .age,
        ],
        strategy: ResourceStrategy(
            prepareForCreate: { $0["status"] = [:] },
            validate: { document, v in
                v.at("spec") { v in
                    v.at("hard") { v in
                        for (name, value) in (document["spec"]?["hard"] ?? [:]).members {
                            v.at(key: name) { QuantityRules.validateNotNegative(value, &$0) }
                        }
                    }
                }
            },
            validateUpdate: { document, old, subresource, v in
                guard subresource == nil,
                    document["spec"]?["scopes"] != old["spec"]?["scopes"]
                else { return }
                v.at("spec") { v in
                    v.at("scopes") {
                        $0.invalid(document["spec"]?["scopes"], "field is immutable")
                    }
                }
            },
            cells: { document, now in
                [document.name] + QuotaTable.usage(of: document["status"] ?? [:])
                    + [document.age(at: now)]
            }))

    static let limitRanges = ResourceDefinition(
        .limitRanges, shortNames: ["limits"], schema: CoreV1.limitRange,
        columns: [.name, TableColumn("Created At", "When the object was created.")],
        strategy: ResourceStrategy(
            defaults: { document in
                document.update("spec") { $0.updateEach("limits", LimitRangeRules.complete) }
            },
            validate: { document, v in
                v.at("spec") { v in
                    v.each("limits", of: document["spec"] ?? [:], LimitRangeRules.validate)
                }
            },
            cells: { document, _ in
                [document.name, document["metadata"]?["creationTimestamp"] ?? "<unknown>"]
            }))
}

/// The rules of amounts.
enum QuantityRules {
    static func quantity(_ value: JSON?) -> Quantity? {
        switch value {
        case .string(let text): Quantity(text)
        case .integer(let number): Quantity(String(number))
        default: nil
        }
    }

    static func validateNotNegative(_ value: JSON, _ v: inout Validation) {
        guard let amount = quantity(value), amount < .zero else { return }
        v.invalid(value, "must be greater than or equal to 0")
    }
}

/// What a LimitRange must look like beyond its schema, and what it leaves to be filled in.
enum LimitRangeRules {
    /// A default limit is the highest one, a default request the default limit or the lowest one,
    /// unless the user says otherwise (`SetDefaults_LimitRangeItem`).
    static func complete(_ item: inout JSON) {
        guard item.text("type") == "Container" else { return }
        fill(&item, "default", from: "max")
        fill(&item, "defaultRequest", from: "default")
        fill(&item, "defaultRequest", from: "min")
    }

    private static func fill(_ item: inout JSON, _ name: String, from source: String) {
        for (resource, amount) in (item[source] ?? [:]).members
        where item[name]?[resource] == nil {
            item[path: [name, resource]] = amount
        }
    }

    static func validate(_ v: inout Validation, _ item: JSON) {
        if item.text("type") == "Pod" {
            for name in ["default", "defaultRequest"] where item[name] != nil {
                v.at(name) {
                    $0.forbidden("may not be specified when `type` is 'Pod'")
                }
            }
        }
        for order in orders {
            for (resource, amount) in (item[order.low] ?? [:]).members {
                let bound = item[order.high]?[resource]
                guard let low = QuantityRules.quantity(amount),
                    let high = QuantityRules.quantity(bound), high < low
                else { continue }
                v.at(order.field) { v in
                    v.at(key: resource) {
                        $0.invalid(
                            item[order.shown]?[resource],
                            "\(order.lowName) value \(amount.string ?? "") is greater than "
                                + "\(order.highName) value \(bound?.string ?? "")")
                    }
                }
            }
        }
    }

    /// Amounts of which one may not be above the other, and the field that is blamed.
    private struct Order {
        let low: String
        let high: String
        let field: String
        let shown: String
        let lowName: String
        let highName: String
    }

    private static let orders = [
        Order(
            low: "min", high: "max", field: "min", shown: "min", lowName: "min", highName: "max"),
        Order(
            low: "min", high: "defaultRequest", field: "defaultRequest", shown: "defaultRequest",
            lowName: "min", highName: "default request"),
        Order(
            low: "defaultRequest", high: "max", field: "defaultRequest", shown: "defaultRequest",
            lowName: "default request", highName: "max"),
        Order(
            low: "defaultRequest", high: "default", field: "defaultRequest",
            shown: "defaultRequest", lowName: "default request", highName: "default limit"),
        Order(
            low: "min", high: "default", field: "default", shown: "min", lowName: "min",
            highName: "default"),
        Order(
            low: "default", high: "max", field: "default", shown: "max", lowName: "default",
            highName: "max"),
    ]
}
