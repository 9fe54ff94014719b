import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("What all verbs share")
struct VerbsSmallPartsTests {
    @Test("The OpenAPI documents that discovery names are there")
    func openAPI() throws {
        var harness = try VerbsHarness()
        let index = try harness.expect(.get, "/openapi/v3", code: 200)
        let paths = index["paths"]?.object?.names ?? []
        #expect(paths.contains("api/v1") && paths.contains("apis/apps/v1"))
        for path in paths {
            let response = try harness.run(harness.request(.get, "/openapi/v3/\(path)"))
            #expect(response.code == 200)
        }
        try harness.expect(.get, "/openapi/v3/apis/none/v1", code: 404)
    }

    @Test("The type of a Swagger document as protobuf is one that every client can read")
    func swaggerType() throws {
        var harness = try VerbsHarness()
        for spelling in ["v2.v1.0", "v2@v1.0"] {
            let accept = "application/com.github.proto-openapi.spec.\(spelling)+protobuf"
            let answer = try harness.run(harness.request(.get, "/openapi/v2", accept: accept))
            #expect(
                answer.contentType == "application/com.github.proto-openapi.spec.v2.v1.0+protobuf")
            #expect(!answer.body.isEmpty)
        }
    }

    @Test("Writes of the same seed are the same, bytes and all")
    func determinism() throws {
        func run() throws -> [UInt8] {
            var harness = try VerbsHarness(seed: 5)
            let path = "/api/v1/namespaces/default"
            var bytes: [UInt8] = []
            for index in 0..<5 {
                var pod = Sample.pod("")
                pod["metadata"] = ["generateName": "web-", "labels": ["n": .string("\(index)")]]
                bytes += try harness.run(harness.request(.post, "\(path)/pods", pod)).body
                bytes += try harness.run(
                    harness.request(
                        .post, "\(path)/services", Sample.service("s\(index)", type: "NodePort"))
                ).body
            }
            return bytes
        }
        #expect(try run() == run())
    }

    @Test("An event of a watch and a get show the same text")
    func sameText() throws {
        var harness = try VerbsHarness()
        let maps = "/api/v1/namespaces/default/configmaps"
        var stream = try harness.watch("\(maps)?watch=1")
        let labels: JSON = ["quote": "a-b", "app": "web"]
        var map = Sample.configMap("a", labels: labels)
        map[path: ["metadata", "annotations"]] = ["labels": "\"}{,\\ \u{2028}", "x": "]\n"]
        try harness.expect(.post, maps, map, code: 201)
        let events = try harness.events(of: &stream)
        let read = try harness.expect(.get, "\(maps)/a", code: 200)
        #expect(events.first?["object"] == read)
        #expect(read["metadata"]?["annotations"] == map["metadata"]?["annotations"])
        let found = try harness.expect(.get, "\(maps)?labelSelector=quote%3Da-b", code: 200)
        #expect(found["items"]?[0] == read)
    }

    @Test("A warning stays one line whatever a field is called")
    func warnings() throws {
        var harness = try VerbsHarness()
        var map = Sample.configMap("a")
        map["x\r\nSet-Cookie: \"y\""] = 1
        let response = try harness.run(
            harness.request(.post, "/api/v1/namespaces/default/configmaps", map))
        #expect(response.code == 201)
        let value = try #require(response.headers.first?.value)
        #expect(!value.utf8.contains { $0 < 0x20 })
    }

    @Test("What a write needs of the Store is said before it is evaluated")
    func requirements() throws {
        let harness = try VerbsHarness()
        let pods = "/api/v1/namespaces/default/pods"
        for (method, path, expected) in [
            (.get, pods, .consistentRead), (.get, "\(pods)?resourceVersion=0", .anySnapshot),
            (.get, "\(pods)/p?resourceVersion=4", .notOlderThan(Revision(4))),
            (.get, "\(pods)?limit=1&resourceVersion=4", .exactly(Revision(4))),
            (.get, "\(pods)?watch=1", .consistentRead),
            (.get, "\(pods)?watch=1&resourceVersion=9", .notOlderThan(Revision(9))),
            (.get, "\(pods)/p/log", .consistentRead), (.post, pods, .consistentRead),
            (.get, "/version", .anySnapshot), (.get, "/apis", .anySnapshot),
        ] as [(APIRequest.Method, String, APIRequirement)] {
            #expect(harness.api.requirement(of: harness.request(method, path)) == expected)
        }
    }
}
