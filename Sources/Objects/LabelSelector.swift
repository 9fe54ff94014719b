package import JSON

/// A view of `metav1.LabelSelector`: all of `matchLabels` and all of `matchExpressions` hold.
package struct LabelSelector: Sendable, Equatable {
    package var json: JSON

    package init(_ json: JSON) { self.json = json }

    /// A selector without requirements; it matches everything.
    package var isEmpty: Bool {
        (json["matchLabels"]?.object?.isEmpty ?? true)
            && (json["matchExpressions"]?.array?.isEmpty ?? true)
    }

    package func matches(_ labels: [String: String]) -> Bool {
        if let required = json["matchLabels"]?.object {
            for (name, value) in required where labels[name] != value.string { return false }
        }
        return (json["matchExpressions"]?.array ?? []).allSatisfy { expression in
            let present = labels[expression["key"]?.string ?? ""]
            let values = expression["values"].strings
            switch expression["operator"]?.string {
            case "In": return present.map(values.contains) ?? false
            case "NotIn": return !(present.map(values.contains) ?? false)
            case "Exists": return present != nil
            case "DoesNotExist": return present == nil
            default: return false
            }
        }
    }
}
