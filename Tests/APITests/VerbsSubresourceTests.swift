import API
import Base
import JSON
import Objects
import Testing

@Suite("Subresources")
struct VerbsSubresourceTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let strategic = "application/strategic-merge-patch+json"

    private func pod(_ resources: JSON) -> JSON {
        var pod = Sample.pod("p")
        pod[path: ["spec", "containers"]] = [
            ["name": "main", "image": "busybox", "resources": resources]
        ]
        return pod
    }

    private func resize(
        _ harness: inout VerbsHarness, _ resources: JSON, code: Int,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> JSON {
        try harness.expect(
            .patch, "\(pods)/p/resize",
            [
                "metadata": ["labels": ["ignored": "yes"]],
                "spec": ["containers": [["name": "main", "resources": resources]]],
            ],
            code: code, contentType: strategic, sourceLocation: sourceLocation)
    }

    @Test("A resize changes CPU and memory of a container, and nothing else")
    func resize() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, pods, pod(["requests": ["cpu": "100m"], "limits": ["cpu": "200m"]]), code: 201)
        let made = try resize(&harness, ["requests": ["cpu": "150m"]], code: 200)
        #expect(
            made["spec"]?["containers"]?[0]?["resources"]
                == ["requests": ["cpu": "150m"], "limits": ["cpu": "200m"]])
        #expect(made["metadata"]?["labels"]?["ignored"] == nil)
        #expect(made["metadata"]?["generation"]?.integer == 2)
        let plain = try harness.expect(
            .patch, "\(pods)/p",
            ["spec": ["containers": [["name": "main", "resources": ["requests": ["cpu": "1m"]]]]]],
            code: 422, contentType: strategic)
        #expect(plain["message"]?.string?.contains("pod updates may not change fields") ?? false)
    }

    @Test("A resize keeps the class of the Pod, and takes no limit away")
    func resizeRules() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, pods,
            pod([
                "requests": ["cpu": "100m", "memory": "64Mi"],
                "limits": ["cpu": "200m", "memory": "64Mi"],
            ]), code: 201)
        let removed = try resize(&harness, ["limits": ["memory": nil]], code: 422)
        #expect(
            removed["message"]?.string
                == "Pod \"p\" is invalid: spec.containers[0].resources.limits: Forbidden: "
                + "resource limits cannot be removed")
        let promoted = try resize(&harness, ["requests": ["cpu": "200m"]], code: 422)
        #expect(
            promoted["message"]?.string
                == "Pod \"p\" is invalid: spec: Invalid value: \"Burstable\": Pod QOS Class may "
                + "not change as a result of resizing")
    }

    @Test("A resize changes the resources of the Pod as a whole, too")
    func resizeWhole() throws {
        var harness = try VerbsHarness()
        var whole = pod([:])
        whole["spec"]?["resources"] = [
            "requests": ["cpu": "100m"], "limits": ["cpu": "200m", "memory": "64Mi"],
        ]
        try harness.expect(.post, pods, whole, code: 201)
        func resize(_ resources: JSON, code: Int) throws -> JSON {
            try harness.expect(
                .patch, "\(pods)/p/resize", ["spec": ["resources": resources]], code: code,
                contentType: strategic)
        }
        let made = try resize(["limits": ["cpu": "300m"]], code: 200)
        #expect(
            made["spec"]?["resources"]
                == [
                    "requests": ["cpu": "100m", "memory": "64Mi"],
                    "limits": ["cpu": "300m", "memory": "64Mi"],
                ])
        let removed = try resize(["limits": ["memory": nil]], code: 422)
        #expect(
            removed["message"]?.string
                == "Pod \"p\" is invalid: spec.resources.limits: Forbidden: "
                + "resource limits cannot be removed")
    }

    @Test("A resize stays within quotas and limits")
    func resizeAdmission() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, "/api/v1/namespaces/default/resourcequotas",
            ["metadata": ["name": "q"], "spec": ["hard": ["requests.cpu": "200m"]]], code: 201)
        try harness.expect(.post, pods, pod(["requests": ["cpu": "100m"]]), code: 201)
        let status = try resize(&harness, ["requests": ["cpu": "300m"]], code: 403)
        #expect(
            status["message"]?.string
                == "pods \"p\" is forbidden: exceeded quota: q, requested: requests.cpu=200m, "
                + "used: requests.cpu=100m, limited: requests.cpu=200m")
        _ = try resize(&harness, ["requests": ["cpu": "150m"]], code: 200)
    }

    @Test("An ephemeral container is added and stays")
    func ephemeralContainers() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, pods, Sample.pod("p"), code: 201)
        let path = "\(pods)/p/ephemeralcontainers"
        let made = try harness.expect(
            .patch, path,
            ["spec": ["ephemeralContainers": [["name": "debug", "image": "busybox"]]]],
            code: 200, contentType: strategic)
        #expect(made["spec"]?["ephemeralContainers"]?[0]?["name"]?.string == "debug")
        var without = made
        without[path: ["spec", "ephemeralContainers"]] = []
        let status = try harness.expect(.put, path, without, code: 422)
        #expect(
            status["message"]?.string?.contains(
                "existing ephemeral containers \"debug\" may not be removed") ?? false)
    }

    @Test("A certificate is decided about once, by who may")
    func approval() throws {
        var harness = try VerbsHarness()
        let requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
        try harness.expect(
            .post, requests,
            [
                "metadata": ["name": "r"],
                "spec": [
                    "request": "LS0tLS0=", "signerName": "example.com/signer",
                    "usages": ["client auth"],
                ],
            ], code: 201)
        let approved: JSON = [
            "status": ["conditions": [["type": "Approved", "status": "True", "reason": "Test"]]]
        ]
        let merge = "application/merge-patch+json"
        let early = try harness.expect(
            .patch, "\(requests)/r/status", approved, code: 422, contentType: merge)
        #expect(
            early["message"]?.string?.contains(
                "updates may not add a condition of type \"Approved\"") ?? false)
        try harness.expect(
            .patch, "\(requests)/r/approval", approved, code: 200, contentType: merge)
        let taken = try harness.expect(
            .patch, "\(requests)/r/approval", ["status": ["conditions": []]], code: 422,
            contentType: merge)
        #expect(
            taken["message"]?.string?.contains(
                "updates may not remove a condition of type \"Approved\"") ?? false)
    }

    @Test("A Binding is posted to its own collection, too")
    func bindings() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, pods, Sample.pod("p"), code: 201)
        let path = "/api/v1/namespaces/default/bindings"
        try harness.expect(
            .post, path,
            ["metadata": ["name": "p"], "target": ["kind": "Node", "name": "machine-1"]],
            code: 201)
        let bound = try harness.expect(.get, "\(pods)/p", code: 200)
        #expect(bound["spec"]?["nodeName"]?.string == "machine-1")
        try harness.expect(.post, path, ["target": ["name": "machine-1"]], code: 422)
        try harness.expect(.get, path, code: 405)
    }

    @Test("A Scale prints as a table, and tells a plain selector")
    func scaleTable() throws {
        var harness = try VerbsHarness()
        let controllers = "/api/v1/namespaces/default/replicationcontrollers"
        try harness.expect(
            .post, controllers,
            [
                "metadata": ["name": "rc"],
                "spec": [
                    "replicas": 3, "selector": ["app": "web"],
                    "template": [
                        "metadata": ["labels": ["app": "web"]],
                        "spec": ["containers": [["name": "main", "image": "busybox"]]],
                    ],
                ],
            ], code: 201)
        let scale = try harness.expect(.get, "\(controllers)/rc/scale", code: 200)
        #expect(scale["status"]?["selector"]?.string == "app=web")
        let table = try harness.expect(
            .get, "\(controllers)/rc/scale", code: 200,
            accept: "application/json;as=Table;v=v1;g=meta.k8s.io")
        #expect(
            table["columnDefinitions"]?.array?.compactMap { $0["name"]?.string }
                == ["Name", "Desired", "Available", "Age"])
        #expect(table["rows"]?[0]?["cells"]?.array?.prefix(3) == ["rc", 3, 0])
    }
}
