import API
import Base
import JSON
import Objects
import Testing

@Suite("LimitRanger")
struct LimitRangerTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let claims = "/api/v1/namespaces/default/persistentvolumeclaims"

    private func harness(_ limits: [JSON]) throws -> VerbsHarness {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, "/api/v1/namespaces/default/limitranges",
            ["metadata": ["name": "bounds"], "spec": ["limits": .array(limits)]], code: 201)
        return harness
    }

    private func pod(_ resources: JSON?) -> JSON {
        var pod = Sample.pod("p")
        if let resources {
            pod[path: ["spec", "containers"]] = [
                ["name": "main", "image": "busybox", "resources": resources]
            ]
        }
        return pod
    }

    private func refusal(
        _ limits: [JSON], _ resources: JSON?, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> String {
        var harness = try harness(limits)
        let status = try harness.expect(
            .post, pods, pod(resources), code: 403, sourceLocation: sourceLocation)
        #expect(status["reason"]?.string == "Forbidden", sourceLocation: sourceLocation)
        #expect(status["details"] == ["name": "p", "kind": "pods"], sourceLocation: sourceLocation)
        let prefix = "pods \"p\" is forbidden: "
        let message = status["message"]?.string ?? ""
        #expect(message.hasPrefix(prefix), sourceLocation: sourceLocation)
        return String(message.dropFirst(prefix.count))
    }

    @Test("A container gets the requests and limits that it leaves out, and a note says so")
    func defaults() throws {
        var harness = try harness([
            [
                "type": "Container", "default": ["cpu": "500m", "memory": "512Mi"],
                "defaultRequest": ["cpu": "100m", "memory": "256Mi"],
            ]
        ])
        let made = try harness.expect(.post, pods, pod(nil), code: 201)
        #expect(
            made["spec"]?["containers"]?[0]?["resources"] == [
                "limits": ["cpu": "500m", "memory": "512Mi"],
                "requests": ["cpu": "100m", "memory": "256Mi"],
            ])
        #expect(
            made["metadata"]?["annotations"]?["kubernetes.io/limit-ranger"]?.string
                == "LimitRanger plugin set: cpu, memory request for container main; cpu, memory "
                + "limit for container main")
        #expect(made["status"]?["qosClass"]?.string == "Burstable")
        var other = pod(["limits": ["cpu": "200m"]])
        other[path: ["metadata", "name"]] = "q"
        let partly = try harness.expect(.post, pods, other, code: 201)
        #expect(
            partly["spec"]?["containers"]?[0]?["resources"] == [
                "limits": ["cpu": "200m", "memory": "512Mi"],
                "requests": ["cpu": "200m", "memory": "256Mi"],
            ])
    }

    @Test("What lies outside the bounds of a container is refused in Kubernetes' words")
    func containerBounds() throws {
        let bounds: JSON = [
            "type": "Container", "min": ["cpu": "100m"], "max": ["cpu": "1"],
            "default": ["cpu": "1"], "defaultRequest": ["cpu": "100m"],
        ]
        #expect(
            try refusal([bounds], ["requests": ["cpu": "50m"], "limits": ["cpu": "500m"]])
                == "minimum cpu usage per Container is 100m, but request is 50m")
        #expect(
            try refusal([bounds], ["limits": ["cpu": "2"]])
                == "maximum cpu usage per Container is 1, but limit is 2")
        #expect(
            try refusal(
                [["type": "Container", "max": ["memory": "1Gi"], "min": ["memory": "2Mi"]]],
                ["requests": ["memory": "1Mi"], "limits": ["memory": "2Gi"]])
                == "[minimum memory usage per Container is 2Mi, but request is 1Mi, "
                + "maximum memory usage per Container is 1Gi, but limit is 2Gi]")
        #expect(
            try refusal(
                [["type": "Container", "maxLimitRequestRatio": ["cpu": "2"]]],
                ["requests": ["cpu": "100m"], "limits": ["cpu": "250m"]])
                == "cpu max limit to request ratio per Container is 2, but provided ratio is "
                + "2.500000")
    }

    @Test("A Pod is bounded as a whole")
    func podBounds() throws {
        #expect(
            try refusal(
                [["type": "Pod", "max": ["memory": "1Gi"]]],
                ["limits": ["memory": "1536Mi"]])
                == "maximum memory usage per Pod is 1Gi, but limit is 1536Mi")
        #expect(
            try refusal([["type": "Pod", "max": ["cpu": "1"]]], nil)
                == "maximum cpu usage per Pod is 1.  No limit is specified")
        #expect(
            try refusal([["type": "Pod", "min": ["cpu": "1"]]], nil)
                == "minimum cpu usage per Pod is 1.  No request is specified")
    }

    @Test("A claim is bounded by what it requests")
    func claimBounds() throws {
        var harness = try harness([
            [
                "type": "PersistentVolumeClaim", "min": ["storage": "1Gi"],
                "max": ["storage": "10Gi"],
            ]
        ])
        func claim(_ size: String) -> JSON {
            [
                "metadata": ["name": "c"],
                "spec": [
                    "accessModes": ["ReadWriteOnce"],
                    "resources": ["requests": ["storage": .string(size)]],
                ],
            ]
        }
        let small = try harness.expect(.post, claims, claim("500Mi"), code: 403)
        #expect(
            small["message"]?.string
                == "persistentvolumeclaims \"c\" is forbidden: minimum storage usage per "
                + "PersistentVolumeClaim is 1Gi, but request is 500Mi")
        let large = try harness.expect(.post, claims, claim("20Gi"), code: 403)
        #expect(
            large["message"]?.string
                == "persistentvolumeclaims \"c\" is forbidden: maximum storage usage per "
                + "PersistentVolumeClaim is 10Gi, but request is 20Gi")
        try harness.expect(.post, claims, claim("2Gi"), code: 201)
    }
}
