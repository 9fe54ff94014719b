import JSON
import Objects

extension ResourceDefinition {
    /// Bindings are posted and never kept; `pods/binding` is their newer place.
    static let bindings = ResourceDefinition(
        .bindings, verbs: ["create"], schema: CoreV1.binding, columns: [.name, .age],
        strategy: ResourceStrategy(cells: { document, now in
            [document.name, document.age(at: now)]
        }))
}
