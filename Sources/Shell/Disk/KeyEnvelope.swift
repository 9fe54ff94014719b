package import Base
package import Gossip

/// What stands in front of a sealed file: the file's own key, sealed for each of those who may open
/// it.
package struct KeyEnvelope: Sendable, Equatable {
    package enum Slot: Sendable, Equatable {
        /// For the machine that wrote the file, under its storage key of that id.
        case storage(id: UInt64, box: [UInt8])
        /// For the holder of a machine's vault key.
        case machine(MachineName, box: [UInt8])
        /// For whoever knows the passphrase.
        case passphrase(salt: [UInt8], box: [UInt8])
    }

    package var slots: [Slot]

    /// Whom a backup is sealed for.
    package struct Recipients: Sendable {
        /// The public vault keys of the cluster's machines.
        package var machines: [(name: MachineName, publicKey: [UInt8])]
        package var passphrase: String?

        package init(machines: [(name: MachineName, publicKey: [UInt8])], passphrase: String?) {
            self.machines = machines
            self.passphrase = passphrase
        }
    }

    private init(slots: [Slot]) { self.slots = slots }

    /// For the machine's own files.
    init?(of key: SealingKey, under keys: StorageKeys) {
        guard let current = keys.current, let wrapping = current.key else { return nil }
        self.init(slots: [.storage(id: current.id, box: key.box(under: wrapping))])
    }

    package init(of key: SealingKey, for recipients: Recipients) throws(ShellError) {
        slots = []
        for (name, publicKey) in recipients.machines {
            guard let box = key.box(for: publicKey) else {
                throw ShellError(.identity, "seal for \(name)", underlying: "its key is none")
            }
            slots.append(.machine(name, box: box))
        }
        guard let passphrase = recipients.passphrase else { return }
        let salt = SealingKey.makeSalt()
        let wrapping = try Self.key(of: passphrase, salt: salt)
        slots.append(.passphrase(salt: salt, box: key.box(under: wrapping)))
    }

    private static func key(of passphrase: String, salt: [UInt8]) throws(ShellError) -> SealingKey {
        guard let key = SealingKey(passphrase: Array(passphrase.utf8), salt: salt) else {
            throw ShellError(
                .other, "make a key of the passphrase", underlying: "it takes 256 MiB of memory")
        }
        return key
    }

    // MARK: Opening

    /// What somebody has to open files with.
    package struct Opener: Sendable {
        package var storage: StorageKeys
        package var vaultKeys: [MachineName: GossipIdentity]
        package var passphrase: String?

        package init(
            storage: StorageKeys = .none, vaultKeys: [MachineName: GossipIdentity] = [:],
            passphrase: String? = nil
        ) {
            self.storage = storage
            self.vaultKeys = vaultKeys
            self.passphrase = passphrase
        }
    }

    /// The file's key; throws what is needed to open it when none of these does.
    func open(with opener: Opener, _ path: String) throws(ShellError) -> SealingKey {
        for slot in slots {
            switch slot {
            case .storage(let id, let box):
                guard let wrapping = opener.storage[id] else { continue }
                if let key = SealingKey(box: box, under: wrapping) { return key }
            case .machine(let name, let box):
                guard let identity = opener.vaultKeys[name] else { continue }
                if let key = SealingKey(box: box, for: identity) { return key }
            case .passphrase(let salt, let box):
                guard let passphrase = opener.passphrase else { continue }
                let wrapping = try Self.key(of: passphrase, salt: salt)
                if let key = SealingKey(box: box, under: wrapping) { return key }
            }
        }
        throw refusal(opener, path)
    }

    private func refusal(_ opener: Opener, _ path: String) -> ShellError {
        if case .storage(let id, _)? = slots.first {
            return opener.storage.refusal("read the snapshot", path, sealedWith: id)
        }
        let isWrong = opener.passphrase != nil ? "; the passphrase that was given is another" : ""
        return ShellError(
            .identity, "read the snapshot",
            underlying: "\(path) is sealed for \(audience)\(isWrong). Give the data folder of one"
                + " of these machines with --identity"
                + (hasPassphrase ? ", or the passphrase with --passphrase-file." : "."))
    }

    package var hasPassphrase: Bool {
        slots.contains { if case .passphrase = $0 { true } else { false } }
    }

    /// Whom it is sealed for, in words.
    package var audience: String {
        let names = slots.compactMap { slot in
            if case .machine(let name, _) = slot { name.text } else { nil }
        }
        var parts: [String] = []
        if names.count > 8 {
            let some = names.prefix(8).joined(separator: ", ")
            parts.append("the machines \(some) and \(names.count - 8) more")
        } else if !names.isEmpty {
            parts.append("the machines \(names.joined(separator: ", "))")
        }
        if hasPassphrase { parts.append("a passphrase") }
        return parts.joined(separator: " and ")
    }

    // MARK: Bytes

    private static let slotsMax = 4_096

    var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 128 * slots.count + 8)
        writer.writeCount(slots.count)
        for slot in slots {
            switch slot {
            case .storage(let id, let box):
                writer.writeByte(1)
                writer.writeInteger(id)
                writer.writeBytes(box)
            case .machine(let name, let box):
                writer.writeByte(2)
                writer.writeString(name.text)
                writer.writeBytes(box)
            case .passphrase(let salt, let box):
                writer.writeByte(3)
                writer.writeBytes(salt)
                writer.writeBytes(box)
            }
        }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(DecodeError) {
        var reader = ByteReader(bytes)
        slots = []
        for _ in 0..<(try reader.readCount(atMost: Self.slotsMax)) {
            switch try reader.readByte() {
            case 1:
                slots.append(
                    .storage(
                        id: try reader.readInteger(UInt64.self),
                        box: try reader.readBytes(atMost: 256)))
            case 2:
                guard let name = MachineName(try reader.readString(atMost: 256)) else {
                    throw DecodeError(expected: "a machine's name", offset: 0)
                }
                slots.append(.machine(name, box: try reader.readBytes(atMost: 256)))
            case 3:
                slots.append(
                    .passphrase(
                        salt: try reader.readBytes(atMost: 64),
                        box: try reader.readBytes(atMost: 256)))
            default: throw DecodeError(expected: "a slot of an envelope", offset: 0)
            }
        }
        try reader.expectEnd()
    }
}
