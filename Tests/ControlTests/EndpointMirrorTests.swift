import Base
import Control
import JSON
import Objects
import Testing

@Suite struct EndpointMirrorTests {
    private static let key = ObjectKey(.endpoints, namespace: "default", name: "db")

    private static func cluster(selector: JSON? = nil) -> ControlHarness {
        var cluster = ControlHarness.cluster()
        var spec: JSON = ["ports": [["port": 5_432]]]
        if let selector { spec["selector"] = selector }
        cluster.user {
            $0.must(
                .create(
                    .services,
                    [
                        "apiVersion": "v1", "kind": "Service",
                        "metadata": ["name": "db", "namespace": "default"], "spec": spec,
                    ]))
            $0.must(
                .create(
                    .endpoints,
                    [
                        "apiVersion": "v1", "kind": "Endpoints",
                        "metadata": [
                            "name": "db", "namespace": "default", "labels": ["tier": "back"],
                        ],
                        "subsets": [
                            [
                                "addresses": [["ip": "10.1.2.3"]],
                                "notReadyAddresses": [["ip": "10.1.2.4"]],
                                "ports": [["port": 5_432]],
                            ]
                        ],
                    ]))
        }
        cluster.settle()
        return cluster
    }

    private static func mirrors(_ cluster: ControlHarness) -> [JSON] {
        cluster.api.all(.endpointSlices).filter {
            ObjectMeta($0["metadata"] ?? [:]).labels["endpointslice.kubernetes.io/managed-by"]
                == "endpointslicemirroring-controller.k8s.io"
                && $0["metadata"]?["deletionTimestamp"] == nil
        }
    }

    @Test func endpointsOfAUserShowAsSlices() throws {
        var cluster = Self.cluster()
        let slice = try #require(Self.mirrors(cluster).first)
        let metadata = ObjectMeta(slice["metadata"] ?? [:])
        #expect(metadata.labels["kubernetes.io/service-name"] == "db")
        #expect(metadata.labels["tier"] == "back")
        #expect(metadata.controller?.kind == "Endpoints")
        #expect(slice["addressType"]?.string == "IPv4")
        #expect(slice["ports"] == [["port": 5_432, "name": "", "protocol": "TCP"]])
        #expect(
            slice["endpoints"] == [
                ["addresses": ["10.1.2.3"], "conditions": ["ready": true]],
                ["addresses": ["10.1.2.4"], "conditions": ["ready": false]],
            ])
        cluster.user {
            $0.must(
                .patch(
                    Self.key,
                    [
                        "subsets": [
                            ["addresses": [["ip": "10.9.9.9"]], "ports": [["port": 5_432]]]
                        ]
                    ]))
        }
        cluster.settle()
        let changed = Self.mirrors(cluster)
        #expect(changed.count == 1)
        #expect(changed[0]["endpoints"]?[0]?["addresses"] == ["10.9.9.9"])
    }

    @Test func endpointsThatAControllerMadeAreNot() {
        #expect(Self.mirrors(Self.cluster(selector: ["app": "db"])).isEmpty)
    }
}
