import Base
import Control
import JSON
import Objects
import Testing

@Suite struct SchedulerTests {
    /// A leading core with these Nodes and Pods, and what it did at once.
    static func effects(nodes: [JSON], pods: [JSON]) -> [ObjectWrite] {
        var core = ControlCore(
            configuration: ControlHarness.configuration(), random: Random(seed: 1))
        var out = Outbox<ControlEffect>()
        core.step(.wallTime(WallTime(seconds: 1_700_000_000)), at: .zero, into: &out)
        var objects: [(ObjectKey, JSON)] = []
        for (index, json) in (nodes + pods).enumerated() {
            var json = json
            json["metadata"]?["resourceVersion"] = .string(String(index + 1))
            json["metadata"]?["uid"] = .string("uid-\(index)")
            let kinds: [String: Resource] = [
                "Node": .nodes, "Namespace": .namespaces, "PersistentVolume": .persistentVolumes,
                "PersistentVolumeClaim": .persistentVolumeClaims,
                "PodDisruptionBudget": .podDisruptionBudgets,
            ]
            let resource = kinds[json["kind"]?.string ?? ""] ?? .pods
            let metadata = ObjectMeta(json["metadata"] ?? [:])
            objects.append(
                (ObjectKey(resource, namespace: metadata.namespace, name: metadata.name), json))
        }
        core.lead(objects, at: .zero, into: &out)
        return out.take().compactMap {
            guard case .write(_, let write) = $0 else { return nil }
            return write
        }
    }

    /// Where the Pods are bound, by name.
    static func bindings(nodes: [JSON], pods: [JSON]) -> [String: String] {
        var result: [String: String] = [:]
        for case .bind(let key, _, let node) in effects(nodes: nodes, pods: pods) {
            result[key.name] = node
        }
        return result
    }

    /// The message of the condition that an unschedulable Pod gets.
    static func message(nodes: [JSON], pod: JSON) -> String? {
        for case .patch(let key, let patch, "status") in effects(nodes: nodes, pods: [pod])
        where key.resource == .pods {
            let condition = patch["status"]?["conditions"]?[0]
            guard condition?["reason"] == "Unschedulable", condition?["status"] == "False"
            else { return nil }
            return condition?["message"]?.string
        }
        return nil
    }

    static func pod(_ name: String = "web", cpu: String? = nil, _ spec: JSON = [:]) -> JSON {
        var spec = spec
        var container: JSON = ["name": "c", "image": "i"]
        if let cpu { container["resources"] = ["requests": ["cpu": .string(cpu)]] }
        if spec["containers"] == nil { spec["containers"] = [container] }
        return [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string(name), "namespace": "default", "labels": ["app": "web"],
            ],
            "spec": spec, "status": ["phase": "Pending"],
        ]
    }

    static func node(
        _ name: String, cpu: String = "4", ready: String = "True", _ spec: JSON = [:],
        labels: JSON = [:]
    ) -> JSON {
        var node = ControlHarness.node(name, cpu: cpu, ready: ready)
        node["spec"] = spec
        node["metadata"]?["labels"] = labels
        return node
    }

    @Test func anUnschedulablePodIsToldWhyPerNode() {
        let tainted: JSON = ["taints": [["key": "a", "value": "b", "effect": "NoSchedule"]]]
        let nodes = [Self.node("a", tainted), Self.node("b", cpu: "1"), Self.node("c", cpu: "1")]
        #expect(
            Self.message(nodes: nodes, pod: Self.pod(cpu: "2"))
                == "0/3 nodes are available: 1 node(s) had untolerated taint(s), "
                + "2 Insufficient cpu. preemption: 0/3 nodes are available: "
                + "3 Preemption is not helpful for scheduling.")
    }

    @Test func aPodThatWouldFitWithoutOthersIsNotBeyondPreemption() {
        var running = Self.pod("old", cpu: "3", ["nodeName": "a"])
        running["status"] = ["phase": "Running"]
        let writes = Self.effects(nodes: [Self.node("a")], pods: [running, Self.pod(cpu: "2")])
        let events = writes.compactMap { write -> JSON? in
            guard case .create(.events, let event) = write else { return nil }
            return event
        }
        #expect(events.count == 1)
        #expect(events.first?["reason"] == "FailedScheduling")
        #expect(events.first?["type"] == "Warning")
        #expect(
            events.first?["message"]?.string
                == "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are "
                + "available: 1 No preemption victims found for incoming pod.")
    }

    @Test func withoutNodesThereIsASpecialMessage() {
        #expect(
            Self.message(nodes: [], pod: Self.pod()) == "no nodes available to schedule pods")
    }

    @Test(arguments: [
        (SchedulerTests.node("a", ["unschedulable": true]), SchedulerTests.pod(),
            "node(s) were unschedulable"),
        (SchedulerTests.node("a", ready: "False"), SchedulerTests.pod(),
            "node(s) had untolerated taint(s)"),
        (SchedulerTests.node("a"), SchedulerTests.pod(["nodeSelector": ["disk": "ssd"]]),
            "node(s) didn't match Pod's node affinity/selector"),
        (SchedulerTests.node("a"),
            SchedulerTests.pod(["overhead": ["example.com/gpu": "1"]]),
            "Insufficient example.com/gpu"),
    ])
    func eachFilterHasItsReason(node: JSON, pod: JSON, reason: String) {
        #expect(
            Self.message(nodes: [node], pod: pod)
                == "0/1 nodes are available: 1 \(reason). preemption: 0/1 nodes are available: "
                + "1 Preemption is not helpful for scheduling.")
    }

    @Test func tolerationsOpenTaintedNodes() {
        let taint: JSON = ["taints": [["key": "a", "value": "b", "effect": "NoSchedule"]]]
        let nodes = [Self.node("a", taint)]
        for toleration: JSON in [
            ["operator": "Exists"], ["key": "a", "operator": "Equal", "value": "b"],
            ["key": "a", "operator": "Exists", "effect": "NoSchedule"],
        ] {
            let pod = Self.pod(["tolerations": [toleration]])
            #expect(Self.bindings(nodes: nodes, pods: [pod]) == ["web": "a"])
        }
    }

    @Test func selectorsAndAffinityChooseNodes() {
        let nodes = [
            Self.node("a", labels: ["disk": "hdd", "size": "3"]),
            Self.node("b", labels: ["disk": "ssd", "size": "7"]),
        ]
        func required(_ expression: JSON) -> JSON {
            let term: JSON = ["nodeSelectorTerms": [["matchExpressions": [expression]]]]
            let name = "requiredDuringSchedulingIgnoredDuringExecution"
            return ["affinity": ["nodeAffinity": .object([name: term])]]
        }
        let cases: [(JSON, String)] = [
            (["nodeSelector": ["disk": "ssd"]], "b"),
            (required(["key": "disk", "operator": "In", "values": ["hdd", "x"]]), "a"),
            (required(["key": "disk", "operator": "NotIn", "values": ["hdd"]]), "b"),
            (required(["key": "size", "operator": "Gt", "values": ["5"]]), "b"),
            (required(["key": "size", "operator": "Lt", "values": ["5"]]), "a"),
        ]
        for (spec, node) in cases {
            #expect(Self.bindings(nodes: nodes, pods: [Self.pod(spec)]) == ["web": node])
        }
        let preferred: JSON = [
            "affinity": [
                "nodeAffinity": [
                    "preferredDuringSchedulingIgnoredDuringExecution": [
                        [
                            "weight": 50,
                            "preference": [
                                "matchExpressions": [
                                    ["key": "disk", "operator": "In", "values": ["ssd"]]
                                ]
                            ],
                        ]
                    ]
                ]
            ]
        ]
        #expect(Self.bindings(nodes: nodes, pods: [Self.pod(preferred)]) == ["web": "b"])
    }

    @Test func onePortOfAMachineIsGivenOnce() {
        let port: JSON = [
            "containers": [["name": "c", "ports": [["containerPort": 80, "hostPort": 80]]]]
        ]
        let nodes = [Self.node("a"), Self.node("b")]
        let pods = ["p1", "p2", "p3"].map { Self.pod($0, port) }
        #expect(Self.bindings(nodes: nodes, pods: pods) == ["p1": "a", "p2": "b"])
    }

    @Test func podsOfOneBatchCountAtOnce() {
        let nodes = [Self.node("a", cpu: "1"), Self.node("b", cpu: "1")]
        let pods = ["p1", "p2", "p3", "p4", "p5"].map { Self.pod($0, cpu: "500m") }
        let bindings = Self.bindings(nodes: nodes, pods: pods)
        #expect(bindings == ["p1": "a", "p2": "b", "p3": "a", "p4": "b"])
    }

    @Test func higherPriorityIsPlacedFirst() {
        let nodes = [Self.node("a", cpu: "1")]
        let pods = [Self.pod("p1", cpu: "1"), Self.pod("p2", cpu: "1", ["priority": 10])]
        #expect(Self.bindings(nodes: nodes, pods: pods) == ["p2": "a"])
    }

    @Test func initContainersCountByTheirPeak() {
        let spec: JSON = [
            "initContainers": [
                ["name": "s", "restartPolicy": "Always", "resources": ["requests": ["cpu": "1"]]],
                ["name": "i", "resources": ["requests": ["cpu": "2"]]],
            ],
            "containers": [["name": "c", "resources": ["requests": ["cpu": "500m"]]]],
            "overhead": ["cpu": "250m"],
        ]
        #expect(ResourceVector(requestsOf: Pod(["spec": spec])).milliCPU == 3_250)
    }

    @Test func whatThePodAsksForAsAWholeStandsForItsContainers() {
        let spec: JSON = [
            "resources": ["requests": ["cpu": "3"]], "overhead": ["cpu": "250m"],
            "containers": [
                ["name": "c", "resources": ["requests": ["cpu": "500m", "memory": "1Ki"]]]
            ],
        ]
        let requests = ResourceVector(requestsOf: Pod(["spec": spec]))
        #expect(requests.milliCPU == 3_250)
        #expect(requests.memory == 1_024)
    }

    @Test(arguments: [
        ("Infeasible", "4", 1_000), ("Deferred", "4", 4_000), ("Deferred", "500m", 1_000),
    ] as [(String, String, Int64)])
    func aPodThatWishesForOtherResourcesCountsWithWhatItHolds(
        reason: String, wish: String, counted: Int64
    ) {
        let pod: JSON = [
            "spec": [
                "containers": [["name": "c", "resources": ["requests": ["cpu": .string(wish)]]]]
            ],
            "status": [
                "conditions": [
                    ["type": "PodResizePending", "status": "True", "reason": .string(reason)]
                ],
                "containerStatuses": [["name": "c", "allocatedResources": ["cpu": "1"]]],
            ],
        ]
        #expect(ResourceVector(requestsOf: Pod(pod)).milliCPU == counted)
    }

    @Test func otherSchedulersPodsAndGatedPodsAreLeftAlone() {
        let pods = [
            Self.pod("p1", ["schedulerName": "mine"]),
            Self.pod("p2", ["schedulingGates": [["name": "g"]]]),
        ]
        let writes = Self.effects(nodes: [Self.node("a")], pods: pods)
        #expect(
            !writes.contains { write in
                if case .bind = write { true } else { false }
            })
    }

    @Test func antiAffinityKeepsPodsApartBothWays() {
        let nodes = [
            Self.node("a", labels: ["host": "a"]), Self.node("b", labels: ["host": "b"]),
        ]
        let repelling: JSON = [
            "affinity": [
                "podAntiAffinity": [
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        [
                            "topologyKey": "host",
                            "labelSelector": ["matchLabels": ["app": "web"]],
                        ]
                    ]
                ]
            ]
        ]
        let pods = [Self.pod("p1", repelling), Self.pod("p2", repelling), Self.pod("p3")]
        #expect(Self.bindings(nodes: nodes, pods: pods) == ["p1": "a", "p2": "b"])
    }

    @Test func spreadConstraintsBoundTheSkew() {
        let nodes = [
            Self.node("a", labels: ["zone": "1"]), Self.node("b", cpu: "1", labels: ["zone": "2"]),
        ]
        let spread: JSON = [
            "topologySpreadConstraints": [
                [
                    "maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": ["matchLabels": ["app": "web"]],
                ]
            ]
        ]
        let pods = ["p1", "p2", "p3", "p4"].map { Self.pod($0, cpu: "1", spread) }
        let bindings = Self.bindings(nodes: nodes, pods: pods)
        #expect(bindings.values.sorted() == ["a", "a", "b"])
    }

    @Test func aWaitingPodIsPlacedWhenRoomAppearsAndNotBefore() {
        var cluster = ControlHarness.cluster(machines: 1, cpu: "1")
        cluster.user { $0.must(.create(.pods, Self.pod("p1", cpu: "800m"))) }
        cluster.settle()
        cluster.user { $0.must(.create(.pods, Self.pod("p2", cpu: "800m"))) }
        cluster.settle()
        let p2 = ObjectKey(.pods, namespace: "default", name: "p2")
        let condition = cluster.api[p2].map { Pod($0) }?.condition("PodScheduled")
        #expect(condition?.reason == "Unschedulable")
        let count = cluster.writes.count
        cluster.run(for: .minutes(10))
        #expect(cluster.writes.count == count)
        cluster.addMachine("machine-9")
        cluster.settle()
        #expect(cluster.api[p2].map { Pod($0) }?.nodeName == "machine-9")
        #expect(cluster.api.violations.isEmpty)
    }
}

extension SchedulerTests {
    static func pod(_ spec: JSON) -> JSON { pod("web", cpu: nil, spec) }
    static func pod(_ name: String, _ spec: JSON) -> JSON { pod(name, cpu: nil, spec) }
    static func node(_ name: String, _ spec: JSON) -> JSON {
        node(name, cpu: "4", ready: "True", spec, labels: [:])
    }
}
