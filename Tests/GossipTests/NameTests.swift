import Base
import Gossip
import Testing

/// Names: two machines of one name, expelled ones, forgotten ones.
struct NameTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `of two live machines with one name the newcomer gives way`(seed: UInt64) {
        var mesh = VirtualMesh(4, seed: seed)
        mesh.assemble()
        let name = VirtualMesh.name(1)
        // Cloned with its disk, started later at another address.
        let clone = mesh.addMachine(named: name, incarnation: 2_000 + seed)
        mesh.join(clone, through: [0, 2])
        #expect(mesh.run(within: .seconds(5)) { $0.machines[clone].conflict != nil } != nil)
        #expect(mesh.machines[clone].conflict?.address == VirtualMesh.address(1))
        #expect(mesh.machines[clone].core.deadline == nil)
        mesh.kill(clone)
        mesh.run(for: .seconds(5))
        for observer in [0, 2, 3] {
            #expect(mesh.machines[observer].core[name]?.address == VirtualMesh.address(1))
            #expect(mesh.machines[observer].core[name]?.status == .alive)
        }
        #expect(mesh.machines[1].conflict == nil)
        #expect(mesh.machines[1].marks[.nameContested, default: 0] > 0)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `a machine that moved to another address takes its name along`(seed: UInt64) {
        var mesh = VirtualMesh(4, seed: seed)
        mesh.assemble()
        let name = VirtualMesh.name(1)
        mesh.kill(1)
        mesh.run(for: .milliseconds(Int64(100 + seed * 200)))
        // Even when its clock was set back.
        let moved = mesh.addMachine(named: name, incarnation: seed % 2 == 0 ? 2_000 : 10)
        mesh.join(moved, through: [0, 2])
        mesh.run(for: .seconds(8))
        #expect(mesh.machines[moved].conflict == nil)
        for observer in [0, 2, 3] {
            #expect(mesh.machines[observer].core[name]?.address == VirtualMesh.address(moved))
            #expect(mesh.machines[observer].core[name]?.status == .alive)
        }
    }

    @Test func `a contest is told to the newcomer, which is silent from then on`() throws {
        var bench = GossipCoreTests.Bench(peers: ["b"])
        func claim(_ incarnation: UInt64, session: UInt64) -> Rumor {
            .member(
                GossipMember(
                    name: Samples.name("a"), address: PeerAddress(ip: "192.0.2.9", port: 7_946),
                    incarnation: incarnation, session: session))
        }
        for incarnation in [200, 300] as [UInt64] {
            #expect(
                bench.hear(from: "b", .gossip, rumors: [claim(incarnation, session: 50)])
                    == [.mark(.nameContested), .mark(.refuted)])
            #expect(bench.core.local.incarnation == incarnation + 1)
        }
        guard case .member(let record) = claim(400, session: 50) else { return }
        var elder = bench
        #expect(
            bench.hear(from: "b", .gossip, rumors: [claim(400, session: 50)])
                == [.mark(.nameContested), .nameConflict(record)])
        #expect(bench.core.deadline == nil)
        #expect(bench.hear(from: "b", .ping(sequence: 1)) == [])
        // Had this machine been first, it would go on.
        #expect(
            elder.hear(from: "b", .gossip, rumors: [claim(400, session: 500)])
                == [.mark(.nameContested), .mark(.refuted)])
        // Much later it is another story.
        elder.now = elder.now + .seconds(31)
        #expect(
            elder.hear(from: "b", .gossip, rumors: [claim(500, session: 50)])
                == [.mark(.nameContested), .mark(.refuted)])
    }

    @Test func `a ping from another address than the record's is told of the record`() {
        var bench = GossipCoreTests.Bench(peers: ["b"])
        let ping = GossipCodec.encode(GossipDatagram(.ping(sequence: 9)))
        let elsewhere = PeerAddress(ip: "192.0.2.9", port: 7_946)
        let ack = GossipDatagram(
            .ack(sequence: 9, knowsSender: true),
            rumors: [.member(GossipCoreTests.Bench.member("b"))])
        #expect(
            bench.step(.datagram(from: Samples.name("b"), address: elsewhere, payload: ping)) == [
                .send(
                    to: Samples.name("b"), address: elsewhere, payload: GossipCodec.encode(ack))
            ])
    }

    @Test func `an expelled member comes back with a newer certificate only`() {
        func member(serial: UInt64, incarnation: UInt64) -> GossipMember {
            GossipMember(
                name: Samples.name("c"), address: GossipCoreTests.Bench.address("c"),
                incarnation: incarnation,
                certificate: GossipCertificate(
                    name: Samples.name("c"), publicKey: Array(0..<32), serial: serial,
                    expiry: 2_000_000_000, signature: Array(0..<64)))
        }
        var bench = GossipCoreTests.Bench(peers: ["b"])
        let first = member(serial: 3, incarnation: 5)
        _ = bench.hear(from: "b", .gossip, rumors: [.member(first)])
        var left = first
        left.status = .left
        #expect(
            bench.step(.expel(Samples.name("c"))) == [.memberChanged(left, previous: .alive)])
        let rumor = Rumor.member(member(serial: 3, incarnation: 9))
        #expect(bench.hear(from: "b", .gossip, rumors: [rumor]) == [.mark(.barred)])
        #expect(bench.core[Samples.name("c")]?.status == .left)
        let renewed = member(serial: 4, incarnation: 10)
        #expect(
            bench.hear(from: "b", .gossip, rumors: [.member(renewed)]).contains(
                .memberChanged(renewed, previous: .left)))
    }

    @Test func `a dead member is forgotten after its retention, and stays forgotten`() {
        var configuration = GossipConfiguration()
        configuration.failedRetention = .seconds(120)
        configuration.leftRetention = .seconds(60)
        var mesh = VirtualMesh(4, seed: 1, configuration: configuration)
        mesh.assemble()
        mesh.kill(3)
        mesh.step(2, .leave)
        mesh.run(for: .seconds(55))
        #expect(mesh.status(of: 3, at: 0) == .failed && mesh.status(of: 2, at: 0) == .left)
        mesh.kill(2)
        mesh.run(for: .seconds(40))
        #expect(mesh.status(of: 3, at: 0) == .failed && mesh.status(of: 2, at: 0) == nil)
        #expect(mesh.machines[0].forgotten == [VirtualMesh.name(2)])
        mesh.run(for: .seconds(70))
        for observer in 0...1 {
            #expect(mesh.machines[observer].core.sortedMembers.count == 2)
            #expect(
                mesh.machines[observer].forgotten == [VirtualMesh.name(2), VirtualMesh.name(3)])
            #expect(mesh.machines[observer].core.contact(VirtualMesh.name(3)) == nil)
        }
        // Neither comes back by way of the other.
        mesh.run(for: .minutes(5))
        #expect(mesh.machines[0].core.sortedMembers.count == 2)
        // The name is free for a machine that never had it, elsewhere and with an older clock.
        let heir = mesh.addMachine(named: VirtualMesh.name(3), incarnation: 7)
        mesh.join(heir, through: [0])
        mesh.run(for: .seconds(2))
        #expect(mesh.machines[1].core[VirtualMesh.name(3)]?.incarnation == 7)
        #expect(mesh.machines[1].core[VirtualMesh.name(3)]?.status == .alive)
    }
}
