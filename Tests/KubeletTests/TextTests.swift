import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct TextTests {
    /// Runs the Pod and gives what the runtime was asked to make.
    private func start(_ pod: JSON, _ world: World = World()) -> World {
        world.apply(pod)
        world.run(for: .seconds(1))
        return world
    }

    @Test func theHostsFileNamesThePodAndItsAliases() {
        let world = start(
            makePod(
                "hostaliases-pod",
                spec: [
                    "hostAliases": [
                        ["ip": "127.0.0.1", "hostnames": ["foo.local", "bar.local"]],
                        ["ip": "10.1.2.3", "hostnames": ["foo.remote", "bar.remote"]],
                    ]
                ]))
        let path = "\(world.configuration.podRoot)/uid-hostaliases-pod/etc-hosts"
        let text = String(decoding: world.runtime.files[path] ?? [], as: UTF8.self)
        #expect(
            text == """
                # Kubernetes-managed hosts file.
                127.0.0.1\tlocalhost
                ::1\tlocalhost ip6-localhost ip6-loopback
                fe00::0\tip6-localnet
                fe00::0\tip6-mcastprefix
                fe00::1\tip6-allnodes
                fe00::2\tip6-allrouters
                10.244.1.5\thostaliases-pod
                127.0.0.1\tfoo.local
                127.0.0.1\tbar.local
                10.1.2.3\tfoo.remote
                10.1.2.3\tbar.remote

                """)
    }

    @Test func aPodWithSubdomainFindsItselfByItsQualifiedName() {
        let world = start(
            makePod(
                "busybox2",
                spec: ["hostname": "busybox-2", "subdomain": "default-subdomain"]))
        let path = "\(world.configuration.podRoot)/uid-busybox2/etc-hosts"
        let text = String(decoding: world.runtime.files[path] ?? [], as: UTF8.self)
        #expect(
            text.hasSuffix(
                "\n10.244.1.5\tbusybox-2.default-subdomain.default.svc.cluster.local\tbusybox-2\n"))
        #expect(world.sandboxes.last?.hostname == "busybox-2")
    }

    @Test(arguments: [
        (
            "ClusterFirst", false, ["10.0.0.1"],
            ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org"],
            ["ndots:5"]
        ),
        ("ClusterFirst", true, ["192.0.2.1"], ["example.org"], ["timeout:1"]),
        (
            "ClusterFirstWithHostNet", true, ["10.0.0.1"],
            ["default.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org"],
            ["ndots:5"]
        ),
        ("Default", false, ["192.0.2.1"], ["example.org"], ["timeout:1"]),
        ("None", false, [], [], []),
    ])
    func theDNSPolicyDecidesAboutResolvConf(
        policy: String, hostNetwork: Bool, servers: [String], searches: [String],
        options: [String]
    ) {
        let world = World {
            $0.resolver = DNSConfiguration(
                servers: ["192.0.2.1"], searches: ["example.org"], options: ["timeout:1"])
        }
        _ = start(
            makePod(spec: ["dnsPolicy": .string(policy), "hostNetwork": .bool(hostNetwork)]),
            world)
        let expected = DNSConfiguration(servers: servers, searches: searches, options: options)
        #expect(world.sandboxes.last?.dns == expected)
    }

    @Test func aPodsOwnDNSConfigurationIsAdded() {
        let world = start(
            makePod(spec: [
                "dnsPolicy": "None",
                "dnsConfig": [
                    "nameservers": ["1.2.3.4"],
                    "searches": ["ns1.svc.cluster.local", "my.dns.search.suffix"],
                    "options": [["name": "ndots", "value": "2"], ["name": "edns0"]],
                ],
            ]))
        #expect(
            world.sandboxes.last?.dns
                == DNSConfiguration(
                    servers: ["1.2.3.4"],
                    searches: ["ns1.svc.cluster.local", "my.dns.search.suffix"],
                    options: ["ndots:2", "edns0"]))
    }

    @Test func theEnvironmentHoldsServicesReferencesAndExpansions() {
        let world = World()
        world.put(.configMaps, "settings", ["mode": "fast", "level": "3"], kind: "ConfigMap")
        world.put(.secrets, "keys", ["token": "czNjcjN0"], kind: "Secret")
        let env: JSON = [
            ["name": "A", "value": "one"], ["name": "B", "value": "$(A)-two $(NONE) $$(A)"],
            ["name": "NAME", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]],
            ["name": "IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
            [
                "name": "MODE",
                "valueFrom": ["configMapKeyRef": ["name": "settings", "key": "mode"]],
            ],
            ["name": "TOKEN", "valueFrom": ["secretKeyRef": ["name": "keys", "key": "token"]]],
            [
                "name": "CPU",
                "valueFrom": ["resourceFieldRef": ["resource": "limits.cpu", "divisor": "1m"]],
            ],
            ["name": "API", "value": "$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)"],
        ]
        _ = start(
            makePod(spec: [
                "containers": [
                    [
                        "name": "web", "image": "busybox", "env": env, "args": ["$(B)"],
                        "envFrom": [["prefix": "S_", "configMapRef": ["name": "settings"]]],
                        "resources": ["limits": ["cpu": "250m", "memory": "64Mi"]],
                    ]
                ]
            ]), world)
        let config = world.created.last
        var values: [String: String] = [:]
        for variable in config?.environment ?? [] { values[variable.name] = variable.value }
        let expected = [
            "HOSTNAME": "web", "A": "one", "B": "one-two $(NONE) $(A)", "NAME": "web",
            "IP": "10.244.1.5", "MODE": "fast", "TOKEN": "s3cr3t", "CPU": "250",
            "API": "10.0.0.1:443", "S_mode": "fast", "S_level": "3",
            "KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443",
            "KUBERNETES_SERVICE_PORT_HTTPS": "443", "KUBERNETES_PORT": "tcp://10.0.0.1:443",
            "KUBERNETES_PORT_443_TCP": "tcp://10.0.0.1:443",
            "KUBERNETES_PORT_443_TCP_PROTO": "tcp", "KUBERNETES_PORT_443_TCP_PORT": "443",
            "KUBERNETES_PORT_443_TCP_ADDR": "10.0.0.1",
        ]
        #expect(values == expected)
        #expect(config?.args == ["one-two $(NONE) $(A)"])
        #expect(config?.resources.cpuQuota == 25_000)
        #expect(config?.resources.cpuShares == 256)
        #expect(config?.resources.memoryLimitBytes == 64 << 20)
    }

    @Test func aMissingConfigMapVariableShowsItsErrorUntilTheMapAppears() {
        let world = World()
        let reference: JSON = ["configMapKeyRef": ["name": "late", "key": "x"]]
        _ = start(
            makePod(spec: [
                "containers": [
                    [
                        "name": "web", "image": "busybox",
                        "env": [["name": "X", "valueFrom": reference]],
                    ]
                ]
            ]), world)
        let waiting = world.status(of: "web", in: "web")?["state"]?["waiting"]
        #expect(waiting?["reason"] == "CreateContainerConfigError")
        #expect(waiting?["message"] == "configmap \"late\" not found")
        world.put(.configMaps, "late", ["x": "1"], kind: "ConfigMap")
        world.run(for: .milliseconds(200))
        #expect(world.pod("web")?.isReady == true)
    }

    @Test func aMissingConfigMapVolumeHoldsTheSandboxBackUntilTheMapAppears() {
        let world = World()
        _ = start(
            makePod(spec: [
                "volumes": [["name": "conf", "configMap": ["name": "late"]]],
                "containers": [
                    [
                        "name": "web", "image": "busybox",
                        "volumeMounts": [["name": "conf", "mountPath": "/conf"]],
                    ]
                ],
            ]), world)
        #expect(!world.runtime.trace.contains("runSandbox 0"))
        let text = "MountVolume.SetUp failed for volume \"conf\" : configmap \"late\" not found"
        #expect(world.events.contains { $0 == ("FailedMount", text) })
        world.put(.configMaps, "late", ["x": "1"], kind: "ConfigMap")
        world.run(for: .milliseconds(200))
        #expect(world.pod("web")?.isReady == true)
        let file = "\(world.configuration.podRoot)/uid-web/volumes/"
            + "kubernetes.io~configmap/conf/x"
        #expect(world.runtime.files[file] == Array("1".utf8))
        world.put(.configMaps, "late", ["x": "2"], kind: "ConfigMap")
        world.run(for: .milliseconds(200))
        #expect(world.runtime.files[file] == Array("2".utf8))
    }

    @Test func theServiceAccountVolumeHoldsTokenAuthorityAndNamespace() {
        let world = World()
        world.put(.configMaps, "kube-root-ca.crt", ["ca.crt": "PEM"], kind: "ConfigMap")
        let authority: JSON = ["key": "ca.crt", "path": "ca.crt"]
        let namespace: JSON = [
            "path": "namespace", "fieldRef": ["fieldPath": "metadata.namespace"],
        ]
        let sources: JSON = [
            ["serviceAccountToken": ["path": "token", "expirationSeconds": 3_607]],
            ["configMap": ["name": "kube-root-ca.crt", "items": [authority]]],
            ["downwardAPI": ["items": [namespace]]],
        ]
        _ = start(
            makePod(spec: ["volumes": [["name": "api", "projected": ["sources": sources]]]]), world)
        let folder = "\(world.configuration.podRoot)/uid-web/volumes/kubernetes.io~projected/api"
        #expect(world.runtime.files["\(folder)/token"] == Array("token of default".utf8))
        #expect(world.runtime.files["\(folder)/ca.crt"] == Array("PEM".utf8))
        #expect(world.runtime.files["\(folder)/namespace"] == Array("default".utf8))
    }
}
