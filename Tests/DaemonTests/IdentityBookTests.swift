import Base
import Daemon
import Gossip
import JSON
import Objects
import Store
import Testing

/// A Store with identities, and machines that decide about them at a calendar of the test's own.
struct Identities {
    var store = StoreCore()
    var book = IdentityBook()
    var wall = WallTime(seconds: 1_795_000_000)
    var voters = ["a", "b", "c"].map(Identities.name)
    var live: Set<MachineName> = Set(["a", "b", "c"].map(Identities.name))
    private var sequence: UInt64 = 0

    static func name(_ text: String) -> MachineName {
        guard let name = MachineName(text) else { preconditionFailure("no name: \(text)") }
        return name
    }

    /// Three machines that were admitted one after the other and have run.
    init() throws {
        let first = Self.name("a")
        let keyring = Keyring(clusterID: "test", first: authority("1", for: [first]))
        try apply(
            IdentityBook.Decision(operations: [
                .put(Keyring.key, keyring.document.bytes),
                .put(MachineRecord.key(of: first), record(first).document.bytes),
            ]))
        try decide(.acknowledge(1), by: "a")
        for text in ["b", "c"] {
            live.remove(Self.name(text))
            try admit(text)
            live.insert(Self.name(text))
            try decide(.acknowledge(1), by: text)
        }
    }

    func authority(_ id: String, for names: [MachineName]) -> Keyring.Authority {
        let keys = names.map { ($0, Array($0.text.utf8)) }
        return Keyring.Authority(
            id: id, createdAt: wall, certificatePEM: "PEM \(id)", crossCertificatePEM: nil,
            meshPublicKey: [1],
            vault: Vault(ciphertext: [2], keys: .init(uniqueKeysWithValues: keys)))
    }

    func certified(_ name: MachineName, authority: String = "1") -> MachineRecord.Certified {
        MachineRecord.Certified(
            serial: book.nextSerial(of: name, at: wall), authority: authority, issuedAt: wall,
            expiry: wall + IdentityBook.certificateLifetime)
    }

    private func record(_ name: MachineName) -> MachineRecord {
        MachineRecord(name: name, certified: certified(name), vaultKey: [3])
    }

    func view(of text: String) -> IdentityView {
        IdentityView(
            local: Self.name(text), wall: wall, voters: voters, live: live,
            known: Set(voters).union(live))
    }

    /// Decides, and lets the Store judge the preconditions; false when it refuses them.
    @discardableResult
    mutating func decide(_ request: IdentityRequest, by text: String = "a") throws -> Bool {
        try apply(try book.decide(request, view(of: text)))
    }

    @discardableResult
    mutating func apply(_ decision: IdentityBook.Decision) throws -> Bool {
        guard !decision.operations.isEmpty else { return true }
        sequence += 1
        let transaction = Transaction(
            id: CommandID(origin: Self.name("a"), epoch: 1, sequence: sequence),
            preconditions: decision.preconditions, operations: decision.operations)
        let applied = store.apply(transaction.encode(), index: sequence)
        for change in applied.changes { book.apply(change.key, change.document) }
        guard case .committed = applied.result else { return false }
        return true
    }

    mutating func admit(_ text: String, authority: String = "1") throws {
        let name = Self.name(text)
        let boxes = Dictionary(
            uniqueKeysWithValues: (book.keyring?.authorities ?? []).map { ($0.id, [UInt8(9)]) })
        try decide(
            .admit(name, certified(name, authority: authority), vaultKey: [3], boxes: boxes))
    }

    func record(_ text: String) -> MachineRecord? { book.records[Self.name(text)] }
}

/// The message of the refusal that `body` ends with.
func refusal(_ body: () throws -> Void) -> String? {
    do {
        try body()
    } catch let error as StatusError {
        return error.message
    } catch {
        return "\(error)"
    }
    return nil
}

struct AdmissionTests {
    @Test func `an admitted machine is written down with its way into every vault`() throws {
        let identities = try Identities()
        #expect(identities.book.names.map(\.text) == ["a", "b", "c"])
        let boxes = identities.book.keyring?.authorities[0].vault.keys
        #expect(boxes?[Identities.name("c")] == [9])
        #expect(identities.record("c")?.hasEntered == true)
    }

    @Test func `a live machine's name is refused`() throws {
        var identities = try Identities()
        let why = refusal { try identities.admit("b") }
        #expect(why?.contains("is a live member") == true)
    }

    @Test func `a wiped machine that was not removed is told the command`() throws {
        var identities = try Identities()
        identities.live.remove(Identities.name("b"))
        let why = refusal { try identities.admit("b") }
        #expect(why?.contains("podmesh members remove b") == true)
    }

    @Test func `a machine that never ran may be admitted again, and bars its first certificate`()
        throws
    {
        var identities = try Identities()
        try identities.admit("d")
        let first = try #require(identities.record("d")?.certified.serial)
        try identities.admit("d")
        let second = try #require(identities.record("d")?.certified.serial)
        #expect(second > first)
        #expect(identities.book.bars(Identities.name("d"), serial: first))
        #expect(!identities.book.bars(Identities.name("d"), serial: second))
    }

    @Test func `two machines that admit at once cannot both be right`() throws {
        var identities = try Identities()
        let name = Identities.name("d")
        let request = IdentityRequest.admit(
            name, identities.certified(name), vaultKey: [3], boxes: ["1": [9]])
        let one = try identities.book.decide(request, identities.view(of: "a"))
        let other = try identities.book.decide(request, identities.view(of: "b"))
        #expect(try identities.apply(one))
        #expect(try identities.apply(other) == false)
    }

    @Test func `without the boxes of every authority nobody is admitted`() throws {
        var identities = try Identities()
        let name = Identities.name("d")
        let why = refusal {
            try identities.decide(
                .admit(name, identities.certified(name), vaultKey: [3], boxes: [:]))
        }
        #expect(why?.contains("try again") == true)
    }
}

struct RemovalTests {
    @Test func `a removed machine is barred, loses its vaults and its Node`() throws {
        var identities = try Identities()
        let name = Identities.name("c")
        let serial = try #require(identities.record("c")?.certified.serial)
        identities.live.remove(name)
        let decision = try identities.book.decide(
            .remove(name, evenIfAlive: false), identities.view(of: "a"))
        #expect(
            decision.operations.contains(
                .delete(Key(group: "", resource: "nodes", name: "c"))))
        try identities.apply(decision)
        #expect(identities.book.bars(name, serial: serial))
        #expect(identities.book.removed == [name])
        #expect(identities.book.keyring?.authorities[0].vault.keys[name] == nil)
        #expect(identities.record("c")?.removedAt == identities.wall)
    }

    @Test func `a removed name comes back under a higher serial`() throws {
        var identities = try Identities()
        identities.live.remove(Identities.name("c"))
        let old = try #require(identities.record("c")?.certified.serial)
        try identities.decide(.remove(Identities.name("c"), evenIfAlive: false))
        let early = refusal { try identities.admit("c") }
        #expect(early?.contains("still leaving the log") == true)
        identities.voters = ["a", "b"].map(Identities.name)
        try identities.admit("c")
        let new = try #require(identities.record("c")?.certified.serial)
        #expect(!identities.book.isRemoved(Identities.name("c")))
        #expect(identities.book.bars(Identities.name("c"), serial: old))
        #expect(!identities.book.bars(Identities.name("c"), serial: new))
    }

    @Test func `a live machine is removed only by somebody who says so`() throws {
        var identities = try Identities()
        let name = Identities.name("c")
        #expect(
            refusal { try identities.decide(.remove(name, evenIfAlive: false)) }?
                .contains("--yes") == true)
        #expect(try identities.decide(.remove(name, evenIfAlive: true)))
    }

    @Test func `a voter that the others need for their quorum stays`() throws {
        var identities = try Identities()
        identities.live.remove(Identities.name("b"))
        let why = refusal {
            try identities.decide(.remove(Identities.name("c"), evenIfAlive: true))
        }
        #expect(why?.contains("lose their quorum") == true)
        #expect(why?.contains("(b away)") == true)
        #expect(try identities.decide(.remove(Identities.name("b"), evenIfAlive: false)))
    }

    @Test func `nobody removes itself, a stranger, or the last voter`() throws {
        var identities = try Identities()
        #expect(
            refusal { try identities.decide(.remove(Identities.name("a"), evenIfAlive: true)) }?
                .contains("itself") == true)
        #expect(
            refusal { try identities.decide(.remove(Identities.name("z"), evenIfAlive: true)) }?
                .contains("no machine is named") == true)
        identities.voters = [Identities.name("b")]
        #expect(
            refusal { try identities.decide(.remove(Identities.name("b"), evenIfAlive: true)) }?
                .contains("quorum") == true)
    }

    @Test func `removing twice changes nothing`() throws {
        var identities = try Identities()
        identities.live.remove(Identities.name("c"))
        try identities.decide(.remove(Identities.name("c"), evenIfAlive: false))
        let again = try identities.book.decide(
            .remove(Identities.name("c"), evenIfAlive: false), identities.view(of: "a"))
        #expect(again.operations.isEmpty)
    }

    @Test func `a removed name is forgotten a day after its certificates have expired`() throws {
        var identities = try Identities()
        identities.live.remove(Identities.name("c"))
        try identities.decide(.remove(Identities.name("c"), evenIfAlive: false))
        identities.wall = identities.wall + IdentityBook.certificateLifetime + .seconds(80_000)
        try identities.decide(.advance)
        #expect(identities.record("c") != nil)
        identities.wall = identities.wall + .seconds(10_000)
        try identities.decide(.advance)
        #expect(identities.record("c") == nil)
    }
}
