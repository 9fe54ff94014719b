import JSON
import Objects

/// The documents of discovery, plain (`v1` APIGroupList, APIResourceList) and aggregated
/// (`apidiscovery.k8s.io/v2`).
struct DiscoveryDocuments: Sendable {
    let registry: ResourceRegistry

    /// Groups with their versions, the core group first.
    var groups: [(group: String, versions: [String])] {
        var list: [(group: String, versions: [String])] = []
        func add(_ group: String, _ version: String) {
            if let index = list.firstIndex(where: { $0.group == group }) {
                if !list[index].versions.contains(version) { list[index].versions.append(version) }
            } else {
                list.append((group, [version]))
            }
        }
        for definition in registry.definitions {
            add(definition.resource.group, definition.resource.version)
        }
        for review in ReviewKind.all { add(review.group, review.version) }
        add(UsageKind.group, UsageKind.version)
        return list
    }

    var coreVersions: JSON {
        [
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [],
        ]
    }

    var groupList: JSON {
        let list = groups.filter { !$0.group.isEmpty }.map { group($0.group, $0.versions) }
        return ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(list)]
    }

    func group(_ name: String) -> JSON? {
        guard !name.isEmpty, let found = groups.first(where: { $0.group == name }) else {
            return nil
        }
        var json = group(name, found.versions)
        json["kind"] = "APIGroup"
        json["apiVersion"] = "v1"
        return json
    }

    private func group(_ name: String, _ versions: [String]) -> JSON {
        let list: [JSON] = versions.map {
            ["groupVersion": .string("\(name)/\($0)"), "version": .string($0)]
        }
        return [
            "name": .string(name), "versions": .array(list), "preferredVersion": list.first ?? [:],
        ]
    }

    /// The APIResourceList of a group and version.
    func resources(group: String, version: String) -> JSON {
        var list: [JSON] = []
        for definition in definitions(group, version) {
            list.append(resource(definition))
            for subresource in definition.subresources {
                list.append(self.subresource(subresource, of: definition))
            }
        }
        for review in reviews(group, version) {
            list.append([
                "name": .string(review.plural), "singularName": .string(review.kind.lowercased()),
                "namespaced": .bool(review.isNamespaced), "kind": .string(review.kind),
                "verbs": ["create"],
            ])
        }
        for usage in UsageKind.kinds(group, version) {
            list.append([
                "name": .string(usage.plural), "singularName": "",
                "namespaced": .bool(usage.isNamespaced), "kind": .string(usage.kind),
                "verbs": ["get", "list"],
            ])
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"),
            "resources": .array(list),
        ]
    }

    private func resource(_ definition: ResourceDefinition) -> JSON {
        var json: JSON = [
            "name": .string(definition.resource.plural),
            "singularName": .string(definition.singularName),
            "namespaced": .bool(definition.resource.isNamespaced),
            "kind": .string(definition.resource.kind),
            "verbs": .array(definition.verbs.map(JSON.string)),
        ]
        if !definition.shortNames.isEmpty {
            json["shortNames"] = .array(definition.shortNames.map(JSON.string))
        }
        if !definition.categories.isEmpty {
            json["categories"] = .array(definition.categories.map(JSON.string))
        }
        return json
    }

    private func subresource(
        _ subresource: Subresource, of definition: ResourceDefinition
    ) -> JSON {
        var json: JSON = [
            "name": .string("\(definition.resource.plural)/\(subresource.name)"),
            "singularName": "", "namespaced": .bool(definition.resource.isNamespaced),
        ]
        if let group = subresource.group { json["group"] = .string(group) }
        if let version = subresource.version { json["version"] = .string(version) }
        json["kind"] = .string(subresource.kind)
        json["verbs"] = .array(subresource.verbs.map(JSON.string))
        return json
    }

    /// The APIGroupDiscoveryList of the core group, or of all others.
    func aggregated(core: Bool) -> JSON {
        let items = groups.filter { $0.group.isEmpty == core }.map { entry -> JSON in
            let versions: [JSON] = entry.versions.map { version in
                [
                    "version": .string(version),
                    "resources": .array(aggregatedResources(entry.group, version)),
                    "freshness": "Current",
                ]
            }
            var metadata: JSON = ["creationTimestamp": nil]
            if !entry.group.isEmpty { metadata["name"] = .string(entry.group) }
            return ["metadata": metadata, "versions": .array(versions)]
        }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": [:], "items": .array(items),
        ]
    }

    private func aggregatedResources(_ group: String, _ version: String) -> [JSON] {
        var list = definitions(group, version).map { aggregatedResource($0) }
        for review in reviews(group, version) {
            list.append([
                "resource": .string(review.plural),
                "responseKind": kind(group, version, review.kind),
                "scope": review.isNamespaced ? "Namespaced" : "Cluster",
                "singularResource": .string(review.kind.lowercased()), "verbs": ["create"],
            ])
        }
        for usage in UsageKind.kinds(group, version) {
            list.append([
                "resource": .string(usage.plural), "responseKind": kind(group, version, usage.kind),
                "scope": usage.isNamespaced ? "Namespaced" : "Cluster", "singularResource": "",
                "verbs": ["get", "list"],
            ])
        }
        return list
    }

    private func aggregatedResource(_ definition: ResourceDefinition) -> JSON {
        let resource = definition.resource
        var json: JSON = [
            "resource": .string(resource.plural),
            "responseKind": kind(resource.group, resource.version, resource.kind),
            "scope": resource.isNamespaced ? "Namespaced" : "Cluster",
            "singularResource": .string(definition.singularName),
            "verbs": .array(definition.verbs.map(JSON.string)),
        ]
        if !definition.shortNames.isEmpty {
            json["shortNames"] = .array(definition.shortNames.map(JSON.string))
        }
        if !definition.categories.isEmpty {
            json["categories"] = .array(definition.categories.map(JSON.string))
        }
        if !definition.subresources.isEmpty {
            json["subresources"] = .array(
                definition.subresources.map { subresource in
                    [
                        "subresource": .string(subresource.name),
                        "responseKind": kind(
                            subresource.group ?? resource.group,
                            subresource.version ?? resource.version, subresource.kind),
                        "verbs": .array(subresource.verbs.map(JSON.string)),
                    ]
                })
        }
        return json
    }

    private func kind(_ group: String, _ version: String, _ kind: String) -> JSON {
        ["group": .string(group), "version": .string(version), "kind": .string(kind)]
    }

    private func definitions(_ group: String, _ version: String) -> [ResourceDefinition] {
        registry.definitions.filter {
            $0.resource.group == group && $0.resource.version == version
        }
    }

    private func reviews(_ group: String, _ version: String) -> [ReviewKind] {
        ReviewKind.all.filter { $0.group == group && $0.version == version }
    }
}
