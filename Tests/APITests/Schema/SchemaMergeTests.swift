import API
import JSON
import Objects
import Testing

@Suite struct SchemaMergeTests {
    private func schema(_ resource: Resource, _ path: String...) throws -> any MergeSchema {
        let definition = try #require(ResourceRegistry.builtIn[resource])
        var schema: any MergeSchema = Schema.object(definition.schema)
        for name in path {
            let next = name == "*" ? schema.element : schema.member(name)
            schema = try #require(next)
        }
        return schema
    }

    @Test func listsMergeByTheKeysOfKubernetes() throws {
        let container = ["spec", "containers", "*"]
        let expected: [(path: [String], patch: String, keys: [String])] = [
            (["spec", "containers"], "name", ["name"]),
            (["spec", "volumes"], "name", ["name"]),
            (["spec", "hostAliases"], "ip", ["ip"]),
            (["spec", "imagePullSecrets"], "name", ["name"]),
            (
                ["spec", "topologySpreadConstraints"], "topologyKey",
                ["topologyKey", "whenUnsatisfiable"]
            ),
            (container + ["ports"], "containerPort", ["containerPort", "protocol"]),
            (container + ["env"], "name", ["name"]),
            (container + ["volumeMounts"], "mountPath", ["mountPath"]),
            (container + ["volumeDevices"], "devicePath", ["devicePath"]),
            (["status", "conditions"], "type", ["type"]),
            (["status", "podIPs"], "ip", ["ip"]),
            (["metadata", "ownerReferences"], "uid", ["uid"]),
        ]
        for (path, patch, keys) in expected {
            var list: any MergeSchema = try schema(.pods)
            for name in path {
                list = try #require(name == "*" ? list.element : list.member(name))
            }
            #expect(list.patchMergeKey == patch, "\(path)")
            #expect(list.listType == .map(keys: keys), "\(path)")
            #expect(list.patchStrategy == .merge, "\(path)")
        }
    }

    @Test func otherListsAreSetsOrReplaced() throws {
        #expect(try schema(.pods, "metadata", "finalizers").listType == .set)
        #expect(try schema(.pods, "metadata", "finalizers").patchStrategy == .merge)
        for name in ["tolerations", "readinessGates"] {
            #expect(try schema(.pods, "spec", name).listType == .atomic)
            #expect(try schema(.pods, "spec", name).patchStrategy == .replace)
        }
        #expect(try schema(.deployments, "spec", "strategy").patchStrategy == .retainKeys)
        #expect(try schema(.deployments, "spec", "selector").isAtomicMap)
    }

    @Test func aLeftOutProtocolIsTCP() throws {
        #expect(try schema(.services, "spec", "ports").keyDefault("protocol") == "TCP")
        #expect(try schema(.pods, "spec", "containers").keyDefault("name") == nil)
    }

    @Test func aStrategicPatchChangesOneContainer() throws {
        let pod: JSON = [
            "spec": ["containers": [["name": "a", "image": "1"], ["name": "b", "image": "1"]]]
        ]
        let patch: JSON = ["spec": ["containers": [["name": "b", "image": "2"]]]]
        let merged = try pod.strategicallyMerged(with: patch, schema: try schema(.pods))
        #expect(
            merged["spec"]?["containers"] == [
                ["name": "a", "image": "1"], ["name": "b", "image": "2"],
            ])
    }
}
