import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct LifecycleTests {
    @Test func aPodStartsWithTheFewestRequestsInOrderAndIsRunningAfterTheRuntimesOwnTime() {
        let world = World()
        world.run(for: .seconds(1))
        world.apply(makePod())
        world.run(for: .milliseconds(135))
        #expect(
            world.runtime.trace == [
                "prepare", "imageStatus busybox", "runSandbox 0", "create web 0", "start web 0",
            ])
        #expect(world.phases["web"] == ["", "Pending", "Running"])
        #expect(world.pod("web")?.podIP == "10.244.1.5")
        #expect(world.pod("web")?.isReady == true)
        #expect(world.status(of: "web", in: "web")?["containerID"] == "containerd://c2")
        #expect(world.events.map(\.reason).suffix(3) == ["Pulled", "Created", "Started"])
        #expect(world.illegal.isEmpty)
    }

    @Test func initContainersRunOneAfterTheOtherBeforeTheRest() {
        let world = World()
        world.runtime.behaviours["first"] = .init(runsFor: .seconds(1))
        world.runtime.behaviours["second"] = .init(runsFor: .seconds(1))
        world.apply(
            makePod(spec: [
                "initContainers": [
                    ["name": "first", "image": "busybox"], ["name": "second", "image": "busybox"],
                ]
            ]))
        world.run(for: .milliseconds(500))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "PodInitializing")
        #expect(world.pod("web")?.condition("Initialized")?.isTrue == false)
        world.run(for: .seconds(3))
        #expect(
            world.runtime.trace.filter { !$0.hasPrefix("image") && $0 != "prepare" } == [
                "runSandbox 0", "create first 0", "start first 0", "exit first 0",
                "create second 0", "start second 0", "exit second 0", "create web 0",
                "start web 0",
            ])
        #expect(world.pod("web")?.isReady == true)
        let state = world.status(of: "first", in: "web", initial: true)
        #expect(state?["state"]?["terminated"]?["reason"] == "Completed")
        #expect(state?["ready"] == true)
    }

    @Test func anInitContainerThatFailsUnderPolicyNeverFailsThePod() {
        let world = World()
        world.runtime.behaviours["first"] = .init(runsFor: .seconds(1), exitCode: 3)
        world.apply(
            makePod(spec: [
                "restartPolicy": "Never",
                "initContainers": [["name": "first", "image": "busybox"]],
            ]))
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.phase == "Failed")
        #expect(!world.runtime.trace.contains { $0.hasPrefix("create web") })
        #expect(world.runtime.trace.last == "stopSandbox")
    }

    @Test func aSidecarStartsBeforeAndStopsAfterTheApplication() {
        let world = World()
        world.apply(
            makePod(spec: [
                "initContainers": [
                    ["name": "proxy", "image": "busybox", "restartPolicy": "Always"]
                ]
            ]))
        world.run(for: .seconds(1))
        #expect(world.pod("web")?.isReady == true)
        world.delete("web")
        world.run(for: .seconds(2))
        let trace = world.runtime.trace.filter { $0.hasPrefix("start") || $0.hasPrefix("stop ") }
        #expect(trace == ["start proxy 0", "start web 0", "stop web 30", "stop proxy 30"])
        #expect(world.pod("web") == nil)
    }

    @Test func aCrashingContainerWaitsTenTwentyFortySecondsAndAtMostFiveMinutes() {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: 1)
        world.apply(makePod())
        world.run(for: .seconds(1_000))
        let gaps = zip(world.starts.dropFirst(), world.starts).map { Int(($0 - $1).seconds) }
        #expect(gaps == [1, 11, 21, 41, 81, 161, 301, 301])
        let state = world.status(of: "web", in: "web")
        #expect(state?["state"]?["waiting"]?["reason"] == "CrashLoopBackOff")
        #expect(
            state?["state"]?["waiting"]?["message"]
                == "back-off 5m0s restarting failed container=web pod=web_default(uid-web)")
        #expect(state?["lastState"]?["terminated"]?["exitCode"] == 1)
        #expect(state?["restartCount"] == 8)
        #expect(world.pod("web")?.phase == "Running")
        #expect(world.runtime.containers.count <= 2)
    }

    @Test func aContainerThatRanForTenMinutesStartsItsBackOffOver() {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: 1)
        world.apply(makePod())
        world.run(for: .seconds(60))
        world.runtime.behaviours["web"]?.runsFor = .minutes(11)
        world.run(for: .minutes(12))
        let before = world.runtime.trace.count { $0.hasPrefix("start web") }
        world.runtime.behaviours["web"]?.runsFor = nil
        world.run(for: .minutes(11))
        #expect(world.runtime.trace.count { $0.hasPrefix("start web") } == before + 1)
        #expect(world.pod("web")?.isReady == true)
    }

    @Test(arguments: [
        ("Never", 0, "Succeeded", 1), ("Never", 1, "Failed", 1), ("OnFailure", 0, "Succeeded", 1),
        ("OnFailure", 1, "Running", 3), ("Always", 0, "Running", 3),
    ])
    func thePolicyDecidesWhetherAContainerRunsAgain(
        policy: String, exitCode: Int, phase: String, starts: Int
    ) {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: Int32(exitCode))
        world.apply(makePod(spec: ["restartPolicy": .string(policy)]))
        world.run(for: .seconds(20))
        #expect(world.pod("web")?.phase == phase)
        #expect(world.runtime.trace.count { $0.hasPrefix("start") } == starts)
    }

    @Test func aCommandThatDoesNotExistShowsRunContainerErrorAndExitCode128() {
        let world = World()
        let message = "exec: \"nope\": executable file not found in $PATH: unknown"
        world.runtime.behaviours["web"] = .init(startError: message)
        world.apply(makePod())
        world.run(for: .milliseconds(500))
        var state = world.status(of: "web", in: "web")
        #expect(state?["state"]?["waiting"]?["reason"] == "RunContainerError")
        #expect(state?["state"]?["waiting"]?["message"] == .string(message))
        #expect(state?["lastState"]?["terminated"]?["exitCode"] == 128)
        #expect(state?["lastState"]?["terminated"]?["reason"] == "StartError")
        #expect(world.events.contains { $0 == ("Failed", "Error: \(message)") })
        world.run(for: .seconds(4))
        state = world.status(of: "web", in: "web")
        #expect(state?["state"]?["waiting"]?["reason"] == "CrashLoopBackOff")
        #expect(state?["restartCount"] == 1)
    }

    @Test func aMissingImageShowsErrImagePullThenBackOffWithItsEvents() {
        let world = World()
        world.apply(makePod(spec: ["containers": [["name": "web", "image": "nothere"]]]))
        world.run(for: .milliseconds(500))
        var waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "ErrImagePull")
        world.run(for: .seconds(2))
        waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "ImagePullBackOff")
        #expect(world.pod("web")?.phase == "Pending")
        let told = world.events.map { "\($0.reason): \($0.message)" }
        #expect(told.contains("Pulling: Pulling image \"nothere\""))
        #expect(
            told.contains(
                "Failed: Failed to pull image \"nothere\": "
                    + "rpc error: code = NotFound desc = nothere"))
        #expect(told.contains("Failed: Error: ErrImagePull"))
        #expect(told.contains("BackOff: Back-off pulling image \"nothere\""))
        #expect(told.contains("Failed: Error: ImagePullBackOff"))
        world.run(for: .seconds(30))
        #expect(world.runtime.trace.count { $0 == "pull nothere" } == 3)
        world.runtime.registry = ["nothere"]
        world.run(for: .minutes(1))
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func pullPolicyNeverRefusesAnAbsentImage() {
        let world = World()
        world.apply(
            makePod(spec: [
                "containers": [["name": "web", "image": "nothere", "imagePullPolicy": "Never"]]
            ]))
        world.run(for: .seconds(2))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "ErrImageNeverPull")
        #expect(
            waiting?["message"]
                == "Container image \"nothere\" is not present with pull policy of Never")
    }

    @Test(arguments: [(false, true), (true, false)])
    func pullPolicyAlwaysPullsUnlessImportedImagesSuffice(accepts: Bool, pulls: Bool) {
        let world = World { $0.acceptsPresentImages = accepts }
        world.runtime.registry = ["busybox"]
        world.apply(
            makePod(spec: [
                "containers": [["name": "web", "image": "busybox", "imagePullPolicy": "Always"]]
            ]))
        world.run(for: .seconds(1))
        #expect(world.runtime.trace.contains("pull busybox") == pulls)
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func terminationMessagesReachTheStatus() {
        let world = World()
        world.runtime.behaviours["web"] = .init(
            runsFor: .seconds(1), exitCode: 2, termination: "out of cheese")
        world.apply(makePod(spec: ["restartPolicy": "Never"]))
        world.run(for: .seconds(3))
        let ended = world.status(of: "web", in: "web")?["state"]?["terminated"]
        #expect(ended?["message"] == "out of cheese")
        #expect(ended?["exitCode"] == 2)
    }

    @Test func logsOfThePresentAndThePreviousInstanceAreFound() {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: 1)
        world.apply(makePod())
        world.run(for: .seconds(2))
        let present = world.core.streamTarget(
            podUID: "uid-web", container: "web", isPrevious: false)
        let previous = world.core.streamTarget(
            podUID: "uid-web", container: "web", isPrevious: true)
        #expect(present?.containerID != previous?.containerID)
        #expect(present?.logPath == "/var/log/pods/default_web_uid-web/web/1.log")
        #expect(previous?.logPath == "/var/log/pods/default_web_uid-web/web/0.log")
        #expect(
            world.core.streamTarget(podUID: "uid-web", container: "nope", isPrevious: false)
                == nil)
    }

    @Test func aPodPastItsActiveDeadlineFails() {
        let world = World()
        world.apply(makePod(spec: ["activeDeadlineSeconds": 5]))
        world.run(for: .seconds(10))
        #expect(world.pod("web")?.phase == "Failed")
        #expect(world.pod("web")?.status["reason"] == "DeadlineExceeded")
        #expect(!world.runtime.containers.values.contains { $0.state.phase == .running })
    }
}
