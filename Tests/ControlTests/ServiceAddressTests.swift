import Base
import Control
import JSON
import Objects
import Testing

@Suite struct ServiceAddressTests {
    private static let service = ObjectKey(.services, namespace: "default", name: "web")
    private static let address = ObjectKey(.ipAddresses, name: "10.96.0.50")

    private static func cluster(_ addresses: JSON) -> ControlHarness {
        var cluster = ControlHarness.cluster()
        cluster.user {
            $0.must(
                .create(
                    .services,
                    [
                        "apiVersion": "v1", "kind": "Service",
                        "metadata": ["name": "web", "namespace": "default"],
                        "spec": ["ports": [["port": 80]], "clusterIPs": addresses],
                    ]))
        }
        cluster.settle()
        return cluster
    }

    @Test func anAddressNamesItsService() {
        let cluster = Self.cluster(["10.96.0.50"])
        let found = cluster.api[Self.address]
        #expect(
            found?["spec"] == [
                "parentRef": ["resource": "services", "namespace": "default", "name": "web"]
            ])
        #expect(
            found?["metadata"]?["labels"] == [
                "ipaddress.kubernetes.io/ip-family": "IPv4",
                "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
            ])
    }

    @Test func aServiceWithoutAddressHasNone() {
        let cluster = Self.cluster(["None"])
        #expect(!cluster.api.all(.ipAddresses).contains { $0["metadata"]?["name"] == "None" })
    }

    @Test func theAddressGoesWithItsService() {
        var cluster = Self.cluster(["10.96.0.50"])
        cluster.user { $0.must(.delete(Self.service, uid: nil)) }
        cluster.settle()
        #expect(cluster.api[Self.address] == nil)
    }

    @Test func anAddressThatSomebodyDeletedComesBack() {
        var cluster = Self.cluster(["10.96.0.50"])
        let old = cluster.api[Self.address]?["metadata"]?["uid"]
        cluster.user { $0.must(.delete(Self.address, uid: nil)) }
        cluster.settle()
        let new = cluster.api[Self.address]?["metadata"]?["uid"]
        #expect(new != nil)
        #expect(new != old)
    }

    @Test func anAddressOfSomebodyElseStays() {
        var cluster = Self.cluster(["10.96.0.50"])
        let other = ObjectKey(.ipAddresses, name: "10.96.0.99")
        cluster.user {
            $0.must(
                .create(
                    .ipAddresses,
                    [
                        "apiVersion": "networking.k8s.io/v1", "kind": "IPAddress",
                        "metadata": ["name": "10.96.0.99"],
                        "spec": ["parentRef": ["resource": "widgets", "name": "w"]],
                    ]))
        }
        cluster.settle()
        #expect(cluster.api[other] != nil)
    }
}
