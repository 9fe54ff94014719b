import Base
import Control
import JSON
import Objects
import Testing

/// The quota controller keeps count of what a namespace uses.
@Suite struct QuotaControllerTests {
    private let key = ObjectKey(.resourceQuotas, namespace: "default", name: "q")

    private func pod(_ name: String, cpu: String) -> JSON {
        [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "namespace": "default"],
            "spec": [
                "containers": [
                    [
                        "name": "main", "image": "i",
                        "resources": ["requests": ["cpu": .string(cpu)]],
                    ]
                ]
            ],
            "status": ["phase": "Pending"],
        ]
    }

    private func makeQuota(_ hard: JSON, in cluster: inout ControlHarness) {
        cluster.user {
            $0.must(
                .create(
                    .resourceQuotas,
                    [
                        "apiVersion": "v1", "kind": "ResourceQuota",
                        "metadata": ["name": "q", "namespace": "default"],
                        "spec": ["hard": hard],
                    ]))
        }
    }

    @Test func whatIsMadeAndGoesIsCounted() {
        var cluster = ControlHarness.cluster(machines: 1)
        makeQuota(["pods": "5", "requests.cpu": "2"], in: &cluster)
        cluster.settle()
        #expect(
            cluster.api[key]?["status"] == [
                "hard": ["pods": "5", "requests.cpu": "2"],
                "used": ["pods": "0", "requests.cpu": "0"],
            ])
        let pods = [pod("a", cpu: "500m"), pod("b", cpu: "250m")]
        cluster.user { api in for pod in pods { api.must(.create(.pods, pod)) } }
        cluster.settle()
        #expect(
            cluster.api[key]?["status"]?["used"] == ["pods": "2", "requests.cpu": "750m"])
        cluster.user {
            $0.must(
                .delete(
                    ObjectKey(.pods, namespace: "default", name: "a"), gracePeriodSeconds: 0))
        }
        cluster.settle()
        #expect(
            cluster.api[key]?["status"]?["used"] == ["pods": "1", "requests.cpu": "250m"])
    }

    @Test func aChangedBoundComesIntoEffect() {
        var cluster = ControlHarness.cluster(machines: 1)
        makeQuota(["configmaps": "5"], in: &cluster)
        cluster.settle()
        let used = cluster.api[key]?["status"]?["used"]?["configmaps"]
        cluster.user {
            $0.must(.patch(key, ["spec": ["hard": ["configmaps": "9", "secrets": "1"]]]))
        }
        cluster.settle()
        #expect(
            cluster.api[key]?["status"] == [
                "hard": ["configmaps": "9", "secrets": "1"],
                "used": ["configmaps": used ?? "", "secrets": "0"],
            ])
    }

    @Test func everyClusterHasTheDefaultFlows() {
        let cluster = ControlHarness.cluster(machines: 1)
        for name in ["exempt", "catch-all", "system-nodes", "global-default"] {
            #expect(cluster.api[ObjectKey(.flowSchemas, name: name)] != nil, "\(name)")
        }
        let level = cluster.api[ObjectKey(.priorityLevelConfigurations, name: "workload-low")]
        #expect(
            level?["spec"]?["limited"]?["nominalConcurrencyShares"]?.integer == 100)
    }
}
