import Base
import Foundation
import JSON
import Store

/// The versions that podmesh tells of itself.
package enum Version {
    package static let text = "0.1.0"
    package static let kubernetes = "v1.36.0+podmesh"
}

/// What the command line asks the daemon of this machine for.
package struct ClusterAdministration: Sendable {
    private let configuration: MachineConfiguration
    private let client: AdministrationClient

    package init(configuration: MachineConfiguration) {
        self.configuration = configuration
        client = AdministrationClient(configuration: configuration)
    }

    /// The members of the mesh, one a line under a header, or as JSON.
    package func members(asJSON: Bool) async throws(ShellError) -> String {
        let json = try await document(ClusterRoutes.membersPath)
        guard !asJSON else { return json.text }
        let columns = ["name", "address", "status", "role", "incarnation"]
        let rows =
            [columns.map { $0.uppercased() }]
            + (json.array ?? []).map { member in
                columns.map { member[$0]?.string ?? member[$0]?.integer.map(String.init) ?? "" }
            }
        let widths = columns.indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }

    package func status() async throws(ShellError) -> String {
        try await document(ClusterRoutes.statusPath).text
    }

    package func kubeconfig() async throws(ShellError) -> String {
        String(
            decoding: try await client.post(ClusterRoutes.kubeconfigPath, []), as: UTF8.self)
    }

    /// Puts a new token into the Store, where every machine finds it.
    package func createToken(lifetimeSeconds: Int64) async throws(ShellError) -> JoinToken {
        let identity = try IdentityDirectory(dataDirectory: configuration.dataDirectory).read()
        let fingerprint = ClusterAuthority.fingerprint(ofPEM: identity.authorityPEM) ?? ""
        let token = JoinToken.make(fingerprint: fingerprint)
        let secret = token.secretDocument(expiry: WallTime.now + .seconds(lifetimeSeconds))
        _ = try await client.post("/api/v1/namespaces/kube-system/secrets", secret.bytes)
        return token
    }

    private func document(_ path: String) async throws(ShellError) -> JSON {
        let bytes = try await client.get(path)
        do {
            return try JSON(parsing: bytes)
        } catch {
            throw ShellError(.corrupt, "read the daemon's answer", underlying: "\(error)")
        }
    }
}

extension JoinToken {
    /// Where the Store keeps the token.
    var key: Key {
        Key(
            group: "", resource: "secrets", namespace: "kube-system",
            name: "bootstrap-token-\(id)")
    }

    /// The token as a document of the Store, for a cluster that has no API yet.
    func storedDocument(expiry: WallTime, at now: WallTime) -> JSON {
        var document = secretDocument(expiry: expiry)
        document[path: ["metadata", "uid"]] = .string(UUID().uuidString.lowercased())
        document[path: ["metadata", "creationTimestamp"]] = .string(now.rfc3339)
        return document
    }

    /// The token as Kubernetes keeps bootstrap tokens.
    func secretDocument(expiry: WallTime) -> JSON {
        func encoded(_ text: String) -> JSON {
            .string(Data(text.utf8).base64EncodedString())
        }
        return [
            "apiVersion": "v1", "kind": "Secret",
            "metadata": [
                "name": .string("bootstrap-token-\(id)"), "namespace": "kube-system",
            ],
            "type": "bootstrap.kubernetes.io/token",
            "data": [
                "token-id": encoded(id), "token-secret": encoded(secret),
                "expiration": encoded(expiry.rfc3339),
                "usage-bootstrap-authentication": encoded("true"),
                "description": encoded("admits machines to the cluster"),
            ],
        ]
    }
}
