import Base
import Daemon
import Foundation
import JSON
import Store

/// The versions that podmesh tells of itself.
package enum Version {
    package static let text = "0.3.0"
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

    /// How much an answer shows.
    package enum Form: Sendable {
        case table
        case wide
        case json
    }

    /// The members of the mesh, one a line under a header, or as JSON.
    package func members(as form: Form) async throws(ShellError) -> String {
        let json = try await document(ClusterRoutes.membersPath)
        return form == .json ? json.text : MembersTable(json, isWide: form == .wide).text
    }

    /// Bars a machine and removes it from the mesh, the log and the Nodes.
    package func removeMember(_ name: String, evenIfAlive: Bool) async throws(ShellError) {
        guard let name = MachineName(name) else {
            throw ShellError(.badRequest, "remove \"\(name)\": that is no machine's name")
        }
        _ = try await client.delete(
            "\(ClusterRoutes.membersPath)/\(name)" + (evenIfAlive ? "?alive=true" : ""))
    }

    /// The authorities and what they certified.
    package func keyring(as form: Form) async throws(ShellError) -> String {
        try Self.keyring(await document(ClusterRoutes.keyringPath), as: form)
    }

    /// The public keys that backups are sealed for: those of the cluster's machines.
    func vaultKeys() async throws(ShellError) -> [(name: MachineName, publicKey: [UInt8])] {
        let machines = try await document(ClusterRoutes.keyringPath)["machines"]?.array ?? []
        return machines.compactMap { machine in
            guard machine["state"]?.string != "removed",
                let name = MachineName(machine["name"]?.string ?? ""),
                let key = Data(base64Encoded: machine["vaultKey"]?.string ?? ""), !key.isEmpty
            else { return nil }
            return (name, Array(key))
        }
    }

    /// Begins the change to a new authority. `isHurried`: ends it as soon as the machines that are
    /// alive have changed, whether it begins now or was under way.
    package func rotateKeyring(
        keepOldSeconds: Int64, isHurried: Bool, as form: Form
    ) async throws(ShellError) -> String {
        var json = try await document(ClusterRoutes.keyringPath)
        if !isHurried || json["phase"]?.string == Keyring.Phase.steady.rawValue {
            json = try parse(
                await client.post(
                    "\(ClusterRoutes.rotatePath)?keepOldSeconds=\(keepOldSeconds)", []))
        }
        if isHurried { json = try parse(await client.post(ClusterRoutes.hurryPath, [])) }
        return try Self.keyring(json, as: form)
    }

    private static func keyring(_ json: JSON, as form: Form) throws(ShellError) -> String {
        form == .json ? json.text : KeyringTable(json).text
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
        let keyring = try await document(ClusterRoutes.keyringPath)
        let issuing = keyring["authorities"]?.array?.first { $0["isIssuing"]?.bool == true }
        let fingerprint = issuing?["fingerprint"]?.string ?? ""
        let token = JoinToken.make(fingerprint: fingerprint)
        let secret = token.secretDocument(expiry: WallTime.now + .seconds(lifetimeSeconds))
        _ = try await client.post("/api/v1/namespaces/kube-system/secrets", secret.bytes)
        return token
    }

    private func document(_ path: String) async throws(ShellError) -> JSON {
        try parse(await client.get(path))
    }

    private func parse(_ bytes: [UInt8]) throws(ShellError) -> JSON {
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
