import Base
import JSON
import Kubelet
import Objects
import Testing

/// What `kubectl describe` shows of a container: its state, the reasons, and messages.
@Suite struct ContainerStateTests {
    private func pod(_ container: JSON, spec: JSON = [:]) -> JSON {
        var full: JSON = ["name": "web", "image": "busybox"]
        for (field, value) in container.object ?? [:] { full[field] = value }
        var whole = spec
        whole["containers"] = [full]
        return makePod(spec: whole)
    }

    @Test func theEndOfTheLogIsTheMessageOfAContainerThatFailedWithoutOne() {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: 1)
        let log = "/var/log/pods/default_web_uid-web/web/0.log"
        world.runtime.files[log] = Array(
            """
            2026-11-21T17:00:00.1Z stdout F starting
            2026-11-21T17:00:00.2Z stderr P out of
            2026-11-21T17:00:00.2Z stderr F  cheese

            """.utf8)
        world.apply(
            pod(
                ["terminationMessagePolicy": "FallbackToLogsOnError"],
                spec: ["restartPolicy": "Never"]))
        world.run(for: .seconds(3))
        let ended = world.status(of: "web", in: "web")?["state"]?["terminated"]
        #expect(ended?["message"] == "starting\nout of cheese\n")
        #expect(ended?["reason"] == "Error")
    }

    @Test(arguments: [("File", 1), ("FallbackToLogsOnError", 0)])
    func theLogIsNoMessageWithPolicyFileNorAfterSuccess(policy: String, code: Int) {
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: Int32(code))
        world.runtime.files["/var/log/pods/default_web_uid-web/web/0.log"] = Array(
            "2026-11-21T17:00:00.1Z stdout F words\n".utf8)
        world.apply(
            pod(
                ["terminationMessagePolicy": .string(policy)], spec: ["restartPolicy": "Never"]))
        world.run(for: .seconds(3))
        let ended = world.status(of: "web", in: "web")?["state"]?["terminated"]
        #expect(ended?["exitCode"] == .integer(Int64(code)))
        #expect(ended?["message"] == nil)
    }

    @Test func onlyTheLastLinesOfALongLogAreTheMessage() {
        let lines = (1...200).map { "2026-11-21T17:00:00.1Z stdout F line \($0)" }
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        let world = World()
        world.runtime.behaviours["web"] = .init(runsFor: .seconds(1), exitCode: 1)
        world.runtime.files["/var/log/pods/default_web_uid-web/web/0.log"] = bytes
        world.apply(
            pod(
                ["terminationMessagePolicy": "FallbackToLogsOnError"],
                spec: ["restartPolicy": "Never"]))
        world.run(for: .seconds(3))
        let ended = world.status(of: "web", in: "web")?["state"]?["terminated"]
        let text = ended?["message"]?.string ?? ""
        #expect(text.hasPrefix("line 121\n"))
        #expect(text.hasSuffix("line 200\n"))
    }

    @Test(arguments: [
        (
            "Busybox",
            "invalid reference format: repository name (library/Busybox) must be lowercase"
        ),
        ("busybox:", "invalid reference format"), ("a//b", "invalid reference format"),
        ("busybox@sha256:12", "invalid reference format"), ("", "invalid reference format"),
        ("busy box", "invalid reference format"), ("-busybox", "invalid reference format"),
    ])
    func anImageNameThatNobodyCanAskForIsRefusedAtOnce(image: String, fault: String) {
        let world = World()
        world.apply(pod(["image": .string(image)]))
        world.run(for: .seconds(1))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        let text = "Failed to apply default image tag \"\(image)\": "
            + "couldn't parse image name \"\(image)\": \(fault)"
        #expect(waiting?["reason"] == "InvalidImageName")
        #expect(waiting?["message"] == .string(text))
        #expect(world.events.contains { $0 == ("InspectFailed", text) })
        #expect(world.events.contains { $0 == ("Failed", "Error: InvalidImageName") })
        #expect(!world.runtime.trace.contains { $0.hasPrefix("imageStatus") })
    }

    @Test(arguments: [
        "busybox", "busybox:1.36", "docker.io/library/busybox", "localhost:5000/a/b_c/d--e:T.1",
        "registry.example.com/x@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "[::1]:5000/x",
    ])
    func namesOfImagesOfAllFormsAreAskedFor(image: String) {
        let world = World()
        world.apply(pod(["image": .string(image)]))
        world.run(for: .seconds(1))
        #expect(world.runtime.trace.contains("imageStatus \(image)"))
    }

    @Test func aContainerThatTheKernelEndedForMemorySaysSo() {
        let world = World()
        world.apply(pod([:], spec: ["restartPolicy": "Never"]))
        world.run(for: .seconds(1))
        world.runtime.end("c2", exitCode: 137, world.wall, reason: "OOMKilled")
        world.send(.containerExited(id: "c2"))
        world.run(for: .seconds(1))
        let ended = world.status(of: "web", in: "web")?["state"]?["terminated"]
        #expect(ended?["reason"] == "OOMKilled")
        #expect(ended?["exitCode"] == 137)
        #expect(world.pod("web")?.phase == "Failed")
    }

    @Test func aContainerThatTheRuntimeCannotMakeShowsCreateContainerError() {
        let world = World()
        world.runtime.createErrors["web"] = "rpc error: code = Unknown desc = no such device"
        world.apply(pod([:]))
        world.run(for: .seconds(1))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "CreateContainerError")
        #expect(waiting?["message"] == "rpc error: code = Unknown desc = no such device")
        #expect(world.pod("web")?.phase == "Pending")
        world.runtime.createErrors = [:]
        world.run(for: .minutes(1))
        #expect(world.pod("web")?.isReady == true)
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 0)
    }

    @Test func aMissingSecretShowsCreateContainerConfigErrorUntilItIsThere() {
        let world = World()
        let source: JSON = ["secretKeyRef": ["name": "login", "key": "user"]]
        world.apply(pod(["env": [["name": "USER", "valueFrom": source]]]))
        world.run(for: .seconds(1))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "CreateContainerConfigError")
        #expect(waiting?["message"] == "secret \"login\" not found")
        world.put(.secrets, "login", ["user": "YWxpY2U="], kind: "Secret")
        world.run(for: .seconds(1))
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func aPodBeyondItsActiveDeadlineFailsAsAWhole() {
        let world = World()
        world.apply(pod([:], spec: ["activeDeadlineSeconds": 30]))
        world.run(for: .seconds(20))
        world.restartDaemon()
        world.run(for: .seconds(9))
        #expect(world.pod("web")?.phase == "Running")
        world.run(for: .seconds(3))
        #expect(world.pod("web")?.phase == "Failed")
        #expect(world.pod("web")?.status["reason"] == "DeadlineExceeded")
        #expect(
            world.pod("web")?.status["message"]
                == "Pod was active on the node longer than the specified deadline")
        #expect(world.events.contains { $0.reason == "DeadlineExceeded" })
        #expect(!world.runtime.containers.values.contains { $0.state.phase == .running })
    }

    @Test func aContainersResourcesAndMountsStandInItsStatus() {
        let world = World()
        let resources: JSON = ["requests": ["cpu": "100m"], "limits": ["cpu": "1"]]
        world.apply(
            pod(
                [
                    "resources": resources,
                    "volumeMounts": [["name": "data", "mountPath": "/data", "readOnly": true]],
                ], spec: ["volumes": [["name": "data", "emptyDir": [:]]]]))
        world.run(for: .seconds(1))
        let status = world.status(of: "web", in: "web")
        #expect(status?["resources"] == resources)
        #expect(status?["allocatedResources"] == ["cpu": "100m"])
        #expect(
            status?["volumeMounts"] == [
                [
                    "name": "data", "mountPath": "/data", "readOnly": true,
                    "recursiveReadOnly": "Disabled",
                ]
            ])
    }

    @Test func anImageThatIsPutRightIsNotWaitedFor() {
        let world = World()
        world.apply(pod(["image": "nothere"]))
        world.run(for: .seconds(40))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "ImagePullBackOff")
        var changed = world.objects[ObjectKey(.pods, namespace: "default", name: "web")] ?? [:]
        changed["spec"]?["containers"] = [["name": "web", "image": "busybox"]]
        world.apply(changed)
        world.run(for: .milliseconds(200))
        #expect(world.pod("web")?.isReady == true)
        #expect(world.status(of: "web", in: "web")?["restartCount"] == 0)
    }
}
