package import Objects

/// The resources that the API serves.
package struct ResourceRegistry: Sendable {
    /// In the order in which discovery lists them.
    package let definitions: [ResourceDefinition]
    private let positions: [Resource: Int]
    /// By plural, for paths: few resources share one.
    private let positionsByPlural: [String: [Int]]
    private let versionsByGroup: [String: [String]]

    package init(_ definitions: [ResourceDefinition]) {
        self.definitions = definitions
        var positions: [Resource: Int] = [:]
        var positionsByPlural: [String: [Int]] = [:]
        var versionsByGroup: [String: [String]] = [:]
        for (position, definition) in definitions.enumerated() {
            let resource = definition.resource
            positions[resource] = position
            positionsByPlural[resource.plural, default: []].append(position)
            if versionsByGroup[resource.group]?.contains(resource.version) != true {
                versionsByGroup[resource.group, default: []].append(resource.version)
            }
        }
        self.positions = positions
        self.positionsByPlural = positionsByPlural
        self.versionsByGroup = versionsByGroup
    }

    /// Whether some resource of that group and version is served.
    func serves(group: String, version: String) -> Bool {
        versionsByGroup[group]?.contains(version) ?? false
    }

    package subscript(resource: Resource) -> ResourceDefinition? {
        positions[resource].map { definitions[$0] }
    }

    package func definition(
        group: String, version: String, plural: String
    ) -> ResourceDefinition? {
        for position in positionsByPlural[plural] ?? [] {
            let resource = definitions[position].resource
            if resource.group == group, resource.version == version {
                return definitions[position]
            }
        }
        return nil
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
