import API
import JSON
import Objects
import Testing

@Suite("Evictions and disruption budgets")
struct EvictionBudgetTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets"

    private func harness(allowed: Int64, observed: Int64 = 1) throws -> VerbsHarness {
        var harness = try VerbsHarness()
        for name in ["p", "q"] {
            var pod = Sample.pod(name)
            pod[path: ["metadata", "labels"]] = ["app": "web"]
            try harness.expect(.post, pods, pod, code: 201)
            let node: JSON = ["metadata": ["name": "n"]]
            _ = try harness.run(harness.request(.post, "/api/v1/nodes", node))
            try harness.expect(
                .post, "\(pods)/\(name)/binding", ["target": ["kind": "Node", "name": "n"]],
                code: 201)
            try harness.expect(
                .patch, "\(pods)/\(name)/status",
                [
                    "status": [
                        "phase": "Running", "conditions": [["type": "Ready", "status": "True"]],
                    ]
                ], code: 200, contentType: "application/merge-patch+json")
        }
        try harness.expect(
            .post, budgets,
            [
                "metadata": ["name": "b"],
                "spec": ["minAvailable": 1, "selector": ["matchLabels": ["app": "web"]]],
            ], code: 201)
        try harness.expect(
            .patch, "\(budgets)/b/status",
            [
                "status": [
                    "disruptionsAllowed": .integer(allowed), "currentHealthy": 2,
                    "desiredHealthy": 1, "expectedPods": 2,
                    "observedGeneration": .integer(observed),
                ]
            ], code: 200, contentType: "application/merge-patch+json")
        return harness
    }

    private func evict(
        _ name: String, _ harness: inout VerbsHarness, code: Int
    ) throws -> JSON {
        try harness.expect(
            .post, "\(pods)/\(name)/eviction",
            [
                "apiVersion": "policy/v1", "kind": "Eviction",
                "metadata": ["name": .string(name)],
            ], code: code)
    }

    @Test("An eviction takes one off the budget and tells the Pod why it goes")
    func charge() throws {
        var harness = try harness(allowed: 1)
        _ = try evict("p", &harness, code: 201)
        let budget = try harness.expect(.get, "\(budgets)/b", code: 200)
        #expect(budget["status"]?["disruptionsAllowed"]?.integer == 0)
        #expect(budget["status"]?["disruptedPods"]?["p"] != nil)
        let pod = try harness.expect(.get, "\(pods)/p", code: 200)
        #expect(pod["metadata"]?["deletionTimestamp"] != nil)
        let target = Pod(pod).condition("DisruptionTarget")
        #expect(target?.reason == "EvictionByEvictionAPI")
        let refused = try evict("q", &harness, code: 429)
        #expect(
            refused["message"]?.string
                == "Cannot evict pod as it would violate the pod's disruption budget.")
        #expect(refused["reason"]?.string == "TooManyRequests")
        #expect(refused["details"]?["causes"]?[0]?["reason"]?.string == "DisruptionBudget")
        #expect(
            refused["details"]?["causes"]?[0]?["message"]?.string
                == "The disruption budget b needs 1 healthy pods and has 2 currently")
    }

    @Test("A budget that was not counted yet lets nobody go")
    func uncounted() throws {
        var harness = try harness(allowed: 1, observed: 0)
        let refused = try evict("p", &harness, code: 429)
        #expect(
            refused["details"]?["causes"]?[0]?["message"]?.string
                == "The disruption budget b is still being processed by the server.")
    }

    @Test("A Pod that has ended, or does not run yet, needs no budget")
    func ended() throws {
        var harness = try harness(allowed: 0)
        try harness.expect(
            .patch, "\(pods)/p/status", ["status": ["phase": "Succeeded"]], code: 200,
            contentType: "application/merge-patch+json")
        _ = try evict("p", &harness, code: 201)
        _ = try evict("q", &harness, code: 429)
    }
}
