import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Verbs that write")
struct VerbsWriteTests {
    private let maps = "/api/v1/namespaces/default/configmaps"
    private let pods = "/api/v1/namespaces/default/pods"
    private let deployments = "/apis/apps/v1/namespaces/default/deployments"

    @Test("A name is made up from generateName with Kubernetes' alphabet")
    func generateName() throws {
        var harness = try VerbsHarness()
        var map = Sample.configMap("")
        map["metadata"] = ["generateName": "web-"]
        let made = try harness.expect(.post, maps, map, code: 201)
        let name = try #require(made["metadata"]?["name"]?.string)
        #expect(name.hasPrefix("web-") && name.count == 9)
        #expect(name.dropFirst(4).allSatisfy { "bcdfghjklmnpqrstvwxz2456789".contains($0) })
        let other = try harness.expect(.post, maps, map, code: 201)
        #expect(other["metadata"]?["name"] != made["metadata"]?["name"])
    }

    @Test("A name that is taken is a conflict")
    func alreadyExists() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let status = try harness.expect(.post, maps, Sample.configMap("a"), code: 409)
        #expect(status["message"]?.string == "configmaps \"a\" already exists")
        #expect(status["reason"]?.string == "AlreadyExists")
    }

    @Test("Objects are made only in namespaces that exist and stay")
    func namespaces() throws {
        var harness = try VerbsHarness()
        let there = "/api/v1/namespaces/old/configmaps"
        let missing = try harness.expect(.post, there, Sample.configMap("a"), code: 404)
        #expect(missing["message"]?.string == "namespaces \"old\" not found")
        try harness.expect(
            .post, "/api/v1/namespaces", ["metadata": ["name": "old"]], code: 201)
        try harness.expect(.delete, "/api/v1/namespaces/old", code: 200)
        let late = try harness.expect(.post, there, Sample.configMap("a"), code: 403)
        #expect(
            late["message"]?.string
                == "configmaps \"a\" is forbidden: unable to create new content in namespace old "
                + "because it is being terminated")
        #expect(late["details"]?["causes"]?[0]?["reason"]?.string == "NamespaceTerminating")
        var wrong = Sample.configMap("a")
        wrong[path: ["metadata", "namespace"]] = "kube-system"
        let mismatch = try harness.expect(.post, maps, wrong, code: 400)
        #expect(mismatch["message"]?.string?.contains("does not match the namespace") ?? false)
    }

    @Test("An update on top of an old version is a conflict; without a version the last wins")
    func optimisticLock() throws {
        var harness = try VerbsHarness()
        var map = try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let old = map
        map["data"] = ["key": "new"]
        let updated = try harness.expect(.put, "\(maps)/a", map, code: 200)
        #expect(updated["metadata"]?["resourceVersion"]?.string == "4")
        let status = try harness.expect(.put, "\(maps)/a", old, code: 409)
        #expect(
            status["message"]?.string
                == "Operation cannot be fulfilled on configmaps \"a\": the object has been "
                + "modified; please apply your changes to the latest version and try again")
        var free = old
        free[path: ["metadata", "resourceVersion"]] = nil
        try harness.expect(.put, "\(maps)/a", free, code: 200)
        free[path: ["metadata", "uid"]] = "another"
        let uid = try harness.expect(.put, "\(maps)/a", free, code: 409)
        #expect(uid["message"]?.string?.contains("Precondition failed: UID") ?? false)
    }

    @Test("An update that changes nothing makes no new version")
    func noChange() throws {
        var harness = try VerbsHarness()
        let map = try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let same = try harness.expect(.put, "\(maps)/a", map, code: 200)
        #expect(same["metadata"]?["resourceVersion"] == map["metadata"]?["resourceVersion"])
        #expect(harness.store.revision.number == 3)
    }

    @Test("The name in the body must be that of the path")
    func nameMismatch() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let status = try harness.expect(.put, "\(maps)/a", Sample.configMap("b"), code: 400)
        #expect(
            status["message"]?.string
                == "the name of the object (b) does not match the name on the URL (a)")
        try harness.expect(.put, "\(maps)/c", Sample.configMap("c"), code: 404)
    }

    @Test("A dry run answers like the write and leaves the Store alone")
    func dryRun() throws {
        var harness = try VerbsHarness()
        let made = try harness.expect(
            .post, "\(maps)?dryRun=All", Sample.configMap("a"), code: 201)
        #expect(made["metadata"]?["uid"] != nil)
        #expect(made["metadata"]?["resourceVersion"] == nil)
        #expect(harness.store.revision.number == 2)
        try harness.expect(.get, "\(maps)/a", code: 404)
        try harness.expect(.post, "\(maps)?dryRun=Some", Sample.configMap("a"), code: 422)
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        try harness.expect(.delete, "\(maps)/a?dryRun=All", code: 200)
        try harness.expect(.get, "\(maps)/a", code: 200)
    }

    @Test("The three kinds of patch change what they name")
    func patches() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let path = "\(maps)/a"
        try harness.expect(
            .patch, path,
            [["op": "test", "path": "/data/key", "value": "value"],
             ["op": "add", "path": "/data/more", "value": "1"]],
            code: 200, contentType: "application/json-patch+json")
        try harness.expect(
            .patch, path, ["data": ["key": nil]], code: 200,
            contentType: "application/merge-patch+json")
        let last = try harness.expect(
            .patch, path, ["data": ["third": "3"]], code: 200,
            contentType: "application/strategic-merge-patch+json")
        #expect(last["data"] == ["more": "1", "third": "3"])
        let failed = try harness.expect(
            .patch, path, [["op": "test", "path": "/data/more", "value": "2"]], code: 422,
            contentType: "application/json-patch+json")
        #expect(failed["reason"]?.string == "Invalid")
        let stale: JSON = ["metadata": ["resourceVersion": "3"], "data": ["x": "y"]]
        try harness.expect(
            .patch, path, stale, code: 409, contentType: "application/merge-patch+json")
        let type = try harness.expect(
            .patch, path, [:], code: 415, contentType: "application/json")
        #expect(type["message"]?.string?.contains("application/json-patch+json") ?? false)
    }

    @Test("The status is written only through its subresource, and nothing else there")
    func status() throws {
        var harness = try VerbsHarness()
        var made = try harness.expect(.post, deployments, Sample.deployment("web"), code: 201)
        made["status"] = ["replicas": 2, "observedGeneration": 1]
        let main = try harness.expect(.put, "\(deployments)/web", made, code: 200)
        #expect(main["status"]?["replicas"] == nil)
        var change = main
        change["status"] = ["replicas": 2]
        change[path: ["spec", "replicas"]] = 9
        let status = try harness.expect(.put, "\(deployments)/web/status", change, code: 200)
        #expect(status["status"]?["replicas"]?.integer == 2)
        #expect(status["spec"]?["replicas"]?.integer == 2)
        #expect(status["metadata"]?["generation"] == main["metadata"]?["generation"])
    }

    @Test("Replicas are read and set through scale")
    func scale() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, deployments, Sample.deployment("web"), code: 201)
        var scale = try harness.expect(.get, "\(deployments)/web/scale", code: 200)
        #expect(scale["kind"]?.string == "Scale")
        #expect(scale["apiVersion"]?.string == "autoscaling/v1")
        #expect(scale["status"]?["selector"]?.string == "app=web")
        scale[path: ["spec", "replicas"]] = 5
        let set = try harness.expect(.put, "\(deployments)/web/scale", scale, code: 200)
        #expect(set["spec"]?["replicas"]?.integer == 5)
        #expect(set["metadata"]?["resourceVersion"]?.string == "4")
        try harness.expect(.put, "\(deployments)/web/scale", scale, code: 409)
        try harness.expect(
            .patch, "\(deployments)/web/scale", ["spec": ["replicas": 1]], code: 200,
            contentType: "application/merge-patch+json")
        let web = try harness.expect(.get, "\(deployments)/web", code: 200)
        #expect(web["spec"]?["replicas"]?.integer == 1)
        try harness.expect(
            .patch, "\(deployments)/web/scale", ["spec": ["replicas": -1]], code: 422,
            contentType: "application/merge-patch+json")
    }

    @Test("A Pod is bound once")
    func binding() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, pods, Sample.pod("p"), code: 201)
        let binding: JSON = [
            "apiVersion": "v1", "kind": "Binding", "metadata": ["name": "p"],
            "target": ["kind": "Node", "name": "machine-1"],
        ]
        let status = try harness.expect(.post, "\(pods)/p/binding", binding, code: 201)
        #expect(status["status"]?.string == "Success")
        let pod = try harness.expect(.get, "\(pods)/p", code: 200)
        #expect(pod["spec"]?["nodeName"]?.string == "machine-1")
        #expect(Pod(pod).condition("PodScheduled")?.isTrue ?? false)
        let again = try harness.expect(.post, "\(pods)/p/binding", binding, code: 409)
        #expect(
            again["message"]?.string
                == "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned "
                + "to node \"machine-1\"")
    }

    @Test("A write that meets another one is evaluated again")
    func conflict() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let patch = harness.request(
            .patch, "\(maps)/a", ["data": ["mine": "1"]],
            contentType: "application/merge-patch+json")
        guard
            case .commit(let commit) = harness.api.handle(
                patch, snapshot: harness.store.snapshot, at: harness.wall)
        else { throw HarnessError(what: "a patch must be committed") }
        try harness.expect(
            .patch, "\(maps)/a", ["data": ["theirs": "1"]], code: 200,
            contentType: "application/merge-patch+json")
        guard case .conflict = try harness.apply(commit) else {
            throw HarnessError(what: "a stale transaction must meet a conflict")
        }
        let response = try harness.run(patch)
        #expect(
            try JSON(parsing: response.body)["data"]
                == ["key": "value", "theirs": "1", "mine": "1"])
    }

    @Test("Unknown fields are refused, warned of or passed over as the client asks")
    func fieldValidation() throws {
        var harness = try VerbsHarness()
        var map = Sample.configMap("a")
        map["lables"] = ["app": "web"]
        let strict = try harness.expect(.post, "\(maps)?fieldValidation=Strict", map, code: 400)
        #expect(
            strict["message"]?.string
                == "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding "
                + "error: unknown field \"lables\"")
        let warned = try harness.run(harness.request(.post, maps, map))
        #expect(warned.code == 201)
        #expect(
            warned.headers == [.init("Warning", "299 - \"unknown field \\\"lables\\\"\"")])
        #expect(try JSON(parsing: warned.body)["lables"] == nil)
        map[path: ["metadata", "name"]] = "b"
        let ignored = try harness.run(
            harness.request(.post, "\(maps)?fieldValidation=Ignore", map))
        #expect(ignored.code == 201)
        #expect(ignored.headers.isEmpty)
        try harness.expect(.post, "\(maps)?fieldValidation=Maybe", map, code: 422)
    }

    @Test("A part of podmesh writes by the same verbs")
    func objectWrites() throws {
        var harness = try VerbsHarness()
        var map = Sample.configMap("a")
        map[path: ["metadata", "namespace"]] = "default"
        let made = try harness.write(.create(.configMaps, map)).get()
        #expect(made["metadata"]?["resourceVersion"]?.string == "3")
        #expect(
            made["metadata"]?["managedFields"]?[0]?["manager"]?.string == "tester")
        let key = ObjectKey(.configMaps, namespace: "default", name: "a")
        let patched = try harness.write(.patch(key, ["data": ["x": "y"]])).get()
        #expect(patched["data"]?["x"]?.string == "y")
        let refusal = try harness.write(.delete(key, uid: "other"))
        #expect(throws: StatusError.self) { try refusal.get() }
        let gone = try harness.write(
            .delete(key, uid: made["metadata"]?["uid"]?.string)).get()
        #expect(gone["metadata"]?["name"]?.string == "a")
        guard case .failure(let error) = try harness.write(.update(.configMaps, made)) else {
            throw HarnessError(what: "an update of what is gone must fail")
        }
        #expect(error.reason == .notFound)
    }
}
