import Base
import Control
import JSON
import Objects
import Testing

@Suite struct PreemptionTests {
    private func pod(_ name: String, cpu: String, priority: Int64, _ spec: JSON = [:]) -> JSON {
        var pod = SchedulerTests.pod(name, cpu: cpu, spec)
        pod["spec"]?["priority"] = .integer(priority)
        return pod
    }

    private func node(of name: String, _ cluster: ControlHarness) -> String? {
        let key = ObjectKey(.pods, namespace: "default", name: name)
        return cluster.api.objects[key].map(Pod.init)?.nodeName
    }

    private func cluster(_ pods: [JSON]) -> ControlHarness {
        var cluster = ControlHarness.cluster(machines: 1, cpu: "4")
        for pod in pods {
            cluster.user { $0.must(.create(.pods, pod)) }
            cluster.settle()
        }
        return cluster
    }

    @Test func aMoreImportantPodTakesTheRoomOfTheLeastImportantThatSuffices() {
        var cluster = cluster([
            pod("low", cpu: "2", priority: 1), pod("middle", cpu: "2", priority: 5),
        ])
        #expect(node(of: "low", cluster) != nil)
        cluster.user { $0.must(.create(.pods, pod("high", cpu: "1", priority: 10))) }
        cluster.settle()
        #expect(node(of: "high", cluster) == "machine-1")
        #expect(node(of: "middle", cluster) == "machine-1")
        let low = ObjectKey(.pods, namespace: "default", name: "low")
        #expect(cluster.api.objects[low] == nil)
        #expect(DeploymentTests.events(cluster, "Preempted").count == 1)
        let marked = cluster.writes.contains { write in
            guard case .patch(low, let patch, "status") = write else { return false }
            let condition = patch["status"]?["conditions"]?[0]
            return condition?["type"] == "DisruptionTarget"
                && condition?["reason"] == "PreemptionByScheduler"
        }
        #expect(marked)
    }

    @Test func nobodyGoesForAPodThatIsNotMoreImportantOrMayNotPreempt() {
        var cluster = cluster([pod("running", cpu: "4", priority: 5)])
        let modest: JSON = ["preemptionPolicy": "Never"]
        cluster.user { api in
            api.must(.create(.pods, pod("equal", cpu: "1", priority: 5)))
            api.must(.create(.pods, pod("modest", cpu: "1", priority: 9, modest)))
        }
        cluster.settle()
        #expect(node(of: "running", cluster) != nil)
        #expect(node(of: "equal", cluster) == nil)
        #expect(node(of: "modest", cluster) == nil)
    }

    @Test func nobodyGoesInVain() {
        var cluster = cluster([pod("running", cpu: "2", priority: 1)])
        cluster.user { $0.must(.create(.pods, pod("huge", cpu: "5", priority: 9))) }
        cluster.settle()
        #expect(node(of: "running", cluster) != nil)
        #expect(node(of: "huge", cluster) == nil)
    }

    @Test func aPortOfTheMachineIsPreemptedToo() {
        func claiming(_ name: String, _ priority: Int64) -> JSON {
            let container: JSON = [
                "name": "c", "image": "i", "ports": [["containerPort": 80, "hostPort": 80]],
            ]
            return pod(name, cpu: "1", priority: priority, ["containers": [container]])
        }
        var cluster = cluster([claiming("low", 1), pod("other", cpu: "1", priority: 1)])
        cluster.user { $0.must(.create(.pods, claiming("high", 2))) }
        cluster.settle()
        #expect(node(of: "high", cluster) == "machine-1")
        #expect(node(of: "low", cluster) == nil)
        #expect(node(of: "other", cluster) == "machine-1")
    }
}
