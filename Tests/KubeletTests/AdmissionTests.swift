import Base
import JSON
import Kubelet
import Objects
import Testing

/// Pods that somebody bound to the machine although they do not fit.
@Suite struct AdmissionTests {
    private func pod(_ name: String, cpu: String, port: Int64? = nil) -> JSON {
        var container: JSON = [
            "name": "main", "image": "busybox",
            "resources": ["requests": ["cpu": .string(cpu)]],
        ]
        if let port {
            container["ports"] = [["containerPort": .integer(port), "hostPort": .integer(port)]]
        }
        return makePod(name, spec: ["containers": [container]])
    }

    @Test func aPodThatAsksForMoreThanIsLeftIsRejected() {
        let world = World()
        world.apply(pod("first", cpu: "1500m"))
        world.run(for: .seconds(1))
        world.apply(pod("second", cpu: "600m"))
        world.run(for: .seconds(1))
        #expect(world.pod("second")?.phase == "Failed")
        #expect(world.pod("second")?.status["reason"] == "OutOfcpu")
        let message = "Pod was rejected: Node didn't have enough resource: cpu, requested: 600, "
            + "used: 1500, capacity: 2000"
        #expect(world.pod("second")?.status["message"] == .string(message))
        world.delete("first")
        world.run(for: .seconds(2))
        world.apply(pod("third", cpu: "600m"))
        world.run(for: .seconds(1))
        #expect(world.pod("third")?.isReady == true)
    }

    @Test func aPortOfTheMachineIsGivenOnce() {
        let world = World()
        world.apply(pod("first", cpu: "1m", port: 80))
        world.apply(pod("second", cpu: "1m", port: 80))
        world.apply(pod("third", cpu: "1m", port: 81))
        world.run(for: .seconds(1))
        #expect(world.pod("first")?.isReady == true)
        #expect(world.pod("second")?.status["reason"] == "NodePorts")
        #expect(world.pod("third")?.isReady == true)
    }

    @Test func whatRunsIsNotRejectedWhenTheDaemonComesBack() {
        let world = World()
        world.apply(pod("first", cpu: "2"))
        world.run(for: .seconds(1))
        world.restartDaemon()
        world.run(for: .seconds(2))
        #expect(world.pod("first")?.isReady == true)
        world.cutPower()
        world.run(for: .seconds(20))
        #expect(world.pod("first")?.isReady == true)
    }

    @Test func aWishThatWaitedStillWaitsAfterARestart() {
        let world = World()
        world.apply(pod("first", cpu: "100m"))
        world.run(for: .seconds(1))
        var wish = world.objects[ObjectKey(.pods, namespace: "default", name: "first")] ?? [:]
        var container = wish["spec"]?["containers"]?[0] ?? [:]
        container["resources"] = ["requests": ["cpu": "3"]]
        wish["spec"]?["containers"] = [container]
        world.apply(wish)
        world.run(for: .seconds(1))
        world.restartDaemon()
        world.run(for: .seconds(2))
        #expect(world.pod("first")?.condition("PodResizePending")?.reason == "Infeasible")
        #expect(world.status(of: "main", in: "first")?["allocatedResources"] == ["cpu": "100m"])
    }

    @Test func theNodesEventsTellOfPressure() {
        let world = World()
        world.run(for: .seconds(2))
        #expect(world.events.contains { $0.reason == "NodeHasSufficientMemory" })
        world.runtime.statistics.memory.capacityBytes = 8 << 30
        world.runtime.statistics.memory.availableBytes = 1 << 20
        world.run(for: .seconds(12))
        #expect(
            world.events.contains {
                $0 == ("EvictionThresholdMet", "Attempting to reclaim memory")
            })
        #expect(
            world.events.contains {
                $0.message == "Node machine-1 status is now: NodeHasInsufficientMemory"
            })
    }
}
