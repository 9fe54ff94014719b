import Base
import Daemon
import Gossip
import JSON
import Store
import Testing

struct RenewalTests {
    @Test func `certificates are renewed when a third of their life is left, and not before`()
        throws
    {
        var identities = try Identities()
        let name = Identities.name("b")
        let begin = identities.wall
        let third = IdentityBook.certificateLifetime / 3
        identities.wall = begin + (third * 2 - .seconds(10))
        #expect(identities.book.renewal(of: name, at: identities.wall) == nil)
        identities.wall = begin + (third * 2 + .seconds(10))
        #expect(identities.book.renewal(of: name, at: identities.wall) == .age)
        try identities.decide(.renew(identities.certified(name)), by: "b")
        #expect(identities.book.renewal(of: name, at: identities.wall) == nil)
        #expect(identities.record("b")?.certified.issuedAt == identities.wall)
    }

    @Test func `a removed machine renews nothing`() throws {
        var identities = try Identities()
        let name = Identities.name("b")
        try identities.decide(.remove(name, evenIfAlive: true))
        #expect(identities.book.renewal(of: name, at: identities.wall) == nil)
        let why = refusal {
            try identities.decide(.renew(identities.certified(name)), by: "b")
        }
        #expect(why?.contains("was removed") == true)
    }

    @Test func `a serial rises even when the clock stands still or goes back`() throws {
        var identities = try Identities()
        let name = Identities.name("b")
        var last = try #require(identities.record("b")?.certified.serial)
        for _ in 0..<3 {
            identities.wall = identities.wall + .seconds(-100)
            try identities.decide(.renew(identities.certified(name)), by: "b")
            let serial = try #require(identities.record("b")?.certified.serial)
            #expect(serial > last)
            last = serial
        }
    }
}

struct KeyringTests {
    private let names = ["a", "b", "c"].map(Identities.name)

    /// Every machine does what its core would, in turn, until nothing is left to do.
    private func settle(_ identities: inout Identities, _ machines: [String]) throws {
        for _ in 0..<10 {
            for text in machines {
                guard let keyring = identities.book.keyring, let issuing = keyring.issuing
                else { return }
                let name = Identities.name(text)
                if identities.book.renewal(of: name, at: identities.wall) != nil {
                    let certified = identities.certified(name, authority: issuing.id)
                    try identities.decide(.renew(certified), by: text)
                }
                try identities.decide(.acknowledge(keyring.generation), by: text)
                try identities.decide(.advance, by: text)
            }
        }
    }

    @Test func `an authority follows another when every machine has changed`() throws {
        var identities = try Identities()
        let fresh = identities.authority("2", for: names)
        try identities.decide(.rotate(fresh, keepOld: .seconds(3_600)))
        #expect(identities.book.keyring?.phase == .introducing)
        #expect(identities.book.keyring?.issuing?.id == "1")
        #expect(identities.book.awaited(identities.view(of: "a")) == names)
        try settle(&identities, ["a", "b", "c"])
        #expect(identities.book.keyring?.phase == .moving)
        #expect(names.allSatisfy { identities.book.records[$0]?.certified.authority == "2" })
        #expect(identities.book.keyring?.trusts("1") == true)
        identities.wall = identities.wall + .seconds(3_601)
        try settle(&identities, ["a", "b", "c"])
        #expect(identities.book.keyring?.phase == .steady)
        #expect(identities.book.keyring?.authorities.map(\.id) == ["2"])
    }

    @Test func `nothing moves before every machine trusts the new authority`() throws {
        var identities = try Identities()
        try identities.decide(
            .rotate(identities.authority("2", for: names), keepOld: .zero))
        identities.live.remove(Identities.name("c"))
        try settle(&identities, ["a", "b"])
        #expect(identities.book.keyring?.phase == .introducing)
        #expect(identities.book.awaited(identities.view(of: "a")) == [Identities.name("c")])
        // The one that was away comes back and does its part.
        try settle(&identities, ["a", "b", "c"])
        #expect(identities.book.keyring?.authorities.map(\.id) == ["2"])
    }

    @Test func `a hurried change waits for the machines that are alive and for nobody else`()
        throws
    {
        var identities = try Identities()
        try identities.decide(
            .rotate(identities.authority("2", for: names), keepOld: .seconds(86_400)))
        identities.live.remove(Identities.name("c"))
        try settle(&identities, ["a"])
        try identities.decide(.hurry)
        try settle(&identities, ["a"])
        #expect(identities.book.keyring?.phase == .introducing, "b has not said that it trusts")
        try settle(&identities, ["a", "b"])
        #expect(identities.book.keyring?.authorities.map(\.id) == ["2"])
        #expect(identities.record("c")?.certified.authority == "1")
    }

    @Test func `a second change waits for the first`() throws {
        var identities = try Identities()
        let fresh = identities.authority("2", for: names)
        try identities.decide(.rotate(fresh, keepOld: .zero))
        let why = refusal { try identities.decide(.rotate(fresh, keepOld: .zero)) }
        #expect(why?.contains("under way") == true)
    }

    @Test func `a vault that leaves a machine out is refused`() throws {
        var identities = try Identities()
        let fresh = identities.authority("2", for: Array(names.dropLast()))
        let why = refusal { try identities.decide(.rotate(fresh, keepOld: .zero)) }
        #expect(why?.contains("try again") == true)
    }

    @Test func `a newcomer during a change is certified by the authority that certifies`() throws {
        var identities = try Identities()
        try identities.decide(
            .rotate(identities.authority("2", for: names), keepOld: .zero))
        #expect(refusal { try identities.admit("d", authority: "2") } != nil)
        #expect(refusal { try identities.admit("d", authority: "1") } == nil)
        // It has not run, so the change does not wait for it.
        #expect(!identities.book.awaited(identities.view(of: "a")).map(\.text).contains("d"))
    }

    @Test func `documents survive their text`() throws {
        var identities = try Identities()
        try identities.decide(
            .rotate(identities.authority("2", for: names), keepOld: .seconds(5)))
        try identities.decide(.remove(Identities.name("c"), evenIfAlive: true))
        let again = IdentityBook(identities.store.snapshot)
        #expect(again.keyring == identities.book.keyring)
        #expect(again.records == identities.book.records)
        #expect(again.names == identities.book.names)
    }

    @Test func `a document that is none is taken for no keyring`() throws {
        for text in ["{}", "[]", #"{"apiVersion":"podmesh.io/v1","generation":-1}"#, "nonsense"] {
            var book = IdentityBook()
            let document = Document(
                bytes: Array(text.utf8), createRevision: Revision(1), modRevision: Revision(1))
            book.apply(Keyring.key, document)
            #expect(book.keyring == nil)
        }
    }
}
