/// What decides which events a watch hears, and in which form. Watches of one audience hear the
/// same of every change, so that it need be looked at and written only once for all of them.
package struct WatchAudience: Hashable, Sendable {
    private let definition: ResourceDefinition
    private let namespace: String
    private let name: String?
    private let labels: LabelExpression
    private let fields: FieldExpression
    private let format: ResponseFormat

    fileprivate init(_ filter: ObjectFilter, _ format: ResponseFormat) {
        definition = filter.definition
        namespace = filter.namespace
        name = filter.name
        labels = filter.labels
        fields = filter.fields
        self.format = format
    }

    /// Definitions never change: who defines a resource anew makes another one.
    package static func == (left: WatchAudience, right: WatchAudience) -> Bool {
        left.definition === right.definition && left.namespace == right.namespace
            && left.name == right.name && left.labels == right.labels
            && left.fields == right.fields && left.format == right.format
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(definition))
        hasher.combine(namespace)
        hasher.combine(name)
        hasher.combine(labels)
        hasher.combine(fields)
        hasher.combine(format)
    }
}

extension WatchStream {
    /// Nil for a table: it tells ages and sends its columns once, so it is one client's own.
    package var audience: WatchAudience? {
        if case .table = format.shape { return nil }
        return WatchAudience(filter, format)
    }
}
