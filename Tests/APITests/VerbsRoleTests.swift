import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("What roles allow")
struct VerbsRoleTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let group = "/apis/rbac.authorization.k8s.io/v1"
    private let robot = UserInfo(
        name: "system:serviceaccount:default:robot",
        groups: ["system:serviceaccounts", UserInfo.authenticated])

    private func role(_ name: String, _ rules: JSON) -> JSON {
        ["metadata": ["name": .string(name)], "rules": rules]
    }

    private func binding(_ name: String, to kind: String, _ role: String) -> JSON {
        [
            "metadata": ["name": .string(name)],
            "roleRef": ["kind": .string(kind), "name": .string(role)],
            "subjects": [
                ["kind": "ServiceAccount", "namespace": "default", "name": "robot"]
            ],
        ]
    }

    private let readPods: JSON = [
        ["verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]]
    ]

    @Test("A role that is bound in a namespace holds there and nowhere else")
    func roleInNamespace() throws {
        var harness = try VerbsHarness()
        let place = "\(group)/namespaces/default"
        _ = try harness.expect(.get, pods, code: 403, user: robot)
        _ = try harness.expect(.post, "\(place)/roles", role("reader", readPods), code: 201)
        _ = try harness.expect(.get, pods, code: 403, user: robot)
        _ = try harness.expect(
            .post, "\(place)/rolebindings", binding("b", to: "Role", "reader"), code: 201)
        _ = try harness.expect(.get, pods, code: 200, user: robot)
        _ = try harness.expect(.get, "/api/v1/namespaces/kube-system/pods", code: 403, user: robot)
        _ = try harness.expect(.get, "/api/v1/pods", code: 403, user: robot)
        _ = try harness.expect(.get, "\(pods)/p/log", code: 403, user: robot)
        _ = try harness.expect(.delete, "\(place)/rolebindings/b", code: 200)
        _ = try harness.expect(.get, pods, code: 403, user: robot)
    }

    @Test("A ClusterRole holds where it is bound: in a namespace or everywhere")
    func clusterRole() throws {
        var harness = try VerbsHarness()
        _ = try harness.expect(.post, "\(group)/clusterroles", role("r", readPods), code: 201)
        _ = try harness.expect(
            .post, "\(group)/namespaces/default/rolebindings",
            binding("b", to: "ClusterRole", "r"), code: 201)
        _ = try harness.expect(.get, pods, code: 200, user: robot)
        _ = try harness.expect(.get, "/api/v1/pods", code: 403, user: robot)
        _ = try harness.expect(
            .post, "\(group)/clusterrolebindings", binding("b", to: "ClusterRole", "r"),
            code: 201)
        _ = try harness.expect(.get, "/api/v1/pods", code: 200, user: robot)
    }

    @Test(
        "Rules are matched as Kubernetes matches them",
        arguments: [
            ("*", "*", "*", "", "log", true),
            ("get", "", "pods", "", "log", false),
            ("get", "", "pods/log", "", "log", true),
            ("get", "", "*/log", "", "log", true),
            ("get", "", "*/log", "", "", false),
            ("get", "apps", "*", "", "", false),
            ("list", "", "pods", "", "", false),
            ("get", "", "pods", "p", "", true),
            ("get", "", "pods", "q", "", false),
        ])
    func rules(
        _ verb: String, _ apiGroup: String, _ resource: String, _ name: String,
        asked subresource: String, _ allowed: Bool
    ) throws {
        var harness = try VerbsHarness()
        let rule: JSON = [
            "verbs": [.string(verb)], "apiGroups": [.string(apiGroup)],
            "resources": [.string(resource)], "resourceNames": name.isEmpty ? [] : [.string(name)],
        ]
        _ = try harness.expect(.post, "\(group)/clusterroles", role("r", [rule]), code: 201)
        _ = try harness.expect(
            .post, "\(group)/clusterrolebindings", binding("b", to: "ClusterRole", "r"),
            code: 201)
        let review = try harness.expect(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            [
                "spec": [
                    "resourceAttributes": [
                        "namespace": "default", "verb": "get", "resource": "pods",
                        "subresource": .string(subresource), "name": "p",
                    ]
                ]
            ], code: 201, user: robot)
        #expect(review["status"]?["allowed"] == .bool(allowed))
    }

    @Test("Nobody gives away what he does not have")
    func escalation() throws {
        var harness = try VerbsHarness()
        let mayWriteRoles: JSON = [
            [
                "verbs": ["create", "update"],
                "apiGroups": ["rbac.authorization.k8s.io"],
                "resources": ["roles", "rolebindings"],
            ],
            readPods[0] ?? [:],
        ]
        _ = try harness.expect(.post, "\(group)/clusterroles", role("r", mayWriteRoles), code: 201)
        _ = try harness.expect(
            .post, "\(group)/clusterrolebindings", binding("b", to: "ClusterRole", "r"),
            code: 201)
        let roles = "\(group)/namespaces/default/roles"
        let onePod: JSON = [
            [
                "verbs": ["get"], "apiGroups": [""], "resources": ["pods"],
                "resourceNames": ["p"],
            ]
        ]
        _ = try harness.expect(.post, roles, role("less", onePod), code: 201, user: robot)
        let everything: JSON = [["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]]]
        let refusal = try harness.expect(
            .post, roles, role("more", everything), code: 403, user: robot)
        #expect(
            refusal["message"]?.string
                == "roles.rbac.authorization.k8s.io \"more\" is forbidden: user "
                + "\"system:serviceaccount:default:robot\" (groups=[\"system:serviceaccounts\" "
                + "\"system:authenticated\"]) is attempting to grant RBAC permissions not "
                + "currently held:\n{APIGroups:[\"*\"], Resources:[\"*\"], Verbs:[\"*\"]}")
        _ = try harness.expect(.post, "\(group)/clusterroles", role("all", everything), code: 201)
        _ = try harness.expect(
            .post, "\(group)/namespaces/default/rolebindings",
            binding("mine", to: "ClusterRole", "all"), code: 403, user: robot)
    }

    @Test("Only who holds everything makes a role out of whatever others will be")
    func aggregation() throws {
        var harness = try VerbsHarness()
        let mayWriteRoles: JSON = [
            [
                "verbs": ["create", "update"],
                "apiGroups": ["rbac.authorization.k8s.io"],
                "resources": ["clusterroles", "clusterrolebindings"],
            ]
        ]
        _ = try harness.expect(.post, "\(group)/clusterroles", role("r", mayWriteRoles), code: 201)
        _ = try harness.expect(
            .post, "\(group)/clusterrolebindings", binding("b", to: "ClusterRole", "r"),
            code: 201)
        var gathering = role("gathering", [])
        gathering["aggregationRule"] = [
            "clusterRoleSelectors": [["matchLabels": ["example.com/part": "true"]]]
        ]
        let refusal = try harness.expect(
            .post, "\(group)/clusterroles", gathering, code: 403, user: robot)
        #expect(
            refusal["message"]?.string
                == "clusterroles.rbac.authorization.k8s.io \"gathering\" is forbidden: must have "
                + "cluster-admin privileges to use an aggregationRule")
        _ = try harness.expect(.post, "\(group)/clusterroles", gathering, code: 201)
        let unknown = try harness.expect(
            .post, "\(group)/clusterrolebindings", binding("x", to: "ClusterRole", "nothing"),
            code: 404, user: robot)
        #expect(
            unknown["message"]?.string
                == "clusterroles.rbac.authorization.k8s.io \"nothing\" not found")
    }

    @Test("Acting as somebody else needs a rule for the name and for each group")
    func impersonation() throws {
        var harness = try VerbsHarness()
        func code(_ groups: [String]) throws -> Int {
            var request = harness.request(.get, "/api", user: robot)
            request.impersonation = Impersonation(user: "jane", groups: groups)
            return try harness.run(request).code
        }
        #expect(try code([]) == 403)
        let rules: JSON = [
            [
                "verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"],
                "resourceNames": ["jane"],
            ]
        ]
        _ = try harness.expect(.post, "\(group)/clusterroles", role("r", rules), code: 201)
        _ = try harness.expect(
            .post, "\(group)/clusterrolebindings", binding("b", to: "ClusterRole", "r"),
            code: 201)
        #expect(try code([]) == 200)
        #expect(try code(["system:masters"]) == 403)
    }

    @Test("A client can ask for all that it may do")
    func rulesReview() throws {
        var harness = try VerbsHarness()
        _ = try harness.expect(.post, "\(group)/clusterroles", role("r", readPods), code: 201)
        _ = try harness.expect(
            .post, "\(group)/namespaces/default/rolebindings",
            binding("b", to: "ClusterRole", "r"), code: 201)
        let review = try harness.expect(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            ["spec": ["namespace": "default"]], code: 201, user: robot)
        #expect(review["status"]?["resourceRules"]?.array?.last == readPods[0])
    }
}
