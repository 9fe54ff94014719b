package import Base
package import Gossip

/// What is asked of a ``MeshSimulation``; the same questions for every configuration.
package enum MeshExperiments {
    /// What machines send.
    package struct Traffic: Hashable, Sendable {
        /// Sealed bytes and datagrams that one machine sends in a second, without the
        /// headers of UDP and IP.
        package let bytesPerSecond: Double
        package let datagramsPerSecond: Double
    }

    /// How long nobody is waited for: beyond this a machine counts as not noticed.
    private static let detectionLimit = Span.minutes(2)

    /// Kills one machine of a mesh, `kills` times over with fresh meshes, each at another point
    /// of the protocol period. The times from the kill until all others hold the machine for
    /// failed; nil where that did not happen within two minutes.
    package static func detection(
        machines: Int, kills: Int, seed: UInt64, knobs: MeshKnobs = MeshKnobs(),
        configuration: GossipConfiguration = GossipConfiguration()
    ) -> [Span?] {
        (0..<kills).map { kill in
            var mesh = MeshSimulation(
                machines: machines, seed: seed &+ UInt64(kill), knobs: knobs,
                configuration: configuration)
            let round = min(
                configuration.probeInterval * Int64(machines), configuration.probeInterval * 10)
            mesh.run(
                for: configuration.probeInterval * 2
                    + Span.milliseconds(Int64(mesh.draw(below: Int(round.milliseconds)))))
            let victim = mesh.draw(below: machines)
            mesh.kill(victim)
            var knowing = mesh.notices.count
            var knownBy = 0
            return mesh.run(within: detectionLimit) { mesh in
                while knowing < mesh.notices.count {
                    let notice = mesh.notices[knowing]
                    if notice.subject == victim, notice.status == .failed { knownBy += 1 }
                    knowing += 1
                }
                return knownBy >= machines - 1
            }
        }
    }

    /// Verdicts against machines that ran, in that much virtual time of one mesh.
    package static func falseFailures(
        machines: Int, span: Span, seed: UInt64, knobs: MeshKnobs,
        configuration: GossipConfiguration = GossipConfiguration()
    ) -> Int {
        var mesh = MeshSimulation(
            machines: machines, seed: seed, knobs: knobs, configuration: configuration)
        mesh.run(for: span)
        return mesh.falseFailures
    }

    /// Publishes rows one after the other, each on a random machine; the times until all
    /// machines have each, or nil where that took more than a minute.
    package static func spread(
        machines: Int, updates: Int, seed: UInt64, knobs: MeshKnobs = MeshKnobs(),
        configuration: GossipConfiguration = GossipConfiguration()
    ) -> [Span?] {
        var mesh = MeshSimulation(
            machines: machines, seed: seed, knobs: knobs, configuration: configuration)
        return (0..<updates).map { update in
            mesh.run(for: .milliseconds(Int64(500 + mesh.draw(below: 500))))
            let wanted = mesh.rowsTaken + machines
            mesh.step(mesh.draw(below: machines), .publish(row(update)))
            return mesh.run(within: .minutes(1)) { $0.rowsTaken >= wanted }
        }
    }

    /// What one machine sends on average while `updatesPerSecond` rows change in the whole
    /// mesh. `cores` as at ``MeshSimulation``.
    package static func traffic(
        machines: Int, cores: Int? = nil, span: Span, updatesPerSecond: Int = 0, seed: UInt64,
        configuration: GossipConfiguration = GossipConfiguration()
    ) -> Traffic {
        var mesh = MeshSimulation(
            machines: machines, cores: cores, seed: seed, configuration: configuration)
        let played = min(machines, cores ?? machines)
        mesh.run(for: .seconds(1))
        mesh.resetTraffic()
        let start = mesh.now
        let count = Int(span.seconds * Double(updatesPerSecond))
        for update in 0..<count {
            mesh.run(until: start + (span / Int64(count)) * Int64(update))
            mesh.step(mesh.draw(below: played), .publish(row(update)))
        }
        mesh.run(until: start + span)
        let machineSeconds = Double(played) * span.seconds
        return Traffic(
            bytesPerSecond: Double(mesh.bytesSent) / machineSeconds,
            datagramsPerSecond: Double(mesh.datagramsSent) / machineSeconds)
    }

    /// A Service of one port, as the leader publishes it.
    private static func row(_ index: Int) -> AssignmentEntry {
        let service = ServiceAssignment(
            clusterIP: "10.96.\(index / 256 % 256).\(index % 256)",
            ports: [ServiceAssignment.Port(name: "http", port: 80, targetPort: .number(8_080))])
        return AssignmentEntry(
            key: .service("default", "web-\(index)"), revision: UInt64(index + 1),
            value: .service(service))
    }
}
