import Base
import JSON
import Kubelet
import Objects
import Testing

/// Policies and rules of single containers, containers that are added later, and Pods that start
/// over as a whole.
@Suite struct RestartRuleTests {
    private func pod(_ policy: String, _ containers: [JSON], spec: JSON = [:]) -> JSON {
        var whole = spec
        whole["restartPolicy"] = .string(policy)
        whole["containers"] = .array(
            containers.map { container in
                var full = container
                full["image"] = "busybox"
                return full
            })
        return makePod(spec: whole)
    }

    private func starts(_ name: String, _ world: World) -> Int {
        world.runtime.trace.count { $0.hasPrefix("start \(name) ") }
    }

    @Test(arguments: [
        ("Never", "OnFailure", 1, 3), ("Never", "OnFailure", 0, 1), ("Never", "Always", 0, 3),
        ("Always", "Never", 1, 1), ("Always", "OnFailure", 0, 1),
    ])
    func aContainersOwnPolicyGoesBeforeThePods(
        policy: String, own: String, code: Int, count: Int
    ) {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: Int32(code))
        world.apply(pod(policy, [["name": "web", "restartPolicy": .string(own)]]))
        world.run(for: .seconds(20))
        #expect(starts("web", world) == count)
    }

    @Test func aRuleForAnExitCodeGoesBeforeThePolicy() {
        let world = World()
        let rule: JSON = [
            "action": "Restart", "exitCodes": ["operator": "In", "values": [42]],
        ]
        let container: JSON = [
            "name": "web", "restartPolicy": "Never", "restartPolicyRules": [rule],
        ]
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: 42)
        world.apply(pod("Never", [container]))
        world.run(for: .seconds(20))
        #expect(starts("web", world) == 3)
        #expect(world.pod("web")?.phase == "Running")
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: 1)
        world.run(for: .minutes(2))
        #expect(world.pod("web")?.phase == "Failed")
    }

    @Test func aRuleMayStartThePodOverInItsSandbox() {
        let world = World()
        let rule: JSON = [
            "action": "RestartAllContainers", "exitCodes": ["operator": "NotIn", "values": [0]],
        ]
        world.runtime.behaviours["first"] = .init(runsFor: .seconds(1))
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(5), exitCode: 7)
        world.apply(
            pod(
                "Never",
                [
                    ["name": "web", "restartPolicy": "Never", "restartPolicyRules": [rule]],
                    ["name": "side"],
                ],
                spec: ["initContainers": [["name": "first", "image": "busybox"]]]))
        world.run(for: .seconds(5))
        world.runtime.behaviours["web"] = nil
        world.run(for: .minutes(1))
        #expect(world.marks.contains("all containers restarted by rule"))
        #expect(starts("first", world) == 2)
        #expect(starts("web", world) == 2)
        #expect(starts("side", world) == 2)
        #expect(world.runtime.sandboxes.count == 1)
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func aNewImageOfAnInitContainerStartsThePodOver() {
        let world = World()
        world.runtime.images.insert("busybox:2")
        world.runtime.behaviours["first"] = .init(runsFor: .seconds(1))
        let spec: JSON = ["initContainers": [["name": "first", "image": "busybox"]]]
        world.apply(pod("Always", [["name": "web"]], spec: spec))
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.isReady == true)
        var changed = world.objects[ObjectKey(.pods, namespace: "default", name: "web")] ?? [:]
        changed["spec"]?["initContainers"] = [["name": "first", "image": "busybox:2"]]
        world.apply(changed)
        world.run(for: .seconds(30))
        #expect(world.marks.contains("pod started over for an init container"))
        #expect(starts("first", world) == 2)
        #expect(starts("web", world) == 2)
        #expect(world.created.last { $0.name == "first" }?.userImage == "busybox:2")
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func anEphemeralContainerIsAddedToARunningPodAndNeverRunsAgain() {
        let world = World()
        world.apply(pod("Always", [["name": "web"]]))
        world.run(for: .seconds(1))
        world.runtime.behaviours["look"] = .init(runsFor: .seconds(2), exitCode: 3)
        var changed = world.objects[ObjectKey(.pods, namespace: "default", name: "web")] ?? [:]
        changed["spec"]?["ephemeralContainers"] = [["name": "look", "image": "busybox"]]
        world.apply(changed)
        world.run(for: .seconds(1))
        func status() -> JSON? { world.pod("web")?.status["ephemeralContainerStatuses"]?[0] }
        #expect(status()?["state"]?["running"] != nil)
        #expect(status()?["ready"] == false)
        #expect(world.pod("web")?.isReady == true)
        world.run(for: .minutes(5))
        #expect(status()?["state"]?["terminated"]?["exitCode"] == 3)
        #expect(starts("look", world) == 1)
        #expect(world.pod("web")?.isReady == true)
        world.restartDaemon()
        world.run(for: .minutes(1))
        #expect(starts("look", world) == 1)
        world.delete("web")
        world.run(for: .minutes(1))
        #expect(world.runtime.containers.isEmpty)
    }

    @Test func anEphemeralContainerThatRunsKeepsNoPodAlive() {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(10))
        world.apply(pod("Never", [["name": "web"]]))
        world.run(for: .seconds(1))
        var changed = world.objects[ObjectKey(.pods, namespace: "default", name: "web")] ?? [:]
        changed["spec"]?["ephemeralContainers"] = [["name": "look", "image": "busybox"]]
        world.apply(changed)
        world.run(for: .minutes(1))
        #expect(world.pod("web")?.phase == "Succeeded")
        #expect(!world.runtime.containers.values.contains { $0.state.phase == .running })
    }
}
