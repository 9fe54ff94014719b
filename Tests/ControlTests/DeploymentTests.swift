import Base
import Control
import JSON
import Objects
import Testing

@Suite struct DeploymentTests {
    static let key = ObjectKey(.deployments, namespace: "default", name: "web")

    static func running(
        replicas: Int64 = 4,
        strategy: JSON = [
            "type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1, "maxUnavailable": 1],
        ]
    ) -> ControlHarness {
        var cluster = ControlHarness.cluster()
        cluster.user {
            $0.must(
                .create(
                    .deployments,
                    ControlHarness.deployment(replicas: replicas, strategy: strategy)))
        }
        cluster.settle()
        return cluster
    }

    static func setImage(_ image: String, _ cluster: inout ControlHarness) {
        let template: JSON = ["spec": ["containers": [["name": "c", "image": .string(image)]]]]
        cluster.user { $0.must(.patch(key, ["spec": ["template": template]])) }
    }

    /// Replicas wanted by revision.
    static func sets(_ cluster: ControlHarness) -> [String: Int64] {
        var result: [String: Int64] = [:]
        for set in cluster.api.all(.replicaSets) {
            let annotations = ObjectMeta(set["metadata"] ?? [:]).annotations
            result[annotations["deployment.kubernetes.io/revision"] ?? ""] =
                set["spec"]?["replicas"]?.integer
        }
        return result
    }

    static func events(_ cluster: ControlHarness, _ reason: String) -> [String] {
        cluster.api.all(.events).filter { $0["reason"]?.string == reason }
            .compactMap { $0["message"]?.string }
    }

    static func revision(_ cluster: ControlHarness) -> String? {
        ObjectMeta(cluster.api[key]?["metadata"] ?? [:])
            .annotations["deployment.kubernetes.io/revision"]
    }

    @Test func aReplicaSetIsMadeForTheTemplate() {
        let cluster = Self.running()
        let set = cluster.api.all(.replicaSets)[0]
        let hash = set["metadata"]?["labels"]?["pod-template-hash"]?.string ?? ""
        #expect(set["metadata"]?["name"]?.string == "web-\(hash)")
        #expect(set["spec"]?["selector"]?["matchLabels"]?["pod-template-hash"]?.string == hash)
        #expect(ObjectMeta(set["metadata"] ?? [:]).controller?.kind == "Deployment")
        #expect(Self.sets(cluster) == ["1": 4])
        #expect(Self.revision(cluster) == "1")
        #expect(
            Self.events(cluster, "ScalingReplicaSet")
                == ["Scaled up replica set web-\(hash) from 0 to 4"])
        let created = Self.events(cluster, "SuccessfulCreate")
        #expect(created.count == 4)
        #expect(created.allSatisfy { $0.hasPrefix("Created pod: web-\(hash)-") })
    }

    @Test func aNewTemplateRollsOutWithinItsBounds() {
        var cluster = Self.running()
        cluster.check = { cluster in
            let ready = cluster.pods().filter(\.isReady).count
            #expect(ready >= 3, "only \(ready) Pods are available")
        }
        Self.setImage("2", &cluster)
        cluster.settle()
        #expect(Self.sets(cluster) == ["1": 0, "2": 4])
        #expect(Self.revision(cluster) == "2")
        let images = Set(cluster.pods().flatMap { $0.containers.map(\.image) })
        #expect(images == ["2"])
        #expect(
            reasons(cluster.api[Self.key] ?? .null)["Progressing"] == "NewReplicaSetAvailable")
    }

    @Test func goingBackReusesTheOldSetUnderANewRevision() {
        var cluster = Self.running()
        for image in ["2", "3", "2"] {
            Self.setImage(image, &cluster)
            cluster.settle()
        }
        #expect(Self.sets(cluster) == ["1": 0, "4": 4, "3": 0])
        #expect(Self.revision(cluster) == "4")
        let current = cluster.api.all(.replicaSets).first { $0["spec"]?["replicas"] == 4 }
        let annotations = ObjectMeta(current?["metadata"] ?? [:]).annotations
        #expect(annotations["deployment.kubernetes.io/revision-history"] == "2")
    }

    @Test func oldSetsBeyondTheHistoryLimitAreDeleted() {
        var cluster = Self.running()
        cluster.user { $0.must(.patch(Self.key, ["spec": ["revisionHistoryLimit": 1]])) }
        for image in ["2", "3", "4"] {
            Self.setImage(image, &cluster)
            cluster.settle()
        }
        #expect(Self.sets(cluster) == ["4": 4, "3": 0])
    }

    @Test func recreateEndsAllOldPodsFirst() {
        var cluster = Self.running(strategy: ["type": "Recreate"])
        cluster.check = { cluster in
            let images = Set(
                cluster.api.all(.pods).map(Pod.init).filter { !$0.isFinished }
                    .flatMap { $0.containers.map(\.image) })
            #expect(images.count <= 1)
        }
        Self.setImage("2", &cluster)
        cluster.settle()
        #expect(Self.sets(cluster) == ["1": 0, "2": 4])
        #expect(cluster.spread().values.reduce(0, +) == 4)
    }

    @Test func aPausedDeploymentScalesButDoesNotRoll() {
        var cluster = Self.running()
        cluster.user { $0.must(.patch(Self.key, ["spec": ["paused": true]])) }
        cluster.settle()
        #expect(reasons(cluster.api[Self.key] ?? .null)["Progressing"] == "DeploymentPaused")
        Self.setImage("2", &cluster)
        cluster.user { $0.must(.patch(Self.key, ["spec": ["replicas": 2]])) }
        cluster.settle()
        #expect(Self.sets(cluster) == ["1": 2])
        cluster.user { $0.must(.patch(Self.key, ["spec": ["paused": false]])) }
        cluster.settle()
        #expect(Self.sets(cluster) == ["1": 0, "2": 2])
    }

    @Test func scalingDownGivesUpThePodsThatAreNotReady() {
        var cluster = Self.running()
        cluster.user { $0.must(.patch(Self.key, ["spec": ["replicas": 5]])) }
        cluster.run(for: .milliseconds(60))
        cluster.user { $0.must(.patch(Self.key, ["spec": ["replicas": 4]])) }
        let old = Set(cluster.pods().filter(\.isReady).map(\.name))
        cluster.settle()
        #expect(old.isSubset(of: Set(cluster.pods().map(\.name))))
        #expect(cluster.pods().count == 4)
    }

    @Test func aRolloutWithoutProgressIsReported() {
        var cluster = Self.running()
        cluster.user { $0.must(.patch(Self.key, ["spec": ["progressDeadlineSeconds": 30]])) }
        let template: JSON = ["spec": ["nodeSelector": ["no": "where"]]]
        cluster.user { $0.must(.patch(Self.key, ["spec": ["template": template]])) }
        cluster.settle()
        cluster.run(for: .minutes(2))
        let condition = cluster.api[Self.key]?["status"]?["conditions"]?.array?
            .first { $0["type"] == "Progressing" }
        #expect(condition?["reason"] == "ProgressDeadlineExceeded")
        #expect(condition?["status"] == "False")
        #expect(condition?["message"]?.string?.hasSuffix("has timed out progressing.") == true)
        let count = cluster.writes.count
        cluster.run(for: .minutes(30))
        #expect(cluster.writes.count == count)
    }

    @Test func podsAreAdoptedAndReleasedByTheirLabels() {
        var cluster = Self.running(replicas: 2)
        let set = ReplicaSetNames(cluster)
        var stray = SchedulerTests.pod("stray")
        stray["metadata"]?["labels"] = ["app": "web", "pod-template-hash": .string(set.hash)]
        cluster.user { $0.must(.create(.pods, stray)) }
        cluster.settle()
        #expect(cluster.pods().count == 2)
        let victim = cluster.pods()[0]
        cluster.user { $0.must(.patch(victim.key, ["metadata": ["labels": ["app": "other"]]])) }
        cluster.settle()
        #expect(cluster.pods().count == 2)
        let released = cluster.api[victim.key].map { Pod($0) }
        #expect(released?.metadata.ownerReferences.isEmpty == true)
    }

    @Test func aRefusedCreateIsReportedAndRetriedOneByOne() {
        var core = ControlCore(
            configuration: ControlHarness.configuration(), random: Random(seed: 3))
        var out = Outbox<ControlEffect>()
        let set: JSON = [
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": [
                "name": "rs", "namespace": "default", "uid": "u", "resourceVersion": "1",
                "generation": 1,
            ],
            "spec": [
                "replicas": 3, "selector": ["matchLabels": ["a": "b"]],
                "template": ["metadata": ["labels": ["a": "b"]], "spec": [:]],
            ],
            "status": ["replicas": 0, "observedGeneration": 1],
        ]
        let key = ObjectKey(.replicaSets, namespace: "default", name: "rs")
        core.lead([(key, set)], at: .zero, into: &out)
        func creates() -> [Ticket] {
            out.take().compactMap {
                guard case .write(let ticket, .create(.pods, _)) = $0 else { return nil }
                return ticket
            }
        }
        let first = creates()
        #expect(first.count == 3)
        let refusal = StatusError(.forbidden, "exceeded quota")
        for ticket in first {
            core.step(.finished(ticket, .failure(refusal)), at: .zero, into: &out)
        }
        let messages = out.take().compactMap { effect -> String? in
            guard case .write(_, .create(.events, let event)) = effect else { return nil }
            return event["message"]?.string
        }
        #expect(messages == ["Error creating: exceeded quota"])
        #expect(core.deadline.map { $0 > .zero } == true)
        core.step(.wake, at: core.deadline ?? .zero, into: &out)
        #expect(creates().count == 1)
    }
}

/// The hash of the only ReplicaSet.
struct ReplicaSetNames {
    let hash: String

    init(_ cluster: ControlHarness) {
        let labels = cluster.api.all(.replicaSets).first?["metadata"]?["labels"]
        hash = labels?["pod-template-hash"]?.string ?? ""
    }
}
