import Base
import Control
import JSON
import Objects
import Testing

@Suite struct NodeLeaseControllerTests {
    private func key(_ name: String) -> ObjectKey {
        ObjectKey(.leases, namespace: "kube-node-lease", name: name)
    }

    @Test func everyNodeHasOneLeaseThatItOwns() {
        let cluster = ControlHarness.cluster(machines: 2)
        #expect(cluster.api.all(.leases).count == 2)
        for name in ["machine-1", "machine-2"] {
            let lease = cluster.api[key(name)]
            #expect(lease?["spec"]?["holderIdentity"]?.string == name)
            #expect(lease?["spec"]?["leaseDurationSeconds"]?.integer == 40)
            #expect(lease?["spec"]?["renewTime"] != nil)
            let node = cluster.api[ObjectKey(.nodes, name: name)]
            let owner = lease?["metadata"]?["ownerReferences"]?[0]
            #expect(owner?["kind"]?.string == "Node")
            #expect(owner?["uid"] != nil && owner?["uid"] == node?["metadata"]?["uid"])
        }
    }

    @Test func aLeaseThatSomebodyDeletedComesBack() {
        var cluster = ControlHarness.cluster(machines: 1)
        cluster.user { $0.must(.delete(key("machine-1"))) }
        cluster.settle()
        #expect(cluster.api[key("machine-1")] != nil)
    }

    @Test func timeAloneWritesNothing() {
        var cluster = ControlHarness.cluster(machines: 2)
        let before = cluster.writes.count
        cluster.run(for: .seconds(300))
        let later = cluster.writes[before...].filter { write in
            if case .update(.leases, _, _) = write { return true }
            return false
        }
        #expect(later.isEmpty)
    }
}
