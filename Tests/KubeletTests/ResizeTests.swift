import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct ResizeTests {
    private let key = ObjectKey(.pods, namespace: "default", name: "web")

    private func start(
        _ world: World, _ name: String = "web", cpu: String = "100m", policy: JSON? = nil
    ) {
        var container: JSON = [
            "name": "web", "image": "busybox", "resources": ["requests": ["cpu": .string(cpu)]],
        ]
        container["resizePolicy"] = policy
        world.apply(makePod(name, spec: ["containers": [container]]))
        world.run(for: .seconds(1))
    }

    private func resize(_ world: World, to cpu: String) {
        wish(world, "web", ["requests": ["cpu": .string(cpu)]])
    }

    /// Wishes for other resources of a Pod's only container.
    private func wish(_ world: World, _ name: String, _ resources: JSON) {
        let key = ObjectKey(.pods, namespace: "default", name: name)
        var pod = world.objects[key] ?? [:]
        var container = pod["spec"]?["containers"]?[0] ?? [:]
        container["resources"] = resources
        pod["spec"]?["containers"] = [container]
        pod["metadata"]?["generation"] = 2
        world.apply(pod)
        world.run(for: .seconds(1))
    }

    @Test func aRunningContainerGetsOtherResourcesWithoutARestart() {
        let world = World()
        start(world)
        resize(world, to: "200m")
        #expect(world.runtime.trace.last == "update web 204 0")
        let status = world.status(of: "web", in: "web")
        #expect(status?["resources"] == ["requests": ["cpu": "200m"]])
        #expect(status?["allocatedResources"] == ["cpu": "200m"])
        #expect(status?["restartCount"] == 0)
        #expect(world.pod("web")?.condition("PodResizeInProgress") == nil)
        let text = "{\"containers\":[{\"name\":\"web\",\"resources\":"
            + "{\"requests\":{\"cpu\":\"200m\"}}}],\"generation\":2}"
        #expect(world.events.contains { $0 == ("ResizeStarted", "Pod resize started: \(text)") })
        #expect(
            world.events.contains { $0 == ("ResizeCompleted", "Pod resize completed: \(text)") })
    }

    @Test func aContainerWhosePolicySaysSoIsRestarted() {
        let world = World()
        start(
            world,
            policy: [["resourceName": "cpu", "restartPolicy": "RestartContainer"]])
        resize(world, to: "200m")
        world.run(for: .seconds(5))
        #expect(world.events.contains { $0.message == "Container web resize requires restart" })
        let status = world.status(of: "web", in: "web")
        #expect(status?["restartCount"] == 1)
        #expect(status?["resources"] == ["requests": ["cpu": "200m"]])
        #expect(world.created.last?.resources.cpuShares == 204)
        #expect(world.events.contains { $0.reason == "ResizeCompleted" })
    }

    @Test func whatTheMachineCannotEverGiveIsInfeasible() {
        let world = World()
        start(world)
        resize(world, to: "3")
        let condition = world.pod("web")?.condition("PodResizePending")
        #expect(condition?.reason == "Infeasible")
        #expect(
            condition?.message
                == "Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000")
        #expect(world.status(of: "web", in: "web")?["allocatedResources"] == ["cpu": "100m"])
        start(world, "other", cpu: "1500m")
        #expect(world.pod("other")?.phase == "Running", "what cannot be granted is not held")
        resize(world, to: "100m")
        #expect(world.pod("web")?.condition("PodResizePending") == nil)
    }

    @Test func whatOthersHoldIsWaitedFor() {
        let world = World()
        start(world)
        start(world, "other", cpu: "1500m")
        resize(world, to: "1")
        #expect(world.pod("web")?.condition("PodResizePending")?.reason == "Deferred")
        world.delete("other")
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.condition("PodResizePending") == nil)
        #expect(world.status(of: "web", in: "web")?["allocatedResources"] == ["cpu": "1"])
        #expect(world.runtime.trace.contains("update web 1024 0"))
    }

    @Test func aRefusalOfTheRuntimeIsToldAndTriedAgain() {
        let world = World()
        start(world)
        world.runtime.updateError = "no such controller"
        resize(world, to: "200m")
        let condition = world.pod("web")?.condition("PodResizeInProgress")
        #expect(condition?.reason == "Error")
        #expect(condition?.message == "no such controller")
        #expect(
            world.status(of: "web", in: "web")?["resources"] == ["requests": ["cpu": "100m"]])
        world.runtime.updateError = nil
        world.run(for: .seconds(30))
        #expect(world.pod("web")?.condition("PodResizeInProgress") == nil)
        #expect(
            world.status(of: "web", in: "web")?["resources"] == ["requests": ["cpu": "200m"]])
    }

    @Test func whatIsMoreImportantIsGivenRoomFirst() {
        let world = World()
        start(world)
        start(world, "other", cpu: "1500m")
        let names = ["a", "b"]
        for (name, priority) in zip(names, [0, 1_000] as [Int64]) {
            let container: JSON = [
                "name": "web", "image": "busybox", "resources": ["requests": ["cpu": "10m"]],
            ]
            world.apply(
                makePod(
                    name, spec: ["containers": [container], "priority": .integer(priority)]))
        }
        world.run(for: .seconds(1))
        for name in names { wish(world, name, ["requests": ["cpu": "1"]]) }
        for name in names {
            #expect(world.pod(name)?.condition("PodResizePending")?.reason == "Deferred")
        }
        world.delete("other")
        world.run(for: .seconds(5))
        #expect(world.pod("b")?.condition("PodResizePending") == nil)
        #expect(world.pod("a")?.condition("PodResizePending")?.reason == "Deferred")
    }

    @Test func roomIsWhatTheNodeSaysPodsMayHave() {
        let world = World()
        start(world)
        wish(world, "web", ["requests": ["cpu": "100m", "memory": "8190Mi"]])
        #expect(
            world.pod("web")?.condition("PodResizePending")?.message
                == "Node didn't have enough capacity: memory, requested: 8587837440, "
                + "capacity: 8485076992")
    }

    @Test func lessMemoryThanIsInUseIsNotTakenAway() {
        let world = World()
        let limited = { (memory: String) -> JSON in ["limits": ["memory": .string(memory)]] }
        world.apply(
            makePod(
                spec: [
                    "containers": [
                        ["name": "web", "image": "busybox", "resources": limited("64Mi")]
                    ]
                ]))
        let use = { (bytes: Int64) in
            world.runtime.statistics.pods["uid-web"] = [
                "web": ContainerStatistics(
                    cpuNanoseconds: 0, workingSetBytes: bytes, writtenBytes: 0)
            ]
        }
        use(50 << 20)
        world.run(for: .seconds(15))
        wish(world, "web", limited("32Mi"))
        let condition = world.pod("web")?.condition("PodResizeInProgress")
        #expect(condition?.reason == "Error")
        #expect(
            condition?.message
                == "cannot decrease memory limits: [attempting to set pod memory limit "
                + "(33554432) below current usage (52428800), attempting to set container "
                + "\"web\" memory limit (33554432) below current usage (52428800)]")
        #expect(world.events.contains { $0.reason == "ResizeError" })
        #expect(!world.runtime.trace.contains { $0.hasPrefix("update") })
        let status = world.status(of: "web", in: "web")
        #expect(status?["resources"] == limited("64Mi"))
        use(10 << 20)
        world.run(for: .seconds(60))
        #expect(world.runtime.trace.contains("update web 2 33554432"))
        #expect(world.pod("web")?.condition("PodResizeInProgress") == nil)
        #expect(world.status(of: "web", in: "web")?["resources"] == limited("32Mi"))
    }

    /// A Pod of a container without limits, whose resources as a whole are these.
    private func startWhole(_ world: World, policy: JSON? = nil) {
        var container: JSON = ["name": "web", "image": "busybox"]
        container["resizePolicy"] = policy
        world.apply(
            makePod(
                spec: [
                    "containers": [container],
                    "resources": [
                        "requests": ["cpu": "100m"], "limits": ["cpu": "200m", "memory": "64Mi"],
                    ],
                ]))
        world.run(for: .seconds(1))
    }

    private func resizeWhole(_ world: World, _ resources: JSON) {
        var pod = world.objects[key] ?? [:]
        pod["spec"]?["resources"] = resources
        pod["metadata"]?["generation"] = 2
        world.apply(pod)
        world.run(for: .seconds(1))
    }

    @Test func aContainerWithoutLimitsHasThoseOfItsPodAndChangesWithThem() {
        let world = World { $0.cgroupRoot = "/kubepods" }
        startWhole(world)
        #expect(world.created.last?.resources.memoryLimitBytes == 64 << 20)
        #expect(world.created.last?.resources.cpuQuota == 20_000)
        let wanted: JSON = [
            "requests": ["cpu": "150m"], "limits": ["cpu": "300m", "memory": "96Mi"],
        ]
        resizeWhole(world, wanted)
        #expect(world.runtime.trace.last == "update web 307 \(96 << 20)")
        #expect(world.runtime.cgroups.last?.memoryLimitBytes == 96 << 20)
        #expect(world.runtime.cgroups.last?.cpuShares == 153)
        let status = world.pod("web")?.status
        #expect(status?["resources"] == wanted)
        #expect(status?["allocatedResources"] == ["cpu": "150m"])
        #expect(world.pod("web")?.condition("PodResizeInProgress") == nil)
        #expect(world.events.contains { $0.reason == "ResizeCompleted" })
    }

    @Test func aPodThatWaitsForRoomKeepsWhatItHas() {
        let world = World()
        startWhole(world)
        resizeWhole(world, ["requests": ["cpu": "3"], "limits": ["cpu": "3", "memory": "64Mi"]])
        #expect(world.pod("web")?.condition("PodResizePending")?.reason == "Infeasible")
        #expect(world.pod("web")?.status["allocatedResources"] == ["cpu": "100m"])
        #expect(!world.runtime.trace.contains { $0.hasPrefix("update") })
    }

    @Test func aChangeOfThePodRestartsAContainerThatAsksForIt() {
        let world = World()
        startWhole(
            world, policy: [["resourceName": "memory", "restartPolicy": "RestartContainer"]])
        resizeWhole(
            world, ["requests": ["cpu": "100m"], "limits": ["cpu": "200m", "memory": "96Mi"]])
        world.run(for: .seconds(5))
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 1)
        #expect(world.created.last?.resources.memoryLimitBytes == 96 << 20)
        #expect(world.events.contains { $0.reason == "ResizeCompleted" })
    }

    @Test func aStopSignalOfItsOwnComesInPlaceOfTermAndKillAtTheEnd() {
        let world = World()
        let container: JSON = [
            "name": "web", "image": "busybox", "lifecycle": ["stopSignal": "SIGUSR1"],
        ]
        world.apply(makePod(spec: ["containers": [container]]))
        world.run(for: .seconds(1))
        #expect(world.status(of: "web", in: "web")?["stopSignal"] == "SIGUSR1")
        world.runtime.behaviours["web"] = .init(ignoresTerm: true)
        world.delete("web", grace: 10)
        world.run(for: .seconds(9))
        #expect(world.runtime.trace.last == "signal web SIGUSR1")
        world.run(for: .seconds(2))
        #expect(world.runtime.trace.contains("stop web 0"))
        #expect(world.pod("web") == nil)
    }

    @Test func anEphemeralContainerMaySeeTheProcessesOfAnother() {
        let world = World()
        start(world)
        var pod = world.objects[key] ?? [:]
        pod["spec"]?["ephemeralContainers"] = [
            ["name": "look", "image": "busybox", "targetContainerName": "web"]
        ]
        world.apply(pod)
        world.run(for: .seconds(1))
        let namespaces = world.created.last?.namespaces
        #expect(namespaces?.processes == .target)
        #expect(namespaces?.targetID == "c2")
    }
}
