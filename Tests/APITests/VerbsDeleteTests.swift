import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Deletion")
struct VerbsDeleteTests {
    private let maps = "/api/v1/namespaces/default/configmaps"
    private let pods = "/api/v1/namespaces/default/pods"

    private func boundPod(_ harness: inout VerbsHarness, _ name: String) throws -> JSON {
        try harness.expect(.post, pods, Sample.pod(name), code: 201)
        let key = ObjectKey(.pods, namespace: "default", name: name)
        return try harness.write(.bind(key, uid: "", node: "machine-1")).get()
    }

    @Test("An object that nothing holds goes at once, with a Status that names it")
    func plain() throws {
        var harness = try VerbsHarness()
        let map = try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let status = try harness.expect(.delete, "\(maps)/a", code: 200)
        #expect(status["status"]?.string == "Success")
        #expect(
            status["details"] == [
                "name": "a", "kind": "configmaps", "uid": map["metadata"]?["uid"] ?? "",
            ])
        try harness.expect(.delete, "\(maps)/a", code: 404)
    }

    @Test("A Pod that runs gets its grace, which may only shrink, and goes when it is zero")
    func grace() throws {
        var harness = try VerbsHarness()
        _ = try boundPod(&harness, "p")
        let marked = try harness.expect(.delete, "\(pods)/p", code: 200)
        #expect(marked["metadata"]?["deletionGracePeriodSeconds"]?.integer == 30)
        #expect(
            marked["metadata"]?["deletionTimestamp"]?.string
                == (harness.wall + .seconds(30)).rfc3339)
        let revision = harness.store.revision
        try harness.expect(.delete, "\(pods)/p?gracePeriodSeconds=60", code: 200)
        #expect(harness.store.revision == revision)
        let sooner = try harness.expect(
            .delete, "\(pods)/p", ["kind": "DeleteOptions", "gracePeriodSeconds": 5], code: 200)
        #expect(
            sooner["metadata"]?["deletionTimestamp"]?.string
                == (harness.wall + .seconds(5)).rfc3339)
        #expect(sooner["metadata"]?["deletionGracePeriodSeconds"]?.integer == 5)
        try harness.expect(.delete, "\(pods)/p?gracePeriodSeconds=0", code: 200)
        try harness.expect(.get, "\(pods)/p", code: 404)
    }

    @Test("A Pod that runs nowhere, or no more, goes at once")
    func withoutGrace() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, pods, Sample.pod("p"), code: 201)
        try harness.expect(.delete, "\(pods)/p", code: 200)
        try harness.expect(.get, "\(pods)/p", code: 404)
        var pod = try boundPod(&harness, "q")
        pod[path: ["status", "phase"]] = "Succeeded"
        _ = try harness.write(.update(.pods, pod, subresource: "status")).get()
        try harness.expect(.delete, "\(pods)/q", code: 200)
        try harness.expect(.get, "\(pods)/q", code: 404)
    }

    @Test("Finalizers hold an object until the last one is taken off")
    func finalizers() throws {
        var harness = try VerbsHarness()
        var map = Sample.configMap("a")
        map[path: ["metadata", "finalizers"]] = ["example.com/hold"]
        try harness.expect(.post, maps, map, code: 201)
        let marked = try harness.expect(.delete, "\(maps)/a", code: 200)
        #expect(marked["metadata"]?["deletionTimestamp"]?.string == harness.wall.rfc3339)
        let revision = harness.store.revision
        try harness.expect(.delete, "\(maps)/a", code: 200)
        #expect(harness.store.revision == revision)
        try harness.expect(
            .patch, "\(maps)/a", ["metadata": ["finalizers": nil]], code: 200,
            contentType: "application/merge-patch+json")
        try harness.expect(.get, "\(maps)/a", code: 404)
    }

    @Test(
        "The propagation policy becomes a finalizer for the garbage collector",
        arguments: [
            ("Foreground", ["foregroundDeletion"]), ("Orphan", ["orphan"]), ("Background", nil),
        ] as [(String, [String]?)])
    func propagation(_ policy: String, _ expected: [String]?) throws {
        var harness = try VerbsHarness()
        let path = "/apis/apps/v1/namespaces/default/deployments"
        try harness.expect(.post, path, Sample.deployment("web"), code: 201)
        let answer = try harness.expect(
            .delete, "\(path)/web",
            ["kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": .string(policy)],
            code: 200)
        #expect(ObjectMeta(answer["metadata"] ?? [:]).finalizers == expected ?? [])
        try harness.expect(.get, "\(path)/web", code: expected == nil ? 404 : 200)
        try harness.expect(
            .delete, "\(path)/web?propagationPolicy=Sideways", code: 422)
    }

    @Test("Preconditions must hold")
    func preconditions() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let uid = try harness.expect(
            .delete, "\(maps)/a", ["preconditions": ["uid": "other"]], code: 409)
        #expect(uid["message"]?.string?.contains("UID in precondition: other") ?? false)
        try harness.expect(
            .delete, "\(maps)/a", ["preconditions": ["resourceVersion": "1"]], code: 409)
        try harness.expect(
            .delete, "\(maps)/a", ["preconditions": ["resourceVersion": "3"]], code: 200)
    }

    @Test("A namespace ends when its own finalizer is taken off")
    func namespace() throws {
        var harness = try VerbsHarness()
        let made = try harness.expect(
            .post, "/api/v1/namespaces", ["metadata": ["name": "old"]], code: 201)
        #expect(made["spec"]?["finalizers"] == ["kubernetes"])
        #expect(made["metadata"]?["labels"]?["kubernetes.io/metadata.name"]?.string == "old")
        var marked = try harness.expect(.delete, "/api/v1/namespaces/old", code: 200)
        #expect(marked["status"]?["phase"]?.string == "Terminating")
        // An ordinary update does not end it.
        marked[path: ["spec", "finalizers"]] = nil
        marked = try harness.expect(.put, "/api/v1/namespaces/old", marked, code: 200)
        #expect(marked["spec"]?["finalizers"] == ["kubernetes"])
        marked[path: ["spec", "finalizers"]] = nil
        _ = try harness.write(.update(.namespaces, marked, subresource: "finalize")).get()
        try harness.expect(.get, "/api/v1/namespaces/old", code: 404)
        let kept = try harness.expect(.delete, "/api/v1/namespaces/default", code: 403)
        #expect(
            kept["message"]?.string
                == "namespaces \"default\" is forbidden: this namespace may not be deleted")
    }

    @Test("A collection goes in as many transactions as its size needs")
    func collection() throws {
        var limits = APILimits()
        limits.deletedAtOnceMax = 3
        var harness = try VerbsHarness(limits: limits)
        for index in 0..<8 {
            let labels: JSON = ["app": index == 5 ? "db" : "web"]
            try harness.expect(
                .post, maps, Sample.configMap("a\(index)", labels: labels), code: 201)
        }
        let revision = harness.store.revision.number
        try harness.expect(.delete, "\(maps)?labelSelector=app%3Dweb", code: 200)
        #expect(harness.store.revision.number == revision + 3)
        let rest = try harness.expect(.get, maps, code: 200)
        #expect(rest["items"]?.array?.count == 1)
    }

    @Test("An eviction deletes with the options that it carries")
    func eviction() throws {
        var harness = try VerbsHarness()
        _ = try boundPod(&harness, "p")
        let eviction: JSON = [
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": "p"],
            "deleteOptions": ["gracePeriodSeconds": 7],
        ]
        let status = try harness.expect(.post, "\(pods)/p/eviction", eviction, code: 201)
        #expect(status["status"]?.string == "Success")
        let pod = try harness.expect(.get, "\(pods)/p", code: 200)
        #expect(pod["metadata"]?["deletionGracePeriodSeconds"]?.integer == 7)
        try harness.expect(.post, "\(pods)/none/eviction", [:], code: 404)
    }
}
