import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Server-side apply")
struct VerbsApplyTests {
    private let path = "/apis/apps/v1/namespaces/default/deployments/web"
    private let yaml = "application/apply-patch+yaml"

    private func configuration(replicas: JSON?) -> JSON {
        var document = Sample.deployment("web")
        document[path: ["spec", "replicas"]] = replicas
        return document
    }

    @Test("Applying creates, then updates, and records who owns what")
    func createAndUpdate() throws {
        var harness = try VerbsHarness()
        let url = "\(path)?fieldManager=alice"
        let made = try harness.expect(
            .patch, url, configuration(replicas: 2), code: 201, contentType: yaml)
        let owner = made["metadata"]?["managedFields"]?[0]
        #expect(owner?["manager"]?.string == "alice")
        #expect(owner?["operation"]?.string == "Apply")
        #expect(owner?["fieldsV1"]?["f:spec"]?["f:replicas"] == [:])
        let same = try harness.expect(
            .patch, url, configuration(replicas: 2), code: 200, contentType: yaml)
        #expect(same["metadata"]?["resourceVersion"] == made["metadata"]?["resourceVersion"])
        let more = try harness.expect(
            .patch, url, configuration(replicas: 3), code: 200, contentType: yaml)
        #expect(more["spec"]?["replicas"]?.integer == 3)
        #expect(more["metadata"]?["uid"] == made["metadata"]?["uid"])
    }

    @Test("A field of another manager is a conflict unless it is taken by force")
    func conflict() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .patch, "\(path)?fieldManager=alice", configuration(replicas: 2), code: 201,
            contentType: yaml)
        let status = try harness.expect(
            .patch, "\(path)?fieldManager=bob", configuration(replicas: 5), code: 409,
            contentType: yaml)
        #expect(
            status["message"]?.string
                == "Apply failed with 1 conflict: conflict with \"alice\": .spec.replicas")
        #expect(
            status["details"]?["causes"] == [
                [
                    "reason": "FieldManagerConflict", "message": "conflict with \"alice\"",
                    "field": ".spec.replicas",
                ]
            ])
        let forced = try harness.expect(
            .patch, "\(path)?fieldManager=bob&force=true", configuration(replicas: 5), code: 200,
            contentType: yaml)
        #expect(forced["spec"]?["replicas"]?.integer == 5)
    }

    @Test("Several conflicts are listed manager by manager")
    func conflicts() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .patch, "\(path)?fieldManager=alice", configuration(replicas: 2), code: 201,
            contentType: yaml)
        var other = configuration(replicas: 5)
        other[path: ["spec", "template", "spec", "containers"]] = [
            ["name": "main", "image": "alpine"]
        ]
        let status = try harness.expect(
            .patch, "\(path)?fieldManager=bob", other, code: 409, contentType: yaml)
        #expect(
            status["message"]?.string
                == "Apply failed with 2 conflicts: conflicts with \"alice\":\n- .spec.replicas\n"
                + "- .spec.template.spec.containers[name=\"main\"].image")
    }

    @Test("An update shows in the conflict with its API version")
    func conflictWithUpdate() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .patch, "\(path)?fieldManager=alice", configuration(replicas: nil), code: 201,
            contentType: yaml)
        try harness.expect(
            .patch, path, ["spec": ["replicas": 4]], code: 200,
            contentType: "application/merge-patch+json")
        let status = try harness.expect(
            .patch, "\(path)?fieldManager=alice", configuration(replicas: 5), code: 409,
            contentType: yaml)
        #expect(
            status["message"]?.string
                == "Apply failed with 1 conflict: conflict with \"kubectl\" using apps/v1: "
                + ".spec.replicas")
    }

    @Test("A manager must be named, and force is for apply only")
    func options() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .patch, path, configuration(replicas: 2), code: 422, contentType: yaml)
        try harness.expect(
            .patch, "\(path)?fieldManager=\(String(repeating: "a", count: 129))",
            configuration(replicas: 2), code: 422, contentType: yaml)
        try harness.expect(
            .patch, "\(path)?force=true", [:], code: 422,
            contentType: "application/merge-patch+json")
        var managed = configuration(replicas: 1)
        managed[path: ["metadata", "managedFields"]] = [
            ["manager": "x", "operation": "Apply", "apiVersion": "v1"]
        ]
        try harness.expect(
            .patch, "\(path)?fieldManager=a", managed, code: 400, contentType: yaml)
    }
}
