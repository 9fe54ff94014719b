import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("What Nodes and Pods use")
struct VerbsUsageTests {
    private static let root = "/apis/metrics.k8s.io/v1beta1"

    private static let report = UsageReport(
        time: WallTime(seconds: 1_795_241_100), windowMilliseconds: 10_250,
        machine: .init(cpu: 250_000_000, memoryBytes: 3 << 20),
        pods: ["uid-p": ["a": .init(cpu: 1_000, memoryBytes: 2_048)]])

    private func harness() throws -> VerbsHarness {
        var harness = try VerbsHarness()
        for name in ["machine-1", "machine-2"] {
            try harness.expect(
                .post, "/api/v1/nodes", ["metadata": ["name": .string(name)]], code: 201)
        }
        for name in ["p", "q"] {
            var pod = Sample.pod(name)
            pod[path: ["metadata", "labels"]] = ["app": .string(name)]
            try harness.expect(.post, "/api/v1/namespaces/default/pods", pod, code: 201)
            let key = ObjectKey(.pods, namespace: "default", name: name)
            _ = try harness.write(.bind(key, uid: "", node: "machine-1")).get()
        }
        return harness
    }

    /// The answer when only machine-1 has answered, and measured the first of the Pods.
    private func answer(_ harness: inout VerbsHarness, _ path: String) throws -> JSON {
        let request = harness.request(.get, Self.root + path)
        switch harness.api.handle(request, snapshot: harness.store.snapshot, at: harness.wall) {
        case .usage(let query):
            let pod = try harness.expect(.get, "/api/v1/namespaces/default/pods/p", code: 200)
            var report = Self.report
            report.pods = [pod["metadata"]?["uid"]?.string ?? "": report.pods["uid-p"] ?? [:]]
            return try JSON(parsing: query.response(["machine-1": report]).body)
        case .respond(let response): return try JSON(parsing: response.body)
        default: throw HarnessError(what: "neither usage nor a refusal")
        }
    }

    @Test("A machine's report is read as it was written")
    func reports() {
        #expect(UsageReport(Self.report.json) == Self.report)
        for text in ["{}", #"{"time":"x","window":1,"machine":{},"pods":{}}"#] {
            #expect((try? JSON(parsing: Array(text.utf8))).flatMap(UsageReport.init) == nil)
        }
    }

    @Test("Nodes whose machine has answered are listed with what they use")
    func nodes() throws {
        var harness = try harness()
        let list = try answer(&harness, "/nodes")
        #expect(list["kind"] == "NodeMetricsList" && list["items"]?.array?.count == 1)
        let node = list["items"]?[0]
        #expect(node?["usage"] == ["cpu": "250000000n", "memory": "3072Ki"])
        #expect(node?["window"] == "10.2s" && node?["timestamp"] == "2026-11-21T06:05:00Z")
        let missing = try answer(&harness, "/nodes/machine-2")
        #expect(missing["message"] == "nodemetrics.metrics.k8s.io \"machine-2\" not found")
    }

    @Test("Pods are found by namespace, name and labels")
    func pods() throws {
        var harness = try harness()
        for path in ["/pods", "/namespaces/default/pods", "/pods?labelSelector=app%3Dp"] {
            let list = try answer(&harness, path)
            let names = list["items"]?.array?.compactMap { $0["metadata"]?["name"]?.string }
            #expect(names == ["p"], "\(path)")
        }
        let none = try answer(&harness, "/pods?labelSelector=app%3Dq")
        #expect(none["items"] == [])
        let pod = try answer(&harness, "/namespaces/default/pods/p")
        #expect(pod["kind"] == "PodMetrics" && pod["apiVersion"] == "metrics.k8s.io/v1beta1")
        #expect(pod["containers"] == [["name": "a", "usage": ["cpu": "1000n", "memory": "2Ki"]]])
        let missing = try answer(&harness, "/namespaces/default/pods/q")
        #expect(missing["message"] == "podmetrics.metrics.k8s.io \"default/q\" not found")
        let unknown = try answer(&harness, "/namespaces/default/pods/x")
        #expect(unknown["code"] == 404)
    }
}
