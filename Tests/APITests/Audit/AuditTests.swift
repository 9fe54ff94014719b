import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("What the audit log holds")
struct AuditTests {
    private static let robot = UserInfo(
        name: "robot", groups: ["robots", UserInfo.authenticated], uid: "u-1")
    private let secrets = "/api/v1/namespaces/default/secrets"

    private func policy(_ rules: JSON, omitting stages: JSON = []) throws -> AuditPolicy {
        try AuditPolicy([
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": stages,
            "rules": rules,
        ])
    }

    private func trail(
        _ harness: inout VerbsHarness, _ request: APIRequest, _ rules: JSON,
        omitting stages: JSON = []
    ) throws -> AuditTrail? {
        harness.api.refresh(from: harness.store.snapshot)
        return harness.api.auditTrail(
            of: request, by: try policy(rules, omitting: stages),
            from: AuditTrail.Origin(
                id: "id-1", sourceIPs: ["192.0.2.1"], attempted: ["bearer"]),
            snapshot: harness.store.snapshot, at: harness.wall)
    }

    /// The same, of a request that must be logged.
    private func begun(
        _ harness: inout VerbsHarness, _ request: APIRequest, _ rules: JSON,
        omitting stages: JSON = []
    ) throws -> AuditTrail {
        let found = try trail(&harness, request, rules, omitting: stages)
        return try #require(found)
    }

    private func event(_ line: [UInt8]?) throws -> JSON {
        let line = try #require(line)
        #expect(line.last == UInt8(ascii: "\n") && line.dropLast().allSatisfy { $0 != 10 })
        return try JSON(parsing: line)
    }

    /// The level at which a request is logged, by its number of the rule that decides.
    private func level(
        _ harness: inout VerbsHarness, _ method: APIRequest.Method, _ path: String,
        _ rules: JSON, user: UserInfo = VerbsHarness.admin
    ) throws -> String {
        let request = harness.request(method, path, user: user)
        guard let trail = try trail(&harness, request, rules) else { return "None" }
        return try event(trail.received())["level"]?.string ?? ""
    }

    // MARK: The policy

    @Test("The first rule that fits decides, and what none fits is not logged")
    func firstRule() throws {
        var harness = try VerbsHarness()
        let rules: JSON = [
            ["level": "None", "users": ["robot"]],
            ["level": "Request", "userGroups": ["robots", "people"]],
            ["level": "Metadata", "verbs": ["delete", "deletecollection"]],
        ]
        let pods = "/api/v1/namespaces/default/pods"
        let other = UserInfo(name: "other", groups: ["people"])
        #expect(try level(&harness, .get, pods, rules, user: Self.robot) == "None")
        #expect(try level(&harness, .get, pods, rules, user: other) == "Request")
        #expect(try level(&harness, .get, pods, rules) == "None")
        #expect(try level(&harness, .delete, "\(pods)/p", rules) == "Metadata")
        #expect(try level(&harness, .delete, pods, rules) == "Metadata")
    }

    @Test("Resources are named with their group, subresource, name and namespace")
    func resources() throws {
        var harness = try VerbsHarness()
        func logged(_ rule: JSON, _ path: String) throws -> Bool {
            try level(&harness, .get, path, [rule]) == "Metadata"
        }
        func rule(_ resources: JSON, _ more: JSON = [:]) -> JSON {
            var rule: JSON = ["level": "Metadata", "resources": [resources]]
            for (name, value) in more.object ?? [:] { rule[name] = value }
            return rule
        }
        let pod = "/api/v1/namespaces/default/pods/p"
        let role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/r"
        #expect(try logged(rule(["group": ""]), pod))
        #expect(try !logged(rule(["group": ""]), role))
        #expect(try logged(rule(["resources": ["pods"]]), pod))
        #expect(try !logged(rule(["resources": ["pods"]]), "\(pod)/status"))
        #expect(try logged(rule(["resources": ["pods/status"]]), "\(pod)/status"))
        #expect(try logged(rule(["resources": ["*/status"]]), "\(pod)/status"))
        #expect(try logged(rule(["resources": ["pods/*"]]), pod))
        #expect(try logged(rule(["resources": ["pods/*"]]), "\(pod)/status"))
        #expect(try logged(rule(["resources": ["*"]]), "\(pod)/status"))
        #expect(try logged(rule(["resources": ["pods"], "resourceNames": ["p"]]), pod))
        #expect(try !logged(rule(["resources": ["pods"], "resourceNames": ["q"]]), pod))
        let here: JSON = ["namespaces": ["default"]]
        #expect(try logged(rule(["resources": ["pods"]], here), pod))
        #expect(
            try !logged(rule(["resources": ["pods"]], here), "/api/v1/namespaces/other/pods/p"))
        #expect(try logged(["level": "Metadata", "namespaces": [""]], role))
        #expect(try !logged(["level": "Metadata", "namespaces": ["default"]], "/version"))
    }

    @Test("Other paths are named by themselves or by their beginning")
    func otherPaths() throws {
        var harness = try VerbsHarness()
        let rules: JSON = [
            ["level": "Metadata", "nonResourceURLs": ["/version", "/healthz*"]],
            ["level": "Request"],
        ]
        #expect(try level(&harness, .get, "/version", rules) == "Metadata")
        #expect(try level(&harness, .get, "/healthz/ping", rules) == "Metadata")
        #expect(try level(&harness, .get, "/livez", rules) == "Request")
        #expect(try level(&harness, .get, "/api/v1/nodes", rules) == "Request")
    }

    struct BadPolicy: Sendable {
        let rules: JSON
        let fault: String

        init(_ rules: JSON, _ fault: String) {
            self.rules = rules
            self.fault = fault
        }
    }

    private static let bothKinds: JSON = [
        ["level": "None", "nonResourceURLs": ["/"], "namespaces": ["x"]]
    ]

    static let badPolicies = [
        BadPolicy([], "rules: the policy has no rule"),
        BadPolicy(
            [["level": "Everything"]],
            """
            rules[0].level: Unsupported value: "Everything": supported values: "None", \
            "Metadata", "Request", "RequestResponse"
            """),
        BadPolicy(
            [["level": "None"], ["level": "None", "user": ["x"]]],
            "unknown field \"rules[1].user\""),
        BadPolicy(
            [["level": "None", "omitStages": ["Late"]]],
            """
            rules[0].omitStages: Unsupported value: "Late": supported values: \
            "RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"
            """),
        BadPolicy(
            [["level": "None", "nonResourceURLs": ["version"]]],
            """
            rules[0].nonResourceURLs: Invalid value: "version": non-resource URL rules must \
            begin with a '/' character
            """),
        BadPolicy(
            [["level": "None", "nonResourceURLs": ["/a*b"]]],
            """
            rules[0].nonResourceURLs: Invalid value: "/a*b": non-resource URL wildcards '*' \
            must be the final character of the rule
            """),
        BadPolicy(
            bothKinds,
            """
            rules[0].nonResourceURLs: Invalid value: rules cannot apply to both regular \
            resources and non-resource URLs
            """),
        BadPolicy(
            [["level": "None", "users": "x"]], "rules[0].users: must be a list of strings"),
    ]

    @Test("A policy that cannot be meant so is refused, with the field", arguments: badPolicies)
    func refused(_ bad: BadPolicy) throws {
        let error = try #require(throws: AuditPolicy.Fault.self) { _ = try policy(bad.rules) }
        #expect(error.description == bad.fault)
    }

    // MARK: Events

    @Test("At Metadata nothing of the bodies is told, but which object it is")
    func metadata() throws {
        var harness = try VerbsHarness()
        let body: JSON = [
            "apiVersion": "v1", "kind": "Secret", "metadata": ["name": "s"],
            "stringData": ["password": "hunter2"],
        ]
        let request = harness.request(.post, secrets, body)
        let trail = try begun(&harness, request, [["level": "Metadata"]])
        let received = try event(trail.received())
        #expect(received["stage"]?.string == "RequestReceived")
        #expect(received["objectRef"]?["name"] == nil)
        #expect(received["annotations"] == nil && received["responseStatus"] == nil)
        let response = try harness.run(request)
        let line = trail.completed(response, at: harness.wall + .milliseconds(2))
        #expect(!String(decoding: line ?? [], as: UTF8.self).contains("hunter2"))
        let user: JSON = [
            "username": "admin", "groups": ["system:masters", "system:authenticated"],
        ]
        let reference: JSON = [
            "resource": "secrets", "namespace": "default", "name": "s", "apiVersion": "v1",
        ]
        let reasons: JSON = [
            "authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "",
        ]
        let expected: JSON = [
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata",
            "auditID": "id-1", "stage": "ResponseComplete", "requestURI": .string(secrets),
            "verb": "create", "user": user, "sourceIPs": ["192.0.2.1"],
            "userAgent": "kubectl/v1.32.0", "objectRef": reference,
            "responseStatus": ["metadata": [:], "code": 201],
            "requestReceivedTimestamp": "2026-11-21T06:05:00.000000Z",
            "stageTimestamp": "2026-11-21T06:05:00.002000Z", "annotations": reasons,
        ]
        #expect(try event(line) == expected)
    }

    @Test("Request and RequestResponse tell the bodies that they name")
    func bodies() throws {
        var harness = try VerbsHarness()
        let request = harness.request(
            .post, "/api/v1/namespaces/default/configmaps", Sample.configMap("c"))
        let response = try harness.run(request)
        func logged(_ rule: JSON) throws -> JSON {
            let trail = try begun(&harness, request, [rule])
            return try event(trail.completed(response, at: harness.wall))
        }
        let asked = try logged(["level": "Request"])
        #expect(asked["requestObject"]?["data"]?["key"]?.string == "value")
        #expect(asked["responseObject"] == nil)
        let answered = try logged(["level": "RequestResponse"])
        #expect(answered["responseObject"]?["metadata"]?["managedFields"] != nil)
        let slim = try logged(["level": "RequestResponse", "omitManagedFields": true])
        #expect(slim["responseObject"]?["metadata"]?["name"]?.string == "c")
        #expect(slim["responseObject"]?["metadata"]?["managedFields"] == nil)
    }

    @Test("A refusal is told with its reason, and omitted stages are not")
    func refusals() throws {
        var harness = try VerbsHarness()
        let request = harness.request(.get, "\(secrets)/s", user: Self.robot)
        let trail = try begun(
            &harness, request, [["level": "RequestResponse"]], omitting: ["RequestReceived"])
        #expect(trail.received() == nil)
        let refused = try event(trail.completed(try harness.run(request), at: harness.wall))
        #expect(refused["user"]?["uid"]?.string == "u-1")
        #expect(refused["responseStatus"]?["reason"]?.string == "Forbidden")
        #expect(refused["responseStatus"]?["code"]?.integer == 403)
        #expect(
            refused["annotations"]?["authorization.k8s.io/decision"]?.string == "forbid")
    }

    @Test("The binding that allows a request is the reason")
    func reasons() throws {
        var harness = try VerbsHarness()
        let roles = "/apis/rbac.authorization.k8s.io/v1"
        try harness.expect(
            .post, "\(roles)/namespaces/default/roles",
            [
                "metadata": ["name": "reader"],
                "rules": [["verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]]],
            ], code: 201)
        try harness.expect(
            .post, "\(roles)/namespaces/default/rolebindings",
            [
                "metadata": ["name": "readers"],
                "roleRef": [
                    "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader",
                ],
                "subjects": [
                    [
                        "apiGroup": "rbac.authorization.k8s.io", "kind": "Group",
                        "name": "robots",
                    ]
                ],
            ], code: 201)
        let reason =
            "RBAC: allowed by RoleBinding \"readers/default\" of Role \"reader\" to Group "
            + "\"robots\""
        let request = harness.request(.get, "\(secrets)/s", user: Self.robot)
        let trail = try begun(&harness, request, [["level": "Metadata"]])
        let event = try event(trail.completed(try harness.run(request), at: harness.wall))
        #expect(event["annotations"]?["authorization.k8s.io/reason"]?.string == reason)
        let review = try harness.expect(
            .post, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            [
                "spec": [
                    "resourceAttributes": [
                        "verb": "get", "resource": "secrets", "namespace": "default",
                    ]
                ]
            ], code: 201, user: Self.robot)
        let allowed: JSON = ["allowed": true, "reason": .string(reason)]
        #expect(review["status"] == allowed)
    }

    @Test("Somebody who acts as another is logged with both names")
    func impersonation() throws {
        var harness = try VerbsHarness()
        var request = harness.request(.get, secrets)
        request.impersonation = Impersonation(user: "robot")
        let trail = try begun(&harness, request, [["level": "Metadata", "users": ["admin"]]])
        let event = try event(trail.completed(try harness.run(request), at: harness.wall))
        #expect(event["user"]?["username"]?.string == "admin")
        #expect(event["impersonatedUser"]?["username"]?.string == "robot")
        #expect(
            event["annotations"]?["authorization.k8s.io/decision"]?.string == "forbid")
    }

    @Test("Who cannot prove who he is leaves one line, which no rule about users fits")
    func unauthenticated() throws {
        var harness = try VerbsHarness()
        var request = harness.request(.get, secrets)
        request.credential = .invalid
        let users: JSON = [["level": "Metadata", "users": ["admin", "system:anonymous"]]]
        let none = try trail(&harness, request, users)
        #expect(none == nil)
        let trail = try begun(&harness, request, [["level": "Metadata"]])
        #expect(trail.received() == nil)
        let event = try event(trail.completed(try harness.run(request), at: harness.wall))
        #expect(event["stage"]?.string == "ResponseStarted")
        #expect(event["user"]?.object?.isEmpty == true && event["annotations"] == nil)
        let status: JSON = [
            "metadata": [:], "message": "Authentication failed, attempted: bearer", "code": 401,
        ]
        #expect(event["responseStatus"] == status)
    }

    @Test("A watch has a beginning and an end")
    func watches() throws {
        var harness = try VerbsHarness()
        let request = harness.request(.get, "\(secrets)?watch=1")
        let trail = try begun(&harness, request, [["level": "RequestResponse"]])
        #expect(trail.isLongRunning)
        let started = try event(trail.started(code: 200, at: harness.wall))
        #expect(started["stage"]?.string == "ResponseStarted")
        #expect(started["verb"]?.string == "watch")
        let ended = try event(trail.completed(code: 200, at: harness.wall))
        #expect(ended["stage"]?.string == "ResponseComplete")
        #expect(ended["responseObject"] == nil)
    }
}
