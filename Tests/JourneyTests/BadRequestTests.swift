import Foundation
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

extension JourneyTests {
    /// Mistakes that reach the API: each is answered in the words that Kubernetes' users know.
    @Suite(.serialized) struct BadRequests {
        let cluster = Cluster.shared

        init() async throws { try await cluster.settle() }

        struct Mistake: Sendable, CustomTestStringConvertible {
            let name: String
            let manifest: String
            let verb: String
            let answer: String
            var testDescription: String { name }
        }

        static let mistakes = [
            Mistake(
                name: "an unknown field",
                manifest: """
                    apiVersion: v1
                    kind: Pod
                    metadata:
                      name: mistake
                      lables: {app: myapp}
                    spec: {containers: [{name: a, image: busybox}]}
                    """,
                verb: "apply", answer: "(BadRequest).*unknown field \"metadata.lables\""),
            Mistake(
                name: "a wrong type",
                manifest: """
                    apiVersion: apps/v1
                    kind: Deployment
                    metadata: {name: mistake}
                    spec:
                      replicas: three
                      selector: {matchLabels: {a: b}}
                      template:
                        metadata: {labels: {a: b}}
                        spec: {containers: [{name: a, image: busybox}]}
                    """,
                verb: "apply",
                answer: "(BadRequest).*cannot unmarshal string.*spec.replicas of type int32"),
            Mistake(
                name: "no name",
                manifest: """
                    apiVersion: v1
                    kind: Pod
                    metadata: {labels: {a: b}}
                    spec: {containers: [{name: a, image: busybox}]}
                    """,
                verb: "create", answer: "is invalid: metadata.name: Required value"),
            Mistake(
                name: "two containers of one name",
                manifest: """
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: mistake}
                    spec:
                      containers: [{name: a, image: busybox}, {name: a, image: busybox}]
                    """,
                verb: "apply",
                answer: "is invalid: spec.containers.1..name: Duplicate value: \"a\""),
            Mistake(
                name: "a namespace that is not there",
                manifest: """
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: mistake, namespace: nowhere}
                    """,
                verb: "apply", answer: "(NotFound).*namespaces \"nowhere\" not found"),
            Mistake(
                name: "an object that is there already",
                manifest: """
                    apiVersion: v1
                    kind: Namespace
                    metadata: {name: default}
                    """,
                verb: "create", answer: "(AlreadyExists).*namespaces \"default\" already exists"),
        ]

        @Test(arguments: mistakes)
        func `kubectl tells what is wrong with a manifest`(_ mistake: Mistake) async throws {
            let result = try await cluster.kubectl(
                mistake.verb, "--filename", "-", input: mistake.manifest)
            #expect(result.status == 1 && result.output.isEmpty)
            let pattern = try Regex(mistake.answer.replacing("(", with: "\\(")
                .replacing(")", with: "\\)")).dotMatchesNewlines()
            #expect(result.errors.contains(pattern), "\(result)")
            let left = try await cluster.kubectl(
                "get", "pods,deployments,configmaps", "--output", "name")
            #expect(!left.output.contains("mistake"))
        }

        @Test func `an image that is not there is reported, and tried again`() async throws {
            try await expectStatuses(
                ["ErrImagePull", "ImagePullBackOff"],
                events: ["Failed to pull image", "Back-off pulling image"],
                container: "{name: a, image: no-such-image:1}")
        }

        @Test func `a command that does not exist is reported, and tried again`() async throws {
            try await expectStatuses(
                ["RunContainerError", "CrashLoopBackOff"],
                events: ["/no/such/program", "Back-off restarting failed container"],
                container: "{name: a, image: busybox, command: [/no/such/program]}")
        }

        private func expectStatuses(
            _ statuses: [String], events: [String], container: String
        ) async throws {
            _ = try await cluster.kubectl("delete", "pod", "broken", "--ignore-not-found", "--now")
            let watch = try cluster.startKubectl("get", "pods", "--watch")
            try await cluster.apply(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: broken}
                spec: {containers: [\(container)]}
                """)
            try await eventually(within: .seconds(25), "broken shows \(statuses)") {
                let seen = watch.output
                let missing = statuses.filter { !seen.contains($0) }
                guard missing.isEmpty else { throw Failed("no \(missing) in\n\(seen)") }
                return true
            }
            _ = await watch.stop()
            try await eventually(within: .seconds(25), "the Events say \(events)") {
                let described = try await cluster.kubectl("describe", "pod", "broken").output
                return events.allSatisfy { described.contains($0) }
            }
            let deleted = try await cluster.kubectl("delete", "pod", "broken")
            #expect(deleted.succeeded, "\(deleted)")
        }

        @Test func `strangers learn whether the API lives, and nothing else`() async throws {
            for name in cluster.names {
                for path in ["/livez", "/readyz", "/healthz", "/version"] {
                    let answer = try await askAnonymously(name, path)
                    #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(name) \(path): \(answer)")
                }
                for path in ["/api/v1/pods", "/api", "/apis/apps/v1/deployments", "/metrics"] {
                    let answer = try await askAnonymously(name, path)
                    #expect(answer.hasPrefix("HTTP/1.1 403 "), "\(name) \(path): \(answer)")
                    #expect(answer.contains(#""reason":"Forbidden""#))
                }
            }
        }

        /// The whole answer to a request without any credential, which kubectl cannot send.
        private func askAnonymously(_ machine: String, _ path: String) async throws -> String {
            try await Command(
                arguments: ["busybox", "ssl_client", "\(cluster.address(of: machine)):6443"],
                input: "GET \(path) HTTP/1.1\r\nHost: podmesh\r\nConnection: close\r\n\r\n"
            ).run().output
        }

        @Test func `a body that is too large or no JSON is refused`() async throws {
            let proxy = try cluster.startKubectl("proxy", "--port=0")
            var server = ""
            try await eventually(within: .seconds(10), "kubectl proxy listens") {
                guard let match = proxy.output.firstMatch(of: /127\.0\.0\.1:\d+/) else {
                    return false
                }
                server = "http://\(match.output)"
                return true
            }
            let path = server + "/api/v1/namespaces/default/configmaps"
            let start = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"mistake"}"#
            let text = String(repeating: "x", count: 3 << 20)
            let large = start + #","data":{"a":"\#(text)"}}"#
            let tooLarge = try await send("POST", path, body: large)
            #expect(tooLarge.code == 413 && tooLarge.reason == "RequestEntityTooLarge")
            let noJSON = try await send("POST", path, body: start)
            #expect(noJSON.code == 400 && noJSON.reason == "BadRequest")
            let nowhere = try await send("GET", path + "/mistake")
            #expect(nowhere.code == 404 && nowhere.reason == "NotFound")
            let invalid = try await send(
                "POST", path, body: start.replacing("mistake", with: "Mis/take") + "}")
            #expect(invalid.code == 422 && invalid.reason == "Invalid")
            _ = await proxy.stop()
        }

        private struct Answer: Sendable {
            let code: Int
            /// Of the Status object, when the answer is one.
            let reason: String?
        }

        private struct Status: Decodable {
            let kind: String
            let reason: String?
        }

        private func send(
            _ method: String, _ url: String, body: String? = nil
        ) async throws -> Answer {
            var request = URLRequest(url: try #require(URL(string: url)))
            request.httpMethod = method
            request.httpBody = body.map { Data($0.utf8) }
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
            let (data, response) = try await URLSession.shared.data(for: request)
            let status = try? JSONDecoder().decode(Status.self, from: data)
            return Answer(
                code: (response as? HTTPURLResponse)?.statusCode ?? 0, reason: status?.reason)
        }
    }
}
