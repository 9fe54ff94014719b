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

    private func budget(_ app: String, allowed: Int64, disrupted: [String] = []) -> JSON {
        var pods = JSONObject()
        for name in disrupted { pods[name] = "2026-11-21T20:00:00Z" }
        return [
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": ["name": .string(app), "namespace": "default"],
            "spec": ["selector": ["matchLabels": ["app": .string(app)]]],
            "status": ["disruptionsAllowed": .integer(allowed), "disruptedPods": .object(pods)],
        ]
    }

    private func labelled(_ name: String, app: String, cpu: String, priority: Int64) -> JSON {
        var pod = pod(name, cpu: cpu, priority: priority)
        pod["metadata"]?["labels"] = ["app": .string(app)]
        return pod
    }

    /// Who is left when a core begins to lead over these running Pods, of which each machine has
    /// its share, and one that waits. What the budgets allow is as their status says.
    private func survivors(
        _ pods: [JSON], budgets: [JSON], _ preemptor: JSON, machines: Int = 1
    ) -> [String] {
        let nodes = (1...machines).map { number in
            let name = "machine-\(number)"
            return SchedulerTests.node(
                name, labels: ["kubernetes.io/hostname": .string(name)])
        }
        let running = pods.enumerated().map { index, pod in
            var pod = pod
            pod["spec"]?["nodeName"] = .string("machine-\(index % machines + 1)")
            pod["status"] = ["phase": "Running"]
            return pod
        }
        var left = Set((pods + [preemptor]).compactMap { $0["metadata"]?["name"]?.string })
        let writes = SchedulerTests.effects(nodes: nodes + budgets, pods: running + [preemptor])
        for case .delete(let key, _, _, _) in writes where key.resource == .pods {
            left.remove(key.name)
        }
        return left.sorted()
    }

    @Test func `a Pod whose budget allows nothing stays when another can go`() {
        let pods = [
            labelled("guarded", app: "db", cpu: "2", priority: 1),
            labelled("free", app: "web", cpu: "2", priority: 5),
        ]
        let high = pod("high", cpu: "2", priority: 9)
        #expect(survivors(pods, budgets: [], high) == ["free", "high"])
        let none = budget("db", allowed: 0)
        #expect(survivors(pods, budgets: [none], high) == ["guarded", "high"])
        #expect(survivors(pods, budgets: [budget("db", allowed: 1)], high) == ["free", "high"])
    }

    @Test func `a budget that is broken is no reason to wait`() {
        let pods = [labelled("guarded", app: "db", cpu: "4", priority: 1)]
        let high = pod("high", cpu: "2", priority: 9)
        #expect(survivors(pods, budgets: [budget("db", allowed: 0)], high) == ["high"])
    }

    @Test func `each Pod takes one of what its budget allows, unless it was counted before`() {
        let pods = [
            labelled("one", app: "db", cpu: "2", priority: 2),
            labelled("two", app: "db", cpu: "1", priority: 1),
            labelled("free", app: "web", cpu: "1", priority: 3),
        ]
        let high = pod("high", cpu: "1", priority: 9)
        // The more important one takes what is allowed, so the other is the one that is guarded.
        #expect(
            survivors(pods, budgets: [budget("db", allowed: 1)], high) == ["free", "high", "two"])
        let counted = budget("db", allowed: 1, disrupted: ["one"])
        #expect(survivors(pods, budgets: [counted], high) == ["free", "high", "one"])
    }

    @Test func `the Node where no budget is broken is taken`() {
        let pods = [
            labelled("a", app: "db", cpu: "4", priority: 1),
            labelled("b", app: "web", cpu: "4", priority: 5),
        ]
        let high = pod("high", cpu: "2", priority: 9)
        let none = budget("db", allowed: 0)
        #expect(survivors(pods, budgets: [none], high, machines: 2) == ["a", "high"])
        #expect(survivors(pods, budgets: [], high, machines: 2) == ["b", "high"])
    }

    @Test func `less important Pods go that anti-affinity keeps apart`() {
        let term: JSON = [
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": ["matchLabels": ["app": "web"]],
        ]
        let rules: JSON = ["requiredDuringSchedulingIgnoredDuringExecution": [term]]
        var lonely = pod("lonely", cpu: "1", priority: 9)
        lonely["spec"]?["affinity"] = ["podAntiAffinity": rules]
        lonely["metadata"]?["labels"] = ["app": "x"]
        let pods = [
            labelled("web", app: "web", cpu: "1", priority: 1),
            labelled("other", app: "other", cpu: "1", priority: 1),
        ]
        #expect(survivors(pods, budgets: [], lonely) == ["lonely", "other"])
    }
}
