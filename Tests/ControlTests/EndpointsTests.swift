import Base
import Control
import JSON
import Objects
import Testing

@Suite struct EndpointsTests {
    static func service(_ spec: JSON = [:]) -> JSON {
        var spec = spec
        spec["selector"] = ["app": "web"]
        if spec["ports"] == nil { spec["ports"] = [["port": 80, "targetPort": 8080]] }
        return [
            "apiVersion": "v1", "kind": "Service",
            "metadata": [
                "name": "web", "namespace": "default", "labels": ["team": "a"],
            ],
            "spec": spec,
        ]
    }

    static func endpoints(_ cluster: ControlHarness) -> JSON? {
        cluster.api[ObjectKey(.endpoints, namespace: "default", name: "web")]
    }

    static func slices(_ cluster: ControlHarness) -> [JSON] {
        cluster.api.all(.endpointSlices).filter {
            $0["metadata"]?["labels"]?["kubernetes.io/service-name"] == "web"
        }
    }

    @Test func readyPodsAreListed() {
        var cluster = DeploymentTests.running(replicas: 3)
        cluster.user { $0.must(.create(.services, Self.service())) }
        cluster.settle()
        let subset = Self.endpoints(cluster)?["subsets"]?[0]
        #expect(subset?["addresses"]?.array?.count == 3)
        #expect(subset?["ports"] == [["port": 8080, "protocol": "TCP"]])
        let address = subset?["addresses"]?[0]
        #expect(address?["targetRef"]?["kind"] == "Pod")
        #expect(address?["nodeName"]?.string?.hasPrefix("machine-") == true)
        let slices = Self.slices(cluster)
        #expect(slices.count == 1)
        let labels = ObjectMeta(slices[0]["metadata"] ?? [:]).labels
        #expect(
            labels == [
                "team": "a", "kubernetes.io/service-name": "web",
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            ])
        #expect(slices[0]["metadata"]?["name"]?.string?.hasPrefix("web-") == true)
        #expect(slices[0]["endpoints"]?.array?.count == 3)
        #expect(
            slices[0]["endpoints"]?[0]?["conditions"]
                == ["ready": true, "serving": true, "terminating": false])
        #expect(slices[0]["ports"] == [["name": "", "port": 8080, "protocol": "TCP"]])
    }

    @Test func aFailedMachinesPodsLeaveTheServiceAtOnce() {
        var cluster = DeploymentTests.running(replicas: 3)
        cluster.user { $0.must(.create(.services, Self.service())) }
        cluster.settle()
        let before = cluster.writes.count
        cluster.fail("machine-1")
        let updates = cluster.writes[before...].compactMap { write -> JSON? in
            guard case .update(.endpoints, let document, _) = write else { return nil }
            return document["metadata"]?["name"] == "web" ? document : JSON?.none
        }
        #expect(updates.count == 1)
        let addresses = updates.first?["subsets"]?[0]?["addresses"]?.array ?? []
        #expect(addresses.count == 2)
        #expect(addresses.allSatisfy { $0["nodeName"] != "machine-1" })
    }

    @Test func podsThatAreNotReadyAreListedApart() {
        var cluster = DeploymentTests.running(replicas: 2)
        cluster.user { $0.must(.create(.services, Self.service())) }
        let pod = cluster.pods()[0]
        let condition: JSON = ["type": "Ready", "status": "False"]
        cluster.user {
            $0.must(.patch(pod.key, ["status": ["conditions": [condition]]], subresource: "status"))
        }
        cluster.settle()
        let subset = Self.endpoints(cluster)?["subsets"]?[0]
        #expect(subset?["addresses"]?.array?.count == 1)
        #expect(subset?["notReadyAddresses"]?[0]?["targetRef"]?["name"]?.string == pod.name)
        let endpoints = Self.slices(cluster).first?["endpoints"]?.array ?? []
        #expect(endpoints.filter { $0["conditions"]?["ready"] == true }.count == 1)
        cluster.user {
            $0.must(
                .patch(
                    ObjectKey(.services, namespace: "default", name: "web"),
                    ["spec": ["publishNotReadyAddresses": true]]))
        }
        cluster.settle()
        #expect(Self.endpoints(cluster)?["subsets"]?[0]?["addresses"]?.array?.count == 2)
    }

    @Test func namedPortsAreLookedUpPerPod() {
        var cluster = ControlHarness.cluster()
        for (name, number) in [("a", 1_000), ("b", 2_000)] {
            let port: JSON = ["name": "http", "containerPort": .integer(Int64(number))]
            cluster.user {
                $0.must(
                    .create(
                        .pods,
                        SchedulerTests.pod(
                            name,
                            ["containers": [["name": "c", "image": "i", "ports": [port]]]])))
            }
        }
        let ports: JSON = [["name": "web", "port": 80, "targetPort": "http"]]
        cluster.user { $0.must(.create(.services, Self.service(["ports": ports]))) }
        cluster.settle()
        let numbers = (Self.endpoints(cluster)?["subsets"]?.array ?? [])
            .compactMap { $0["ports"]?[0]?["port"]?.integer }
        #expect(numbers.sorted() == [1_000, 2_000])
        #expect(Self.slices(cluster).count == 2)
    }

    @Test func headlessServicesNameTheirPods() {
        var cluster = ControlHarness.cluster()
        cluster.user {
            $0.must(
                .create(
                    .pods, SchedulerTests.pod("p", ["hostname": "busy", "subdomain": "web"])))
            $0.must(.create(.services, Self.service(["clusterIP": "None", "ports": []])))
        }
        cluster.settle()
        #expect(Self.endpoints(cluster)?["subsets"]?[0]?["addresses"]?[0]?["hostname"] == "busy")
        let labels = Self.endpoints(cluster)?["metadata"]?["labels"]
        #expect(labels?["service.kubernetes.io/headless"] == "")
        #expect(Self.slices(cluster)[0]["endpoints"]?[0]?["hostname"] == "busy")
    }

    @Test func aServiceWithoutPodsKeepsOneEmptySlice() {
        var cluster = DeploymentTests.running(replicas: 2)
        cluster.user { $0.must(.create(.services, Self.service())) }
        cluster.settle()
        cluster.user { $0.must(.patch(DeploymentTests.key, ["spec": ["replicas": 0]])) }
        cluster.settle()
        #expect(Self.slices(cluster).count == 1)
        #expect(Self.slices(cluster)[0]["endpoints"] == [])
        #expect(Self.endpoints(cluster)?["subsets"] == nil)
    }

    @Test func slicesHoldAtMostAHundredEndpoints() {
        var cluster = ControlHarness.cluster()
        cluster.user { api in
            for index in 0..<130 { api.must(.create(.pods, SchedulerTests.pod("p\(index)"))) }
            api.must(.create(.services, Self.service()))
        }
        cluster.settle()
        let sizes = Self.slices(cluster).map { $0["endpoints"]?.array?.count ?? 0 }
        #expect(sizes.reduce(0, +) == 130)
        #expect(sizes.allSatisfy { $0 <= 100 })
    }

    @Test func endpointsGoWithTheirService() {
        var cluster = DeploymentTests.running(replicas: 2)
        cluster.user { $0.must(.create(.services, Self.service())) }
        cluster.settle()
        cluster.user { $0.must(.delete(ObjectKey(.services, namespace: "default", name: "web"))) }
        cluster.settle()
        #expect(Self.endpoints(cluster) == nil)
        #expect(Self.slices(cluster).isEmpty)
    }
}
