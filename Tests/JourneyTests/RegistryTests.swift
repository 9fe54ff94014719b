import Foundation
import Testing

extension JourneyTests {
    /// Images of a registry on the machine that asks for a token (`Clients/registry.py`).
    @Suite(.serialized) struct Registries {
        let cluster = Cluster.shared
        let machine = "machine-3"

        init() async throws { try await cluster.settle() }

        private func startRegistry() async throws -> RunningCommand {
            guard let process = try cluster.machine(machine).pid else {
                throw Failed("\(machine) is off")
            }
            let registry = try Command(arguments: [
                "nsenter", "--target", "\(process)", "--mount", "--net", "--pid", "python3",
                "\(cluster.root)/Tests/JourneyTests/Clients/registry.py",
            ]).start()
            try await eventually(within: .seconds(10), "the registry answers") {
                registry.output.contains("ready")
            }
            return registry
        }

        private func manifest(
            _ name: String, image: String, _ more: String = "", policy: String = "Always"
        ) -> String {
            """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name), labels: {app: private}}
            spec:
              nodeName: \(machine)
              terminationGracePeriodSeconds: 0
              containers:
                - name: main
                  image: 127.0.0.1:5000/private/\(image):1
                  imagePullPolicy: \(policy)
                  command: [sleep, "100000"]
              \(more)
            """
        }

        private func expectFailure(_ pod: String, _ words: String) async throws {
            try await eventually(within: .seconds(20), "\(pod) says: \(words)") {
                let shown = try await cluster.kubectl("describe", "pod", pod)
                guard shown.output.contains("ErrImagePull"), shown.output.contains(words) else {
                    throw Failed("\(shown)")
                }
                return true
            }
        }

        @Test func `a login of the Pod or of its account opens a registry that asks for a token`()
            async throws
        {
            let registry = try await startRegistry()
            defer { registry.signal(SIGKILL) }
            let secret = try await cluster.kubectl(
                "create", "secret", "docker-registry", "login",
                "--docker-server=127.0.0.1:5000", "--docker-username=reader",
                "--docker-password=secret")
            #expect(secret.succeeded, "\(secret)")
            try await cluster.apply(
                """
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: puller}
                imagePullSecrets: [{name: login}]
                """)
            let login = "imagePullSecrets: [{name: login}]"
            try await cluster.apply(
                [
                    manifest("stranger", image: "busybox"),
                    manifest("known", image: "busybox", login),
                    manifest("employed", image: "busybox", "serviceAccountName: puller"),
                    manifest("broken", image: "broken", login),
                ].joined(separator: "\n---\n"))
            try await eventually(within: .seconds(20), "those with a login run") {
                let known = try await cluster.pod("known")
                let employed = try await cluster.pod("employed")
                return known.isRunning && employed.isRunning
            }
            try await expectFailure("stranger", "401 Unauthorized")
            try await expectFailure("broken", "failed to extract layer")
            #expect(registry.output.contains("GET /token"))
            // The image is on the machine by now, which does not make it everyone's.
            try await cluster.apply(
                manifest("guest", image: "busybox", policy: "IfNotPresent"))
            try await expectFailure("guest", "401 Unauthorized")
            let deleted = try await cluster.kubectl("delete", "pods", "--selector", "app=private")
            #expect(deleted.succeeded, "\(deleted)")
            _ = try await cluster.kubectl("delete", "secret/login", "serviceaccount/puller")
        }
    }
}
