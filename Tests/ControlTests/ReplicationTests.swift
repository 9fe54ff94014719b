import Base
import Control
import JSON
import Objects
import Testing

@Suite struct ReplicationTests {
    private static let key = ObjectKey(.replicationControllers, namespace: "default", name: "web")

    private static func running(replicas: Int64 = 2) -> ControlHarness {
        var cluster = ControlHarness.cluster()
        var document = ControlHarness.deployment(replicas: replicas)
        document["apiVersion"] = "v1"
        document["kind"] = "ReplicationController"
        document[path: ["spec", "strategy"]] = JSON?.none
        document[path: ["spec", "selector"]] = ["app": "web"]
        cluster.user { $0.must(.create(.replicationControllers, document)) }
        cluster.settle()
        return cluster
    }

    @Test func aReplicationControllerKeepsItsPods() {
        var cluster = Self.running()
        #expect(cluster.pods().count == 2)
        let owners = Set(cluster.pods().map { $0.metadata.controller?.kind })
        #expect(owners == ["ReplicationController"])
        let status = cluster.api[Self.key]?["status"] ?? [:]
        #expect(status["readyReplicas"]?.integer == 2)
        #expect(status["observedGeneration"]?.integer == 1)
        let pod = cluster.pods()[0]
        cluster.user { $0.must(.patch(pod.key, ["metadata": ["labels": ["app": "other"]]])) }
        cluster.settle()
        #expect(cluster.api[pod.key].map(Pod.init)?.metadata.controller == nil)
        #expect(cluster.pods().count == 2)
        cluster.user { $0.must(.patch(Self.key, ["spec": ["replicas": 1]])) }
        cluster.settle()
        #expect(cluster.pods().count == 1)
    }

    @Test func whatCannotBeMadeShowsAsACondition() {
        var cluster = Self.running()
        cluster.api.podsMax = 2
        cluster.user { $0.must(.patch(Self.key, ["spec": ["replicas": 3]])) }
        cluster.run(for: .seconds(2))
        let conditions = cluster.api[Self.key]?["status"]?["conditions"]?.array ?? []
        #expect(conditions.first?["type"]?.string == "ReplicaFailure")
        #expect(conditions.first?["reason"]?.string == "FailedCreate")
        #expect(conditions.first?["message"]?.string == "exceeded quota")
        cluster.user { $0.must(.patch(Self.key, ["spec": ["replicas": 2]])) }
        cluster.run(for: .seconds(60))
        #expect(cluster.api[Self.key]?["status"]?["conditions"] == nil)
    }
}
