import Foundation
import Testing

extension JourneyTests {
    /// What lies on disks, who is let in, and what is written down of it.
    @Suite(.serialized)
    struct Security {
        let cluster = Cluster.shared

        init() async throws { try await cluster.settle() }

        private func disk(_ machine: String) -> String {
            "\(cluster.state)/machines/\(machine)/disk"
        }

        private struct Keyring: Decodable {
            struct Key: Decodable {
                let id: String
            }
            let phase: String
            let awaited: [String]
            let storageKeys: [Key]
        }

        private func keyring(of name: String) async throws -> Keyring {
            let answer = try await cluster.inside(name, "podmesh", "keyring", "-o", "json")
            guard answer.succeeded else { throw Failed("\(answer)") }
            return try JSONDecoder().decode(Keyring.self, from: Data(answer.output.utf8))
        }

        /// Files of the data folders that hold the text.
        private func files(holding text: String) async throws -> [String] {
            let folders = cluster.names.map { "\(disk($0))/var/lib/podmesh" }
            let found = try await Command(
                arguments: [
                    "grep", "--recursive", "--text", "--files-with-matches",
                    "--fixed-strings", text,
                ] + folders
            ).run()
            return found.lines
        }

        @Test func `a Secret's value stands nowhere on the disks, before and after a rotation`()
            async throws
        {
            let value = "value-\(UUID().uuidString)"
            let coded = Data(value.utf8).base64EncodedString()
            _ = try await cluster.kubectl("delete", "secret", "at-rest", "--ignore-not-found")
            let made = try await cluster.kubectl(
                "create", "secret", "generic", "at-rest", "--from-literal=password=\(value)")
            #expect(made.succeeded, "\(made)")
            func check() async throws {
                let read = try await cluster.kubectl(
                    "get", "secret", "at-rest", "--output", "jsonpath={.data.password}")
                #expect(read.output == coded, "\(read)")
                for text in [value, coded] {
                    #expect(try await files(holding: text) == [])
                }
            }
            try await check()
            let before = try await keyring(of: "machine-2").storageKeys.map(\.id)
            #expect(before.count == 1)
            let begun = try await cluster.inside(
                "machine-1", "podmesh", "keyring", "rotate", "--now")
            #expect(begun.succeeded, "\(begun)")
            try await eventually(within: .seconds(60), "every machine has another key") {
                let keyring = try await keyring(of: "machine-2")
                return keyring.phase == "steady" && keyring.storageKeys.count == 1
                    && keyring.storageKeys.map(\.id) != before
            }
            let fresh = try await cluster.inside("machine-2", "podmesh", "kubeconfig")
            try fresh.output.write(
                toFile: "\(cluster.state)/kubeconfig", atomically: true, encoding: .utf8)
            try await check()
            // What was written anew is what a start reads.
            _ = try await cluster.script("kill", "machine-2")
            _ = try await cluster.script("start", "machine-2")
            try await cluster.waitUntilAllReady(within: .seconds(30))
            try await check()
        }

        @Test func `a backup opens with a machine's folder or the passphrase, not without`()
            async throws
        {
            func podmesh(_ line: String) async throws -> CommandResult {
                try await cluster.inside("machine-1", "sh", "-c", "podmesh snapshot \(line)")
            }
            _ = try await cluster.inside(
                "machine-1", "sh", "-c", "echo correct-horse-battery > /etc/podmesh/passphrase")
            let file = "/etc/podmesh/sealed.snapshot"
            let saved = try await podmesh(
                "save \(file) --passphrase-file /etc/podmesh/passphrase")
            #expect(saved.output.contains("and a passphrase"), "\(saved)")
            let here = try await podmesh("status \(file)")
            #expect(here.succeeded && here.output.contains("machine-2"), "\(here)")
            let nowhere = "--config /nowhere.yaml"
            let refused = try await podmesh("status \(file) \(nowhere)")
            #expect(refused.errors.contains("is sealed for the machines"), "\(refused)")
            #expect(refused.errors.contains("--identity"), "\(refused)")
            let opened = try await podmesh(
                "status \(file) \(nowhere) --passphrase-file /etc/podmesh/passphrase")
            #expect(opened.succeeded && opened.output.contains("sha256"), "\(opened)")
        }

        /// Asks a machine with curl; the answer's body and code.
        private func curl(_ arguments: String...) async throws -> CommandResult {
            let address = "https://\(cluster.address(of: "machine-1")):6443/api/v1/namespaces"
            return try await Command(
                arguments: ["curl", "--silent", "--insecure", "--write-out", " %{http_code}"]
                    + arguments + [address]
            ).run()
        }

        @Test func `bad credentials are answered 401, and none at all 403`() async throws {
            let none = try await curl()
            #expect(none.output.contains("system:anonymous"), "\(none)")
            #expect(none.output.hasSuffix(" 403"), "\(none)")
            let forged = try await curl("--header", "Authorization: Bearer a.b.c")
            #expect(forged.output.contains("\"reason\":\"Unauthorized\""), "\(forged)")
            #expect(forged.output.hasSuffix(" 401"), "\(forged)")
            let (key, certificate) = (
                "\(cluster.folder)/work/stranger.key", "\(cluster.folder)/work/stranger.crt"
            )
            let made = try await Command(arguments: [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                "/O=system:masters/CN=stranger", "-addext", "extendedKeyUsage=clientAuth",
                "-keyout", key, "-out", certificate,
            ]).run()
            #expect(made.succeeded, "\(made)")
            let stranger = try await curl("--cert", certificate, "--key", key)
            #expect(stranger.output.contains("\"message\":\"Unauthorized\""), "\(stranger)")
            #expect(stranger.output.hasSuffix(" 401"), "\(stranger)")
        }

        private static let policy = """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [RequestReceived]
            rules:
            - level: Metadata
              resources: [{group: "", resources: [secrets]}]
            - level: RequestResponse
              resources: [{group: "", resources: [configmaps]}]
              namespaces: [default]
              omitManagedFields: true
            """

        private struct Event: Decodable {
            struct User: Decodable {
                let username: String
            }
            struct Object: Decodable {
                let name: String?
                let resource: String
            }
            let verb: String
            let level: String
            let auditID: String
            let user: User
            let objectRef: Object
        }

        @Test func `the audit log holds what its policy names`() async throws {
            let name = "machine-1"
            let path = "\(cluster.configurations)/\(name).yaml"
            let before = try String(contentsOfFile: path, encoding: .utf8)
            let log = "\(disk(name))/var/log/podmesh-audit.log"
            try? FileManager.default.removeItem(atPath: log)
            try Self.policy.write(
                toFile: "\(disk(name))/etc/podmesh/audit-policy.yaml", atomically: true,
                encoding: .utf8)
            try (before + "\naudit:\n    policyFile: /etc/podmesh/audit-policy.yaml\n").write(
                toFile: path, atomically: true, encoding: .utf8)
            _ = try await cluster.script("stop", name)
            _ = try await cluster.script("start", name)
            try await cluster.waitUntilAllReady(within: .seconds(30))
            let server = "https://\(cluster.address(of: name)):6443"
            // So short an absence leaves its Node Ready.
            try await eventually(within: .seconds(20), "the API of \(name) answers") {
                try await Command(
                    arguments: ["kubectl", "--server", server, "get", "--raw", "/readyz"],
                    environment: cluster.environment
                ).run().succeeded
            }
            for line in [
                ["delete", "secret,configmap", "audited", "--ignore-not-found"],
                ["create", "secret", "generic", "audited", "--from-literal=word=hunter2hunter2"],
                ["create", "configmap", "audited", "--from-literal=word=plainplain"],
                ["get", "pods"],
            ] {
                let answer = try await Command(
                    arguments: ["kubectl", "--server", server] + line,
                    environment: cluster.environment
                ).run()
                #expect(answer.succeeded, "\(answer)")
            }
            var events: [Event] = []
            try await eventually(within: .seconds(10), "both objects are in the log") {
                let text = try String(contentsOfFile: log, encoding: .utf8)
                #expect(!text.contains("hunter2hunter2"))
                #expect(!text.contains(Data("hunter2hunter2".utf8).base64EncodedString()))
                events = try text.split(separator: "\n").map {
                    try JSONDecoder().decode(Event.self, from: Data($0.utf8))
                }
                let made = events.filter {
                    $0.verb == "create" && $0.objectRef.name == "audited"
                        && $0.user.username == "kubernetes-admin"
                }
                return made.contains {
                    $0.objectRef.resource == "secrets" && $0.level == "Metadata"
                } && made.contains {
                        $0.objectRef.resource == "configmaps" && $0.level == "RequestResponse"
                    } && text.contains("plainplain")
            }
            #expect(!events.contains { $0.objectRef.resource == "pods" })
            try before.write(toFile: path, atomically: true, encoding: .utf8)
            _ = try await cluster.script("stop", name)
            _ = try await cluster.script("start", name)
            try await cluster.waitUntilAllReady(within: .seconds(30))
            _ = try await cluster.kubectl("delete", "secret,configmap", "audited")
        }

        @Test func `every Node has a Lease that is renewed`() async throws {
            let described = try await cluster.kubectl("describe", "node", "machine-2")
            #expect(!described.output.contains("Failed to get lease"), "\(described)")
            #expect(described.output.contains("HolderIdentity:  machine-2"), "\(described)")
            func renewed() async throws -> String {
                try await cluster.kubectl(
                    "get", "lease", "machine-2", "--namespace", "kube-node-lease", "--output",
                    "jsonpath={.spec.renewTime}"
                ).output
            }
            let first = try await renewed()
            #expect(!first.isEmpty)
            try await eventually(within: .seconds(20), "a later time") {
                try await renewed() > first
            }
        }
    }
}
