import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Admission")
struct VerbsAdmissionTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let services = "/api/v1/namespaces/default/services"

    @Test("A Pod gets the account, its token's volume and the tolerations of a lost Node")
    func podDefaults() throws {
        var harness = try VerbsHarness()
        let pod = try harness.expect(.post, pods, Sample.pod("p"), code: 201)
        #expect(pod["spec"]?["serviceAccountName"]?.string == "default")
        let volume = try #require(pod["spec"]?["volumes"]?[0])
        let name = try #require(volume["name"]?.string)
        #expect(name.hasPrefix("kube-api-access-") && name.count == 21)
        let sources = volume["projected"]?["sources"]
        #expect(
            sources?[0]
                == ["serviceAccountToken": ["expirationSeconds": 3_607, "path": "token"]])
        #expect(sources?[1]?["configMap"]?["name"]?.string == "kube-root-ca.crt")
        #expect(volume["projected"]?["defaultMode"]?.integer == 420)
        #expect(
            pod["spec"]?["containers"]?[0]?["volumeMounts"] == [
                [
                    "name": .string(name), "readOnly": true,
                    "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                ]
            ])
        let tolerations = Pod(pod).tolerations
        #expect(
            tolerations.map(\.key)
                == ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        #expect(tolerations.allSatisfy { $0.effect == "NoExecute" && $0.tolerationSeconds == 0 })
        #expect(pod["spec"]?["priority"]?.integer == 0)
    }

    @Test("A Pod may do without its token, and may not name an account that is not there")
    func accounts() throws {
        var harness = try VerbsHarness()
        var pod = Sample.pod("p")
        pod[path: ["spec", "automountServiceAccountToken"]] = false
        let made = try harness.expect(.post, pods, pod, code: 201)
        #expect(made["spec"]?["volumes"] == nil)
        var other = Sample.pod("q")
        other[path: ["spec", "serviceAccountName"]] = "robot"
        let status = try harness.expect(.post, pods, other, code: 403)
        #expect(
            status["message"]?.string
                == "pods \"q\" is forbidden: error looking up service account default/robot: "
                + "serviceaccount \"robot\" not found")
        try harness.expect(
            .post, "/api/v1/namespaces/default/serviceaccounts",
            ["metadata": ["name": "robot"], "automountServiceAccountToken": false], code: 201)
        let robot = try harness.expect(.post, pods, other, code: 201)
        #expect(robot["spec"]?["volumes"] == nil)
    }

    @Test("A toleration that a Pod brings along is kept")
    func tolerations() throws {
        var harness = try VerbsHarness()
        var pod = Sample.pod("p")
        pod[path: ["spec", "tolerations"]] = [["operator": "Exists"]]
        let made = try harness.expect(.post, pods, pod, code: 201)
        #expect(made["spec"]?["tolerations"] == [["operator": "Exists"]])
    }

    @Test("Each Service gets an address of its own, and gives it back when it goes")
    func clusterIPs() throws {
        var harness = try VerbsHarness()
        let network = try #require(IPv4Network("10.96.0.0/16"))
        var seen: Set<String> = []
        for index in 0..<20 {
            let service = try harness.expect(
                .post, services, Sample.service("s\(index)"), code: 201)
            let text = try #require(service["spec"]?["clusterIP"]?.string)
            let address = try #require(IPv4Address(text))
            #expect(network.contains(address))
            #expect(service["spec"]?["clusterIPs"] == [.string(text)])
            #expect(seen.insert(text).inserted)
        }
        let taken = try #require(seen.first)
        var wish = Sample.service("wish")
        wish[path: ["spec", "clusterIP"]] = .string(taken)
        let status = try harness.expect(.post, services, wish, code: 422)
        #expect(
            status["message"]?.string?.contains("provided IP is already allocated") ?? false)
        for index in 0..<20 {
            try harness.expect(.delete, "\(services)/s\(index)", code: 200)
        }
        let granted = try harness.expect(.post, services, wish, code: 201)
        #expect(granted["spec"]?["clusterIP"]?.string == taken)
        wish = Sample.service("outside")
        wish[path: ["spec", "clusterIP"]] = "10.1.2.3"
        try harness.expect(.post, services, wish, code: 422)
    }

    @Test("Two machines that choose the same address do not both get it")
    func allocationRace() throws {
        var harness = try VerbsHarness()
        var first = Sample.service("a")
        first[path: ["spec", "clusterIP"]] = "10.96.0.10"
        var second = first
        second[path: ["metadata", "name"]] = "b"
        let request = harness.request(.post, services, second)
        guard
            case .commit(let late) = harness.api.handle(
                request, snapshot: harness.store.snapshot, at: harness.wall)
        else { throw HarnessError(what: "a create must be committed") }
        try harness.expect(.post, services, first, code: 201)
        guard case .conflict = try harness.apply(late) else {
            throw HarnessError(what: "the address must be given out once")
        }
        #expect(try harness.run(request).code == 422)
    }

    @Test("Headless Services and external names have no address, node ports are unique")
    func kinds() throws {
        var harness = try VerbsHarness()
        var headless = Sample.service("headless")
        headless[path: ["spec", "clusterIP"]] = "None"
        let none = try harness.expect(.post, services, headless, code: 201)
        #expect(none["spec"]?["clusterIP"]?.string == "None")
        let open = try harness.expect(
            .post, services, Sample.service("open", type: "NodePort"), code: 201)
        let port = try #require(open["spec"]?["ports"]?[0]?["nodePort"]?.integer)
        #expect((30_000...32_767).contains(port))
        var wish = Sample.service("wish", type: "NodePort")
        wish[path: ["spec", "ports"]] = [
            ["port": 80, "protocol": "TCP", "nodePort": .integer(port)]
        ]
        try harness.expect(.post, services, wish, code: 422)
        var closed = open
        closed[path: ["spec", "type"]] = "ClusterIP"
        let update = try harness.expect(.put, "\(services)/open", closed, code: 200)
        #expect(update["spec"]?["ports"]?[0]?["nodePort"] == nil)
        #expect(update["spec"]?["clusterIP"] == open["spec"]?["clusterIP"])
        try harness.expect(.post, services, wish, code: 201)
    }

    @Test("A node port that serves two protocols is claimed and given back once")
    func sharedNodePort() throws {
        var harness = try VerbsHarness()
        var service = Sample.service("dns", type: "NodePort")
        service[path: ["spec", "ports"]] = [
            ["name": "tcp", "port": 53, "protocol": "TCP", "nodePort": 30_053],
            ["name": "udp", "port": 53, "protocol": "UDP", "nodePort": 30_053],
        ]
        try harness.expect(.post, services, service, code: 201)
        let closed = Sample.service("dns")
        let update = try harness.expect(.put, "\(services)/dns", closed, code: 200)
        #expect(update["spec"]?["ports"]?[0]?["nodePort"] == nil)
        service[path: ["metadata", "name"]] = "other"
        try harness.expect(.post, services, service, code: 201)
        try harness.expect(.delete, "\(services)/other", code: 200)
    }

    @Test("An update that leaves the address out keeps it")
    func keptAddress() throws {
        var harness = try VerbsHarness()
        let made = try harness.expect(.post, services, Sample.service("a"), code: 201)
        let kept = try harness.expect(.put, "\(services)/a", Sample.service("a"), code: 200)
        #expect(kept["spec"]?["clusterIP"] == made["spec"]?["clusterIP"])
        #expect(kept["metadata"]?["resourceVersion"] == made["metadata"]?["resourceVersion"])
    }
}
