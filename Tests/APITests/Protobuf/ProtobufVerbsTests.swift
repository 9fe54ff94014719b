import API
import JSON
import Objects
import Store
import Testing

/// Bodies in Protocol Buffers take the same road as JSON.
@Suite struct ProtobufVerbsTests {
    private typealias Message = ProtobufMessage

    private func request(
        _ harness: VerbsHarness, _ method: APIRequest.Method, _ path: String, _ body: [UInt8]
    ) -> APIRequest {
        var request = harness.request(
            method, path, contentType: "application/vnd.kubernetes.protobuf")
        request.body = body
        return request
    }

    @Test func whatKubectlSendsIsStoredAsItsJSONWouldBe() throws {
        for (name, path) in [
            ("configmap", "/api/v1/namespaces/default/configmaps"),
            ("secret-generic", "/api/v1/namespaces/default/secrets"),
            ("service-nodeport", "/api/v1/namespaces/default/services"),
            ("deployment", "/apis/apps/v1/namespaces/default/deployments"),
        ] {
            var (harness, other) = (try VerbsHarness(), try VerbsHarness())
            let body = try ProtobufFixtureTests.body(name)
            let strict = path + "?fieldManager=kubectl-create&fieldValidation=Strict"
            let response = try harness.run(request(harness, .post, strict, body))
            let wanted = try other.expect(
                .post, strict, ProtobufFixtureTests.document(name), code: 201)
            #expect(response.code == 201)
            #expect(response.contentType == "application/json")
            #expect(try JSON(parsing: response.body) == wanted)
        }
    }

    @Test func subresourcesAndDeletionsReadThemToo() throws {
        var harness = try VerbsHarness()
        let pods = "/api/v1/namespaces/default/pods"
        for name in ["web", "db"] {
            _ = try harness.expect(
                .post, pods,
                [
                    "metadata": ["name": .string(name)],
                    "spec": ["containers": [["name": "c", "image": "i"]]],
                ], code: 201)
        }
        let binding = Message().message(1, Message().text(1, "web"))
            .message(2, Message().text(1, "Node").text(3, "machine-1"))
        let bound = try harness.run(
            request(harness, .post, pods + "/web/binding", binding.body("v1", "Binding")))
        #expect(bound.code == 201)
        let web = try harness.expect(.get, pods + "/web", code: 200)
        #expect(web["spec"]?["nodeName"] == "machine-1")

        let eviction = Message().message(1, Message().text(1, "web"))
            .message(2, Message().varint(1, 0))
        let evicted = try harness.run(
            request(harness, .post, pods + "/web/eviction", eviction.body("policy/v1", "Eviction")))
        #expect(evicted.code == 201)
        _ = try harness.expect(.get, pods + "/web", code: 404)

        let options = try ProtobufFixtureTests.body("delete-options")
        let deleted = try harness.run(request(harness, .delete, pods + "/db", options))
        #expect(deleted.code == 200)
        _ = try harness.expect(.get, pods + "/db", code: 404)
    }

    @Test func aScaleToNothingIsReadAsSuch() throws {
        var harness = try VerbsHarness()
        let path = "/apis/apps/v1/namespaces/default/deployments"
        _ = try harness.expect(
            .post, path, ProtobufFixtureTests.document("deployment"), code: 201)
        let scale = Message().message(1, Message().text(1, "web").text(3, "default"))
            .message(2, Message().varint(1, 0)).message(3, Message().varint(1, 6).text(2, ""))
        let response = try harness.run(
            request(harness, .put, path + "/web/scale", scale.body("autoscaling/v1", "Scale")))
        #expect(response.code == 200)
        let deployment = try harness.expect(.get, path + "/web", code: 200)
        #expect(deployment["spec"]?["replicas"] == 0)
    }

    @Test func aTokenIsIssuedForTheSecondsThatAreAskedFor() throws {
        var harness = try VerbsHarness()
        let accounts = "/api/v1/namespaces/default/serviceaccounts"
        _ = try harness.run(
            request(harness, .post, accounts, ProtobufFixtureTests.body("serviceaccount")))
        let token = request(
            harness, .post, accounts + "/robot/token", try ProtobufFixtureTests.body("token"))
        guard
            case .issueToken(let issue) = harness.api.handle(
                token, snapshot: harness.store.snapshot, at: harness.wall)
        else {
            Issue.record("no token is issued")
            return
        }
        #expect(issue.claims["aud"] == ["me"])
        #expect(issue.document["spec"]?["expirationSeconds"] == 3_600)
    }

    @Test func reviewsOfKubectlAuthAreAnswered() throws {
        var harness = try VerbsHarness()
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        for name in ["can-i", "can-i-path"] {
            let response = try harness.run(
                request(harness, .post, path, try ProtobufFixtureTests.body(name)))
            #expect(response.code == 201)
            #expect(try JSON(parsing: response.body)["status"]?["allowed"] == true)
        }
    }

    @Test func aKindThatIsNotThatOfThePathIsRefused() throws {
        var harness = try VerbsHarness()
        let response = try harness.run(
            request(
                harness, .post, "/api/v1/namespaces/default/configmaps",
                try ProtobufFixtureTests.body("secret-generic")))
        #expect(response.code == 400)
    }

    @Test func patchesAndOtherMediaTypesAreNotRead() throws {
        var harness = try VerbsHarness()
        let body = try ProtobufFixtureTests.body("configmap")
        let path = "/api/v1/namespaces/default/configmaps"
        let patch = try harness.run(request(harness, .patch, path + "/settings", body))
        #expect(patch.code == 415)
        var other = request(harness, .post, path, body)
        other.contentType = "application/vnd.kubernetes.cbor"
        #expect(try harness.run(other).code == 415)
    }
}
