import API
import Base
import JSON
import Objects
import Testing

@Suite("PodSecurity")
struct PodSecurityTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let prefix = "pod-security.kubernetes.io/"

    private func harness(_ labels: [String: String]) throws -> VerbsHarness {
        var harness = try VerbsHarness()
        _ = try label(&harness, labels)
        return harness
    }

    private func label(
        _ harness: inout VerbsHarness, _ labels: [String: String]
    ) throws -> APIResponse {
        var map: JSON = [:]
        for (name, value) in labels { map[prefix + name] = .string(value) }
        return try harness.run(
            harness.request(
                .patch, "/api/v1/namespaces/default", ["metadata": ["labels": map]],
                contentType: "application/merge-patch+json"))
    }

    private func pod(_ spec: JSON) -> JSON {
        var pod = Sample.pod("p")
        for (name, value) in spec.object ?? [:] { pod[path: ["spec", name]] = value }
        return pod
    }

    private func refusal(
        _ labels: [String: String], _ spec: JSON,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        var harness = try harness(labels)
        let status = try harness.expect(
            .post, pods, pod(spec), code: 403, sourceLocation: sourceLocation)
        let prefix = "pods \"p\" is forbidden: violates PodSecurity "
        let message = status["message"]?.string ?? ""
        #expect(message.hasPrefix(prefix), "\(message)", sourceLocation: sourceLocation)
        return String(message.dropFirst(prefix.count))
    }

    private static let good: JSON = [
        "securityContext": ["runAsNonRoot": true, "seccompProfile": ["type": "RuntimeDefault"]],
        "containers": [
            [
                "name": "main", "image": "busybox",
                "securityContext": [
                    "allowPrivilegeEscalation": false, "capabilities": ["drop": ["ALL"]],
                ],
            ]
        ],
    ]

    @Test("A plain Pod is refused at the level restricted, with every reason")
    func restricted() throws {
        #expect(
            try refusal(["enforce": "restricted"], [:])
                == "\"restricted:latest\": allowPrivilegeEscalation != false (container \"main\" "
                + "must set securityContext.allowPrivilegeEscalation=false), unrestricted "
                + "capabilities (container \"main\" must set "
                + "securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or "
                + "container \"main\" must set securityContext.runAsNonRoot=true), "
                + "seccompProfile (pod or container \"main\" must set "
                + "securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")")
        var harness = try harness(["enforce": "restricted"])
        try harness.expect(.post, pods, pod(Self.good), code: 201)
    }

    @Test("What baseline forbids is told in Kubernetes' order and words")
    func baseline() throws {
        #expect(
            try refusal(
                ["enforce": "baseline"],
                [
                    "hostNetwork": true, "hostPID": true,
                    "volumes": [["name": "root", "hostPath": ["path": "/"]]],
                    "containers": [
                        [
                            "name": "a", "image": "i",
                            "ports": [["containerPort": 80, "hostPort": 80]],
                            "securityContext": ["privileged": true],
                        ],
                        [
                            "name": "b", "image": "i",
                            "securityContext": [
                                "capabilities": ["add": ["SYS_ADMIN", "CHOWN", "NET_ADMIN"]]
                            ],
                        ],
                    ],
                ])
                == "\"baseline:latest\": host namespaces (hostNetwork=true, hostPID=true), "
                + "hostPort (container \"a\" uses hostPort 80), privileged (container \"a\" must "
                + "not set securityContext.privileged=true), non-default capabilities (container "
                + "\"b\" must not include \"NET_ADMIN\", \"SYS_ADMIN\" in "
                + "securityContext.capabilities.add), hostPath volumes (volume \"root\")")
        #expect(
            try refusal(
                ["enforce": "baseline"],
                [
                    "securityContext": [
                        "seLinuxOptions": ["type": "spc_t", "user": "root"],
                        "sysctls": [["name": "kernel.msgmax", "value": "1"]],
                        "appArmorProfile": ["type": "Unconfined"],
                        "seccompProfile": ["type": "Unconfined"],
                    ]
                ])
                == "\"baseline:latest\": forbidden AppArmor profile (pod must not set AppArmor "
                + "profile type to \"Unconfined\"), seLinuxOptions (pod set forbidden "
                + "securityContext.seLinuxOptions: type \"spc_t\"; user may not be set), forbidden "
                + "sysctls (kernel.msgmax), seccompProfile (pod must not set "
                + "securityContext.seccompProfile.type to \"Unconfined\")")
    }

    @Test("A version reads the standards as they were")
    func versions() throws {
        let keepalive: JSON = [
            "securityContext": ["sysctls": [["name": "net.ipv4.tcp_keepalive_time", "value": "9"]]]
        ]
        #expect(
            try refusal(["enforce": "baseline", "enforce-version": "v1.28"], keepalive)
                == "\"baseline:v1.28\": forbidden sysctls (net.ipv4.tcp_keepalive_time)")
        var harness = try harness(["enforce": "baseline", "enforce-version": "v1.29"])
        try harness.expect(.post, pods, pod(keepalive), code: 201)
        #expect(
            try refusal(["enforce": "restricted", "enforce-version": "v1.18"], [:])
                == "\"restricted:v1.18\": allowPrivilegeEscalation != false (container \"main\" "
                + "must set securityContext.allowPrivilegeEscalation=false), runAsNonRoot != true "
                + "(pod or container \"main\" must set securityContext.runAsNonRoot=true)")
    }

    @Test("A workload whose Pods would be refused is made, with a warning")
    func templates() throws {
        var harness = try harness(["enforce": "baseline"])
        var deployment = Sample.deployment("d")
        deployment[path: ["spec", "template", "spec", "hostNetwork"]] = true
        let response = try harness.run(
            harness.request(.post, "/apis/apps/v1/namespaces/default/deployments", deployment))
        #expect(response.code == 201)
        #expect(
            response.headers.first { $0.name == "Warning" }?.value
                == "299 - \"would violate PodSecurity \\\"baseline:latest\\\": host namespaces "
                + "(hostNetwork=true)\"")
        let plain = try harness.run(
            harness.request(
                .post, "/apis/apps/v1/namespaces/default/deployments", Sample.deployment("e")))
        #expect(plain.headers.allSatisfy { $0.name != "Warning" })
    }

    @Test("A warning level warns and refuses nothing")
    func warnings() throws {
        var harness = try harness(["warn": "restricted"])
        let response = try harness.run(harness.request(.post, pods, pod([:])))
        #expect(response.code == 201)
        let warning = response.headers.first { $0.name == "Warning" }?.value ?? ""
        #expect(warning.contains("would violate PodSecurity \\\"restricted:latest\\\""))
    }

    @Test("Labels that mean nothing are refused; stricter ones warn of the Pods that are there")
    func labels() throws {
        var harness = try VerbsHarness()
        for name in ["a", "b"] {
            try harness.expect(.post, pods, Sample.pod(name), code: 201)
        }
        let wrong = try label(&harness, ["enforce": "strict", "warn-version": "1.30"])
        #expect(wrong.code == 422)
        let status = try JSON(parsing: wrong.body)
        #expect(
            status["message"]?.string
                == "Namespace \"default\" is invalid: "
                + "[metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "
                + "\"strict\": must be one of privileged, baseline, restricted, "
                + "metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "
                + "\"1.30\": must be \"latest\" or \"v1.x\"]")
        let stricter = try label(&harness, ["enforce": "restricted"])
        #expect(stricter.code == 200)
        #expect(
            stricter.headers.filter { $0.name == "Warning" }.map(\.value) == [
                "299 - \"existing pods in namespace \\\"default\\\" violate the new PodSecurity "
                    + "enforce level \\\"restricted:latest\\\"\"",
                "299 - \"a (and 1 other pod): allowPrivilegeEscalation != false, unrestricted "
                    + "capabilities, runAsNonRoot != true, seccompProfile\"",
            ])
    }
}
