import API
import JSON
import Objects
import Testing

@Suite("RuntimeClasses in admission")
struct RuntimeClassTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let classes = "/apis/node.k8s.io/v1/runtimeclasses"

    private func pod(_ name: String, class className: String) -> JSON {
        var pod = Sample.pod(name)
        pod[path: ["spec", "runtimeClassName"]] = .string(className)
        return pod
    }

    @Test("A Pod whose class is not there, or is gone, is refused")
    func absent() throws {
        var harness = try VerbsHarness()
        let status = try harness.expect(.post, pods, pod("p", class: "fast"), code: 403)
        #expect(
            status["message"]?.string
                == "pods \"p\" is forbidden: pod rejected: RuntimeClass \"fast\" not found")
        try harness.expect(
            .post, classes, ["metadata": ["name": "fast"], "handler": "runc"], code: 201)
        let made = try harness.expect(.post, pods, pod("p", class: "fast"), code: 201)
        #expect(made["spec"]?["overhead"] == nil)
        try harness.expect(.delete, "\(classes)/fast", code: 200)
        try harness.expect(.post, pods, pod("q", class: "fast"), code: 403)
    }

    @Test("A class gives its Pods their overhead and the Nodes that have it")
    func gifts() throws {
        var harness = try VerbsHarness()
        let toleration: JSON = ["key": "gpu", "operator": "Exists", "effect": "NoSchedule"]
        try harness.expect(
            .post, classes,
            [
                "metadata": ["name": "vm"], "handler": "kata",
                "overhead": ["podFixed": ["cpu": "10m", "memory": "1Mi"]],
                "scheduling": ["nodeSelector": ["vm": "yes"], "tolerations": [toleration]],
            ], code: 201)
        let made = try harness.expect(.post, pods, pod("p", class: "vm"), code: 201)
        #expect(made["spec"]?["overhead"] == ["cpu": "10m", "memory": "1Mi"])
        #expect(made["spec"]?["nodeSelector"] == ["vm": "yes"])
        #expect(made["spec"]?["tolerations"]?.array?.contains(toleration) ?? false)
        var other = pod("q", class: "vm")
        other[path: ["spec", "nodeSelector"]] = ["vm": "no"]
        let conflict = try harness.expect(.post, pods, other, code: 403)
        #expect(conflict["message"]?.string?.contains("conflict: runtimeClass.scheduling") ?? false)
        var heavy = pod("q", class: "vm")
        heavy[path: ["spec", "overhead"]] = ["cpu": "1"]
        let refused = try harness.expect(.post, pods, heavy, code: 403)
        #expect(refused["message"]?.string?.hasSuffix("RuntimeClass's defined Overhead") ?? false)
        var alone = Sample.pod("r")
        alone[path: ["spec", "overhead"]] = ["cpu": "1"]
        try harness.expect(.post, pods, alone, code: 403)
    }
}
