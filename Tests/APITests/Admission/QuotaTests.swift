import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("ResourceQuota")
struct QuotaTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let quotas = "/api/v1/namespaces/default/resourcequotas"

    private func quota(_ hard: JSON, _ more: JSON = [:]) -> JSON {
        var spec: JSON = ["hard": hard]
        for (name, value) in more.object ?? [:] { spec[name] = value }
        return ["metadata": ["name": "q"], "spec": spec]
    }

    private func pod(_ name: String, cpu: String? = nil) -> JSON {
        var pod = Sample.pod(name)
        if let cpu {
            pod[path: ["spec", "containers"]] = [
                [
                    "name": "main", "image": "busybox",
                    "resources": ["requests": ["cpu": .string(cpu)]],
                ]
            ]
        }
        return pod
    }

    @Test("A quota holds from its first revision on, and counts what is there already")
    func enforcement() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, pods, pod("a", cpu: "500m"), code: 201)
        let made = try harness.expect(
            .post, quotas, quota(["pods": "2", "requests.cpu": "1"]), code: 201)
        #expect(
            made["status"] == [
                "hard": ["pods": "2", "requests.cpu": "1"],
                "used": ["pods": "1", "requests.cpu": "500m"],
            ])
        let status = try harness.expect(.post, pods, pod("b", cpu: "600m"), code: 403)
        #expect(
            status["message"]?.string
                == "pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=600m, "
                + "used: requests.cpu=500m, limited: requests.cpu=1")
        #expect(status["reason"]?.string == "Forbidden")
        try harness.expect(.post, pods, pod("b", cpu: "250m"), code: 201)
        let third = try harness.expect(.post, pods, pod("c", cpu: "1"), code: 403)
        #expect(
            third["message"]?.string
                == "pods \"c\" is forbidden: exceeded quota: q, requested: pods=1,requests.cpu=1, "
                + "used: pods=2,requests.cpu=750m, limited: pods=2,requests.cpu=1")
        let read = try harness.expect(.get, "\(quotas)/q", code: 200)
        #expect(read["status"]?["used"] == ["pods": "2", "requests.cpu": "750m"])
    }

    @Test("Where CPU is bounded every container must say how much it wants")
    func explicitAmounts() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, quotas, quota(["limits.memory": "1Gi", "requests.cpu": "1"]), code: 201)
        let status = try harness.expect(.post, pods, pod("a"), code: 403)
        #expect(
            status["message"]?.string
                == "pods \"a\" is forbidden: failed quota: q: must specify limits.memory for: "
                + "main; requests.cpu for: main")
    }

    @Test("Two machines that make a Pod at once do not exceed a quota together")
    func race() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, quotas, quota(["pods": "1"]), code: 201)
        let request = harness.request(.post, pods, pod("late"))
        guard
            case .commit(let late) = harness.api.handle(
                request, snapshot: harness.store.snapshot, at: harness.wall)
        else { throw HarnessError(what: "a create must be committed") }
        try harness.expect(.post, pods, pod("early"), code: 201)
        guard case .conflict = try harness.apply(late) else {
            throw HarnessError(what: "the quota must be charged once")
        }
        #expect(try harness.run(request).code == 403)
    }

    @Test("Objects of any kind can be counted")
    func counts() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, quotas,
            quota(["count/deployments.apps": "1", "configmaps": "1", "services.nodeports": "1"]),
            code: 201)
        let maps = "/api/v1/namespaces/default/configmaps"
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let status = try harness.expect(.post, maps, Sample.configMap("b"), code: 403)
        #expect(
            status["message"]?.string
                == "configmaps \"b\" is forbidden: exceeded quota: q, requested: configmaps=1, "
                + "used: configmaps=1, limited: configmaps=1")
        let deployments = "/apis/apps/v1/namespaces/default/deployments"
        try harness.expect(.post, deployments, Sample.deployment("a"), code: 201)
        let second = try harness.expect(
            .post, deployments, Sample.deployment("b"), code: 403)
        #expect(
            second["message"]?.string
                == "deployments.apps \"b\" is forbidden: exceeded quota: q, requested: "
                + "count/deployments.apps=1, used: count/deployments.apps=1, limited: "
                + "count/deployments.apps=1")
        let services = "/api/v1/namespaces/default/services"
        try harness.expect(.post, services, Sample.service("a"), code: 201)
        try harness.expect(.put, "\(services)/a", Sample.service("a", type: "NodePort"), code: 200)
        try harness.expect(.post, services, Sample.service("b", type: "NodePort"), code: 403)
    }

    @Test("A scoped quota counts only what its scopes choose")
    func scopes() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, "/apis/scheduling.k8s.io/v1/priorityclasses",
            ["metadata": ["name": "high"], "value": 1000], code: 201)
        try harness.expect(
            .post, quotas,
            quota(
                ["pods": "1"],
                [
                    "scopeSelector": [
                        "matchExpressions": [
                            [
                                "scopeName": "PriorityClass", "operator": "In",
                                "values": ["high"],
                            ]
                        ]
                    ]
                ]), code: 201)
        for name in ["a", "b"] { try harness.expect(.post, pods, pod(name), code: 201) }
        var important = pod("c")
        important[path: ["spec", "priorityClassName"]] = "high"
        try harness.expect(.post, pods, important, code: 201)
        important[path: ["metadata", "name"]] = "d"
        try harness.expect(.post, pods, important, code: 403)
    }

    @Test("A changed bound is in effect at once")
    func changedBound() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, quotas, quota(["pods": "1"]), code: 201)
        try harness.expect(.post, pods, pod("a"), code: 201)
        try harness.expect(.post, pods, pod("b"), code: 403)
        let changed = try harness.expect(.put, "\(quotas)/q", quota(["pods": "2"]), code: 200)
        #expect(changed["status"] == ["hard": ["pods": "2"], "used": ["pods": "1"]])
        try harness.expect(.post, pods, pod("b"), code: 201)
    }

    @Test(
        "A sum is printed as Kubernetes prints it",
        arguments: [
            ("1Gi", "512Mi", "1536Mi"), ("1", "500m", "1500m"), ("0", "1Ki", "1Ki"),
            ("1000Mi", "24Mi", "1Gi"), ("500", "500", "1k"), ("1e3", "1e3", "2e3"),
            ("512", "512Ki", "524800"), ("100Mi", "1", "104857601"),
        ])
    func amounts(_ left: String, _ right: String, _ sum: String) throws {
        let left = try #require(Amount(.string(left)))
        let right = try #require(Amount(.string(right)))
        #expect((left + right).description == sum)
    }
}
