import API
import Base
import Objects

/// Short texts that clients send in queries and documents.
extension FuzzDecoder {
    static let text = FuzzDecoder(
        "text", "selectors, quantities, queries, continue tokens, addresses, times",
        isText: true,
        tokens: [
            "=", "==", "!=", " in (", " notin (", ")", ",", "!", ">", "<", "metadata.name", "%2",
            "%00", "+", "&", "Ki", "Ei", "m", "n", "e", "E-", ".", "/", "T", "Z", "limit=", ":",
        ],
        seeds: {
            [
                "app=web,tier in (a,b),!canary,x!=y,n>3", "metadata.name=web,spec.nodeName!=a\\,b",
                "500m", "1.5Gi", "-1e3", "9223372036854775807", "0.000000001n", "12E",
                "labelSelector=app%3Dweb&limit=500&watch=true&continue=abc+d",
                "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6IjEyIiwic3RhcnQiOiJkZWZhdWx0L3dlYiJ9",
                "10.96.0.10", "10.244.0.0/16", "2026-11-21T07:13:26.896763313Z",
                "machine-1.example.org",
            ].map { Array($0.utf8) }
        },
        check: { bytes in
            guard let text = String(validating: bytes, as: UTF8.self) else { return .refused }
            var outcome = Outcome.refused
            if (try? LabelExpression(parsing: text)) != nil { outcome = .accepted }
            for definition in pods where
                (try? FieldExpression(parsing: text, for: definition)) != nil
            {
                outcome = .accepted
            }
            if (try? QueryParameters(text)) != nil { outcome = .accepted }
            if (try? ContinueToken(parsing: text)) != nil { outcome = .accepted }
            if IPv4Address(text) != nil || IPv4Network(text) != nil { outcome = .accepted }
            if WallTime(rfc3339: text) != nil || MachineName(text) != nil { outcome = .accepted }
            return outcome.and(quantity(text))
        })

    private static let pods = ResourceRegistry.builtIn.definitions.filter {
        $0.resource.kind == "Pod"
    }

    /// A quantity is as large as the one with a zero in front, and opposite to its negative.
    private static func quantity(_ text: String) -> Outcome {
        guard let quantity = Quantity(text) else { return .refused }
        _ = quantity.value
        _ = quantity + quantity
        guard let first = text.utf8.first, (48...57).contains(first) else { return .accepted }
        guard Quantity("0" + text) == quantity else { return .broken("a zero in front counts") }
        guard quantity >= .zero else { return .broken("a quantity without a sign is negative") }
        let opposite = Quantity("-" + text)?.milli
        return opposite == -quantity.milli ? .accepted : .broken("the sign changes the size")
    }
}
