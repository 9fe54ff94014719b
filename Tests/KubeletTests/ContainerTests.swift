import Base
import JSON
import Kubelet
import Objects
import Testing

/// What a container is given, by what the runtime and the disk are asked for.
@Suite struct ContainerTests {
    private func start(_ pod: JSON, _ world: World = World()) -> World {
        world.apply(pod)
        world.run(for: .seconds(1))
        return world
    }

    private func folder(_ world: World, _ kind: String, _ name: String) -> String {
        "\(world.configuration.podRoot)/uid-web/volumes/kubernetes.io~\(kind)/\(name)"
    }

    private func container(_ members: JSON) -> JSON {
        var container: JSON = ["name": "web", "image": "busybox"]
        for member in members.object ?? JSONObject([]) { container[member.name] = member.value }
        return container
    }

    // MARK: Admission

    @Test(arguments: [
        ("kernel.shm_rmid_forced", true), ("kernel/shm_rmid_forced", true),
        ("net.ipv4.tcp_rmem", true), ("kernel.msgmax", false), ("net.core.somaxconn", false),
    ])
    func `only safe sysctls are set`(name: String, isAllowed: Bool) {
        let sysctls: JSON = [["name": .string(name), "value": "1"]]
        let world = start(makePod(spec: ["securityContext": ["sysctls": sysctls]]))
        guard isAllowed else {
            #expect(world.pod("web")?.phase == "Failed")
            #expect(world.pod("web")?.status["reason"] == "SysctlForbidden")
            #expect(
                world.pod("web")?.status["message"]
                    == .string("Pod was rejected: forbidden sysctl: \"\(name)\" not allowlisted"))
            #expect(world.pod("web")?.status["containerStatuses"] == nil)
            #expect(world.sandboxes.isEmpty)
            return
        }
        let dotted = name.split(separator: "/").joined(separator: ".")
        #expect(world.sandboxes.last?.sysctls == [dotted: "1"])
    }

    @Test func `a sysctl of a namespace that is the machine's is refused`() {
        let sysctls: JSON = [["name": "net.ipv4.tcp_syncookies", "value": "1"]]
        let world = start(
            makePod(spec: ["hostNetwork": true, "securityContext": ["sysctls": sysctls]]))
        #expect(world.pod("web")?.status["reason"] == "SysctlForbidden")
    }

    @Test func `a profile that the kernel cannot enforce is refused`() {
        let profile: JSON = ["type": "Localhost", "localhostProfile": "p"]
        let world = start(makePod(spec: ["securityContext": ["appArmorProfile": profile]]))
        #expect(world.pod("web")?.status["reason"] == "AppArmor")
    }

    // MARK: Volumes

    @Test func `secrets stay off the disk and are written in one step`() {
        let world = World()
        world.put(.secrets, "keys", ["token": "czNjcjN0"], kind: "Secret")
        _ = start(
            makePod(spec: [
                "securityContext": ["fsGroup": 2_000],
                "volumes": [["name": "keys", "secret": ["secretName": "keys"]]],
            ]), world)
        let path = folder(world, "secret", "keys")
        let file = VolumeFile(path: "token", content: Array("s3cr3t".utf8), mode: 0o644)
        #expect(
            Array(world.runtime.preparations.dropFirst(2).prefix(2)) == [
                .memoryDirectory(path: path, sizeLimit: nil, group: 2_000),
                .fileSet(path: path, files: [file], group: 2_000),
            ])
        // What has not changed is not made again.
        world.put(.secrets, "keys", ["token": "bmV3"], kind: "Secret")
        let count = world.runtime.preparations.count
        world.run(for: .milliseconds(200))
        let fresh = VolumeFile(path: "token", content: Array("new".utf8), mode: 0o644)
        #expect(
            Array(world.runtime.preparations.dropFirst(count))
                == [.fileSet(path: path, files: [fresh], group: 2_000)])
    }

    @Test(arguments: [
        ([:], "64Mi", 64 << 20), (["sizeLimit": "16Mi"], "64Mi", 16 << 20),
        (["sizeLimit": "128Mi"], "64Mi", 64 << 20), ([:], nil, 8 << 30),
    ] as [(JSON, JSON?, Int64)])
    func `memory for files is bounded by what containers may use`(
        source: JSON, limit: JSON?, size: Int64
    ) {
        var emptyDir = source
        emptyDir["medium"] = "Memory"
        var resources: JSON = [:]
        if let limit { resources["limits"] = ["memory": limit] }
        let world = start(
            makePod(spec: [
                "volumes": [["name": "cache", "emptyDir": emptyDir]],
                "containers": [container(["resources": resources])],
            ]))
        #expect(
            world.runtime.preparations.contains(
                .memoryDirectory(
                    path: folder(world, "empty-dir", "cache"), sizeLimit: size, group: nil)))
    }

    @Test(arguments: [
        (["subPath": "a/b"], "a/b", nil), (["subPathExpr": "$(POD)/x"], "web/x", nil),
        (
            ["subPathExpr": "$(NONE)/$(EMPTY)"], "",
            "missing value for EMPTY, NONE"
        ),
        (["subPathExpr": "/$(POD)"], "", "error SubPath `/web` must not be an absolute path"),
        (["subPath": "../x"], "", "unable to provision SubPath `../x`: must not contain '..'"),
    ] as [(JSON, String, String?)])
    func `a part of a volume is bound for the container`(
        part: JSON, path: String, message: String?
    ) {
        var mount = part
        mount["name"] = "v"
        mount["mountPath"] = "/v"
        let variable: JSON = [
            "name": "POD", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]],
        ]
        let empty: JSON = [
            "name": "EMPTY", "valueFrom": ["fieldRef": ["fieldPath": "metadata.annotations['x']"]],
        ]
        let world = start(
            makePod(spec: [
                "volumes": [["name": "v", "emptyDir": [:]]],
                "containers": [container(["env": [variable, empty], "volumeMounts": [mount]])],
            ]))
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        if let message {
            #expect(waiting?["reason"] == "CreateContainerConfigError")
            #expect(waiting?["message"] == .string(message))
            return
        }
        let target = "\(world.configuration.podRoot)/uid-web/volume-subpaths/v/web/0"
        #expect(
            world.created.last?.preparation.contains(
                .subPath(
                    volume: folder(world, "empty-dir", "v"), path: path, target: target,
                    reason: "failed to prepare subPath for volumeMount \"v\" of container "
                        + "\"web\"")) == true)
        #expect(world.created.last?.mounts.first == Mount(hostPath: target, containerPath: "/v"))
    }

    @Test(arguments: [
        (nil, [1_000, 1_000], UInt32(0o600), Int64(1_000)), (nil, [1_000, 2_000], 0o644, nil),
        (nil, [nil, nil], 0o644, nil), (10_000, [1_000, 1_000], 0o600, nil),
    ] as [(Int64?, [Int64?], UInt32, Int64?)])
    func `a token belongs to whoever the containers run as`(
        group: Int64?, users: [Int64?], mode: UInt32, owner: Int64?
    ) {
        let source: JSON = ["serviceAccountToken": ["path": "token"]]
        let containers = users.enumerated().map { index, user -> JSON in
            var container: JSON = ["name": .string("c\(index)"), "image": "busybox"]
            if let user { container["securityContext"] = ["runAsUser": .integer(user)] }
            return container
        }
        var spec: JSON = [
            "volumes": [["name": "api", "projected": ["sources": [source]]]],
            "containers": .array(containers),
        ]
        if let group { spec["securityContext"] = ["fsGroup": .integer(group)] }
        let world = start(makePod(spec: spec))
        let file = VolumeFile(
            path: "token", content: Array("token of default".utf8), mode: mode, user: owner)
        #expect(
            world.runtime.preparations.contains(
                .fileSet(
                    path: folder(world, "projected", "api"), files: [file], group: group)))
    }

    @Test func `a claim is mounted once it is bound`() {
        let world = World()
        let claim = ObjectKey(.persistentVolumeClaims, namespace: "default", name: "data")
        let volume = ObjectKey(.persistentVolumes, name: "pv-1")
        _ = start(
            makePod(spec: [
                "volumes": [["name": "d", "persistentVolumeClaim": ["claimName": "data"]]],
                "containers": [
                    container(["volumeMounts": [["name": "d", "mountPath": "/data"]]])
                ],
            ]), world)
        let missing = "MountVolume.SetUp failed for volume \"d\" : error processing PVC "
            + "default/data: failed to fetch PVC from API server: persistentvolumeclaims "
            + "\"data\" not found"
        #expect(world.events.contains { $0 == ("FailedMount", missing) })
        world.put(
            volume,
            [
                "metadata": ["name": "pv-1"],
                "spec": ["hostPath": ["path": "/srv/one"], "claimRef": ["uid": "u1"]],
            ])
        world.put(
            claim,
            [
                "metadata": ["name": "data", "namespace": "default", "uid": "u1"],
                "spec": ["volumeName": "pv-1"], "status": ["phase": "Bound"],
            ])
        world.run(for: .seconds(2))
        #expect(world.pod("web")?.isReady == true)
        #expect(world.runtime.preparations.contains(.hostPath(path: "/srv/one", type: "")))
        #expect(
            world.created.last?.mounts.first
                == Mount(hostPath: "/srv/one", containerPath: "/data"))
    }

    @Test(arguments: [
        ("# made by init\nMODE='fast'\nTEXT='a\nb'\n", "fast", "a\nb", nil),
        ("MODE='x'\n", "x", nil, nil),
        (
            "MODE=fast\n", nil, nil,
            "couldn't parse environment file \"app.env\": line 1: the value is not in single "
                + "quotes"
        ),
        (
            "OTHER='x'\n", nil, nil,
            "environment variable key \"MODE\" not found in file \"app.env\""
        ),
        (nil, nil, nil, "couldn't read environment file \"app.env\""),
    ] as [(String?, String?, String?, String?)])
    func `variables come from a file of a volume`(
        file: String?, mode: String?, text: String?, message: String?
    ) {
        let world = World()
        if let file {
            world.runtime.files["\(folder(world, "empty-dir", "v"))/app.env"] = Array(file.utf8)
        }
        func variable(_ name: String, isOptional: Bool) -> JSON {
            [
                "name": .string(name),
                "valueFrom": [
                    "fileKeyRef": [
                        "volumeName": "v", "path": "app.env", "key": .string(name),
                        "optional": .bool(isOptional),
                    ]
                ],
            ]
        }
        let env: JSON = [variable("MODE", isOptional: false), variable("TEXT", isOptional: true)]
        _ = start(
            makePod(spec: [
                "volumes": [["name": "v", "emptyDir": [:]]],
                "containers": [container(["env": env])],
            ]), world)
        if let message {
            let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
            #expect(waiting?["message"] == .string(message))
            return
        }
        let environment = world.created.last?.environment ?? []
        #expect(environment.first { $0.name == "MODE" }?.value == mode)
        #expect(environment.first { $0.name == "TEXT" }?.value == text)
    }

    @Test func `an image is pulled and mounted before the container is made`() {
        let world = World()
        world.runtime.registry = ["example.com/files:1"]
        _ = start(
            makePod(spec: [
                "volumes": [["name": "v", "image": ["reference": "example.com/files:1"]]],
                "containers": [
                    container(["volumeMounts": [["name": "v", "mountPath": "/files"]]])
                ],
            ]), world)
        let trace = world.runtime.trace
        let steps = trace.filter { $0.contains("example.com") || $0.hasPrefix("create") }
        #expect(
            steps == [
                "imageStatus example.com/files:1", "pull example.com/files:1",
                "mount example.com/files:1", "create web 0",
            ])
        #expect(
            world.created.last?.mounts.first
                == Mount(
                    hostPath: folder(world, "image", "v"), containerPath: "/files",
                    readOnly: true))
    }

    // MARK: Profiles, groups of processes and registries

    @Test func `labels of SELinux reach the runtime, the container's own before the Pod's`() {
        let own: JSON = ["securityContext": ["seLinuxOptions": ["type": "spc_t"]]]
        let world = start(
            makePod(spec: [
                "securityContext": ["seLinuxOptions": ["level": "s0:c123,c456"]],
                "containers": [container(own)],
            ]))
        #expect(world.sandboxes.last?.security.seLinux == .init(level: "s0:c123,c456"))
        #expect(world.created.last?.security.seLinux == .init(type: "spc_t"))
    }

    @Test func `a seccomp profile is a file of the machine`() {
        let profile: JSON = ["type": "Localhost", "localhostProfile": "profiles/audit.json"]
        let world = start(
            makePod(spec: [
                "containers": [container(["securityContext": ["seccompProfile": profile]])]
            ]))
        #expect(
            world.created.last?.security.seccomp
                == .localhost("/var/lib/kubelet/seccomp/profiles/audit.json"))
    }

    @Test(arguments: [
        (
            [:], [["limits": ["cpu": "500m", "memory": "64Mi"]], ["requests": ["cpu": "1"]]],
            1_536, nil, nil, "Burstable"
        ),
        (
            [:], [["limits": ["cpu": "500m", "memory": "64Mi"]]], 512, 50_000, 64 << 20,
            "Guaranteed"
        ),
        ([:], [[:]], 2, nil, nil, "BestEffort"),
        (
            ["limits": ["cpu": "2", "memory": "1Gi"]], [[:], [:]], 2_048, 200_000, 1 << 30,
            "Guaranteed"
        ),
    ] as [(JSON, [JSON], Int64, Int64?, Int64?, String)])
    func `a Pod's cgroup holds what its containers may use together`(
        whole: JSON, parts: [JSON], shares: Int64, quota: Int64?, memory: Int64?, quality: String
    ) {
        let world = World { $0.cgroupRoot = "/kubepods" }
        let containers = parts.enumerated().map { index, resources -> JSON in
            ["name": .string("c\(index)"), "image": "busybox", "resources": resources]
        }
        _ = start(
            makePod(spec: ["containers": .array(containers), "resources": whole]), world)
        #expect(
            world.sandboxes.last?.cgroup
                == CgroupSettings(
                    path: "/kubepods/poduid-web", cpuShares: shares, cpuQuota: quota,
                    cpuPeriod: 100_000, memoryLimitBytes: memory, processesMax: nil))
        #expect(world.pod("web")?.status["qosClass"] == .string(quality))
    }

    @Test(arguments: [
        ("registry.example.com/team/app:1", "registry.example.com", 0),
        ("registry.example.com/team/app:1", "https://registry.example.com/team", 5),
        ("registry.example.com/team/app:1", "*.example.com", 0),
        ("registry.example.com/team/app:1", "*.com", nil),
        ("registry.example.com/team/app:1", "registry.example.com:5000", nil),
        ("localhost:5000/app", "localhost:5000", 0), ("localhost:5000/app", "localhost", nil),
        ("busybox", "https://index.docker.io/v1/", 0), ("library/busybox", "docker.io", 0),
        ("team/app", "registry.example.com", nil),
    ] as [(String, String, Int?)])
    func `a login is for the images that its server names`(
        image: String, server: String, rank: Int?
    ) {
        #expect(PullCredentials.Target(image).rank(of: server) == rank)
    }

    @Test func `logins are tried from the closest to the widest`() {
        let logins: JSON = [
            "auths": [
                "registry.example.com": ["auth": "d2lkZTpwOnc="],
                "registry.example.com/team": ["username": "close", "password": "q"],
                "other.example.com": ["username": "no", "password": "no"],
            ]
        ]
        let secret: JSON = [
            "kind": "Secret",
            "data": [".dockerconfigjson": .string(Base64.encode(logins.bytes))],
        ]
        let world = World()
        world.put(ObjectKey(.secrets, namespace: "default", name: "login"), secret)
        _ = start(
            makePod(spec: [
                "imagePullSecrets": [["name": "login"]],
                "containers": [container(["image": "registry.example.com/team/app"])],
            ]), world)
        #expect(
            world.runtime.logins.last == [
                RegistryCredential(
                    username: "close", password: "q", serverAddress: "registry.example.com/team"),
                RegistryCredential(
                    username: "wide", password: "p:w", serverAddress: "registry.example.com"),
            ])
    }

    @Test func `logs of what runs are looked at again and again`() {
        let world = World { $0.limits.containerLogBytesMax = 1_000 }
        _ = start(makePod(), world)
        world.run(for: .seconds(25))
        let log = "\(world.configuration.podLogRoot)/default_web_uid-web/web/0.log"
        let running = RunningLog(containerID: world.runtime.containers.keys.first ?? "", path: log)
        #expect(world.runtime.rotations.count == 2)
        #expect(world.runtime.rotations.allSatisfy { $0 == [running] })
    }

    // MARK: Volumes that this machine made

    private func volume(node: String = "machine-1", phase: String, policy: String) -> JSON {
        let expression: JSON = [
            "key": "kubernetes.io/hostname", "operator": "In", "values": [.string(node)],
        ]
        return [
            "metadata": [
                "name": "pvc-1", "uid": "v1",
                "annotations": ["pv.kubernetes.io/provisioned-by": "podmesh.io/local"],
            ],
            "spec": [
                "local": ["path": "/var/lib/podmesh/volumes/pvc-1"],
                "persistentVolumeReclaimPolicy": .string(policy),
                "nodeAffinity": [
                    "required": ["nodeSelectorTerms": [["matchExpressions": [expression]]]]
                ],
            ],
            "status": ["phase": .string(phase)],
        ]
    }

    @Test(arguments: [
        ("machine-1", "Released", "Delete", true), ("machine-2", "Released", "Delete", false),
        ("machine-1", "Bound", "Delete", false), ("machine-1", "Released", "Retain", false),
    ])
    func `a folder is removed when its claim is gone and its class says so`(
        node: String, phase: String, policy: String, isRemoved: Bool
    ) {
        let world = World()
        let key = ObjectKey(.persistentVolumes, name: "pvc-1")
        world.put(key, volume(node: node, phase: phase, policy: policy))
        world.send(.volumesChanged([(key, world.objects[key])]))
        world.run(for: .seconds(1))
        #expect(world.runtime.removed == (isRemoved ? ["/var/lib/podmesh/volumes/pvc-1"] : []))
        #expect((world.objects[key] == nil) == isRemoved)
    }
}
