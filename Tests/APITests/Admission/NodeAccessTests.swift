import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("What a machine may do")
struct NodeAccessTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let secrets = "/api/v1/namespaces/default/secrets"
    private let machine = UserInfo.machine("machine-1")

    private func harness() throws -> VerbsHarness {
        var harness = try VerbsHarness()
        for name in ["mine", "other"] {
            try harness.expect(.post, secrets, ["metadata": ["name": .string(name)]], code: 201)
            var pod = Sample.pod(name)
            pod[path: ["spec", "nodeName"]] = name == "mine" ? "machine-1" : "machine-2"
            pod[path: ["spec", "volumes"]] = [
                ["name": "s", "secret": ["secretName": .string(name)]]
            ]
            try harness.expect(.post, pods, pod, code: 201)
        }
        for name in ["machine-1", "machine-2"] {
            try harness.expect(
                .post, "/api/v1/nodes", ["metadata": ["name": .string(name)]], code: 201)
        }
        return harness
    }

    @Test("It reads what its own Pods name, and nothing else")
    func secretsOfItsPods() throws {
        var harness = try harness()
        try harness.expect(.get, "\(secrets)/mine", code: 200, user: machine)
        try harness.expect(
            .get, "\(secrets)?fieldSelector=metadata.name=mine", code: 200, user: machine)
        let status = try harness.expect(.get, "\(secrets)/other", code: 403, user: machine)
        #expect(
            status["message"]?.string
                == "secrets \"other\" is forbidden: User \"system:node:machine-1\" cannot get "
                + "resource \"secrets\" in API group \"\" in the namespace \"default\": no "
                + "relationship found between node 'machine-1' and this object")
        try harness.expect(.get, secrets, code: 403, user: machine)
        try harness.expect(.get, "\(pods)/mine", code: 200, user: machine)
        try harness.expect(.get, "\(pods)/other", code: 403, user: machine)
        try harness.expect(
            .get, "\(pods)?fieldSelector=spec.nodeName=machine-1", code: 200, user: machine)
        try harness.expect(
            .get, "\(pods)?fieldSelector=spec.nodeName=machine-2", code: 403, user: machine)
        try harness.expect(.get, "/api/v1/nodes/machine-1", code: 200, user: machine)
        try harness.expect(.get, "/api/v1/nodes/machine-2", code: 403, user: machine)
    }

    @Test("It gets tokens for the accounts of its own Pods")
    func tokens() throws {
        var harness = try harness()
        let accounts = "/api/v1/namespaces/default/serviceaccounts"
        for name in ["default", "robot"] {
            try harness.expect(.post, accounts, ["metadata": ["name": .string(name)]], code: 201)
        }
        let request = harness.request(
            .post, "\(accounts)/default/token", ["spec": [:]], user: machine)
        guard
            case .issueToken = harness.api.handle(
                request, snapshot: harness.store.snapshot, at: harness.wall)
        else { throw HarnessError(what: "a token must be issued") }
        try harness.expect(
            .post, "\(accounts)/robot/token", ["spec": [:]], code: 403, user: machine)
    }

    @Test("It writes the status of its own Pods and its own Node")
    func writes() throws {
        var harness = try harness()
        let running: JSON = ["status": ["phase": "Running"]]
        let merge = "application/merge-patch+json"
        try harness.expect(
            .patch, "\(pods)/mine/status", running, code: 200, contentType: merge, user: machine)
        let status = try harness.expect(
            .patch, "\(pods)/other/status", running, code: 403, contentType: merge, user: machine)
        #expect(
            status["message"]?.string
                == "pods \"other\" is forbidden: node \"machine-1\" can only update pod status "
                + "for pods with spec.nodeName set to itself")
        try harness.expect(
            .patch, "\(pods)/mine/status", ["metadata": ["labels": ["a": "b"]]], code: 403,
            contentType: merge, user: machine)
        try harness.expect(.delete, "\(pods)/other", code: 403, user: machine)
        let label: JSON = ["metadata": ["labels": ["node-restriction.kubernetes.io/safe": "yes"]]]
        let refused = try harness.expect(
            .patch, "/api/v1/nodes/machine-1", label, code: 403, contentType: merge, user: machine)
        #expect(
            refused["message"]?.string
                == "nodes \"machine-1\" is forbidden: is not allowed to modify labels: "
                + "node-restriction.kubernetes.io/safe")
        try harness.expect(
            .patch, "/api/v1/nodes/machine-1", ["metadata": ["labels": ["disk": "fast"]]],
            code: 200, contentType: merge, user: machine)
        try harness.expect(
            .patch, "/api/v1/nodes/machine-1",
            ["spec": ["taints": [["key": "a", "effect": "NoSchedule"]]]], code: 403,
            contentType: merge, user: machine)
    }

    @Test("It makes no Pods but mirrors of its static ones")
    func mirrorPods() throws {
        var harness = try harness()
        let plain = try harness.expect(.post, pods, Sample.pod("p"), code: 403, user: machine)
        #expect(
            plain["message"]?.string
                == "pods \"p\" is forbidden: pod does not have \"kubernetes.io/config.mirror\" "
                + "annotation, node \"machine-1\" can only create mirror pods")
        let uid = try harness.expect(.get, "/api/v1/nodes/machine-1", code: 200)["metadata"]?["uid"]
        var mirror = Sample.pod("static-machine-1")
        mirror[path: ["metadata", "annotations"]] = ["kubernetes.io/config.mirror": "h"]
        mirror[path: ["metadata", "ownerReferences"]] = [
            [
                "apiVersion": "v1", "kind": "Node", "name": "machine-1", "uid": uid ?? "",
                "controller": true,
            ]
        ]
        mirror[path: ["spec", "nodeName"]] = "machine-1"
        try harness.expect(.post, pods, mirror, code: 201, user: machine)
        mirror[path: ["metadata", "name"]] = "static-machine-2"
        mirror[path: ["spec", "nodeName"]] = "machine-2"
        try harness.expect(.post, pods, mirror, code: 403, user: machine)
    }

    @Test("A bootstrap token stands for a user of its own until it expires")
    func bootstrapToken() throws {
        var harness = try VerbsHarness()
        func data(_ text: String) -> JSON { .string(Base.Base64.encode(Array(text.utf8))) }
        try harness.expect(
            .post, "/api/v1/namespaces/kube-system/secrets",
            [
                "metadata": ["name": "bootstrap-token-abcdef"],
                "type": "bootstrap.kubernetes.io/token",
                "data": [
                    "token-id": data("abcdef"), "token-secret": data("0123456789abcdef"),
                    "usage-bootstrap-authentication": data("true"),
                    "expiration": data("2027-01-01T00:00:00Z"),
                    "auth-extra-groups": data("system:bootstrappers:machines"),
                ],
            ], code: 201)
        func ask(_ text: String) throws -> APIResponse {
            var request = harness.request(
                .post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", [:])
            request.credential = .bootstrapToken(try #require(BootstrapToken(text)))
            return try harness.run(request)
        }
        let good = try ask("abcdef.0123456789abcdef")
        #expect(good.code == 201)
        #expect(
            try JSON(parsing: good.body)["status"]?["userInfo"] == [
                "username": "system:bootstrap:abcdef",
                "groups": [
                    "system:bootstrappers", "system:bootstrappers:machines",
                    "system:authenticated",
                ],
            ])
        #expect(try ask("abcdef.0123456789abcdee").code == 401)
        #expect(try ask("abcdeg.0123456789abcdef").code == 401)
        harness.wall = try #require(WallTime(rfc3339: "2027-01-01T00:00:00Z"))
        #expect(try ask("abcdef.0123456789abcdef").code == 401)
        #expect(BootstrapToken("abcdef.0123456789ABCDEF") == nil)
        #expect(BootstrapToken("abcdef0123456789abcdef") == nil)
    }
}
