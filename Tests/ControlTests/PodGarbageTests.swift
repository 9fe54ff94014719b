import Base
import Control
import JSON
import Objects
import Testing

@Suite struct PodGarbageTests {
    private func finish(_ cluster: inout ControlHarness, _ name: String, _ reason: String = "") {
        let key = ObjectKey(.pods, namespace: "default", name: name)
        var status: JSON = ["phase": "Failed"]
        if !reason.isEmpty { status["reason"] = .string(reason) }
        cluster.user { $0.must(.patch(key, ["status": status], subresource: "status")) }
        cluster.settle()
    }

    @Test func beyondTheThresholdEvictedPodsGoFirstAndThenTheOldest() {
        var configuration = ControlHarness.configuration()
        configuration.terminatedPodsMax = 2
        var cluster = ControlHarness(configuration: configuration)
        cluster.addMachine("machine-1")
        cluster.lead()
        cluster.settle()
        for name in ["a", "b", "c", "d"] {
            cluster.user { $0.must(.create(.pods, LifecycleTests.pod(name, on: "machine-1"))) }
            cluster.run(for: .seconds(2))
        }
        func names() -> [String] { cluster.api.all(.pods).map { Pod($0).name } }
        finish(&cluster, "a")
        finish(&cluster, "c", "Evicted")
        #expect(names() == ["a", "b", "c", "d"])
        finish(&cluster, "b")
        #expect(names() == ["a", "b", "d"])
        finish(&cluster, "d")
        #expect(names() == ["b", "d"])
    }

    /// Seed 117, a season of one machine.
    @Test func aPodThatWasMadeBeforeTheClockWasSetBackGoesWithItsNode() {
        var cluster = ControlHarness.cluster(machines: 2)
        let key = ObjectKey(.pods, namespace: "default", name: "later")
        cluster.user { api in
            api.wall = api.wall + .minutes(120)
            api.must(.create(.pods, LifecycleTests.pod("later", on: "machine-2")))
        }
        cluster.settle()
        cluster.user { $0.must(.delete(ObjectKey(.nodes, name: "machine-2"))) }
        cluster.run(for: .seconds(5))
        #expect(cluster.api[key] == nil)
    }

    @Test func aNodeThatComesInTimeKeepsItsPods() {
        var cluster = ControlHarness.cluster(machines: 1)
        let key = ObjectKey(.pods, namespace: "default", name: "early")
        cluster.user { $0.must(.create(.pods, LifecycleTests.pod("early", on: "machine-9"))) }
        cluster.run(for: .seconds(9))
        #expect(cluster.api[key] != nil)
        cluster.run(for: .seconds(2))
        #expect(cluster.api[key] == nil)
    }

    @Test func conditionsOfPressureBecomeTaintsThatKeepNewPodsAway() {
        var cluster = ControlHarness.cluster(machines: 1)
        let key = ObjectKey(.nodes, name: "machine-1")
        func press(_ status: String) {
            cluster.user { api in
                api.must(
                    .patch(
                        key,
                        [
                            "status": [
                                "conditions": [
                                    ["type": "Ready", "status": "True"],
                                    ["type": "DiskPressure", "status": .string(status)],
                                ]
                            ]
                        ], subresource: "status"))
            }
            cluster.settle()
        }
        press("True")
        let node = cluster.api.objects[key].map(Node.init)
        #expect(node?.taints.map(\.key) == ["node.kubernetes.io/disk-pressure"])
        #expect(node?.taints.map(\.effect) == ["NoSchedule"])
        cluster.user { $0.must(.create(.pods, SchedulerTests.pod("p"))) }
        cluster.settle()
        let pod = ObjectKey(.pods, namespace: "default", name: "p")
        #expect(cluster.api.objects[pod].map(Pod.init)?.nodeName == nil)
        press("False")
        #expect(cluster.api.objects[key].map(Node.init)?.taints.isEmpty == true)
        #expect(cluster.api.objects[pod].map(Pod.init)?.nodeName == "machine-1")
    }
}
