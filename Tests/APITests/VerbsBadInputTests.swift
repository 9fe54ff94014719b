import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Bad input")
struct VerbsBadInputTests {
    private let pods = "/api/v1/namespaces/default/pods"

    private static func pod(_ change: (inout JSON) -> Void) -> JSON {
        var pod = Sample.pod("p")
        change(&pod)
        return pod
    }

    static let manifests: [(String, JSON, Int, String)] = [
        (
            "unknown field", pod { $0["lables"] = ["a": "b"] }, 400,
            "strict decoding error: unknown field \"lables\""
        ),
        (
            "unknown field in a container",
            pod { $0[path: ["spec", "containers"]] = [["name": "a", "image": "b", "imagee": "c"]] },
            400, "unknown field \"spec.containers[0].imagee\""
        ),
        (
            "wrong type", pod { $0[path: ["spec", "containers"]] = "none" }, 400,
            "cannot be handled as a Pod: json: cannot unmarshal string into Go struct field"
        ),
        (
            "missing name", pod { $0["metadata"] = [:] }, 422,
            "name or generateName is required"
        ),
        (
            "bad name", pod { $0[path: ["metadata", "name"]] = "Not_A_Name" }, 422,
            "Pod \"Not_A_Name\" is invalid: metadata.name: Invalid value: \"Not_A_Name\""
        ),
        (
            "two containers of one name",
            pod {
                $0[path: ["spec", "containers"]] = [
                    ["name": "a", "image": "x"], ["name": "a", "image": "x"],
                ]
            }, 422, "spec.containers[1].name: Duplicate value: \"a\""
        ),
        (
            "no containers", pod { $0["spec"] = [:] }, 422, "spec.containers: Required value"
        ),
        (
            "another kind", pod { $0["kind"] = "Service" }, 400, "Service"
        ),
        (
            "another version", pod { $0["apiVersion"] = "v2" }, 400,
            "does not match the expected API version"
        ),
        (
            "a version", pod { $0[path: ["metadata", "resourceVersion"]] = "7" }, 400,
            "resourceVersion should not be set on objects to be created"
        ),
        ("a list", [], 400, "cannot be handled as a Pod"),
        ("a number", 1, 400, "cannot be handled as a Pod"),
    ]

    @Test("A bad manifest is refused with the reason", arguments: manifests)
    func manifest(_ what: String, _ body: JSON, _ code: Int, _ message: String) throws {
        var harness = try VerbsHarness()
        let status = try harness.expect(
            .post, "\(pods)?fieldValidation=Strict", body, code: code)
        #expect(status["message"]?.string?.contains(message) ?? false, "\(what): \(status.text)")
        #expect(harness.store.revision.number == 2)
    }

    private func post(_ harness: inout VerbsHarness, _ body: [UInt8]) throws -> APIResponse {
        var request = harness.request(.post, pods)
        request.body = body
        return try harness.run(request)
    }

    @Test("A body that is no JSON is refused, whatever is wrong with it")
    func bytes() throws {
        var harness = try VerbsHarness()
        for body in [
            [], Array("{".utf8), Array("{\"a\":1}}".utf8), Array("kind: Pod".utf8),
            [0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x3A, 0x31, 0x7D],
            Array(String(repeating: "[", count: 10_000).utf8),
            Array(String(repeating: "{\"a\":", count: 10_000).utf8), [0], [0xEF, 0xBB, 0xBF],
        ] as [[UInt8]] {
            let response = try post(&harness, body)
            #expect(response.code == 400)
            #expect(try JSON(parsing: response.body)["reason"]?.string == "BadRequest")
        }
    }

    @Test("A body over the limit is refused before anything is parsed")
    func tooLarge() throws {
        var harness = try VerbsHarness()
        let body = [UInt8](repeating: UInt8(ascii: " "), count: 3 * 1_024 * 1_024 + 1)
        var request = harness.request(.post, pods)
        request.body = body
        guard case .refused(let early) = harness.api.requirement(of: request) else {
            throw HarnessError(what: "a body that is too large needs no snapshot")
        }
        #expect(early.code == 413)
        let response = try harness.run(request)
        #expect(response.code == 413)
        #expect(
            try JSON(parsing: response.body)["message"]?.string
                == "Request entity too large: limit is 3145728")
    }

    @Test("An object that the Store would not take is refused before it is proposed")
    func largeObject() throws {
        var limits = APILimits()
        limits.documentBytesMax = 2_000
        var harness = try VerbsHarness(limits: limits)
        let maps = "/api/v1/namespaces/default/configmaps"
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let filler = JSON.string(String(repeating: "x", count: 2_000))
        try harness.expect(
            .patch, "\(maps)/a", ["data": ["filler": filler]], code: 413,
            contentType: "application/merge-patch+json")
        var map = Sample.configMap("b")
        map["data"] = ["filler": filler]
        try harness.expect(.post, maps, map, code: 413)
    }

    @Test("A body of a type that is not served is 415")
    func mediaTypes() throws {
        var harness = try VerbsHarness()
        for type in ["application/xml", "text/plain", "application/cbor"] {
            try harness.expect(
                .post, pods, Sample.pod("p"), code: 415, contentType: type)
        }
        try harness.expect(
            .post, pods, Sample.pod("p"), code: 201,
            contentType: "application/json; charset=utf-8")
    }

    @Test("No path, query, selector or body stops the process")
    func fuzz() throws {
        var harness = try VerbsHarness(seed: 7)
        var random = Random(seed: 11)
        try harness.expect(.post, pods, Sample.pod("p"), code: 201)
        let words = [
            "api", "apis", "v1", "apps", "namespaces", "default", "pods", "p", "status", "log",
            "exec", "scale", "deployments", "", "..", "%2F", "%", "%zz", "\u{E9}", "openapi", "v3",
            "events", "binding", "finalize", "token", "serviceaccounts", "livez",
        ]
        let parts = [
            "labelSelector=", "fieldSelector=", "limit=", "continue=", "watch=", "a", "b", "=",
            "!", "(", ")", ",", " in ", "notin", "&", "%3D", "%", "resourceVersion=", "0", "-1",
            "99999999999999999999", "\\", "+", "metadata.name", "spec.nodeName", "dryRun=All",
            "fieldManager=x", "force=1", "gracePeriodSeconds=", "container=", "tailLines=", ">",
            "<", "sendInitialEvents=true", "resourceVersionMatch=NotOlderThan", "eyJ2IjoiIn0",
        ]
        let methods: [APIRequest.Method] = [.get, .post, .put, .patch, .delete, .other, .head]
        let types = [
            "application/json", "application/json-patch+json", "application/merge-patch+json",
            "application/strategic-merge-patch+json", "application/apply-patch+yaml", "",
        ]
        let bodies: [JSON] = [
            [:], [], 1, "x", Sample.pod("p"), ["metadata": []], ["metadata": ["name": 1]],
            ["spec": ["replicas": "many"], "metadata": ["name": "p"]],
            ["metadata": ["labels": ["a": 1], "finalizers": [1, [:]], "managedFields": [1]]],
            ["preconditions": 1], ["target": ["name": [:]]], [["op": "add", "path": "/metadata"]],
        ]
        var answers = 0
        for _ in 0..<3_000 {
            var path = ""
            for _ in 0..<random.below(9) { path += "/" + words[random.below(words.count)] }
            if random.chance(0.5) { path = pods + (random.chance(0.5) ? "/p" : "") }
            var query = ""
            for _ in 0..<random.below(8) { query += parts[random.below(parts.count)] }
            var request = harness.request(
                methods[random.below(methods.count)], path + "?" + query,
                bodies[random.below(bodies.count)],
                accept: random.chance(0.2)
                    ? "application/json;as=Table;v=v1;g=meta.k8s.io;q=x,;=;,*/*" : "",
                contentType: types[random.below(types.count)])
            request.isUpgrade = random.chance(0.5)
            _ = harness.api.requirement(of: request)
            switch harness.api.handle(request, snapshot: harness.store.snapshot, at: harness.wall) {
            case .respond(let response):
                answers += response.code >= 200 ? 1 : 0
            case .watch(var stream):
                answers += stream.initialEvents(harness.store.snapshot).count >= 0 ? 1 : 0
            case .commit, .stream, .proxy, .usage, .issueToken, .metrics, .openIDKeys:
                answers += 1
            }
        }
        #expect(answers == 3_000)
    }
}
