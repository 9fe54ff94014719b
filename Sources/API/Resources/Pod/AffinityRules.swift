import JSON
import Objects

extension PodRules {
    /// Judges the terms of `spec.affinity`.
    static func validateAffinity(_ affinity: JSON, _ v: inout Validation) {
        guard affinity != [:] else { return }
        let required = "requiredDuringSchedulingIgnoredDuringExecution"
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution"
        v.at("affinity") { v in
            let node = affinity["nodeAffinity"] ?? [:]
            v.at("nodeAffinity") { v in
                v.at(required) { v in
                    v.each("nodeSelectorTerms", of: node[required] ?? [:]) { v, term in
                        validate(term: term, &v)
                    }
                }
                v.each(preferred, of: node) { v, entry in
                    v.at("preference") { validate(term: entry["preference"] ?? [:], &$0) }
                }
            }
            for name in ["podAffinity", "podAntiAffinity"] {
                let pod = affinity[name] ?? [:]
                v.at(name) { v in
                    v.each(required, of: pod) { v, term in
                        validateSelectors(of: term, &v)
                    }
                    v.each(preferred, of: pod) { v, entry in
                        v.at("podAffinityTerm") {
                            validateSelectors(of: entry["podAffinityTerm"] ?? [:], &$0)
                        }
                    }
                }
            }
        }
    }

    private static func validateSelectors(of term: JSON, _ v: inout Validation) {
        for name in ["labelSelector", "namespaceSelector"] {
            guard let selector = term[name] else { continue }
            v.at(name) { validateLabelSelector(selector, &$0) }
        }
    }

    private static func validate(term: JSON, _ v: inout Validation) {
        for list in ["matchExpressions", "matchFields"] {
            v.each(list, of: term) { v, expression in
                let values = expression.list("values")
                v.at("values") { v in
                    switch expression.text("operator") {
                    case "In", "NotIn":
                        if values.isEmpty {
                            v.required("must be specified when `operator` is 'In' or 'NotIn'")
                        }
                    case "Exists", "DoesNotExist":
                        if !values.isEmpty {
                            v.forbidden(
                                "may not be specified when `operator` is 'Exists' or "
                                    + "'DoesNotExist'")
                        }
                    case "Gt", "Lt":
                        if values.count != 1 {
                            v.required(
                                "must be specified single value when `operator` is 'Lt' or 'Gt'")
                        }
                    default:
                        break
                    }
                }
                guard list == "matchExpressions" else { return }
                for fault in StringFormat.qualifiedName.faults(of: expression.text("key")) {
                    v.at("key") { $0.invalid(expression["key"], fault) }
                }
            }
        }
    }
}

/// Judges the LabelSelector that the walk stands at (`ValidateLabelSelector`).
func validateLabelSelector(_ selector: JSON, _ v: inout Validation) {
    validateLabels(selector["matchLabels"], "matchLabels", &v)
    v.each("matchExpressions", of: selector) { v, expression in
        let values = expression.list("values")
        switch expression.text("operator") {
        case "In", "NotIn":
            if values.isEmpty {
                v.at("values") {
                    $0.required("must be specified when `operator` is 'In' or 'NotIn'")
                }
            }
        case "Exists", "DoesNotExist":
            if !values.isEmpty {
                v.at("values") {
                    $0.forbidden(
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
                }
            }
        default:
            v.at("operator") {
                $0.invalid(expression["operator"] ?? "", "not a valid selector operator")
            }
        }
        for fault in StringFormat.qualifiedName.faults(of: expression.text("key")) {
            v.at("key") { $0.invalid(expression["key"] ?? "", fault) }
        }
        v.each("values", of: expression) { v, value in
            for fault in StringFormat.labelValue.faults(of: value.string ?? "") {
                v.invalid(value, fault)
            }
        }
    }
}
