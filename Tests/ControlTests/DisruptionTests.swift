import Base
import Control
import JSON
import Objects
import Testing

@Suite struct DisruptionTests {
    private static let key = ObjectKey(.podDisruptionBudgets, namespace: "default", name: "b")

    private static func running(_ bound: String, _ value: JSON) -> ControlHarness {
        var cluster = DeploymentTests.running(replicas: 4)
        cluster.user {
            $0.must(
                .create(
                    .podDisruptionBudgets,
                    [
                        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                        "metadata": ["name": "b", "namespace": "default"],
                        "spec": [
                            "selector": ["matchLabels": ["app": "web"]],
                            .init(stringLiteral: bound): value,
                        ],
                    ]))
        }
        cluster.settle()
        return cluster
    }

    @Test(arguments: [
        ("minAvailable", JSON.integer(3), 3 as Int64, 1 as Int64),
        ("minAvailable", .string("70%"), 3, 1), ("maxUnavailable", .string("50%"), 2, 2),
        ("maxUnavailable", .integer(0), 4, 0), ("minAvailable", .integer(9), 9, 0),
    ])
    func whatMayGoIsCounted(_ bound: String, _ value: JSON, _ desired: Int64, _ allowed: Int64) {
        let cluster = Self.running(bound, value)
        let status = cluster.api[Self.key]?["status"] ?? [:]
        #expect(status["expectedPods"]?.integer == 4)
        #expect(status["currentHealthy"]?.integer == 4)
        #expect(status["desiredHealthy"]?.integer == desired)
        #expect(status["disruptionsAllowed"]?.integer == allowed)
        #expect(status["observedGeneration"]?.integer == 1)
        let condition = status["conditions"]?[0]
        let reason = allowed > 0 ? "SufficientPods" : "InsufficientPods"
        #expect(condition?["reason"]?.string == reason)
    }

    @Test func anEvictionThatWasGrantedCountsUntilItsTimeIsOver() {
        var cluster = Self.running("minAvailable", 2)
        let name = cluster.pods()[0].metadata.name
        let time = JSON.string(cluster.wall.rfc3339)
        cluster.user {
            $0.must(
                .patch(Self.key, ["status": ["disruptedPods": ["gone": time]]]))
            var granted: JSON = [:]
            granted[name] = time
            $0.must(.patch(Self.key, ["status": ["disruptedPods": granted]]))
        }
        cluster.settle()
        var status = cluster.api[Self.key]?["status"] ?? [:]
        #expect(status["disruptionsAllowed"]?.integer == 1)
        #expect(status["disruptedPods"]?.object?.count == 1)
        cluster.run(for: .minutes(3))
        status = cluster.api[Self.key]?["status"] ?? [:]
        #expect(status["disruptionsAllowed"]?.integer == 2)
        #expect(status["disruptedPods"] == nil)
    }
}
