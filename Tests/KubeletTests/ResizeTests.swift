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
        var pod = world.objects[key] ?? [:]
        var container = pod["spec"]?["containers"]?[0] ?? [:]
        container["resources"] = ["requests": ["cpu": .string(cpu)]]
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
