import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Streams to containers")
struct VerbsStreamTests {
    private let path = "/api/v1/namespaces/default/pods/p"

    private func harness() throws -> VerbsHarness {
        var harness = try VerbsHarness()
        var pod = Sample.pod("p")
        pod[path: ["spec", "containers"]] = [
            ["name": "a", "image": "busybox"], ["name": "b", "image": "busybox"],
        ]
        pod[path: ["spec", "initContainers"]] = [["name": "first", "image": "busybox"]]
        try harness.expect(
            .post, "/api/v1/namespaces/default/pods", pod, code: 201)
        return harness
    }

    private func bind(_ harness: inout VerbsHarness) throws -> JSON {
        let key = ObjectKey(.pods, namespace: "default", name: "p")
        var pod = try harness.write(.bind(key, uid: "", node: "machine-2")).get()
        pod["status"] = [
            "phase": "Pending",
            "containerStatuses": [
                [
                    "name": "a", "ready": true, "restartCount": 0, "image": "busybox",
                    "imageID": "", "state": ["running": [:]],
                ],
                [
                    "name": "b", "ready": false, "restartCount": 0, "image": "busybox",
                    "imageID": "", "state": ["waiting": ["reason": "ContainerCreating"]],
                ],
            ],
        ]
        return try harness.write(.update(.pods, pod, subresource: "status")).get()
    }

    private func stream(
        _ harness: inout VerbsHarness, _ tail: String, isUpgrade: Bool = true
    ) throws -> Result<StreamRequest, HarnessError> {
        var request = harness.request(.get, path + tail)
        request.isUpgrade = isUpgrade
        switch harness.api.handle(request, snapshot: harness.store.snapshot, at: harness.wall) {
        case .stream(let stream):
            return .success(stream)
        case .respond(let response):
            let message = try JSON(parsing: response.body)["message"]?.string ?? ""
            return .failure(HarnessError(what: "\(response.code) \(message)"))
        default:
            throw HarnessError(what: "neither a stream nor a refusal")
        }
    }

    private func refusal(
        _ harness: inout VerbsHarness, _ tail: String, isUpgrade: Bool = true
    ) throws -> String {
        guard case .failure(let error) = try stream(&harness, tail, isUpgrade: isUpgrade) else {
            return ""
        }
        return error.what
    }

    @Test("A container must be chosen, must exist and must have a machine")
    func choice() throws {
        var harness = try harness()
        #expect(
            try refusal(&harness, "/log")
                == "400 a container name must be specified for pod p, choose one of: [a b] or one "
                + "of the init containers: [first]")
        #expect(
            try refusal(&harness, "/log?container=c")
                == "400 container c is not valid for pod p")
        #expect(
            try refusal(&harness, "/log?container=a")
                == "400 pod p does not have a host assigned")
        #expect(
            try refusal(&harness, "/portforward") == "400 pod p does not have a host assigned")
        try harness.expect(.get, "/api/v1/namespaces/default/pods/q/log", code: 404)
    }

    @Test("A log is asked of the machine with all that the query says")
    func log() throws {
        var harness = try harness()
        let pod = try bind(&harness)
        let tail = "/log?container=a&follow=true&tailLines=5&timestamps=1&limitBytes=10"
        let found = try stream(&harness, tail).get()
        #expect(found.node == "machine-2")
        #expect(found.container == "a")
        #expect(found.podUID == pod["metadata"]?["uid"]?.string)
        guard case .log(let options) = found.kind else {
            throw HarnessError(what: "a log must be a log")
        }
        #expect(options.follow && options.timestamps && !options.previous)
        #expect(options.tailLines == 5 && options.limitBytes == 10)
        #expect(
            try refusal(&harness, "/log?container=b")
                == "400 container \"b\" in pod \"p\" is waiting to start: ContainerCreating")
        #expect(
            try refusal(&harness, "/log?container=a&previous=1")
                == "400 previous terminated container \"a\" in pod \"p\" not found")
        #expect(try refusal(&harness, "/log?container=a&tailLines=-1").hasPrefix("422"))
        #expect(try refusal(&harness, "/log?container=a&sinceTime=noon").hasPrefix("400"))
    }

    @Test("Exec needs a command, a stream and an upgrade")
    func exec() throws {
        var harness = try harness()
        _ = try bind(&harness)
        let tail = "/exec?container=a&command=sh&command=-c&command=echo+1&stdout=1&tty=true"
        let found = try stream(&harness, tail).get()
        #expect(
            found.kind
                == .exec(
                    ExecOptions(
                        command: ["sh", "-c", "echo 1"], stdin: false, stdout: true,
                        stderr: false, tty: true)))
        #expect(
            try refusal(&harness, tail, isUpgrade: false) == "400 Upgrade request required")
        #expect(
            try refusal(&harness, "/exec?container=a&stdout=1")
                == "400 you must specify at least one command for the container")
        #expect(try refusal(&harness, "/exec?container=a&command=sh").hasPrefix("400 you must"))
        let ports = try stream(&harness, "/portforward?ports=80,443").get()
        #expect(ports.kind == .portForward(ports: [80, 443]))
        #expect(try refusal(&harness, "/portforward?ports=0").hasPrefix("400 invalid port"))
    }
}
