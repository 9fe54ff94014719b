package import JSON
package import Objects
package import Store

/// Which documents of a collection a client wants. Names and labels are judged without parsing the
/// document; other fields need a parse.
struct ObjectFilter: Sendable {
    let definition: ResourceDefinition
    let renderer: DocumentRenderer
    var namespace: String
    /// The one name asked for, by path or by field selector.
    var name: String?
    var labels: LabelExpression
    var fields: FieldExpression
    private let needsDocument: Bool

    init(
        _ target: ResourceTarget, _ query: QueryParameters, limits: APILimits
    ) throws(StatusError) {
        definition = target.definition
        renderer = DocumentRenderer(definition)
        namespace = target.namespace
        name = target.name
        let labelText = query.first("labelSelector") ?? ""
        let fieldText = query.first("fieldSelector") ?? ""
        guard labelText.utf8.count <= limits.selectorBytesMax,
            fieldText.utf8.count <= limits.selectorBytesMax
        else {
            throw StatusError(
                .badRequest, "a selector may not exceed \(limits.selectorBytesMax) bytes")
        }
        labels = try LabelExpression(parsing: labelText)
        fields = try FieldExpression(parsing: fieldText, for: definition)
        if name == nil { name = fields.required("metadata.name") }
        needsDocument = fields.requirements.contains {
            $0.field != "metadata.name" && $0.field != "metadata.namespace"
        }
    }

    var isEmpty: Bool { labels.isEmpty && fields.isEmpty && name == nil }

    /// The documents that may match.
    var range: KeyRange { definition.range(namespace: namespace) }

    /// The only key that can match; nil when more can.
    var onlyKey: Key? {
        guard let name else { return nil }
        var namespace = namespace
        if namespace.isEmpty, definition.resource.isNamespaced {
            guard let required = fields.required("metadata.namespace") else { return nil }
            namespace = required
        }
        return definition.key(namespace: namespace, name: name)
    }

    func matches(_ key: Key, _ document: Document) -> Bool {
        if let name, key.name != name { return false }
        if !namespace.isEmpty, key.namespace != namespace { return false }
        if !labels.isEmpty, !matchesLabels(document) { return false }
        guard !fields.isEmpty else { return true }
        let json: JSON = needsDocument ? document.json : .null
        return fields.requirements.allSatisfy { requirement in
            let value: String
            switch requirement.field {
            case "metadata.name": value = key.name
            case "metadata.namespace": value = key.namespace
            default:
                value = definition.selectableValue(requirement.field, of: json) ?? ""
            }
            return (value == requirement.value) == requirement.isEqual
        }
    }

    private func matchesLabels(_ document: Document) -> Bool {
        guard let text = renderer.labels(of: document),
            let found = try? JSON(parsing: text, limits: .trusted)
        else { return labels.matches { _ in nil } }
        return labels.matches { found[$0]?.string }
    }
}

extension Document {
    /// The stored text as a value. Stored text is well-formed, so null never comes out of it.
    var json: JSON { (try? JSON(parsing: bytes, limits: .trusted)) ?? .null }

    /// The document as clients see it, with its `resourceVersion`; controllers and kubelets get it
    /// in this form too, so that what they send back is conditional on it.
    package var servedJSON: JSON { json.withResourceVersion(modRevision) }
}

extension ResourceDefinition {
    func key(namespace: String, name: String) -> Key {
        Key(
            group: storage.group, resource: storage.plural,
            namespace: resource.isNamespaced ? namespace : "", name: name)
    }

    func range(namespace: String) -> KeyRange {
        namespace.isEmpty
            ? .resource(group: storage.group, resource: storage.plural)
            : .namespace(
                group: storage.group, resource: storage.plural, namespace: namespace)
    }
}

extension ObjectKey {
    package var storeKey: Key {
        Key(
            group: resource.group, resource: resource.plural,
            namespace: resource.isNamespaced ? namespace : "", name: name)
    }
}
