import Base
import Control
import JSON
import Objects
import Testing

@Suite struct LifecycleTests {
    static func pod(_ name: String, on node: String, _ spec: JSON = [:]) -> JSON {
        var pod = SchedulerTests.pod(name, spec)
        pod["spec"]?["nodeName"] = .string(node)
        return pod
    }

    static let unreachable = "node.kubernetes.io/unreachable"

    @Test func tolerationsDelayOrPreventEviction() {
        var cluster = ControlHarness.cluster(machines: 2)
        func tolerating(_ seconds: JSON?) -> JSON {
            var toleration: JSON = [
                "key": .string(Self.unreachable), "operator": "Exists", "effect": "NoExecute",
            ]
            toleration["tolerationSeconds"] = seconds
            return ["tolerations": [toleration]]
        }
        cluster.user { api in
            api.must(.create(.pods, Self.pod("now", on: "machine-1")))
            api.must(.create(.pods, Self.pod("later", on: "machine-1", tolerating(30))))
            api.must(.create(.pods, Self.pod("never", on: "machine-1", tolerating(nil))))
        }
        cluster.settle()
        cluster.fail("machine-1")
        cluster.settle()
        func names() -> [String] { cluster.api.all(.pods).map { Pod($0).name } }
        #expect(names() == ["later", "never"])
        cluster.run(for: .seconds(40))
        #expect(names() == ["never"])
        #expect(
            DeploymentTests.events(cluster, "TaintManagerEviction").sorted()
                == ["later", "now"].map { "Marking for deletion Pod default/\($0)" })
    }

    @Test func aNodeThatIsNotReadyEvictsWithGrace() {
        var cluster = ControlHarness.cluster(machines: 2)
        cluster.user { $0.must(.create(.pods, Self.pod("p", on: "machine-1"))) }
        cluster.settle()
        let before = cluster.writes.count
        let notReady: JSON = ["type": "Ready", "status": "False", "reason": "KubeletNotReady"]
        cluster.user {
            $0.must(
                .patch(
                    ObjectKey(.nodes, name: "machine-1"),
                    ["status": ["conditions": [notReady]]], subresource: "status"))
        }
        let writes = Array(cluster.writes[before...])
        let key = ObjectKey(.pods, namespace: "default", name: "p")
        #expect(
            writes.contains { write in
                guard case .delete(key, _, nil, _) = write else { return false }
                return true
            })
        #expect(
            writes.contains { write in
                guard case .patch(key, let patch, "status") = write else { return false }
                return patch["status"]?["conditions"]?[0]?["type"] == "DisruptionTarget"
            })
    }

    @Test func aCordonedNodeGetsTheTaint() {
        var cluster = ControlHarness.cluster(machines: 1)
        let key = ObjectKey(.nodes, name: "machine-1")
        cluster.user { $0.must(.patch(key, ["spec": ["unschedulable": true]])) }
        cluster.settle()
        #expect(
            cluster.api[key].map { Node($0).taints.map(\.key) }
                == ["node.kubernetes.io/unschedulable"])
        cluster.user { $0.must(.patch(key, ["spec": ["unschedulable": .null]])) }
        cluster.settle()
        #expect(cluster.api[key].map { Node($0).taints.isEmpty } == true)
    }

    @Test func usersTaintsSurviveAFailure() {
        var cluster = ControlHarness.cluster(machines: 2)
        let key = ObjectKey(.nodes, name: "machine-1")
        let taint: JSON = ["key": "mine", "effect": "NoSchedule"]
        cluster.user { $0.must(.patch(key, ["spec": ["taints": [taint]]])) }
        cluster.fail("machine-1")
        cluster.settle()
        #expect(cluster.api[key].map { Node($0).taints.count } == 3)
        cluster.recover("machine-1")
        cluster.settle()
        #expect(cluster.api[key]?["spec"]?["taints"] == [taint])
    }

    @Test func podsOfADeletedNodeAreCollected() {
        var cluster = ControlHarness.cluster(machines: 2)
        cluster.user { $0.must(.create(.pods, Self.pod("p", on: "machine-1"))) }
        cluster.settle()
        cluster.run(for: .minutes(1))
        cluster.user { $0.must(.delete(ObjectKey(.nodes, name: "machine-1"))) }
        cluster.settle()
        #expect(cluster.api.all(.pods).isEmpty)
    }

    @Test func freedPodNetworksAreGivenAgain() {
        var cluster = ControlHarness.cluster(machines: 3)
        cluster.user { $0.must(.delete(ObjectKey(.nodes, name: "machine-2"))) }
        cluster.settle()
        cluster.addMachine("machine-7")
        cluster.settle()
        let node = cluster.api[ObjectKey(.nodes, name: "machine-7")]
        #expect(node?["spec"]?["podCIDR"] == "10.244.1.0/24")
        #expect(node?["spec"]?["podCIDRs"] == ["10.244.1.0/24"])
    }

    @Test func aDeletedNamespaceIsEmptiedAndGoes() {
        var cluster = ControlHarness.cluster()
        let home = ObjectKey(.namespaces, name: "team")
        cluster.user {
            $0.must(
                .create(
                    .namespaces,
                    ["apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "team"]]))
        }
        cluster.settle()
        var deployment = ControlHarness.deployment(replicas: 3)
        deployment["metadata"]?["namespace"] = "team"
        cluster.user { $0.must(.create(.deployments, deployment)) }
        cluster.settle()
        #expect(cluster.api.all(.pods, in: "team").count == 3)
        #expect(cluster.api.all(.serviceAccounts, in: "team").count == 1)
        cluster.user { $0.must(.delete(home)) }
        let isSettled = cluster.settle()
        #expect(isSettled)
        #expect(cluster.api[home] == nil)
        #expect(cluster.api.objects.keys.allSatisfy { $0.namespace != "team" })
    }

    @Test func dependentsOfADeletedOwnerAreCollected() {
        var cluster = DeploymentTests.running()
        cluster.user { $0.must(.delete(DeploymentTests.key)) }
        cluster.settle()
        #expect(cluster.api.all(.replicaSets).isEmpty)
        #expect(cluster.api.all(.pods).isEmpty)
    }

    @Test func aForegroundDeletionEndsTheOwnerLast() {
        var cluster = DeploymentTests.running()
        cluster.check = { cluster in
            if cluster.api[DeploymentTests.key] == nil {
                #expect(cluster.api.all(.replicaSets).isEmpty)
            }
        }
        cluster.user { $0.must(.delete(DeploymentTests.key, propagation: .foreground)) }
        cluster.settle()
        #expect(cluster.api[DeploymentTests.key] == nil)
        #expect(cluster.api.all(.pods).isEmpty)
        // The answer to the write that ended it does not bring it back.
        #expect(cluster.core.state.record(DeploymentTests.key) == nil)
    }

    @Test func anOrphaningDeletionLeavesTheDependents() {
        var cluster = DeploymentTests.running()
        cluster.user { $0.must(.delete(DeploymentTests.key, propagation: .orphan)) }
        cluster.settle()
        #expect(cluster.api[DeploymentTests.key] == nil)
        #expect(cluster.api.all(.replicaSets).count == 1)
        #expect(cluster.pods().count == 4)
    }

    @Test func changedCertificatesReachEveryNamespace() {
        var cluster = ControlHarness.cluster()
        let key = ObjectKey(.configMaps, namespace: "default", name: "kube-root-ca.crt")
        cluster.user { $0.must(.patch(key, ["data": ["ca.crt": "FORGED"]])) }
        cluster.settle()
        #expect(cluster.api[key]?["data"]?["ca.crt"] == "PEM")
    }

    @Test func nothingIsDecidedWithoutLeading() {
        var core = ControlCore(
            configuration: ControlHarness.configuration(), random: Random(seed: 1))
        var out = Outbox<ControlEffect>()
        let node = ControlHarness.node("a")
        let key = ObjectKey(.nodes, name: "a")
        core.step(.changed([(key, StoredObject(node))]), at: .zero, into: &out)
        core.step(.peerStatus(MachineName("a")!, .failed), at: .zero, into: &out)
        core.step(.wake, at: .zero, into: &out)
        #expect(out.isEmpty)
        #expect(core.deadline == nil)
        core.lead([], at: .zero, into: &out)
        #expect(!out.take().isEmpty)
        core.step(.stopped, at: .zero, into: &out)
        #expect(core.deadline == nil)
        core.step(.finished(Ticket(1), .success([:])), at: .zero, into: &out)
        #expect(out.isEmpty)
    }

    @Test func aWriteWithoutAnswerIsTriedAgain() {
        var core = ControlCore(
            configuration: ControlHarness.configuration(), random: Random(seed: 1))
        var out = Outbox<ControlEffect>()
        core.lead([], at: .zero, into: &out)
        let first = out.take().count
        guard let deadline = core.deadline else {
            Issue.record("no deadline for the answer")
            return
        }
        core.step(.wake, at: deadline, into: &out)
        #expect(out.take().contains(.mark("control.write-timed-out")))
        core.step(.wake, at: core.deadline ?? .zero, into: &out)
        #expect(out.take().count == first)
    }
}
