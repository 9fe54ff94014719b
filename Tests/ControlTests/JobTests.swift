import Base
import Control
import JSON
import Objects
import Testing

@Suite struct JobTests {
    private static let key = ObjectKey(.jobs, namespace: "default", name: "web")
    private static let finalizer = "batch.kubernetes.io/job-tracking"

    private static func job(_ extra: [(String, JSON)]) -> JSON {
        var document = ControlHarness.deployment(replicas: 0)
        document["apiVersion"] = "batch/v1"
        document["kind"] = "Job"
        document[path: ["spec", "strategy"]] = JSON?.none
        document[path: ["spec", "replicas"]] = JSON?.none
        document[path: ["spec", "template", "spec", "restartPolicy"]] = "Never"
        let defaults: [(String, JSON)] = [
            ("parallelism", 2), ("completions", 2), ("backoffLimit", 6),
        ]
        for (name, value) in defaults + extra { document[path: ["spec", name]] = value }
        return document
    }

    private static func running(_ extra: [(String, JSON)] = []) -> ControlHarness {
        var cluster = ControlHarness.cluster()
        cluster.user { $0.must(.create(.jobs, job(extra))) }
        cluster.settle()
        return cluster
    }

    private static func end(
        _ pods: [Pod], _ phase: String, code: Int64 = 0, _ cluster: inout ControlHarness
    ) {
        let end = cluster.wall.rfc3339
        for pod in pods {
            cluster.user {
                _ = try? $0.patch(
                    pod.key,
                    [
                        "status": [
                            "phase": .string(phase),
                            "conditions": [["type": "Ready", "status": "False"]],
                            "containerStatuses": [
                                [
                                    "name": "c",
                                    "state": [
                                        "terminated": [
                                            "exitCode": .integer(code),
                                            "finishedAt": .string(end),
                                        ]
                                    ],
                                ]
                            ],
                        ]
                    ])
            }
        }
        cluster.settle()
    }

    private static func status(_ cluster: ControlHarness) -> JSON {
        cluster.api[key]?["status"] ?? [:]
    }

    private static func conditions(_ cluster: ControlHarness) -> [String: String] {
        var result: [String: String] = [:]
        for condition in status(cluster)["conditions"]?.array ?? []
        where condition["status"]?.string == "True" {
            result[condition["type"]?.string ?? ""] = condition["reason"]?.string
        }
        return result
    }

    private static func index(_ pod: Pod) -> String? {
        pod.metadata.annotations["batch.kubernetes.io/job-completion-index"]
    }

    @Test func itEndsWhenEnoughPodsHaveSucceeded() {
        var cluster = Self.running()
        #expect(cluster.pods().count == 2)
        #expect(cluster.pods().allSatisfy { $0.metadata.finalizers == [Self.finalizer] })
        #expect(Self.status(cluster)["active"]?.integer == 2)
        #expect(Self.status(cluster)["startTime"] != nil)
        Self.end([cluster.pods()[0]], "Succeeded", &cluster)
        #expect(Self.status(cluster)["succeeded"]?.integer == 1)
        #expect(Self.conditions(cluster).isEmpty)
        Self.end(cluster.pods(), "Succeeded", &cluster)
        let status = Self.status(cluster)
        #expect(status["succeeded"]?.integer == 2)
        #expect(status["active"] == nil)
        #expect(status["completionTime"] != nil)
        #expect(status["uncountedTerminatedPods"] == [:])
        #expect(
            Self.conditions(cluster) == [
                "SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached",
            ])
        #expect(cluster.api.all(.pods).allSatisfy { Pod($0).metadata.finalizers.isEmpty })
        #expect(cluster.api.all(.pods).count == 2)
    }

    @Test func aFailureIsMadeUpForAfterAPause() {
        var cluster = Self.running()
        let started = cluster.now
        Self.end([cluster.pods()[0]], "Failed", code: 1, &cluster)
        #expect(cluster.pods().count == 1)
        cluster.run(for: .seconds(11))
        cluster.settle()
        #expect(cluster.pods().count == 2)
        #expect(cluster.now - started >= .seconds(10))
        #expect(Self.status(cluster)["failed"]?.integer == 1)
    }

    @Test func tooManyFailuresEndIt() {
        var cluster = Self.running([("backoffLimit", 0)])
        Self.end([cluster.pods()[0]], "Failed", code: 1, &cluster)
        #expect(
            Self.conditions(cluster) == [
                "FailureTarget": "BackoffLimitExceeded", "Failed": "BackoffLimitExceeded",
            ])
        #expect(cluster.pods().isEmpty)
        #expect(Self.status(cluster)["failed"]?.integer == 1)
    }

    @Test func numbersAreGivenOnce() {
        var cluster = Self.running([
            ("completionMode", "Indexed"), ("completions", 4), ("parallelism", 2),
        ])
        let pods = cluster.pods()
        #expect(Set(pods.compactMap(Self.index)) == ["0", "1"])
        let first = pods.first { Self.index($0) == "0" }
        #expect(first?.hostname == "web-0")
        #expect(first?.metadata.name.hasPrefix("web-0-") ?? false)
        #expect(
            first?.containers[0].json["env"]?[0]?["name"]?.string == "JOB_COMPLETION_INDEX")
        Self.end(pods, "Succeeded", &cluster)
        #expect(Self.status(cluster)["completedIndexes"]?.string == "0,1")
        #expect(Set(cluster.pods().compactMap(Self.index)) == ["2", "3"])
        Self.end(cluster.pods(), "Succeeded", &cluster)
        #expect(Self.status(cluster)["completedIndexes"]?.string == "0-3")
        #expect(Self.status(cluster)["succeeded"]?.integer == 4)
        #expect(Self.conditions(cluster)["Complete"] != nil)
    }

    @Test func numbersFailForThemselves() {
        var cluster = Self.running([
            ("completionMode", "Indexed"), ("backoffLimitPerIndex", 0),
            ("backoffLimit", 2_147_483_647),
        ])
        let pods = cluster.pods()
        Self.end(pods.filter { Self.index($0) == "0" }, "Failed", code: 1, &cluster)
        #expect(Self.status(cluster)["failedIndexes"]?.string == "0")
        #expect(Self.conditions(cluster).isEmpty)
        Self.end(pods.filter { Self.index($0) == "1" }, "Succeeded", &cluster)
        #expect(Self.conditions(cluster)["Failed"] == "FailedIndexes")
        #expect(Self.status(cluster)["completedIndexes"]?.string == "1")
    }

    @Test func aSuccessPolicyEndsItEarly() {
        var cluster = Self.running([
            ("completionMode", "Indexed"), ("completions", 3), ("parallelism", 3),
            ("successPolicy", ["rules": [["succeededIndexes": "0"]]]),
        ])
        Self.end(cluster.pods().filter { Self.index($0) == "0" }, "Succeeded", &cluster)
        #expect(Self.conditions(cluster)["Complete"] == "SuccessPolicy")
        #expect(cluster.pods().isEmpty)
        #expect(Self.status(cluster)["succeeded"]?.integer == 1)
    }

    @Test func aPolicyDecidesWhatAFailureMeans() {
        let exit: JSON = ["operator": "In", "values": [3]]
        let rules: JSON = [
            ["action": "Ignore", "onPodConditions": [["type": "DisruptionTarget"]]],
            ["action": "FailJob", "onExitCodes": exit],
        ]
        var cluster = Self.running([
            ("podFailurePolicy", ["rules": rules]), ("podReplacementPolicy", "Failed"),
            ("backoffLimit", 0),
        ])
        let pod = cluster.pods()[0]
        let target: JSON = [["type": "DisruptionTarget", "status": "True"]]
        cluster.user { _ = try? $0.patch(pod.key, ["status": ["conditions": target]]) }
        Self.end([pod], "Failed", code: 137, &cluster)
        #expect(Self.conditions(cluster).isEmpty)
        #expect(Self.status(cluster)["failed"] == nil)
        cluster.run(for: .seconds(11))
        cluster.settle()
        #expect(cluster.pods().count == 2)
        Self.end([cluster.pods()[0]], "Failed", code: 3, &cluster)
        #expect(Self.conditions(cluster)["Failed"] == "PodFailurePolicy")
        let message = Self.status(cluster)["conditions"]?[0]?["message"]?.string ?? ""
        #expect(message.hasSuffix("failed with exit code 3 matching FailJob rule at index 1"))
    }

    @Test func aSuspendedJobHasNoPodsAndCountsNoFailure() {
        var cluster = Self.running()
        cluster.user { $0.must(.patch(Self.key, ["spec": ["suspend": true]])) }
        cluster.settle()
        #expect(cluster.api.all(.pods).isEmpty)
        #expect(Self.conditions(cluster) == ["Suspended": "JobSuspended"])
        #expect(Self.status(cluster)["failed"] == nil)
        #expect(Self.status(cluster)["startTime"] == nil)
        cluster.user { $0.must(.patch(Self.key, ["spec": ["suspend": false]])) }
        cluster.settle()
        #expect(cluster.pods().count == 2)
        #expect(Self.conditions(cluster).isEmpty)
    }

    @Test func itEndsAtItsDeadlineAndGoesSomeTimeLater() {
        var cluster = Self.running([
            ("activeDeadlineSeconds", 30), ("ttlSecondsAfterFinished", 60),
        ])
        cluster.run(for: .seconds(31))
        cluster.settle()
        #expect(Self.conditions(cluster)["Failed"] == "DeadlineExceeded")
        #expect(cluster.pods().isEmpty)
        cluster.run(for: .seconds(61))
        cluster.settle()
        #expect(cluster.api[Self.key] == nil)
    }

    @Test func itTakesInPodsThatMatchAndLetsGoOfOthers() {
        var cluster = Self.running()
        let pod = cluster.pods()[0]
        cluster.user { api in
            var orphan = api[pod.key] ?? [:]
            orphan[path: ["metadata", "ownerReferences"]] = JSON?.none
            api.must(.update(.pods, orphan))
        }
        cluster.settle()
        #expect(cluster.api[pod.key].map(Pod.init)?.metadata.controller?.kind == "Job")
        cluster.user { $0.must(.patch(pod.key, ["metadata": ["labels": ["app": "other"]]])) }
        cluster.settle()
        let released = cluster.api[pod.key].map(Pod.init)
        #expect(released?.metadata.controller == nil)
        #expect(released?.metadata.finalizers == [])
        #expect(cluster.pods().count == 2)
    }

    @Test func podsOfAJobThatIsGoneAreLetGo() {
        var cluster = Self.running()
        cluster.user { $0.remove(Self.key) }
        cluster.settle()
        #expect(cluster.api.all(.pods).allSatisfy { Pod($0).metadata.finalizers.isEmpty })
    }

    @Test func anotherControllersJobIsLeftAlone() {
        let cluster = Self.running([("managedBy", "example.com/queue")])
        #expect(cluster.pods().isEmpty)
        #expect(Self.status(cluster) == [:])
    }
}
