import Base
import Gossip
import Testing

struct VaultTests {
    private let a = GossipIdentity.generate()
    private let b = GossipIdentity.generate()
    private let secret = Array("the authority's private key".utf8)

    private func vault() throws -> Vault {
        try #require(Vault(sealing: secret, for: [Samples.name("a"): a.publicKey]))
    }

    @Test func `only a machine it was sealed for opens it`() throws {
        let vault = try vault()
        #expect(vault.open(as: Samples.name("a"), with: a) == secret)
        #expect(vault.open(as: Samples.name("a"), with: b) == nil)
        #expect(vault.open(as: Samples.name("b"), with: b) == nil)
    }

    @Test func `whoever can open it lets another machine in`() throws {
        var vault = try vault()
        vault.keys[Samples.name("b")] = vault.box(
            for: b.publicKey, by: Samples.name("a"), with: a)
        #expect(vault.open(as: Samples.name("b"), with: b) == secret)
        #expect(vault.box(for: a.publicKey, by: Samples.name("c"), with: b) == nil)
    }

    @Test func `the secret is not among its bytes, and no byte may change`() throws {
        let vault = try vault()
        let box = try #require(vault.keys[Samples.name("a")])
        #expect(!vault.ciphertext.indices.contains { vault.ciphertext[$0...].starts(with: secret) })
        for index in vault.ciphertext.indices {
            var other = vault
            other.ciphertext[index] ^= 1
            #expect(other.open(as: Samples.name("a"), with: a) == nil)
        }
        for index in box.indices {
            var other = vault
            other.keys[Samples.name("a")]?[index] ^= 1
            #expect(other.open(as: Samples.name("a"), with: a) == nil)
        }
        let empty = Vault(ciphertext: [], keys: [Samples.name("a"): []])
        #expect(empty.open(as: Samples.name("a"), with: a) == nil)
    }

    @Test func `a key of the wrong length seals nothing`() {
        #expect(Vault(sealing: secret, for: [Samples.name("a"): [1, 2, 3]]) == nil)
    }
}
