package import Objects

/// The resources that the API serves.
package struct ResourceRegistry: Sendable {
    /// In the order in which discovery lists them.
    package let definitions: [ResourceDefinition]
    private let positions: [Resource: Int]

    package init(_ definitions: [ResourceDefinition]) {
        self.definitions = definitions
        var positions: [Resource: Int] = [:]
        for (position, definition) in definitions.enumerated() {
            positions[definition.resource] = position
        }
        self.positions = positions
    }

    package subscript(resource: Resource) -> ResourceDefinition? {
        positions[resource].map { definitions[$0] }
    }

    package func definition(
        group: String, version: String, plural: String
    ) -> ResourceDefinition? {
        self[Resource(group: group, version: version, plural: plural, kind: "", isNamespaced: true)]
    }

    /// The resource whose documents say that kind, or nil.
    package func definition(group: String, version: String, kind: String) -> ResourceDefinition? {
        definitions.first {
            $0.resource.group == group && $0.resource.version == version
                && $0.resource.kind == kind
        }
    }

    /// Every `group/version` served (`v1` for the core group), each once.
    package var groupVersions: [String] {
        var list: [String] = []
        for definition in definitions where !list.contains(definition.resource.apiVersion) {
            list.append(definition.resource.apiVersion)
        }
        return list
    }
}
