import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct ProbeTests {
    private func pod(_ fields: JSON) -> JSON {
        var container: JSON = ["name": "web", "image": "busybox"]
        for (name, value) in fields.object ?? [:] { container[name] = value }
        return makePod(spec: ["containers": [container]])
    }

    @Test func readinessFollowsItsProbe() {
        let world = World()
        world.runtime.httpStatus = 503
        let get: JSON = ["path": "/ready", "port": 8_080]
        world.apply(pod(["readinessProbe": ["httpGet": get, "periodSeconds": 2]]))
        world.run(for: .seconds(5))
        #expect(world.pod("web")?.isReady == false)
        #expect(world.status(of: "web", in: "web")?["started"] == true)
        #expect(world.runtime.trace.contains("http 10.244.1.5:8080/ready"))
        world.runtime.httpStatus = 200
        world.run(for: .seconds(3))
        #expect(world.pod("web")?.isReady == true)
        let text = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        #expect(world.events.contains { $0 == ("Unhealthy", text) })
    }

    @Test func aContainerWhoseLivenessProbeFailsThriceIsRestarted() {
        let world = World()
        world.runtime.execExitCodes["check"] = 1
        world.apply(
            pod(["livenessProbe": ["exec": ["command": ["check"]], "periodSeconds": 5]]))
        world.run(for: .seconds(12))
        #expect(world.runtime.trace.contains("stop web 30"))
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 1)
        #expect(
            world.events.contains {
                $0 == ("Killing", "Container web failed liveness probe, will be restarted")
            })
    }

    @Test func aStartupProbeSilencesTheOthersUntilItPasses() {
        let world = World()
        world.runtime.execExitCodes["slow"] = 1
        world.apply(
            pod([
                "startupProbe": [
                    "exec": ["command": ["slow"]], "periodSeconds": 1, "failureThreshold": 30,
                ],
                "livenessProbe": ["exec": ["command": ["alive"]], "periodSeconds": 1],
            ]))
        world.run(for: .seconds(5))
        #expect(!world.runtime.trace.contains("exec web alive"))
        #expect(world.status(of: "web", in: "web")?["started"] == false)
        world.runtime.execExitCodes["slow"] = 0
        world.run(for: .seconds(2))
        #expect(world.runtime.trace.contains("exec web alive"))
        #expect(world.status(of: "web", in: "web")?["started"] == true)
    }
}

@Suite struct NodeTests {
    private let key = ObjectKey(.nodes, name: "machine-1")

    @Test func theNodeIsMadeReadyAsSoonAsItHasItsRange() {
        let world = World()
        world.run(for: .seconds(1))
        let node = world.objects[key].map(Node.init)
        #expect(node?.condition("Ready")?.reason == "KubeletReady")
        #expect(node?.condition("Ready")?.message == "kubelet is posting ready status")
        #expect(node?.metadata.labels["kubernetes.io/hostname"] == "machine-1")
        #expect(node?.internalAddress == "10.0.0.1")
        let status = node?.json["status"]
        #expect(status?["capacity"]?["cpu"] == "2")
        #expect(status?["capacity"]?["memory"] == "8388608Ki")
        #expect(status?["allocatable"]?["memory"] == "8286208Ki")
        #expect(status?["capacity"]?["pods"] == "110")
        #expect(status?["nodeInfo"]?["kubeletVersion"] == "v1.36.0+podmesh")
    }

    @Test func `the Node lists the images that it has`() {
        let world = World()
        world.run(for: .seconds(5))
        let images = world.objects[key].map(Node.init)?.json["status"]?["images"]
        #expect(images?.array?.count == 1)
        #expect(images?[0]?["names"] == ["docker.io/library/busybox@sha256:1", "busybox"])
    }

    @Test func anIdleNodeIsWrittenOnlyEveryFiveMinutes() {
        let world = World()
        world.run(for: .seconds(2))
        let before = world.nodeWrites
        world.run(for: .minutes(11))
        #expect(world.nodeWrites - before == 2)
    }

    @Test func aRuntimeThatGoesAwayMakesTheNodeNotReady() {
        let world = World()
        world.run(for: .seconds(2))
        world.send(.runtimeReady(false, message: "container runtime is down"))
        world.run(for: .seconds(29))
        #expect(world.objects[key].map(Node.init)?.isReady == true, "its Pods run on")
        world.run(for: .seconds(2))
        let ready = world.objects[key].map(Node.init)?.condition("Ready")
        #expect(ready?.status == "False")
        #expect(ready?.reason == "KubeletNotReady")
        #expect(ready?.message == "container runtime is down")
    }

    @Test func whatAnotherWriterSaidOfAReturnedNodeIsPutRight() {
        let world = World()
        world.run(for: .seconds(2))
        var node = world.objects[key] ?? [:]
        node["status"]?["conditions"] = [["type": "Ready", "status": "Unknown"]]
        world.replaceNode(node)
        world.run(for: .seconds(1))
        #expect(world.objects[key].map(Node.init)?.isReady == true)
    }

    @Test func aPodBeyondTheLimitIsRejected() {
        let world = World { $0.limits.podsMax = 1 }
        world.apply(makePod("first"))
        world.apply(makePod("second"))
        world.run(for: .seconds(2))
        #expect(world.pod("first")?.isReady == true)
        #expect(world.pod("second")?.phase == "Failed")
        #expect(world.pod("second")?.status["reason"] == "OutOfpods")
    }
}
