import JSON
import Objects

/// Requests and limits of containers and Pods (`ValidateResourceRequirements`).
enum ResourceRules {
    static func validate(_ resources: JSON, _ v: inout Validation) {
        let limits = resources["limits"] ?? [:]
        for list in ["limits", "requests"] {
            for (name, value) in (resources[list] ?? [:]).members {
                v.at(list) { v in
                    v.at(key: name) { v in
                        validateName(name, &v)
                        validate(value, of: name, &v)
                    }
                    if list == "requests" {
                        validate(request: value, within: limits[name], of: name, &v)
                    }
                }
            }
        }
    }

    private static func validateName(_ name: String, _ v: inout Validation) {
        for fault in StringFormat.qualifiedName.faults(of: name) { v.invalid(.string(name), fault) }
        let isStandard =
            ["cpu", "memory", "ephemeral-storage"].contains(name) || name.hasPrefix("hugepages-")
        if !isStandard, !name.contains("/") {
            v.invalid(.string(name), "must be a standard resource for containers")
        }
    }

    private static func validate(_ value: JSON, of name: String, _ v: inout Validation) {
        guard let amount = value.quantity else { return }
        if amount < .zero { v.invalid(value, "must be greater than or equal to 0") }
        if name.contains("/"), amount.milli % 1_000 != 0 { v.invalid(value, "must be an integer") }
    }

    private static func validate(
        request: JSON, within limit: JSON?, of name: String, _ v: inout Validation
    ) {
        guard let amount = request.quantity else { return }
        guard let limit, let most = limit.quantity else { return }
        let text = limit.string ?? limit.quoted
        if name.contains("/"), amount != most {
            v.invalid(request, "must be equal to \(name) limit of \(text)")
        } else if amount > most {
            v.invalid(request, "must be less than or equal to \(name) limit of \(text)")
        }
    }
}

/// Names of ports (`IsValidPortName`) and fields that hold a port's number or name.
enum PortName {
    static func faults(of name: String) -> [String] {
        var faults: [String] = []
        let bytes = Array(name.utf8)
        if bytes.count > 15 { faults.append("must be no more than 15 characters") }
        let isPlain = bytes.allSatisfy {
            (97...122).contains($0) || (48...57).contains($0) || $0 == 45
        }
        if !isPlain {
            faults.append(
                "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
        }
        if !bytes.contains(where: { (97...122).contains($0) }) {
            faults.append("must contain at least one letter (a-z)")
        }
        if name.contains("--") { faults.append("must not contain consecutive hyphens") }
        if bytes.first == 45 || bytes.last == 45 {
            faults.append("must not begin or end with a hyphen")
        }
        return faults
    }

    /// Judges a number or name at the place where the walk stands.
    static func validate(_ port: JSON, _ v: inout Validation) {
        switch port {
        case .integer(let number):
            if !(1...65_535).contains(number) {
                v.invalid(port, "must be between 1 and 65535, inclusive")
            }
        case .string(let name):
            for fault in faults(of: name) { v.invalid(port, fault) }
        default:
            break
        }
    }
}
