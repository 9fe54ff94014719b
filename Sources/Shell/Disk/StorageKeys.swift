package import Base
package import Gossip

/// The keys that a machine's log and snapshot are sealed with. They are the machine's own, made by
/// it and told to nobody, and lie in its identity. The newest seals; those before it only open what
/// has not been written anew yet.
package struct StorageKeys: Codable, Sendable, Equatable {
    package struct Entry: Codable, Sendable, Equatable {
        /// Stands in every file that the key seals; not secret, never zero.
        package var id: UInt64
        /// 32 bytes.
        var secret: [UInt8]
        /// Seconds of Unix time.
        package var createdAt: Int64

        var key: SealingKey? { SealingKey(secret) }

        /// As messages and reports show it.
        package var name: String { StorageKeys.name(of: id) }
    }

    /// Oldest first.
    package private(set) var entries: [Entry]

    /// Nothing is sealed.
    package static let none = StorageKeys(entries: [])

    package static func make(at now: WallTime) -> StorageKeys { StorageKeys.none.adding(at: now) }

    /// The key that seals.
    package var current: Entry? { entries.last }

    package subscript(id: UInt64) -> SealingKey? { entries.first { $0.id == id }?.key }

    /// With a new key, which seals from now on.
    package func adding(at now: WallTime) -> StorageKeys {
        let entry = Entry(
            id: .random(in: 1 ... .max), secret: SealingKey.generate().bytes,
            createdAt: now.seconds)
        return StorageKeys(entries: entries + [entry])
    }

    /// Without those that seal nothing any more.
    package var newestOnly: StorageKeys { StorageKeys(entries: entries.suffix(1)) }

    /// Drops those that are older than the one of that id.
    mutating func forget(before id: UInt64) {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return }
        entries.removeFirst(index)
    }

    package static func name(of id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// For a file that was sealed with a key that is not here.
    func refusal(_ operation: String, _ path: String, sealedWith id: UInt64) -> ShellError {
        let held =
            entries.isEmpty
            ? "no such key" : "only " + entries.map(\.name).joined(separator: ", ")
        return ShellError(
            .identity, operation,
            underlying: "\(path) is sealed with the storage key \(Self.name(of: id)), and this"
                + " machine's identity holds \(held). Put back the identity/ folder that belongs"
                + " to this data folder. If it is lost, so is what the folder holds: move it away"
                + " and join the machine anew.")
    }
}
