import Base
import Control
import JSON
import Objects
import Testing

@Suite struct DaemonSetTests {
    private static let key = ObjectKey(.daemonSets, namespace: "default", name: "web")

    private static func running(
        seed: UInt64 = 1, rolling: JSON = ["maxUnavailable": 1, "maxSurge": 0],
        selector: JSON? = nil
    ) -> ControlHarness {
        var cluster = ControlHarness.cluster(seed: seed)
        var document = ControlHarness.deployment(replicas: 0)
        document["kind"] = "DaemonSet"
        document[path: ["spec", "strategy"]] = JSON?.none
        document[path: ["spec", "replicas"]] = JSON?.none
        document[path: ["spec", "updateStrategy"]] = [
            "type": "RollingUpdate", "rollingUpdate": rolling,
        ]
        if let selector {
            document[path: ["spec", "template", "spec", "nodeSelector"]] = selector
        }
        cluster.user { $0.must(.create(.daemonSets, document)) }
        cluster.settle()
        return cluster
    }

    private static func image(_ image: String) -> JSON {
        let other = ControlHarness.deployment(replicas: 0, image: image)
        let spec = other["spec"]?["template"]?["spec"]
        return ["spec": ["template": ["spec": spec ?? [:]]]]
    }

    private static func setImage(_ image: String, _ cluster: inout ControlHarness) {
        cluster.user { $0.must(.patch(key, Self.image(image))) }
        cluster.settle()
    }

    private static func status(_ cluster: ControlHarness, _ name: String) -> Int64? {
        cluster.api[key]?["status"]?[name]?.integer
    }

    @Test func everyNodeHasOnePod() {
        var cluster = Self.running()
        #expect(cluster.spread() == ["machine-1": 1, "machine-2": 1, "machine-3": 1])
        #expect(Self.status(cluster, "desiredNumberScheduled") == 3)
        #expect(Self.status(cluster, "numberReady") == 3)
        #expect(Self.status(cluster, "numberAvailable") == 3)
        #expect(Self.status(cluster, "updatedNumberScheduled") == 3)
        let keys = cluster.pods()[0].tolerations.map(\.key)
        #expect(keys.contains("node.kubernetes.io/unschedulable"))
        cluster.addMachine("machine-4")
        cluster.settle()
        #expect(cluster.spread()["machine-4"] == 1)
        let first = cluster.pods()[0].key
        cluster.user { $0.must(.delete(first)) }
        cluster.settle()
        #expect(cluster.spread().values.allSatisfy { $0 == 1 })
        #expect(cluster.pods().count == 4)
    }

    @Test func labelsOfNodesChooseWhereItRuns() {
        var cluster = Self.running(selector: ["color": "blue"])
        #expect(cluster.pods().isEmpty)
        let node = ObjectKey(.nodes, name: "machine-2")
        cluster.user { $0.must(.patch(node, ["metadata": ["labels": ["color": "blue"]]])) }
        cluster.settle()
        #expect(cluster.spread() == ["machine-2": 1])
        cluster.user { $0.must(.patch(node, ["metadata": ["labels": ["color": "green"]]])) }
        cluster.settle()
        #expect(cluster.pods().isEmpty)
        #expect(Self.status(cluster, "desiredNumberScheduled") == 0)
    }

    @Test func aCordonedNodeKeepsItsPodAndATaintedOneGetsNone() {
        var cluster = Self.running()
        let taint: JSON = [["key": "gpu", "effect": "NoSchedule"]]
        cluster.user {
            $0.must(
                .patch(ObjectKey(.nodes, name: "machine-1"), ["spec": ["unschedulable": true]]))
            $0.must(.patch(ObjectKey(.nodes, name: "machine-2"), ["spec": ["taints": taint]]))
        }
        cluster.settle()
        #expect(cluster.pods().count == 3)
        for pod in cluster.pods() { cluster.user { $0.must(.delete(pod.key)) } }
        cluster.settle()
        #expect(cluster.spread() == ["machine-1": 1, "machine-3": 1])
    }

    @Test func aPodThatFailedIsMadeAnew() {
        var cluster = Self.running()
        let first = cluster.pods().map(\.key)
        let pod = cluster.pods()[0]
        cluster.user { _ = try? $0.patch(pod.key, ["status": ["phase": "Failed"]]) }
        cluster.run(for: .seconds(1))
        #expect(cluster.api[pod.key] == nil)
        cluster.settle()
        #expect(cluster.pods().count == 3)
        // One that its machine refuses comes again and again, so it waits.
        let fresh = cluster.pods().first { !first.contains($0.key) }
        guard let refused = fresh else {
            Issue.record("no Pod is new")
            return
        }
        let status: JSON = ["phase": "Failed", "reason": "OutOfcpu"]
        cluster.user { _ = try? $0.patch(refused.key, ["status": status]) }
        cluster.run(for: .milliseconds(500))
        #expect(cluster.api[refused.key]?["metadata"]?["deletionTimestamp"] == nil)
        cluster.run(for: .seconds(4))
        cluster.settle()
        #expect(cluster.api[refused.key] == nil)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func aNewTemplateTakesOneNodeAfterTheOther(_ seed: UInt64) {
        var cluster = Self.running(seed: seed)
        cluster.check = { cluster in
            #expect(cluster.pods().filter(\.isReady).count >= 2)
        }
        Self.setImage("2", &cluster)
        #expect(cluster.pods().count == 3)
        #expect(cluster.pods().allSatisfy { $0.containers[0].image == "2" })
        #expect(Self.status(cluster, "updatedNumberScheduled") == 3)
    }

    @Test func aSurgeMakesTheNewPodFirst() {
        var cluster = Self.running(rolling: ["maxUnavailable": 0, "maxSurge": 1])
        cluster.check = { cluster in
            #expect(Set(cluster.pods().filter(\.isReady).compactMap(\.nodeName)).count == 3)
        }
        Self.setImage("2", &cluster)
        #expect(cluster.pods().allSatisfy { $0.containers[0].image == "2" })
        #expect(cluster.pods().count == 3)
    }

    @Test func goingBackRestartsOnlyWhatWasMovedOn() {
        var cluster = Self.running()
        let names = Set(cluster.pods().map(\.metadata.name))
        cluster.user { $0.must(.patch(Self.key, Self.image("bad"))) }
        cluster.run(for: .milliseconds(40))
        Self.setImage("1", &cluster)
        let kept = names.intersection(cluster.pods().map(\.metadata.name))
        #expect(kept.count >= 2)
        let revisions = cluster.api.all(.controllerRevisions)
        #expect(revisions.compactMap { $0["revision"]?.integer }.sorted() == [2, 3])
    }
}
