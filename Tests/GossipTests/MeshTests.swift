import Base
import Gossip
import Testing

/// Whole meshes under virtual time.
struct MeshTests {
    @Test(arguments: 0..<30 as Range<UInt64>)
    func `a killed machine of three is failed everywhere within 1.25 seconds`(seed: UInt64) {
        var mesh = VirtualMesh(3, seed: seed)
        mesh.assemble()
        mesh.run(for: .milliseconds(Int64(seed * 10)))
        let victim = Int(seed % 3)
        mesh.kill(victim)
        let time = mesh.run(within: .milliseconds(1_250)) { $0.allSee(victim, as: .failed) }
        #expect(time != nil)
        #expect(mesh.failures().count == 2)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func `a process that stalls for 500 milliseconds is not failed`(seed: UInt64) {
        var mesh = VirtualMesh(3, seed: seed)
        mesh.wakesBeforeReading = seed % 2 == 0
        mesh.assemble()
        mesh.run(for: .milliseconds(Int64(seed * 13)))
        mesh.stall(1)
        mesh.run(for: .milliseconds(500))
        mesh.resume(1)
        mesh.run(for: .seconds(3))
        #expect(mesh.failures().isEmpty)
        #expect(mesh.isWhole)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `machines that stall together do not fail each other`(seed: UInt64) {
        var mesh = VirtualMesh(3, seed: seed)
        mesh.wakesBeforeReading = true
        mesh.assemble()
        for _ in 0..<3 {
            for index in 0..<3 { mesh.stall(index) }
            mesh.run(for: .seconds(2))
            for index in 0..<3 { mesh.resume(index) }
            mesh.run(for: .seconds(1))
        }
        #expect(mesh.failures().isEmpty)
        #expect(mesh.machines[0].marks[.stallAbsorbed, default: 0] > 0)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `a process that stalls for long is failed, and returns by refuting`(seed: UInt64) {
        var mesh = VirtualMesh(3, seed: seed)
        mesh.wakesBeforeReading = true
        mesh.assemble()
        mesh.stall(2)
        mesh.run(for: .seconds(10))
        #expect(mesh.failures(of: 2).count == 2)
        mesh.resume(2)
        #expect(mesh.run(within: .seconds(2)) { $0.isWhole } != nil)
        #expect(mesh.failures(of: 0).isEmpty && mesh.failures(of: 1).isEmpty)
        #expect(mesh.machines[2].marks[.refuted, default: 0] > 0)
        #expect(mesh.machines[0].marks[.returned] == 1)
    }

    @Test(arguments: 0..<5 as Range<UInt64>)
    func `a killed machine of twenty is failed everywhere within three seconds`(seed: UInt64) {
        var mesh = VirtualMesh(20, seed: seed)
        mesh.assemble()
        mesh.kill(7)
        #expect(mesh.run(within: .seconds(3)) { $0.allSee(7, as: .failed) } != nil)
        mesh.run(for: .seconds(2))
        #expect(mesh.failures().count == 19)
    }

    @Test func `loss of five percent fails nobody in a minute`() {
        var mesh = VirtualMesh(5, seed: 11)
        mesh.assemble()
        mesh.loss = 0.05
        mesh.run(for: .minutes(1))
        mesh.loss = 0
        #expect(mesh.failures().isEmpty)
        #expect(mesh.run(within: .seconds(3)) { $0.isWhole } != nil)
    }

    @Test(arguments: 0..<5 as Range<UInt64>)
    func `a partition heals by itself, without failing anyone again`(seed: UInt64) {
        var mesh = VirtualMesh(5, seed: seed)
        mesh.assemble()
        for index in [3, 4] { mesh.machines[index].island = 1 }
        mesh.run(for: .seconds(20))
        #expect(mesh.status(of: 3, at: 0) == .failed && mesh.status(of: 0, at: 4) == .failed)
        #expect(mesh.status(of: 1, at: 0) == .alive && mesh.status(of: 4, at: 3) == .alive)
        mesh.step(0, .publish(Samples.entry(1)))
        mesh.step(3, .publish(Samples.entry(2)))
        let failuresBefore = mesh.failures().count
        for index in mesh.machines.indices { mesh.machines[index].island = 0 }
        #expect(mesh.run(within: .seconds(6)) { $0.isWhole } != nil)
        #expect(mesh.run(within: .seconds(15), every: .milliseconds(100)) { $0.tablesAgree } != nil)
        #expect(mesh.failures().count == failuresBefore)
        #expect(mesh.machines[0].core.table.count == 2)
    }

    @Test func `a killed machine restarts under its name before anybody missed it`() {
        var mesh = VirtualMesh(3, seed: 3)
        mesh.assemble()
        mesh.kill(1)
        mesh.run(for: .milliseconds(100))
        mesh.restart(1, incarnation: 1_010, through: [0])
        mesh.run(for: .seconds(5))
        #expect(mesh.isWhole)
        #expect(mesh.failures().isEmpty)
        #expect(mesh.machines[2].core[VirtualMesh.name(1)]?.incarnation ?? 0 >= 1_010)
    }

    @Test func `a failed machine restarts under its name and is alive again at once`() {
        var mesh = VirtualMesh(3, seed: 4)
        mesh.assemble()
        mesh.kill(1)
        mesh.run(for: .seconds(3))
        #expect(mesh.allSee(1, as: .failed))
        mesh.restart(1, incarnation: 1_010, through: [0, 2])
        #expect(mesh.run(within: .milliseconds(100)) { $0.isWhole } != nil)
    }

    @Test func `a restart with a clock that was set back still comes in`() {
        var mesh = VirtualMesh(3, seed: 5)
        mesh.assemble()
        mesh.kill(1)
        mesh.run(for: .seconds(3))
        mesh.restart(1, incarnation: 10, through: [0])
        #expect(mesh.run(within: .seconds(2)) { $0.isWhole } != nil)
        #expect(mesh.machines[1].core.local.incarnation > 1_000)
    }

    @Test func `leaving is told apart from failing`() {
        var mesh = VirtualMesh(4, seed: 6)
        mesh.assemble()
        mesh.step(2, .leave)
        #expect(mesh.run(within: .milliseconds(100)) { $0.allSee(2, as: .left) } != nil)
        #expect(mesh.run(within: .milliseconds(300)) { $0.machines[2].hasLeft } != nil)
        mesh.kill(2)
        mesh.run(for: .seconds(5))
        #expect(mesh.failures().isEmpty)
        #expect(mesh.allSee(2, as: .left))
        mesh.restart(2, incarnation: 1_020, through: [1])
        #expect(mesh.run(within: .milliseconds(200)) { $0.isWhole } != nil)
    }

    @Test func `an expelled machine counts as left everywhere`() {
        var mesh = VirtualMesh(4, seed: 7)
        mesh.assemble()
        mesh.kill(3)
        mesh.step(0, .expel(VirtualMesh.name(3)))
        #expect(mesh.run(within: .milliseconds(100)) { $0.allSee(3, as: .left) } != nil)
    }

    @Test func `a published row is everywhere within 50 milliseconds`() {
        var mesh = VirtualMesh(10, seed: 8)
        mesh.assemble()
        mesh.step(4, .publish(Samples.entry(1)))
        let time = mesh.run(within: .milliseconds(50)) { mesh in
            mesh.machines.allSatisfy { $0.core.table[Samples.entry(1).key] != nil }
        }
        #expect(time != nil)
    }

    @Test func `tables converge under five percent loss, with a late joiner`() {
        var mesh = VirtualMesh(5, seed: 9)
        mesh.assemble()
        mesh.loss = 0.05
        for number in 0..<300 {
            mesh.step(number % 5, .publish(Samples.entry(number)))
            if number % 10 == 0 { mesh.run(for: .milliseconds(20)) }
        }
        for number in 0..<50 {
            mesh.step(0, .publish(Samples.tombstone(number * 3, revision: 900)))
        }
        let late = mesh.addMachine()
        mesh.join(late, through: [2])
        let time = mesh.run(within: .seconds(30), every: .milliseconds(100)) { mesh in
            mesh.tablesAgree && mesh.isWhole
        }
        #expect(time != nil)
        let table = mesh.machines[late].core.table
        #expect(table.count == 300)
        #expect(table[Samples.entry(3).key]?.isTombstone == true)
        #expect(table.pod("default", "pod-4") != nil)
    }

    @Test func `a late joiner gets a table larger than one exchange`() {
        var mesh = VirtualMesh(3, seed: 10)
        mesh.assemble()
        for number in 0..<1_000 { mesh.step(0, .publish(Samples.entry(number))) }
        #expect(mesh.run(within: .seconds(5), every: .milliseconds(100)) { $0.tablesAgree } != nil)
        let late = mesh.addMachine()
        mesh.join(late, through: [0])
        #expect(mesh.run(within: .seconds(10), every: .milliseconds(100)) { $0.tablesAgree } != nil)
        #expect(mesh.machines.allSatisfy { $0.largestPayload <= GossipLimits.payloadBytesMax })
    }

    @Test func `a mesh of fifty assembles through one seed and loses three at once`() {
        var mesh = VirtualMesh(50, seed: 12)
        for index in 1..<50 { mesh.join(index, through: [0]) }
        #expect(mesh.run(within: .seconds(5), every: .milliseconds(20)) { $0.isWhole } != nil)
        mesh.run(for: .seconds(1))
        for index in [5, 17, 33] { mesh.kill(index) }
        let time = mesh.run(within: .seconds(5), every: .milliseconds(20)) { mesh in
            [5, 17, 33].allSatisfy { mesh.allSee($0, as: .failed) }
        }
        #expect(time != nil)
        #expect(mesh.failures().count == 3 * 47)
    }

    @Test func `an idle machine of three sends less than two kilobytes a second`() {
        var mesh = VirtualMesh(3, seed: 13)
        mesh.assemble()
        let before = mesh.machines.map(\.sentBytes)
        mesh.run(for: .seconds(60))
        for index in mesh.machines.indices {
            let datagrams = 60 * 11
            let bytes = mesh.machines[index].sentBytes - before[index]
            #expect(bytes + datagrams * DatagramSealer.overheadBytes < 60 * 2_000)
        }
    }

    @Test func `the same seed gives the same history`() {
        func history() -> [VirtualMesh.Change] {
            var mesh = VirtualMesh(6, seed: 14)
            mesh.assemble()
            mesh.loss = 0.1
            mesh.kill(3)
            mesh.run(for: .seconds(10))
            return mesh.changes
        }
        let first = history()
        #expect(!first.isEmpty)
        #expect(first == history())
    }
}
