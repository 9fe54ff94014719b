import Base
import Control
import JSON
import Objects
import Testing

@Suite struct StatefulSetTests {
    private static let key = ObjectKey(.statefulSets, namespace: "default", name: "web")

    private static func set(replicas: Int64, _ extra: [(String, JSON)] = []) -> JSON {
        var document = ControlHarness.deployment(replicas: replicas)
        document["kind"] = "StatefulSet"
        document[path: ["spec", "serviceName"]] = "peers"
        document[path: ["spec", "strategy"]] = JSON?.none
        document[path: ["spec", "updateStrategy"]] = [
            "type": "RollingUpdate", "rollingUpdate": ["partition": 0],
        ]
        for (name, value) in extra { document[path: ["spec", name]] = value }
        return document
    }

    private static func running(
        replicas: Int64 = 3, seed: UInt64 = 1, _ extra: [(String, JSON)] = []
    ) -> ControlHarness {
        var cluster = ControlHarness.cluster(seed: seed)
        cluster.user { $0.must(.create(.statefulSets, set(replicas: replicas, extra))) }
        cluster.settle()
        return cluster
    }

    private static func patch(_ patch: JSON, _ cluster: inout ControlHarness) {
        cluster.user { $0.must(.patch(key, patch)) }
        cluster.settle()
    }

    private static func image(_ image: String) -> JSON {
        let other = ControlHarness.deployment(replicas: 0, image: image)
        let spec = other["spec"]?["template"]?["spec"]
        return ["spec": ["template": ["spec": spec ?? [:]]]]
    }

    private static func names(_ cluster: ControlHarness) -> [String] {
        cluster.pods().map(\.metadata.name).sorted()
    }

    private static func images(_ cluster: ControlHarness) -> [String] {
        cluster.pods().sorted { $0.metadata.name < $1.metadata.name }
            .compactMap { $0.containers.first?.image }
    }

    private static func status(_ cluster: ControlHarness) -> JSON {
        cluster.api[key]?["status"] ?? [:]
    }

    private static func podsCreated(_ cluster: ControlHarness) -> [String] {
        cluster.writes.compactMap { write in
            guard case .create(.pods, let document) = write else { return nil }
            return document["metadata"]?["name"]?.string
        }
    }

    private static func podsDeleted(_ cluster: ControlHarness) -> [String] {
        cluster.writes.compactMap { write in
            guard case .delete(let key, _, _, _) = write, key.resource == .pods else { return nil }
            return key.name
        }
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func podsComeOneAfterTheOther(_ seed: UInt64) {
        var cluster = ControlHarness.cluster(seed: seed)
        cluster.check = { cluster in
            let all = cluster.api.all(.pods).map(Pod.init)
            // The last one alone may be on its way.
            let waiting = all.filter { !$0.isReady }.map(\.metadata.name)
            #expect(waiting.count <= 1, "\(waiting)")
        }
        cluster.user { $0.must(.create(.statefulSets, Self.set(replicas: 3))) }
        cluster.settle()
        #expect(Self.podsCreated(cluster) == ["web-0", "web-1", "web-2"])
        let pod = cluster.pods().first { $0.metadata.name == "web-1" }
        #expect(pod?.hostname == "web-1")
        #expect(pod?.subdomain == "peers")
        let labels = pod?.metadata.labels ?? [:]
        #expect(labels["statefulset.kubernetes.io/pod-name"] == "web-1")
        #expect(labels["apps.kubernetes.io/pod-index"] == "1")
        let status = Self.status(cluster)
        #expect(labels["controller-revision-hash"] == status["updateRevision"]?.string)
        #expect(status["currentRevision"] == status["updateRevision"])
        #expect(status["readyReplicas"]?.integer == 3)
        #expect(status["currentReplicas"]?.integer == 3)
    }

    @Test func podsGoFromTheLastOneOn() {
        var cluster = Self.running()
        cluster.check = { cluster in
            let leaving = cluster.api.all(.pods).map(Pod.init).filter(\.isBeingDeleted)
            #expect(leaving.count <= 1)
        }
        Self.patch(["spec": ["replicas": 1]], &cluster)
        #expect(Self.podsDeleted(cluster) == ["web-2", "web-1"])
        #expect(Self.names(cluster) == ["web-0"])
    }

    @Test func scalingHaltsWhileAPodIsNotReady() throws {
        var cluster = Self.running(replicas: 1)
        let pod = ObjectKey(.pods, namespace: "default", name: "web-0")
        let notReady: JSON = [["type": "Ready", "status": "False"]]
        cluster.user { _ = try? $0.patch(pod, ["status": ["conditions": notReady]]) }
        cluster.settle()
        Self.patch(["spec": ["replicas": 3]], &cluster)
        #expect(Self.names(cluster) == ["web-0"])
        let ready: JSON = [["type": "Ready", "status": "True"]]
        cluster.user { _ = try? $0.patch(pod, ["status": ["conditions": ready]]) }
        cluster.settle()
        #expect(Self.names(cluster) == ["web-0", "web-1", "web-2"])
    }

    @Test func aParallelSetWaitsForNobody() {
        let cluster = Self.running([("podManagementPolicy", "Parallel")])
        #expect(Self.podsCreated(cluster) == ["web-0", "web-1", "web-2"])
        #expect(cluster.pods().count == 3)
    }

    @Test func aNewTemplateRollsOutFromTheLastOneAndBackWithoutANewRevision() {
        var cluster = Self.running()
        let first = Self.status(cluster)["currentRevision"]
        Self.patch(Self.image("2"), &cluster)
        #expect(Self.images(cluster) == ["2", "2", "2"])
        #expect(Self.podsDeleted(cluster) == ["web-2", "web-1", "web-0"])
        let second = Self.status(cluster)["currentRevision"]
        #expect(second != first)
        #expect(cluster.api.all(.controllerRevisions).count == 2)
        Self.patch(Self.image("1"), &cluster)
        #expect(Self.images(cluster) == ["1", "1", "1"])
        #expect(Self.status(cluster)["currentRevision"] == first)
        let numbers = cluster.api.all(.controllerRevisions).compactMap { $0["revision"]?.integer }
        #expect(numbers.sorted() == [2, 3])
    }

    @Test func aPartitionHoldsTheOthersBack() {
        let partition: JSON = ["type": "RollingUpdate", "rollingUpdate": ["partition": 2]]
        var cluster = Self.running([("updateStrategy", partition)])
        Self.patch(Self.image("2"), &cluster)
        #expect(Self.images(cluster) == ["1", "1", "2"])
        let status = Self.status(cluster)
        #expect(status["currentRevision"] != status["updateRevision"])
        #expect(status["updatedReplicas"]?.integer == 1)
        // What is lost meanwhile comes back as it was.
        for name in ["web-0", "web-2"] {
            cluster.user {
                $0.must(.delete(ObjectKey(.pods, namespace: "default", name: name)))
            }
            cluster.settle()
        }
        #expect(Self.images(cluster) == ["1", "1", "2"])
        Self.patch(
            ["spec": ["updateStrategy": ["rollingUpdate": ["partition": 0]]]], &cluster)
        #expect(Self.images(cluster) == ["2", "2", "2"])
    }

    @Test func aPodThatEndedIsMadeAnew() {
        var cluster = Self.running()
        let key = ObjectKey(.pods, namespace: "default", name: "web-1")
        let before = cluster.api[key]?["metadata"]?["uid"]
        cluster.user { _ = try? $0.patch(key, ["status": ["phase": "Failed"]]) }
        cluster.settle()
        #expect(cluster.pods().count == 3)
        #expect(cluster.api[key]?["metadata"]?["uid"] != before)
    }

    @Test func eachPodHasItsOwnClaims() {
        let template: JSON = [
            "metadata": ["name": "data"],
            "spec": [
                "accessModes": ["ReadWriteOnce"],
                "resources": ["requests": ["storage": "1Gi"]],
            ],
        ]
        let cluster = Self.running(replicas: 1, [("volumeClaimTemplates", [template])])
        let claim = cluster.api[
            ObjectKey(.persistentVolumeClaims, namespace: "default", name: "data-web-0")]
        #expect(claim?["metadata"]?["labels"] == ["app": "web"])
        #expect(claim?["metadata"]?["ownerReferences"] == nil)
        let pod = cluster.api.all(.pods).first.map(Pod.init)
        #expect(
            pod?.volumes.first == [
                "name": "data", "persistentVolumeClaim": ["claimName": "data-web-0"],
            ])
    }

    @Test func thePodsOfALostMachineAreNotReplacedUntilItIsKnownToBeGone() {
        var cluster = Self.running()
        let lost = cluster.pods()[0]
        cluster.fail(lost.nodeName ?? "")
        cluster.settle()
        let key = ObjectKey(.pods, namespace: "default", name: lost.metadata.name)
        // It is marked for deletion and stands, so that no other takes its name.
        #expect(cluster.api[key]?["metadata"]?["uid"]?.string == lost.uid)
        #expect(cluster.api[key]?["metadata"]?["deletionTimestamp"] != nil)
        cluster.recover(lost.nodeName ?? "")
        cluster.settle()
        #expect(cluster.api[key].map(Pod.init)?.uid != lost.uid)
        #expect(cluster.pods().count == 3)
    }
}
