import Base
import JSON
import Kubelet
import Objects
import Testing

/// Volumes and mounts: what reaches the runtime, and what this kubelet cannot give.
@Suite struct MountTests {
    private func start(_ pod: JSON, _ documents: [(ObjectKey, JSON)] = []) -> World {
        let world = World()
        for (key, json) in documents { world.put(key, json) }
        world.apply(pod)
        world.run(for: .seconds(2))
        return world
    }

    /// A Pod with one volume that its container mounts.
    private func pod(volume source: JSON, mount: JSON = [:], more: JSON = [:]) -> JSON {
        var volume = source
        volume["name"] = "v"
        var mounted = mount
        mounted["name"] = "v"
        mounted["mountPath"] = "/v"
        var spec = more
        spec["volumes"] = [volume]
        if spec["containers"] == nil {
            spec["containers"] = [["name": "web", "image": "busybox", "volumeMounts": [mounted]]]
        }
        return makePod(spec: spec)
    }

    private let folder: JSON = ["hostPath": ["path": "/srv"]]

    @Test(arguments: [
        ("None", Mount.Propagation.privately), ("HostToContainer", .hostToContainer),
        ("Bidirectional", .bidirectional),
    ])
    func `mount propagation and readOnly reach the runtime`(
        word: String, propagation: Mount.Propagation
    ) {
        let world = start(
            pod(volume: folder, mount: ["mountPropagation": .string(word), "readOnly": true]))
        #expect(
            world.created.last?.mounts.first
                == Mount(
                    hostPath: "/srv", containerPath: "/v", readOnly: true,
                    propagation: propagation))
    }

    @Test func `read-only below the mount too is refused when insisted on`() {
        let insisting = start(
            pod(volume: folder, mount: ["readOnly": true, "recursiveReadOnly": "Enabled"]))
        let state = insisting.pod("web")?.status["containerStatuses"]?[0]?["state"]
        #expect(state?["waiting"]?["reason"] == "CreateContainerConfigError")
        let hoping = start(
            pod(volume: folder, mount: ["readOnly": true, "recursiveReadOnly": "IfPossible"]))
        #expect(hoping.pod("web")?.isReady == true)
        let shown = hoping.pod("web")?.status["containerStatuses"]?[0]?["volumeMounts"]?[0]
        #expect(shown?["recursiveReadOnly"] == "Disabled")
    }

    @Test func `users of its own are refused as long as the runtime has none`() {
        let world = start(makePod(spec: ["hostUsers": false]))
        #expect(world.sandboxes.isEmpty)
        #expect(
            world.events.contains {
                $0.0 == "FailedCreatePodSandBox" && $0.1.contains("user namespaces")
            })
    }

    @Test func `the handler of the RuntimeClass reaches the runtime`() {
        let key = ObjectKey(.runtimeClasses, name: "sealed")
        let world = start(
            makePod(spec: ["runtimeClassName": "sealed"]),
            [(key, ["metadata": ["name": "sealed"], "handler": "kata"])])
        #expect(world.sandboxes.last?.runtimeHandler == "kata")
    }

    static let foreignVolumes: [(JSON, String)] = [
        (
            ["emptyDir": ["medium": "HugePages-2Mi"]],
            "hugePages storage requested, but there is no resource request for huge pages"
        ),
        (
            ["projected": ["sources": [["clusterTrustBundle": ["name": "a", "path": "b"]]]]],
            "ClusterTrustBundle projection is not supported"
        ),
        (
            ["projected": ["sources": [["podCertificate": ["signerName": "a/b"]]]]],
            "PodCertificate projection is not supported"
        ),
    ]

    @Test(arguments: foreignVolumes)
    func `a volume that this kubelet has not is said, not left empty`(
        volume: JSON, message: String
    ) {
        let world = start(pod(volume: volume))
        #expect(world.created.isEmpty)
        let expected = "MountVolume.SetUp failed for volume \"v\" : \(message)"
        #expect(world.events.contains { $0 == ("FailedMount", expected) })
    }

    @Test(arguments: [
        (
            "Block", "volumeMounts",
            "volume v has volumeMode Block, but is specified in volumeMounts"
        ),
        (
            "Filesystem", "volumeDevices",
            "volume v has volumeMode Filesystem, but is specified in volumeDevices"
        ),
        (
            "BlockOfFolder", "volumeDevices",
            "volume v has volumeMode Block, which only local volumes may have"
        ),
    ])
    func `a device is not taken for a folder`(mode: String, field: String, message: String) {
        let isFolder = mode == "BlockOfFolder"
        let world = startClaimed(
            field, source: isFolder ? "hostPath" : "local", mode: isFolder ? "Block" : mode)
        #expect(world.created.isEmpty)
        let expected = "MountVolume.SetUp failed for volume \"v\" : \(message)"
        #expect(world.events.contains { $0 == ("FailedMount", expected) })
    }

    @Test func `a device is passed on`() {
        let world = startClaimed("volumeDevices", source: "local", mode: "Block")
        #expect(
            world.created.last?.devices
                == [Device(hostPath: "/dev/x", containerPath: "/v", isReadOnly: true)])
        #expect(world.created.last?.mounts.contains { $0.hostPath == "/dev/x" } == false)
        let check = PreparationStep.hostPath(path: "/dev/x", type: "BlockDevice")
        #expect(world.runtime.preparations.contains(check))
    }

    /// A Pod whose container uses a claim in one field, over a volume of a source and a mode.
    private func startClaimed(_ field: String, source: String, mode: String) -> World {
        let use: JSON = ["name": "v", "mountPath": "/v", "devicePath": "/v"]
        let container: JSON = .object([
            "name": "web", "image": "busybox", field: [use],
        ])
        let spec: JSON = .object([
            source: ["path": "/dev/x"], "volumeMode": .string(mode), "claimRef": ["uid": "u1"],
        ])
        return start(
            pod(
                volume: ["persistentVolumeClaim": ["claimName": "data", "readOnly": true]],
                more: ["containers": [container]]),
            [
                (
                    ObjectKey(.persistentVolumes, name: "pv"),
                    ["metadata": ["name": "pv"], "spec": spec]
                ),
                (
                    ObjectKey(.persistentVolumeClaims, namespace: "default", name: "data"),
                    [
                        "metadata": ["name": "data", "namespace": "default", "uid": "u1"],
                        "spec": ["volumeName": "pv"], "status": ["phase": "Bound"],
                    ]
                ),
            ])
    }
}
