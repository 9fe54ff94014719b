import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Requests that are passed on")
struct VerbsProxyTests {
    private static let space = "/api/v1/namespaces/default"

    private func harness() throws -> VerbsHarness {
        var harness = try VerbsHarness()
        var pod = Sample.pod("p")
        pod[path: ["spec", "containers"]] = [
            ["name": "a", "image": "busybox"],
            ["name": "b", "image": "busybox", "ports": [["containerPort": 8_080]]],
        ]
        try harness.expect(.post, "\(Self.space)/pods", pod, code: 201)
        let key = ObjectKey(.pods, namespace: "default", name: "p")
        var bound = try harness.write(.bind(key, uid: "", node: "machine-2")).get()
        bound["status"] = ["phase": "Running", "podIP": "10.244.1.5"]
        _ = try harness.write(.update(.pods, bound, subresource: "status")).get()
        try harness.expect(
            .post, "\(Self.space)/services",
            [
                "metadata": ["name": "s"],
                "spec": [
                    "ports": [
                        ["name": "web", "port": 80, "targetPort": 8_080],
                        ["name": "other", "port": 81],
                    ]
                ],
            ], code: 201)
        try harness.expect(
            .post, "\(Self.space)/endpoints",
            [
                "metadata": ["name": "s"],
                "subsets": [
                    [
                        "addresses": [["ip": "10.244.1.5"]],
                        "ports": [["name": "web", "port": 8_080]],
                    ]
                ],
            ], code: 201)
        try harness.expect(
            .post, "/api/v1/nodes",
            [
                "metadata": ["name": "machine-2"],
                "status": ["addresses": [["type": "InternalIP", "address": "192.168.0.2"]]],
            ], code: 201)
        return harness
    }

    private func answer(
        _ harness: inout VerbsHarness, _ path: String, _ method: APIRequest.Method = .get
    ) throws -> String {
        let request = harness.request(method, path)
        switch harness.api.handle(request, snapshot: harness.store.snapshot, at: harness.wall) {
        case .proxy(let proxied):
            switch proxied.destination {
            case .address(let host, let port, let isTLS):
                return "\(isTLS ? "https" : "http")://\(host):\(port)\(proxied.path)"
            case .kubelet(let node): return "kubelet \(node) \(proxied.path)"
            }
        case .respond(let response):
            let message = try? JSON(parsing: response.body)["message"]?.string
            let location = response.headers.first { $0.name == "Location" }?.value
            return "\(response.code) \(message ?? location ?? "")"
        default:
            return "something else"
        }
    }

    @Test("A name with a scheme and a port becomes an address", arguments: [
        ("pods/p/proxy/", "http://10.244.1.5:8080/"),
        ("pods/p:81/proxy/a%2Fb//c/", "http://10.244.1.5:81/a%2Fb//c/"),
        ("pods/https:p:443/proxy/x", "https://10.244.1.5:443/x"),
        ("pods/ftp:p:21/proxy/", "400 invalid pod request \"ftp:p:21\""),
        ("pods/p:web/proxy/", "400 invalid pod request \"p\""),
        ("pods/q/proxy/", "404 pods \"q\" not found"),
        ("services/s:web/proxy/a", "http://10.244.1.5:8080/a"),
        ("services/https:s:80/proxy/a", "https://10.244.1.5:8080/a"),
        ("services/s:82/proxy/", "503 no service port 82 found for service \"s\""),
        ("services/s:81/proxy/", "503 no endpoints available for service \"s\""),
        ("services/s/proxy/", "503 no endpoints available for service \"s\""),
        ("services/t/proxy/", "404 endpoints \"t\" not found"),
    ])
    func names(_ path: String, _ expected: String) throws {
        var harness = try harness()
        #expect(try answer(&harness, "\(Self.space)/\(path)") == expected)
    }

    @Test("A Node is its kubelet, unless another port is named", arguments: [
        ("machine-2/proxy/healthz", "kubelet machine-2 /healthz"),
        ("machine-2:10250/proxy/pods/", "kubelet machine-2 /pods/"),
        ("machine-2:9100/proxy/metrics", "http://192.168.0.2:9100/metrics"),
    ])
    func nodes(_ path: String, _ expected: String) throws {
        var harness = try harness()
        #expect(try answer(&harness, "/api/v1/nodes/\(path)") == expected)
    }

    @Test("Without a slash behind it a reader is sent to the path with one")
    func redirect() throws {
        var harness = try harness()
        let path = "\(Self.space)/pods/p/proxy"
        #expect(try answer(&harness, path + "?a=b") == "301 \(path)/?a=b")
        #expect(try answer(&harness, path, .post) == "http://10.244.1.5:8080/")
    }

    @Test("What the client may read of tokens' issuer")
    func issuer() throws {
        var harness = try harness()
        let document = try harness.expect(.get, "/.well-known/openid-configuration", code: 200)
        #expect(document["issuer"] == "https://kubernetes.default.svc.cluster.local")
        #expect(
            document["jwks_uri"] == "https://kubernetes.default.svc.cluster.local/openid/v1/jwks")
        let request = harness.request(.get, "/openid/v1/jwks")
        guard case .openIDKeys = harness.api.handle(
            request, snapshot: harness.store.snapshot, at: harness.wall)
        else {
            Issue.record("no keys")
            return
        }
    }
}
