import Base
import JSON
import Kubelet
import Objects
import Testing

/// What each kind of probe asks, and what follows from each kind of answer.
@Suite struct ProbeOutcomeTests {
    private func pod(_ fields: JSON, spec: JSON = [:]) -> JSON {
        var container: JSON = [
            "name": "web", "image": "busybox",
            "ports": [["name": "admin", "containerPort": 9_000]],
        ]
        for (name, value) in fields.object ?? [:] { container[name] = value }
        var whole = spec
        whole["containers"] = [container]
        return makePod(spec: whole)
    }

    private func probes(_ world: World) -> [String] {
        world.runtime.trace.filter {
            $0.hasPrefix("exec ") || $0.hasPrefix("http ") || $0.hasPrefix("grpc ")
        }
    }

    @Test func aGRPCProbeAsksTheHealthServiceOfThePod() {
        let world = World()
        world.runtime.health = "NOT_SERVING"
        let probe: JSON = ["grpc": ["port": 9_000, "service": "db"], "periodSeconds": 1]
        world.apply(pod(["readinessProbe": probe]))
        world.run(for: .seconds(2))
        #expect(probes(world).first == "grpc 10.244.1.5:9000 db")
        #expect(world.pod("web")?.isReady == false)
        let text = "Readiness probe failed: service unhealthy (responded with \"NOT_SERVING\")"
        #expect(world.events.contains { $0 == ("Unhealthy", text) })
        world.runtime.health = "SERVING"
        world.run(for: .seconds(2))
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func aNamedPortIsThatOfTheContainer() {
        let world = World()
        world.apply(pod(["livenessProbe": ["httpGet": ["path": "live", "port": "admin"]]]))
        world.run(for: .seconds(1))
        #expect(probes(world) == ["http 10.244.1.5:9000/live"])
    }

    @Test func aPortThatNobodyNamedLeavesTheResultUnknown() {
        let world = World()
        let get: JSON = ["httpGet": ["path": "/", "port": "nobody"], "periodSeconds": 1]
        world.apply(pod(["readinessProbe": get, "livenessProbe": get]))
        world.run(for: .seconds(20))
        #expect(world.pod("web")?.isReady == false)
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 0)
        let text = "Liveness probe errored and resulted in unknown state: "
            + "strconv.Atoi: parsing \"nobody\": invalid syntax"
        #expect(world.events.contains { $0 == ("Unhealthy", text) })
    }

    @Test func aCommandThatCannotBeRunCountsNeitherWay() {
        let world = World()
        world.runtime.execErrors["check"] = RuntimeError(.other, "rpc error: no such process")
        let probe: JSON = ["exec": ["command": ["check"]], "periodSeconds": 1]
        world.apply(pod(["livenessProbe": probe]))
        world.run(for: .seconds(20))
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 0)
        let text = "Liveness probe errored and resulted in unknown state: "
            + "rpc error: no such process"
        #expect(world.events.contains { $0 == ("Unhealthy", text) })
    }

    @Test func aCommandThatTakesTooLongHasFailed() {
        let world = World()
        world.runtime.execErrors["check"] = RuntimeError(.deadline, "deadline exceeded")
        let probe: JSON = [
            "exec": ["command": ["check", "all"]], "periodSeconds": 1, "timeoutSeconds": 3,
        ]
        world.apply(pod(["livenessProbe": probe]))
        world.run(for: .seconds(8))
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 1)
        let text = "Liveness probe failed: command timed out: \"check all\" timed out after 3s"
        #expect(world.events.contains { $0 == ("Unhealthy", text) })
    }

    @Test func aRedirectToAnotherHostIsASuccessWithAWarning() {
        let world = World()
        world.runtime.httpStatus = 302
        world.apply(pod(["readinessProbe": ["httpGet": ["path": "/", "port": 80]]]))
        world.run(for: .seconds(1))
        #expect(world.pod("web")?.isReady == true)
        #expect(world.events.contains { $0.reason == "ProbeWarning" })
    }

    @Test func initialDelayPeriodAndThresholdsAreKept() {
        let world = World()
        world.runtime.execExitCodes["check"] = 1
        let probe: JSON = [
            "exec": ["command": ["check"]], "initialDelaySeconds": 20, "periodSeconds": 5,
            "successThreshold": 2, "failureThreshold": 4,
        ]
        world.apply(pod(["readinessProbe": probe]))
        world.run(for: .seconds(20))
        #expect(probes(world).isEmpty)
        #expect(world.pod("web")?.isReady == false, "not before the initial delay")
        world.run(for: .seconds(1))
        #expect(probes(world).count == 1)
        world.runtime.execExitCodes = [:]
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.isReady == false, "one success is not enough")
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.isReady == true)
        world.runtime.execExitCodes["check"] = 1
        world.run(for: .seconds(15))
        #expect(world.pod("web")?.isReady == true, "three failures are not enough")
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.isReady == false)
    }

    @Test func theProbesOwnGraceGoesBeforeThePods() {
        let world = World()
        world.runtime.execExitCodes["check"] = 1
        let probe: JSON = [
            "exec": ["command": ["check"]], "failureThreshold": 1,
            "terminationGracePeriodSeconds": 7,
        ]
        world.apply(pod(["livenessProbe": probe]))
        world.run(for: .seconds(1))
        #expect(world.runtime.trace.contains("stop web 7"))
    }

    @Test func readinessIsStillAskedWhileThePodTerminates() {
        let world = World()
        world.runtime.behaviours["web"] = .init(ignoresTerm: true)
        let probe: JSON = [
            "exec": ["command": ["check"]], "periodSeconds": 1, "failureThreshold": 1,
        ]
        world.apply(pod(["readinessProbe": probe, "livenessProbe": probe]))
        world.run(for: .seconds(2))
        #expect(world.pod("web")?.isReady == true)
        world.delete("web")
        world.runtime.execExitCodes["check"] = 1
        world.run(for: .seconds(3))
        #expect(world.pod("web")?.isReady == false)
        #expect(world.status(of: "web", in: "web")?["state"]?["running"] != nil)
    }

    @Test func aFailedStartupProbeRestartsTheContainerByPolicy() {
        let world = World()
        world.runtime.execExitCodes["slow"] = 1
        let probe: JSON = [
            "exec": ["command": ["slow"]], "periodSeconds": 1, "failureThreshold": 2,
        ]
        world.apply(pod(["startupProbe": probe], spec: ["restartPolicy": "Never"]))
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.phase == "Failed")
        #expect(
            world.events.contains {
                $0 == ("Killing", "Container web failed startup probe, will be restarted")
            })
    }
}

@Suite struct HookTests {
    private func pod(_ lifecycle: JSON, others: [JSON] = []) -> JSON {
        let web: JSON = ["name": "web", "image": "busybox", "lifecycle": lifecycle]
        return makePod(spec: ["containers": .array([web] + others)])
    }

    @Test func aFailedPostStartHookEndsTheContainerAndSaysWhy() {
        let world = World()
        world.runtime.execExitCodes["hook"] = 1
        world.apply(pod(["postStart": ["exec": ["command": ["hook"]]]]))
        world.run(for: .milliseconds(500))
        #expect(world.events.contains { $0 == ("FailedPostStartHook", "PostStartHook failed") })
        #expect(world.runtime.trace.contains("stop web 30"))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "PostStartHookError")
        #expect(waiting?["message"] == "command exited with 1: said 1")
        world.run(for: .seconds(5))
        let later = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(later?["reason"] == "CrashLoopBackOff")
    }

    @Test func aContainerIsNotRunningBeforeItsPostStartHookEndsNorAreThoseAfterIt() {
        let world = World()
        world.apply(
            pod(
                ["postStart": ["sleep": ["seconds": 5]]],
                others: [["name": "side", "image": "busybox"]]))
        world.run(for: .seconds(3))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "ContainerCreating")
        #expect(world.pod("web")?.phase == "Pending")
        #expect(!world.runtime.trace.contains { $0.hasPrefix("create side") })
        world.run(for: .seconds(3))
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func anHTTPHookHasDoneItsWorkWhateverTheServerSays() {
        let world = World()
        world.runtime.httpStatus = 500
        world.apply(pod(["postStart": ["httpGet": ["path": "/hello", "port": 80]]]))
        world.run(for: .seconds(1))
        #expect(world.runtime.trace.contains("http 10.244.1.5:80/hello"))
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func aFailedPreStopHookIsToldAndTheContainerStoppedAllTheSame() {
        let world = World()
        world.runtime.execExitCodes["drain"] = 1
        world.apply(pod(["preStop": ["exec": ["command": ["drain"]]]]))
        world.run(for: .seconds(1))
        world.delete("web")
        world.run(for: .seconds(1))
        #expect(world.events.contains { $0 == ("FailedPreStopHook", "PreStopHook failed") })
        #expect(world.pod("web") == nil)
    }
}
