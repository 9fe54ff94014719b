import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Verbs that read")
struct VerbsReadTests {
    private let maps = "/api/v1/namespaces/default/configmaps"

    @Test("A stored object comes back with its version in front")
    func get() throws {
        var harness = try VerbsHarness()
        let made = try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let response = try harness.run(harness.request(.get, "\(maps)/a"))
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(
            text.hasPrefix(
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"
                    + "{\"resourceVersion\":\"3\",\"name\":\"a\",\"namespace\":\"default\","))
        #expect(try JSON(parsing: response.body) == made)
        #expect(made["metadata"]?["uid"]?.string?.count == 36)
        #expect(made["metadata"]?["creationTimestamp"]?.string == harness.wall.rfc3339)
    }

    @Test("What is not there is answered 404 with Kubernetes' words")
    func notFound() throws {
        var harness = try VerbsHarness()
        let status = try harness.expect(.get, "\(maps)/b", code: 404)
        #expect(status["message"]?.string == "configmaps \"b\" not found")
        #expect(status["reason"]?.string == "NotFound")
        #expect(status["details"] == ["name": "b", "kind": "configmaps"])
    }

    @Test("A list goes on where its last page ended, at the same revision")
    func pages() throws {
        var harness = try VerbsHarness()
        for name in ["a", "b", "c", "d", "e"] {
            try harness.expect(.post, maps, Sample.configMap(name), code: 201)
        }
        var page = try harness.expect(.get, "\(maps)?limit=2", code: 200)
        #expect(page["kind"]?.string == "ConfigMapList")
        #expect(page["metadata"]?["remainingItemCount"]?.integer == 3)
        let version = page["metadata"]?["resourceVersion"]
        try harness.expect(.post, maps, Sample.configMap("bb"), code: 201)
        var names = names(of: page)
        while let token = page["metadata"]?["continue"]?.string {
            page = try harness.expect(.get, "\(maps)?limit=2&continue=\(token)", code: 200)
            #expect(page["metadata"]?["resourceVersion"] == version)
            names += self.names(of: page)
        }
        #expect(names == ["a", "b", "c", "d", "e"])
    }

    @Test("A list that was begun long ago is 410 with a token that leads on")
    func oldPages() throws {
        var harness = try VerbsHarness()
        for name in ["a", "b", "c", "d", "e"] {
            try harness.expect(.post, maps, Sample.configMap(name), code: 201)
        }
        let first = try harness.expect(.get, "\(maps)?limit=2", code: 200)
        let token = try #require(first["metadata"]?["continue"]?.string)
        harness.wall = harness.wall + .minutes(5)
        try harness.expect(.get, "\(maps)?limit=2&continue=\(token)", code: 200)
        harness.wall = harness.wall + .seconds(1)
        try harness.expect(.post, maps, Sample.configMap("cc"), code: 201)
        let gone = try harness.expect(.get, "\(maps)?limit=2&continue=\(token)", code: 410)
        #expect(gone["reason"]?.string == "Expired")
        let fresh = try #require(gone["metadata"]?["continue"]?.string)
        let second = try harness.expect(.get, "\(maps)?limit=2&continue=\(fresh)", code: 200)
        #expect(names(of: second) == ["c", "cc"])
        #expect(second["metadata"]?["remainingItemCount"]?.integer == 2)
        #expect(second["metadata"]?["resourceVersion"] != first["metadata"]?["resourceVersion"])
        let last = try #require(second["metadata"]?["continue"]?.string)
        let third = try harness.expect(.get, "\(maps)?limit=2&continue=\(last)", code: 200)
        #expect(names(of: third) == ["d", "e"])
        #expect(third["metadata"]?["resourceVersion"] == second["metadata"]?["resourceVersion"])
        #expect(third["metadata"]?["remainingItemCount"] == nil)
    }

    private func names(of list: JSON) -> [String] {
        (list["items"]?.array ?? []).compactMap { $0["metadata"]?["name"]?.string }
    }

    @Test(
        "Selectors choose by labels and fields",
        arguments: [
            ("labelSelector=app%3Dweb", "a b"), ("labelSelector=app==web,tier=back", "b"),
            ("labelSelector=app!=web", "c d"), ("labelSelector=tier", "b c"),
            ("labelSelector=!tier", "a d"), ("labelSelector=app+in+(web,db)", "a b c"),
            ("labelSelector=app%20notin%20(web)", "c d"), ("labelSelector=", "a b c d"),
            ("fieldSelector=metadata.name=c", "c"),
            ("fieldSelector=metadata.name!=c", "a b d"),
            ("fieldSelector=metadata.namespace=default,metadata.name=a", "a"),
            ("fieldSelector=metadata.namespace=other", ""),
            ("labelSelector=app=web&fieldSelector=metadata.name=c", ""),
            ("labelSelector=size>3", "d"), ("labelSelector=size<9", "d"),
        ])
    func selectors(_ query: String, _ expected: String) throws {
        var harness = try VerbsHarness()
        for (name, labels) in [
            ("a", ["app": "web"]), ("b", ["tier": "back", "app": "web"]),
            ("c", ["app": "db", "tier": "front"]),
            ("d", ["size": "5"]),
        ] as [(String, JSON)] {
            try harness.expect(.post, maps, Sample.configMap(name, labels: labels), code: 201)
        }
        let encoded = query.replacing(">", with: "%3E").replacing("<", with: "%3C")
        let list = try harness.expect(.get, "\(maps)?\(encoded)", code: 200)
        #expect(names(of: list).joined(separator: " ") == expected)
        let all = try harness.expect(.get, "/api/v1/configmaps?\(encoded)", code: 200)
        #expect(names(of: all).joined(separator: " ") == expected)
    }

    @Test("Pods are selected by the fields of their spec and status")
    func podFields() throws {
        var harness = try VerbsHarness()
        let pods = "/api/v1/namespaces/default/pods"
        for name in ["p", "q"] {
            try harness.expect(.post, pods, Sample.pod(name), code: 201)
        }
        let key = ObjectKey(.pods, namespace: "default", name: "q")
        _ = try harness.write(.bind(key, uid: "", node: "machine-2")).get()
        let there = try harness.expect(
            .get, "/api/v1/pods?fieldSelector=spec.nodeName=machine-2", code: 200)
        #expect(names(of: there) == ["q"])
        let nowhere = try harness.expect(
            .get, "/api/v1/pods?fieldSelector=spec.nodeName%3D", code: 200)
        #expect(names(of: nowhere) == ["p"])
    }

    @Test(
        "A query that makes no sense is refused",
        arguments: [
            ("labelSelector=a+in", 400, "found '' expected: '('"),
            ("labelSelector=a=b,,", 400, "expected: identifier after ','"),
            ("labelSelector=-a", 400, "name part must consist"),
            ("labelSelector=a=(b)", 400, "expected: identifier"),
            ("fieldSelector=name", 400, "invalid selector: 'name'; can't understand 'name'"),
            ("fieldSelector=spec.x=1", 400, "\"spec.x\" is not a known field selector"),
            ("limit=many", 400, "invalid syntax"), ("continue=@@", 400, "continue key"),
            ("resourceVersion=x", 400, "invalid resource version"),
            ("resourceVersionMatch=Exact", 422, "resourceVersionMatch is forbidden unless"),
            ("resourceVersion=1&resourceVersionMatch=Never", 422, "supported values"),
            ("sendInitialEvents=true", 422, "sendInitialEvents is forbidden for list"),
            ("watch=1&sendInitialEvents=true", 422, "requires setting resourceVersionMatch"),
            ("limit=%zz", 400, "invalid URL escape"),
        ])
    func badQueries(_ query: String, _ code: Int, _ message: String) throws {
        var harness = try VerbsHarness()
        let status = try harness.expect(.get, "\(maps)?\(query)", code: code)
        #expect(status["message"]?.string?.contains(message) ?? false, "\(status.text)")
    }

    @Test("A version that is compacted is answered 410, one that is not there yet 504")
    func versions() throws {
        var harness = try VerbsHarness()
        let future = try harness.expect(.get, "\(maps)?resourceVersion=99", code: 504)
        #expect(future["message"]?.string == "Too large resource version: 99, current: 2")
        #expect(
            harness.api.requirement(of: harness.request(.get, "\(maps)?resourceVersion=9"))
                == .notOlderThan(.init(9)))
        let exact = harness.request(
            .get, "\(maps)?resourceVersion=1&resourceVersionMatch=Exact")
        #expect(harness.api.requirement(of: exact) == .exactly(.init(1)))
        // The daemon found revision 1 compacted and gives the newest one.
        guard
            case .respond(let response) = harness.api.handle(
                exact, snapshot: harness.store.snapshot, at: harness.wall)
        else { throw HarnessError(what: "a list must be answered") }
        #expect(response.code == 410)
        #expect(try JSON(parsing: response.body)["reason"]?.string == "Expired")
    }

    @Test("The answer has the form that Accept names first of those served")
    func negotiation() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, maps, Sample.configMap("a"), code: 201)
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
        #expect(
            try harness.expect(.get, maps, code: 200, accept: table)["kind"]?.string == "Table")
        let partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
        let list = try harness.expect(.get, maps, code: 200, accept: partial)
        #expect(list["kind"]?.string == "PartialObjectMetadataList")
        #expect(list["items"]?[0]?["data"] == nil)
        let both = "application/vnd.kubernetes.protobuf, application/json"
        #expect(
            try harness.expect(.get, maps, code: 200, accept: both)["kind"]?.string
                == "ConfigMapList")
        let refused = try harness.expect(
            .get, maps, code: 406, accept: "application/vnd.kubernetes.protobuf")
        #expect(refused["reason"]?.string == "NotAcceptable")
        let yaml = try harness.run(harness.request(.get, maps, accept: "application/yaml"))
        #expect(yaml.contentType == "application/yaml")
    }

    @Test(
        "Paths that name nothing are 404, verbs that a path does not know 405",
        arguments: [
            (APIRequest.Method.get, "/api/v1/gadgets", 404),
            (.get, "/apis/nothing.example/v1", 404), (.get, "/apis/nothing.example", 404),
            (.get, "/api/v2", 404), (.get, "/api/v1/namespaces/default/pods/a/b/c", 404),
            (.get, "/api/v1/namespaces/default/nodes", 404),
            (.get, "/api/v1/pods/a", 404), (.post, "/api/v1/pods", 405),
            (.delete, "/api/v1/pods", 405), (.put, "/api/v1/namespaces/default/pods", 405),
            (.other, "/api/v1/namespaces/default/pods", 405),
            (.post, "/api/v1/namespaces/default/pods/a", 405),
            (.delete, "/api/v1/namespaces/default/pods/a/status", 405),
        ])
    func paths(_ method: APIRequest.Method, _ path: String, _ code: Int) throws {
        var harness = try VerbsHarness()
        let status = try harness.expect(method, path, Sample.pod("a"), code: code)
        #expect(status["kind"]?.string == "Status")
    }
}
