import Base
import Dispatch
import Foundation
package import Gossip

/// Remembers the members of the mesh on disk, so that a machine that starts again finds the
/// others even when those it joined through are gone.
package final class PeersFile: Sendable {
    private let path: String
    private let queue = DispatchQueue(label: "podmesh.peers")

    init(dataDirectory: String) { path = dataDirectory + "/peers.json" }

    /// The members of the last run; none when the file is missing or unreadable.
    func read() -> [IdentityDirectory.Seed] {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else { return [] }
        return Self.seeds(in: Array(data)) ?? []
    }

    /// What a file of these bytes says; nil when it is none.
    package static func seeds(in bytes: [UInt8]) -> [IdentityDirectory.Seed]? {
        try? JSONDecoder().decode([IdentityDirectory.Seed].self, from: Data(bytes))
    }

    /// Writes the live members in the background. Losing the file costs only time.
    func note(_ members: [GossipMember]) {
        let seeds = members.filter { $0.status != .left }.map { member in
            IdentityDirectory.Seed(
                name: member.name.text, address: member.address.ip, port: member.address.port,
                certificate: member.certificate?.encoded ?? [])
        }
        queue.async { [path] in
            guard let data = try? JSONEncoder().encode(seeds) else { return }
            try? data.write(to: URL(fileURLWithPath: path), options: .atomic)
        }
    }
}

extension GossipSeed {
    /// Nil when the record on disk names no machine.
    package init?(_ seed: IdentityDirectory.Seed) {
        guard let name = MachineName(seed.name) else { return nil }
        self.init(
            name: name, address: PeerAddress(ip: seed.address, port: seed.port),
            certificate: try? GossipCertificate(decoding: seed.certificate))
    }
}
