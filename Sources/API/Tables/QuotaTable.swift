import JSON

/// What `kubectl get resourcequotas` shows of what is used.
enum QuotaTable {
    /// The cells of the requests and of the limits, each sorted by resource.
    static func usage(of status: JSON) -> [JSON] {
        let used = status["used"] ?? [:]
        let lines = (status["hard"] ?? [:]).members.sorted { $0.name < $1.name }.map {
            (name: $0.name, text: "\($0.name): \(amount(used[$0.name]))/\(amount($0.value))")
        }
        return [false, true].map { isLimit in
            .string(
                lines.filter { $0.name.hasPrefix("limits.") == isLimit }.map(\.text)
                    .joined(separator: ", "))
        }
    }

    private static func amount(_ value: JSON?) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        default: "0"
        }
    }
}
