import API
import Base
import JSON
import Objects
import Store
import Testing

/// One object under two versions, and resources that the Store does not hold.
@Suite("Versions")
struct VersionTests {
    private let v1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers"
    private let v2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers"
    private let core = "/api/v1/namespaces/default/events"
    private let newer = "/apis/events.k8s.io/v1/namespaces/default/events"

    private let target: JSON = ["apiVersion": "apps/v1", "kind": "Deployment", "name": "web"]

    @Test("An autoscaler of version 1 is one of version 2 with a CPU metric")
    func autoscaler() throws {
        var harness = try VerbsHarness()
        let made = try harness.expect(
            .post, v1,
            [
                "apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler",
                "metadata": ["name": "web"],
                "spec": [
                    "scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 5,
                    "targetCPUUtilizationPercentage": 60,
                ],
            ], code: 201)
        #expect(made["apiVersion"]?.string == "autoscaling/v1")
        #expect(made["spec"]?["targetCPUUtilizationPercentage"]?.integer == 60)
        let current = try harness.expect(.get, "\(v2)/web", code: 200)
        #expect(current["apiVersion"]?.string == "autoscaling/v2")
        #expect(
            current["spec"]?["metrics"] == [
                [
                    "type": "Resource",
                    "resource": [
                        "name": "cpu",
                        "target": ["type": "Utilization", "averageUtilization": 60],
                    ],
                ]
            ])
        #expect(current["spec"]?["behavior"]?["scaleUp"]?["selectPolicy"] == nil)
        let list = try harness.expect(.get, v1, code: 200)
        #expect(list["kind"]?.string == "HorizontalPodAutoscalerList")
        #expect(list["items"]?[0]?["apiVersion"]?.string == "autoscaling/v1")
        #expect(
            list["items"]?[0]?["metadata"]?["resourceVersion"]
                == current["metadata"]?["resourceVersion"])
    }

    @Test("What version 1 has no field for survives a change through it")
    func roundTrip() throws {
        var harness = try VerbsHarness()
        let memory: JSON = [
            "type": "Resource",
            "resource": [
                "name": "memory", "target": ["type": "AverageValue", "averageValue": "100Mi"],
            ],
        ]
        try harness.expect(
            .post, v2,
            [
                "metadata": ["name": "web"],
                "spec": [
                    "scaleTargetRef": target, "maxReplicas": 5, "metrics": [memory],
                    "behavior": ["scaleDown": ["stabilizationWindowSeconds": 60]],
                ],
            ], code: 201)
        var older = try harness.expect(.get, "\(v1)/web", code: 200)
        #expect(older["spec"]?["metrics"] == nil)
        #expect(older["spec"]?["targetCPUUtilizationPercentage"] == nil)
        #expect(
            older["metadata"]?["annotations"]?["autoscaling.alpha.kubernetes.io/metrics"] != nil)
        older[path: ["spec", "maxReplicas"]] = 9
        try harness.expect(.put, "\(v1)/web", older, code: 200)
        let current = try harness.expect(.get, "\(v2)/web", code: 200)
        #expect(current["spec"]?["maxReplicas"]?.integer == 9)
        #expect(current["spec"]?["metrics"] == [memory])
        #expect(
            current["spec"]?["behavior"]?["scaleDown"]?["stabilizationWindowSeconds"]?.integer
                == 60)
        #expect(current["metadata"]?["annotations"] == nil)
    }

    @Test("A watch of one version hears of changes through the other")
    func watch() throws {
        var harness = try VerbsHarness()
        var stream = try harness.watch(v1 + "?watch=true")
        try harness.expect(
            .post, v2,
            ["metadata": ["name": "web"], "spec": ["scaleTargetRef": target, "maxReplicas": 5]],
            code: 201)
        let events = try harness.events(of: &stream)
        #expect(events.count == 1)
        #expect(events[0]["type"]?.string == "ADDED")
        #expect(events[0]["object"]?["apiVersion"]?.string == "autoscaling/v1")
        #expect(
            events[0]["object"]?["spec"]?["targetCPUUtilizationPercentage"]?.integer == 80)
    }

    @Test("An Event has two names")
    func events() throws {
        var harness = try VerbsHarness()
        let event: JSON = [
            "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": ["name": "e"],
            "eventTime": "2026-11-21T10:00:00.000000Z", "reportingController": "tester",
            "reportingInstance": "tester-1", "action": "Testing", "reason": "Tested",
            "note": "it works", "type": "Normal",
            "regarding": ["kind": "Pod", "namespace": "default", "name": "p"],
        ]
        try harness.expect(.post, newer, event, code: 201)
        let older = try harness.expect(.get, "\(core)/e", code: 200)
        #expect(older["apiVersion"]?.string == "v1")
        #expect(older["message"]?.string == "it works")
        #expect(older["involvedObject"]?["name"]?.string == "p")
        #expect(older["reportingComponent"]?.string == "tester")
        let found = try harness.expect(
            .get, newer + "?fieldSelector=regarding.name=p", code: 200)
        #expect(found["items"]?[0]?["note"]?.string == "it works")
        try harness.expect(.delete, "\(newer)/e", code: 200)
        try harness.expect(.get, "\(core)/e", code: 404)
        let status = try harness.expect(
            .post, newer,
            [
                "metadata": ["name": "f"], "eventTime": "2026-11-21T10:00:00.000000Z",
                "regarding": ["namespace": "default"],
            ], code: 422)
        #expect(
            status["message"]?.string
                == "Event.events.k8s.io \"f\" is invalid: [reportingController: Required value, "
                + "reportingInstance: Required value, action: Required value, reason: Required "
                + "value, type: Invalid value: \"\": has invalid value: ]")
    }

    @Test("The parts that Kubernetes has are told healthy")
    func components() throws {
        var harness = try VerbsHarness()
        let list = try harness.expect(.get, "/api/v1/componentstatuses", code: 200)
        #expect(
            list["items"]?.array?.compactMap { $0["metadata"]?["name"]?.string }
                == ["controller-manager", "etcd-0", "scheduler"])
        let one = try harness.expect(.get, "/api/v1/componentstatuses/scheduler", code: 200)
        #expect(one["conditions"]?[0]?["status"]?.string == "True")
        try harness.expect(.get, "/api/v1/componentstatuses/cloud", code: 404)
        try harness.expect(
            .post, "/api/v1/componentstatuses", ["metadata": ["name": "x"]], code: 405)
    }

    @Test("A priority level is completed and judged")
    func priorityLevels() throws {
        var harness = try VerbsHarness()
        let path = "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations"
        let made = try harness.expect(
            .post, path,
            [
                "metadata": ["name": "slow"],
                "spec": [
                    "type": "Limited",
                    "limited": ["limitResponse": ["type": "Queue", "queuing": [:]]],
                ],
            ], code: 201)
        #expect(
            made["spec"]?["limited"] == [
                "limitResponse": [
                    "type": "Queue",
                    "queuing": ["queues": 64, "handSize": 8, "queueLengthLimit": 50],
                ],
                "nominalConcurrencyShares": 30, "lendablePercent": 0,
            ])
        let status = try harness.expect(
            .post, path, ["metadata": ["name": "none"], "spec": ["type": "Limited"]], code: 422)
        #expect(
            status["message"]?.string
                == "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io \"none\" is invalid: "
                + "spec.limited: Required value: must not be empty when type is Limited")
    }
}
