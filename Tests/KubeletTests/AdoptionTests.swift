import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct AdoptionTests {
    @Test func aRestartedDaemonAdoptsWhatRunsWithoutTouchingIt() {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: 1)
        world.apply(makePod())
        world.run(for: .milliseconds(1_500))
        world.runtime.behaviours["web"] = nil
        world.run(for: .seconds(30))
        let before = world.runtime.trace
        let status = world.pod("web")?.status
        world.restartDaemon()
        world.run(for: .minutes(1))
        #expect(world.runtime.trace.dropFirst(before.count).allSatisfy { $0 == "prepare" })
        #expect(world.pod("web")?.status["containerStatuses"] == status?["containerStatuses"])
        #expect(world.pod("web")?.status["conditions"] == status?["conditions"])
        #expect(world.pod("web")?.podIP == "10.244.1.5")
    }

    @Test func aPodDeletedWhileTheDaemonWasAwayIsEnded() {
        let world = World()
        world.apply(makePod())
        world.run(for: .seconds(1))
        world.objects[ObjectKey(.pods, namespace: "default", name: "web")] = nil
        world.restartDaemon()
        world.run(for: .seconds(5))
        #expect(world.marks.contains("orphan ended"))
        #expect(world.runtime.sandboxes.isEmpty)
        #expect(world.runtime.containers.isEmpty)
    }

    @Test func afterAPowerCutOldSandboxesGoAndThePodComesBackWithTheNextAttempt() {
        let world = World()
        world.apply(makePod())
        world.apply(makePod("gone"))
        world.run(for: .seconds(1))
        world.objects[ObjectKey(.pods, namespace: "default", name: "gone")] = nil
        world.cutPower()
        world.run(for: .seconds(10))
        #expect(world.runtime.trace.contains("runSandbox 1"))
        #expect(world.runtime.sandboxes.count == 1)
        #expect(world.runtime.sandboxes.values.first?.attempt == 1)
        #expect(world.pod("web")?.isReady == true)
        let status = world.status(of: "web", in: "web")
        #expect(status?["restartCount"] == 1)
        #expect(status?["lastState"]?["terminated"]?["exitCode"] == 255)
        #expect(world.events.contains { $0.reason == "SandboxChanged" })
        #expect(world.illegal.isEmpty)
    }

    @Test func afterAPowerCutAPodThatMustNotRestartHasFailed() {
        let world = World()
        world.apply(makePod(spec: ["restartPolicy": "Never"]))
        world.run(for: .seconds(1))
        world.cutPower()
        world.run(for: .seconds(10))
        #expect(world.pod("web")?.phase == "Failed")
        #expect(!world.runtime.trace.contains("runSandbox 1"))
    }

    @Test func aFinishedPodStaysFinishedThroughARestart() {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1))
        world.apply(makePod(spec: ["restartPolicy": "OnFailure"]))
        world.run(for: .seconds(3))
        let status = world.pod("web")?.status
        world.restartDaemon()
        world.run(for: .seconds(10))
        #expect(world.pod("web")?.status == status)
        #expect(world.runtime.trace.count { $0.hasPrefix("runSandbox") } == 1)
        world.delete("web")
        world.run(for: .seconds(5))
        #expect(world.pod("web") == nil)
        #expect(world.runtime.sandboxes.isEmpty)
    }

    @Test func aDaemonRestartedAtAnyMomentOfAStartEndsWithOneRunningContainer() {
        for milliseconds in stride(from: 0, through: 140, by: 3) {
            let world = World()
            world.run(for: .seconds(1))
            world.apply(makePod())
            world.run(for: .milliseconds(Int64(milliseconds)))
            world.restartDaemon()
            world.run(for: .seconds(10))
            #expect(world.pod("web")?.isReady == true, "restarted after \(milliseconds) ms")
            let running = world.runtime.containers.values.count { $0.state.phase == .running }
            #expect(running == 1)
            #expect(world.runtime.sandboxes.count == 1)
            #expect(world.illegal.isEmpty)
        }
    }

    @Test func aContainerThatEndsUnnoticedIsFoundByTheNextList() {
        let world = World()
        world.apply(makePod())
        world.run(for: .seconds(1))
        world.runtime.end("c2", exitCode: 9, world.wall)
        world.run(for: .seconds(3))
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 1)
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func aDeadSandboxIsReplacedAndTheContainersStartAgain() {
        let world = World()
        world.apply(makePod())
        world.run(for: .seconds(1))
        world.runtime.loseProcesses(world.wall)
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.isReady == true)
        #expect(world.pod("web")?.podIP == "10.244.1.6")
        #expect(world.pod("web")?.status["podIPs"] == [["ip": "10.244.1.6"]])
    }

    @Test func aNewImageRestartsTheContainerInItsSandbox() {
        let world = World()
        world.runtime.images.insert("busybox:2")
        world.apply(makePod())
        world.run(for: .seconds(1))
        var changed = world.objects[ObjectKey(.pods, namespace: "default", name: "web")] ?? [:]
        changed["spec"]?["containers"] = [["name": "web", "image": "busybox:2"]]
        world.apply(changed)
        world.run(for: .seconds(5))
        #expect(world.status(of: "web", in: "web")?["image"] == "busybox:2")
        #expect(world.pod("web")?.isReady == true)
        #expect(world.runtime.sandboxes.count == 1)
    }
}
