import API
import Foundation
import JSON
import Objects
import Testing

/// Each pair of files in `Fixtures/Defaulting` is a manifest and the object that becomes of it.
@Suite struct DefaultingTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/Defaulting")

    private static func read(_ name: String) throws -> JSON {
        try JSON(parsing: [UInt8](Data(contentsOf: folder.appendingPathComponent(name))))
    }

    private static func definition(of document: JSON) throws -> ResourceDefinition {
        let parts = try #require(document["apiVersion"]?.string).split(separator: "/")
        return try #require(
            ResourceRegistry.builtIn.definition(
                group: parts.count > 1 ? String(parts[0]) : "", version: "v1",
                kind: document["kind"]?.string ?? ""))
    }

    @Test(arguments: [
        "configmap", "deployment", "endpoints", "endpointslice", "event", "headless", "lease",
        "namespace", "node", "pod", "replicaset", "secret", "service", "serviceaccount",
    ])
    func aManifestBecomesTheObjectOfItsFixture(_ name: String) throws {
        let manifest = try Self.read("\(name).input.json")
        let definition = try Self.definition(of: manifest)
        var document = try definition.decode(manifest, .strict).document
        definition.applyDefaults(&document)
        definition.prepareForCreate(&document)
        #expect(document == (try Self.read("\(name).output.json")))
        #expect(definition.validateCreate(document) == [])
    }

    @Test func defaultsDoNotChangeACompleteObject() throws {
        for name in ["pod", "deployment", "service", "secret"] {
            let document = try Self.read("\(name).output.json")
            var again = document
            try Self.definition(of: document).applyDefaults(&again)
            #expect(again == document)
        }
    }

    @Test(arguments: [
        ("web", "Always"), ("web:latest", "Always"), ("registry:5000/web", "Always"),
        ("registry:5000/web:1", "IfNotPresent"), ("web@sha256:00", "IfNotPresent"),
        ("web:latest@sha256:00", "IfNotPresent"),
    ])
    func thePullPolicyComesFromTheTag(_ image: String, _ policy: String) throws {
        let definition = try #require(ResourceRegistry.builtIn[.pods])
        var pod: JSON = ["spec": ["containers": [["name": "a", "image": .string(image)]]]]
        definition.applyDefaults(&pod)
        #expect(pod["spec"]?["containers"]?[0]?["imagePullPolicy"] == .string(policy))
    }

    @Test(arguments: [
        (#"{}"#, "BestEffort"), (#"{"requests":{"cpu":"1"}}"#, "Burstable"),
        (#"{"limits":{"cpu":"1"}}"#, "Burstable"),
        (#"{"limits":{"cpu":"1","memory":"1Gi"}}"#, "Guaranteed"),
        (#"{"limits":{"cpu":"1","memory":"1Gi"},"requests":{"cpu":"500m"}}"#, "Burstable"),
    ])
    func resourcesDecideTheQualityOfService(_ resources: String, _ expected: String) throws {
        let definition = try #require(ResourceRegistry.builtIn[.pods])
        var pod: JSON = ["spec": ["containers": [["name": "a", "image": "b"]]]]
        let value = try JSON(parsing: resources)
        pod[path: ["spec", "containers"]] = [
            ["name": "a", "image": "b", "resources": value]
        ]
        definition.applyDefaults(&pod)
        definition.prepareForCreate(&pod)
        #expect(pod["status"]?["qosClass"] == .string(expected))
    }

    @Test func anUpdateKeepsTheStatusAndCountsGenerations() throws {
        let definition = try #require(ResourceRegistry.builtIn[.deployments])
        var old = try Self.read("deployment.output.json")
        old[path: ["status", "replicas"]] = 3
        var scaled = old
        scaled["status"] = ["replicas": 9]
        scaled[path: ["spec", "replicas"]] = 5
        definition.prepareForUpdate(&scaled, from: old)
        #expect(scaled["status"]?["replicas"] == 3)
        #expect(scaled["metadata"]?["generation"] == 2)

        var same = old
        definition.prepareForUpdate(&same, from: old)
        #expect(same["metadata"]?["generation"] == 1)

        var annotated = old
        annotated[path: ["metadata", "annotations"]] = ["a": "b"]
        definition.prepareForUpdate(&annotated, from: old)
        #expect(annotated["metadata"]?["generation"] == 2)
    }

    @Test func anUpdateMayLeaveOutWhatTheServerSet() throws {
        let definition = try #require(ResourceRegistry.builtIn[.configMaps])
        var old = try Self.read("configmap.output.json")
        old[path: ["metadata", "uid"]] = "u"
        old[path: ["metadata", "creationTimestamp"]] = "2026-11-21T06:00:00Z"
        var new = try Self.read("configmap.output.json")
        definition.prepareForUpdate(&new, from: old)
        #expect(new == old)
        #expect(definition.validateUpdate(new, from: old) == [])
    }

    @Test func aStatusUpdateKeepsEverythingElse() throws {
        let definition = try #require(ResourceRegistry.builtIn[.deployments])
        let old = try Self.read("deployment.output.json")
        var new = old
        new[path: ["spec", "replicas"]] = 7
        new[path: ["metadata", "labels"]] = ["a": "b"]
        new["status"] = ["replicas": 1]
        definition.prepareForUpdate(&new, from: old, subresource: "status")
        #expect(new["spec"] == old["spec"])
        #expect(new["metadata"] == old["metadata"])
        #expect(new["status"] == ["replicas": 1])
    }

    @Test func aServiceKeepsItsAddressWhenAnUpdateLeavesItOut() throws {
        let definition = try #require(ResourceRegistry.builtIn[.services])
        var old = try Self.read("service.output.json")
        old[path: ["spec", "clusterIP"]] = "10.96.0.7"
        old[path: ["spec", "clusterIPs"]] = ["10.96.0.7"]
        var new = try Self.read("service.output.json")
        definition.prepareForUpdate(&new, from: old)
        #expect(new["spec"]?["clusterIP"] == "10.96.0.7")
        #expect(definition.validateUpdate(new, from: old) == [])
    }
}
