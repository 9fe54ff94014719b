import Base
import Control
import JSON
import Objects
import Testing

@Suite struct ClusterTests {
    @Test func aNewClusterGetsItsObjects() {
        let cluster = ControlHarness.cluster()
        let namespaces = cluster.api.all(.namespaces).compactMap { $0["metadata"]?["name"]?.string }
        #expect(namespaces == ["default", "kube-node-lease", "kube-public", "kube-system"])
        #expect(cluster.api.all(.serviceAccounts).count == 4)
        #expect(cluster.api.all(.configMaps).allSatisfy { $0["data"]?["ca.crt"] == "PEM" })
        let service = cluster.api[ObjectKey(.services, namespace: "default", name: "kubernetes")]
        #expect(service?["spec"]?["clusterIP"] == "10.96.0.1")
        let endpoints = cluster.api[ObjectKey(.endpoints, namespace: "default", name: "kubernetes")]
        #expect(endpoints?["subsets"]?[0]?["addresses"]?.array?.count == 3)
        let networks = cluster.api.all(.nodes).compactMap { Node($0).podCIDR }
        #expect(networks == ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"])
        #expect(cluster.api.violations.isEmpty)
    }

    @Test func sixReplicasSpreadTwoByTwo() {
        var cluster = ControlHarness.cluster()
        cluster.user { $0.must(.create(.deployments, ControlHarness.deployment(replicas: 6))) }
        let isSettled = cluster.settle()
        #expect(isSettled)
        #expect(cluster.spread() == ["machine-1": 2, "machine-2": 2, "machine-3": 2])
        let deployment = cluster.api.all(.deployments)[0]
        #expect(deployment["status"]?["availableReplicas"] == 6)
        #expect(reasons(deployment) == [
            "Available": "MinimumReplicasAvailable", "Progressing": "NewReplicaSetAvailable",
        ])
        #expect(cluster.api.createdPods == 6)
    }

    @Test func aQuietClusterWritesNothing() {
        var cluster = ControlHarness.cluster()
        cluster.user { $0.must(.create(.deployments, ControlHarness.deployment(replicas: 4))) }
        cluster.settle()
        let count = cluster.writes.count
        cluster.run(for: .minutes(30))
        #expect(cluster.writes.count == count)
        cluster.lead()
        cluster.settle()
        #expect(cluster.writes.count == count)
    }

    @Test func aFailedMachinesPodsAreReplacedInTheSameStep() {
        var cluster = ControlHarness.cluster()
        cluster.user { $0.must(.create(.deployments, ControlHarness.deployment(replicas: 6))) }
        cluster.settle()
        let before = cluster.writes.count
        cluster.fail("machine-2")
        let kinds = cluster.writes[before...].compactMap { write -> String? in
            switch write {
            case .create(.pods, _): "create"
            case .delete(_, _, 0, _): "delete"
            case .patch(let key, _, let subresource) where key.resource == .nodes:
                subresource ?? "taint"
            default: nil
            }
        }
        #expect(kinds.sorted() == ["create", "create", "delete", "delete", "status", "taint"])
        cluster.settle()
        #expect(cluster.spread() == ["machine-1": 3, "machine-3": 3])
        let node = cluster.api[ObjectKey(.nodes, name: "machine-2")].map { Node($0) }
        #expect(node?.condition("Ready")?.status == "Unknown")
        #expect(node?.condition("Ready")?.reason == "NodeStatusUnknown")
        #expect(node?.taints.map { $0.key + ":" + $0.effect } == [
            "node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute",
        ])
        cluster.recover("machine-2")
        cluster.settle()
        let returned = cluster.api[ObjectKey(.nodes, name: "machine-2")].map { Node($0) }
        #expect(returned?.isReady == true)
        #expect(returned?.taints.isEmpty == true)
    }

    @Test(arguments: 0..<8)
    func everyDeploymentComesBackToFullStrength(seed: Int) {
        var cluster = ControlHarness.cluster(machines: 4, seed: UInt64(seed))
        var random = Random(seed: UInt64(seed) &+ 77)
        cluster.check = Self.checkInvariants
        cluster.user { $0.must(.create(.deployments, ControlHarness.deployment(replicas: 6))) }
        cluster.user {
            $0.must(.create(.deployments, ControlHarness.deployment("api", replicas: 3)))
        }
        for round in 0..<12 {
            let name = "machine-\(1 + random.below(4))"
            switch random.below(4) {
            case 0 where cluster.alive.count > 1: cluster.fail(name)
            case 1: cluster.recover(name)
            case 2:
                let image: JSON = [["name": "c", "image": .string("v\(round)")]]
                cluster.user { api in
                    let key = ObjectKey(.deployments, namespace: "default", name: "web")
                    _ = try? api.patch(
                        key, ["spec": ["template": ["spec": ["containers": image]]]])
                }
            default: cluster.lead()
            }
            cluster.run(for: random.span(from: .milliseconds(1), to: .milliseconds(900)))
        }
        let isSettled = cluster.settle()
        #expect(isSettled, "the cluster never came to rest")
        #expect(cluster.spread().values.reduce(0, +) == 6)
        #expect(cluster.spread("api").values.reduce(0, +) == 3)
        #expect(Set(cluster.spread().keys).isSubset(of: cluster.alive))
        #expect(cluster.api.violations.isEmpty)
        let count = cluster.writes.count
        cluster.run(for: .minutes(20))
        #expect(cluster.writes.count == count, "a quiet cluster writes")
    }

    /// Counts replicas wanted, Pods that are not on their way out, and what machines are asked for.
    private static func checkInvariants(_ cluster: inout ControlHarness) {
        let sets = cluster.api.all(.replicaSets)
        let wanted = sets.filter { $0["spec"]?["selector"]?["matchLabels"]?["app"] == "web" }
            .reduce(0) { $0 + ($1["spec"]?["replicas"]?.integer ?? 0) }
        #expect(wanted <= 7, "the ReplicaSets of a rollout want \(wanted)")
        let pods = cluster.pods("api").filter { !cluster.leaving.contains($0.key) }
        #expect(pods.count <= 3, "\(pods.count) Pods of a Deployment that nobody changed")
        var requested: [String: Int64] = [:]
        for pod in cluster.api.all(.pods).map(Pod.init) {
            guard let node = pod.nodeName, !pod.isFinished else { continue }
            requested[node, default: 0] += ResourceVector(requestsOf: pod).milliCPU
        }
        #expect(requested.values.allSatisfy { $0 <= 4_000 })
    }
}


/// The reasons of an object's conditions by type.
func reasons(_ document: JSON) -> [String: String] {
    var result: [String: String] = [:]
    for condition in (document["status"]?["conditions"]?.array ?? []).map(Condition.init) {
        result[condition.type] = condition.reason
    }
    return result
}
