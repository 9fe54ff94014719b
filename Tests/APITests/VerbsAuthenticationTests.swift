import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Who may do what")
struct VerbsAuthenticationTests {
    private let pods = "/api/v1/namespaces/default/pods"

    private func code(
        _ harness: inout VerbsHarness, _ path: String, _ credential: Credential
    ) throws -> Int {
        var request = harness.request(.get, path)
        request.credential = credential
        return try harness.run(request).code
    }

    @Test("Without a credential only health and version are open")
    func anonymous() throws {
        var harness = try VerbsHarness()
        for path in ["/livez", "/readyz", "/healthz", "/version", "/livez/ping"] {
            #expect(try code(&harness, path, .none) == 200)
        }
        for path in ["/", "/api", "/apis", pods, "/openapi/v3", "/livezz", "/nothing"] {
            #expect(try code(&harness, path, .none) == 403)
            #expect(try code(&harness, path, .invalid) == 401)
        }
        var request = harness.request(.get, pods)
        request.credential = .none
        #expect(
            String(decoding: try harness.run(request).body, as: UTF8.self).contains(
                #"pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\""#))
    }

    @Test("What a role allows to everybody, nobody needs a credential for")
    func anonymousRole() throws {
        var harness = try VerbsHarness()
        let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default"
        try harness.expect(
            .post, "\(roles)/roles",
            [
                "metadata": ["name": "public"],
                "rules": [["verbs": ["list"], "apiGroups": [""], "resources": ["pods"]]],
            ], code: 201)
        try harness.expect(
            .post, "\(roles)/rolebindings",
            [
                "metadata": ["name": "public"],
                "roleRef": [
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "public",
                ],
                "subjects": [
                    [
                        "apiGroup": "rbac.authorization.k8s.io", "kind": "Group",
                        "name": "system:unauthenticated",
                    ]
                ],
            ], code: 201)
        #expect(try code(&harness, pods, .none) == 200)
        #expect(try code(&harness, pods, .invalid) == 401)
    }

    @Test("The machine's counters are for administrators, and for who is allowed to see them")
    func metrics() throws {
        var harness = try VerbsHarness()
        let request = harness.request(.get, "/metrics")
        guard case .metrics = harness.api.handle(
            request, snapshot: harness.store.snapshot, at: harness.wall)
        else {
            Issue.record("an administrator is refused")
            return
        }
        let robot = UserInfo(
            name: "system:serviceaccount:default:robot", groups: [UserInfo.authenticated])
        #expect(try code(&harness, "/metrics", .user(robot)) == 403)
        #expect(try code(&harness, "/metrics", .none) == 403)
        #expect(try harness.run(harness.request(.post, "/metrics")).code == 405)
    }

    @Test("A service account may discover and ask about itself, and no more")
    func serviceAccount() throws {
        var harness = try VerbsHarness()
        let account = UserInfo(
            name: "system:serviceaccount:default:robot",
            groups: ["system:serviceaccounts", UserInfo.authenticated])
        for path in ["/api", "/apis", "/api/v1", "/apis/apps/v1", "/version"] {
            #expect(try code(&harness, path, .user(account)) == 200)
        }
        let status = try harness.expect(.get, pods, code: 403, user: account)
        #expect(
            status["message"]?.string
                == "pods is forbidden: User \"system:serviceaccount:default:robot\" cannot list "
                + "resource \"pods\" in API group \"\" in the namespace \"default\"")
        let log = try harness.expect(.get, "\(pods)/p/log", code: 403, user: account)
        #expect(
            log["message"]?.string
                == "pods \"p\" is forbidden: User \"system:serviceaccount:default:robot\" cannot "
                + "get resource \"pods/log\" in API group \"\" in the namespace \"default\"")
        let review = try harness.expect(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            ["spec": ["resourceAttributes": ["verb": "get", "resource": "pods"]]], code: 201,
            user: account)
        #expect(review["status"]?["allowed"]?.bool == false)
        let myself = try harness.expect(
            .post, "/apis/authentication.k8s.io/v1/selfsubjectreviews", [:], code: 201,
            user: account)
        #expect(myself["status"]?["userInfo"]?["username"]?.string == account.name)
    }

    @Test("A machine does what a kubelet does")
    func machine() throws {
        var harness = try VerbsHarness()
        let machine = UserInfo.machine("machine-1")
        try harness.expect(
            .get, "\(pods)?fieldSelector=spec.nodeName=machine-1", code: 200, user: machine)
        try harness.expect(.get, "/api/v1/services", code: 200, user: machine)
        try harness.expect(.delete, pods, code: 403, user: machine)
        try harness.expect(
            .post, "/api/v1/namespaces/default/secrets", ["metadata": ["name": "s"]], code: 403,
            user: machine)
        try harness.expect(
            .post, "/api/v1/nodes", ["metadata": ["name": "machine-1"]], code: 201, user: machine)
    }

    @Test("Only administrators act as somebody else")
    func impersonation() throws {
        var harness = try VerbsHarness()
        var request = harness.request(.get, pods)
        request.impersonation = Impersonation(user: "jane")
        let refused = try harness.run(request)
        #expect(refused.code == 403)
        #expect(String(decoding: refused.body, as: UTF8.self).contains("jane"))
        request.impersonation = Impersonation(user: "jane", groups: [UserInfo.masters])
        #expect(try harness.run(request).code == 200)
        request.credential = .user(.machine("machine-1"))
        let thief = try harness.run(request)
        #expect(thief.code == 403)
        #expect(String(decoding: thief.body, as: UTF8.self).contains("impersonate"))
    }

    @Test("Each extra value and the UID need a right of their own, and nothing goes without a user")
    func impersonationExtra() throws {
        var harness = try VerbsHarness()
        let review = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        var request = harness.request(.post, review, [:])
        request.impersonation = Impersonation(
            user: "system:serviceaccount:default:robot", uid: "u-9",
            extra: [UserInfo.Extra(name: "scopes", values: ["view", "edit"])])
        let info = try JSON(parsing: harness.run(request).body)["status"]?["userInfo"]
        let expected: JSON = [
            "username": "system:serviceaccount:default:robot", "uid": "u-9",
            "groups": [
                "system:serviceaccounts", "system:serviceaccounts:default",
                "system:authenticated",
            ],
            "extra": ["scopes": ["view", "edit"]],
        ]
        #expect(info == expected)
        request.impersonation?.user = "system:anonymous"
        // Who is anonymous is not among those who may ask about themselves.
        let nobody = try harness.run(request)
        #expect(nobody.code == 403)
        #expect(String(decoding: nobody.body, as: UTF8.self).contains("system:anonymous"))
        request.impersonation?.user = ""
        let refused = try harness.run(request)
        #expect(refused.code == 500)
        #expect(
            String(decoding: refused.body, as: UTF8.self)
                .contains("without impersonating a user"))

        let roles = "/apis/rbac.authorization.k8s.io/v1"
        try harness.expect(
            .post, "\(roles)/clusterroles",
            [
                "metadata": ["name": "actor"],
                "rules": [
                    ["verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"]],
                    [
                        "verbs": ["impersonate"], "apiGroups": ["authentication.k8s.io"],
                        "resources": ["userextras/scopes"], "resourceNames": ["view"],
                    ],
                ],
            ], code: 201)
        try harness.expect(
            .post, "\(roles)/clusterrolebindings",
            [
                "metadata": ["name": "actor"],
                "roleRef": [
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                    "name": "actor",
                ],
                "subjects": [
                    [
                        "apiGroup": "rbac.authorization.k8s.io", "kind": "User",
                        "name": "actor",
                    ]
                ],
            ], code: 201)
        func message(_ impersonation: Impersonation) throws -> String {
            var request = harness.request(
                .post, review, [:],
                user: UserInfo(name: "actor", groups: [UserInfo.authenticated]))
            request.impersonation = impersonation
            return try JSON(parsing: harness.run(request).body)["message"]?.string ?? ""
        }
        let view = UserInfo.Extra(name: "scopes", values: ["view"])
        #expect(try message(Impersonation(user: "jane", extra: [view])).isEmpty)
        let both = UserInfo.Extra(name: "scopes", values: ["view", "edit"])
        #expect(
            try message(Impersonation(user: "jane", extra: [both]))
                == "userextras.authentication.k8s.io \"edit\" is forbidden: User \"actor\" cannot "
                + "impersonate resource \"userextras/scopes\" in API group "
                + "\"authentication.k8s.io\" at the cluster scope")
        #expect(
            try message(Impersonation(user: "jane", uid: "7"))
                .hasPrefix("uids.authentication.k8s.io \"7\" is forbidden"))
    }

    private func issue(
        _ harness: inout VerbsHarness, _ body: JSON
    ) throws -> TokenIssue {
        let path = "/api/v1/namespaces/default/serviceaccounts/robot/token"
        let request = harness.request(.post, path, body)
        guard
            case .issueToken(let issue) = harness.api.handle(
                request, snapshot: harness.store.snapshot, at: harness.wall)
        else { throw HarnessError(what: "a token must be issued") }
        return issue
    }

    @Test("A token is good until it expires or what it is bound to is gone")
    func tokens() throws {
        var harness = try VerbsHarness()
        let accounts = "/api/v1/namespaces/default/serviceaccounts"
        try harness.expect(.post, accounts, ["metadata": ["name": "robot"]], code: 201)
        var pod = Sample.pod("p")
        pod[path: ["spec", "serviceAccountName"]] = "robot"
        let made = try harness.expect(.post, pods, pod, code: 201)
        let free = try issue(&harness, ["spec": ["expirationSeconds": 600]])
        let bound = try issue(
            &harness,
            [
                "spec": [
                    "boundObjectRef": [
                        "kind": "Pod", "apiVersion": "v1", "name": "p",
                        "uid": made["metadata"]?["uid"] ?? "",
                    ]
                ]
            ])
        #expect(
            free.claims["sub"]?.string == "system:serviceaccount:default:robot")
        #expect(free.claims["exp"]?.integer == harness.wall.seconds + 600)
        #expect(bound.claims["kubernetes.io"]?["pod"]?["name"]?.string == "p")
        let answer = try JSON(parsing: free.response(token: "a.b.c").body)
        #expect(answer["status"]?["token"]?.string == "a.b.c")

        #expect(try code(&harness, "/api", .token(claims: free.claims.bytes)) == 200)
        #expect(try code(&harness, pods, .token(claims: bound.claims.bytes)) == 403)
        try harness.expect(.delete, "\(pods)/p", code: 200)
        #expect(try code(&harness, "/api", .token(claims: bound.claims.bytes)) == 401)
        var forged = free.claims
        forged["iss"] = "https://elsewhere.example"
        #expect(try code(&harness, "/api", .token(claims: forged.bytes)) == 401)
        forged = free.claims
        forged["aud"] = ["vault"]
        #expect(try code(&harness, "/api", .token(claims: forged.bytes)) == 401)
        #expect(try code(&harness, "/api", .token(claims: Array("[".utf8))) == 401)
        harness.wall = harness.wall + .seconds(600)
        #expect(try code(&harness, "/api", .token(claims: free.claims.bytes)) == 401)
    }

    @Test("Whom a credential stands for can be asked apart from a request")
    func userOfCredential() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, "/api/v1/namespaces/default/serviceaccounts", ["metadata": ["name": "robot"]],
            code: 201)
        let token = try issue(&harness, [:]).claims.bytes
        func name(_ credential: Credential) -> String? {
            harness.api.user(
                of: credential, snapshot: harness.store.snapshot, at: harness.wall)?.name
        }
        #expect(name(.token(claims: token)) == "system:serviceaccount:default:robot")
        #expect(name(.none) == "system:anonymous")
        #expect(name(.invalid) == nil)
    }

    @Test("A token outlives the deletion of its account or Pod by a minute at most")
    func deletedBindings() throws {
        var harness = try VerbsHarness()
        let accounts = "/api/v1/namespaces/default/serviceaccounts"
        try harness.expect(
            .post, accounts,
            ["metadata": ["name": "robot", "finalizers": ["example.com/wait"]]], code: 201)
        let token = try issue(&harness, [:]).claims
        try harness.expect(.delete, "\(accounts)/robot", code: 200)
        #expect(try code(&harness, "/api", .token(claims: token.bytes)) == 200)
        harness.wall = harness.wall + .seconds(61)
        #expect(try code(&harness, "/api", .token(claims: token.bytes)) == 401)
    }

    @Test("A token that is bound to a Node dies with it, and a new Node of its name is another")
    func nodeTokens() throws {
        var harness = try VerbsHarness()
        try harness.expect(
            .post, "/api/v1/namespaces/default/serviceaccounts", ["metadata": ["name": "robot"]],
            code: 201)
        try harness.expect(.post, "/api/v1/nodes", ["metadata": ["name": "n"]], code: 201)
        let token = try issue(
            &harness,
            ["spec": ["boundObjectRef": ["kind": "Node", "apiVersion": "v1", "name": "n"]]]
        ).claims
        #expect(try code(&harness, "/api", .token(claims: token.bytes)) == 200)
        try harness.expect(.delete, "/api/v1/nodes/n", code: 200)
        #expect(try code(&harness, "/api", .token(claims: token.bytes)) == 401)
        try harness.expect(.post, "/api/v1/nodes", ["metadata": ["name": "n"]], code: 201)
        #expect(try code(&harness, "/api", .token(claims: token.bytes)) == 401)
    }

    @Test("A token that would live too short is refused, and one for another object's UID too")
    func badTokenRequests() throws {
        var harness = try VerbsHarness()
        let accounts = "/api/v1/namespaces/default/serviceaccounts"
        try harness.expect(.post, accounts, ["metadata": ["name": "robot"]], code: 201)
        let path = "\(accounts)/robot/token"
        try harness.expect(.post, path, ["spec": ["expirationSeconds": 10]], code: 422)
        try harness.expect(
            .post, path, ["spec": ["boundObjectRef": ["kind": "Pod", "name": "none"]]], code: 404)
        try harness.expect(
            .post, path, ["spec": ["boundObjectRef": ["kind": "Gadget", "name": "x"]]], code: 400)
        try harness.expect(.post, "\(accounts)/nobody/token", [:], code: 404)
    }

    @Test("A TokenReview believes only claims that the shell has verified")
    func tokenReview() throws {
        var harness = try VerbsHarness()
        let accounts = "/api/v1/namespaces/default/serviceaccounts"
        try harness.expect(.post, accounts, ["metadata": ["name": "robot"]], code: 201)
        let claims = try issue(&harness, [:]).claims
        let path = "/apis/authentication.k8s.io/v1/tokenreviews"
        var request = harness.request(.post, path, ["spec": ["token": .string(claims.text)]])
        var review = try JSON(parsing: harness.run(request).body)
        #expect(review["status"]?["authenticated"] == nil)
        request.reviewedClaims = claims.bytes
        review = try JSON(parsing: harness.run(request).body)
        #expect(review["status"]?["authenticated"]?.bool == true)
        #expect(
            review["status"]?["user"]?["username"]?.string
                == "system:serviceaccount:default:robot")
    }
}
