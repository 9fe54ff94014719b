import API
import Base
import JSON
import Objects
import Testing

@Suite("Leases of Nodes are renewed as they are read")
struct NodeLeaseTests {
    private let leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"

    private func harness() throws -> VerbsHarness {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, "/api/v1/namespaces", ["metadata": ["name": "kube-node-lease"]], code: 201)
        for name in ["machine-1", "machine-2", "elsewhere"] {
            try harness.expect(.post, leases, lease(name), code: 201)
        }
        try harness.expect(
            .post, "/apis/coordination.k8s.io/v1/namespaces/default/leases", lease("machine-1"),
            code: 201)
        harness.api.contacts = MachineContacts([
            "machine-1": WallTime(seconds: 1_795_241_100),
            "machine-2": WallTime(seconds: 1_500_000_000),
        ])
        return harness
    }

    private func lease(_ name: String) -> JSON {
        [
            "metadata": ["name": .string(name)],
            "spec": [
                "holderIdentity": .string(name), "leaseDurationSeconds": 40,
                "renewTime": "2026-11-21T05:00:00.000000Z",
            ],
        ]
    }

    private func renewTime(_ json: JSON?) -> String { json?["spec"]?["renewTime"]?.string ?? "" }

    @Test("A Lease tells when the machine was last known to be alive, and never less than before")
    func get() throws {
        var harness = try harness()
        let fresh = try harness.expect(.get, "\(leases)/machine-1", code: 200)
        #expect(renewTime(fresh) == "2026-11-21T06:05:00.000000Z")
        #expect(fresh["metadata"]?["resourceVersion"] != nil)
        for name in ["machine-2", "elsewhere"] {
            let old = try harness.expect(.get, "\(leases)/\(name)", code: 200)
            #expect(renewTime(old) == "2026-11-21T05:00:00.000000Z")
        }
        let other = try harness.expect(
            .get, "/apis/coordination.k8s.io/v1/namespaces/default/leases/machine-1", code: 200)
        #expect(renewTime(other) == "2026-11-21T05:00:00.000000Z")
    }

    @Test("A list tells the same")
    func list() throws {
        var harness = try harness()
        let list = try harness.expect(.get, leases, code: 200)
        #expect(
            list["items"]?.array?.map(renewTime) == [
                "2026-11-21T05:00:00.000000Z", "2026-11-21T06:05:00.000000Z",
                "2026-11-21T05:00:00.000000Z",
            ])
        let named = try harness.expect(
            .get, "\(leases)?fieldSelector=metadata.name%3Dmachine-1", code: 200)
        #expect(renewTime(named["items"]?[0]) == "2026-11-21T06:05:00.000000Z")
    }
}
