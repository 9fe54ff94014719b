import Base
import Daemon
import Foundation
import Gossip
import JSON

/// What `podmesh keyring --output json` shows; `docs/operations.md` documents its members. Private
/// keys and vaults stay out of it.
struct KeyringReport {
    let core: DaemonCore
    let wall: WallTime
    /// What this machine seals its files with.
    let storageKeys: StorageKeys

    var json: JSON? {
        guard let keyring = core.identities.keyring else { return nil }
        let book = core.identities
        return [
            "generation": .integer(Int64(clamping: keyring.generation)),
            "phase": .string(keyring.phase.rawValue),
            "keepOldUntil": keyring.phase == .steady
                ? .null : .string(keyring.keepOldUntil.rfc3339),
            "isHurried": .bool(keyring.isHurried),
            "awaited": .array(book.awaited(core.identityView).map { .string($0.text) }),
            "storageKeys": .array(
                storageKeys.entries.map { entry in
                    [
                        "id": .string(entry.name),
                        "createdAt": .string(WallTime(seconds: entry.createdAt).rfc3339),
                    ]
                }),
            "authorities": .array(
                keyring.authorities.map { authority in
                    [
                        "id": .string(authority.id),
                        "fingerprint": .string(
                            ClusterAuthority.fingerprint(ofPEM: authority.certificatePEM) ?? ""),
                        "createdAt": .string(authority.createdAt.rfc3339),
                        "ageSeconds": .integer(
                            max(0, wall.seconds - authority.createdAt.seconds)),
                        "isIssuing": .bool(authority.id == keyring.issuing?.id),
                        "machinesWithKeys": .integer(Int64(authority.vault.keys.count)),
                    ]
                }),
            "machines": .array(
                book.names.compactMap { book.records[$0] }.map { record in
                    [
                        "name": .string(record.name.text),
                        "state": record.isRemoved
                            ? "removed" : record.hasEntered ? "member" : "invited",
                        "authority": .string(record.certified.authority),
                        "serial": .integer(Int64(clamping: record.certified.serial)),
                        "issuedAt": .string(record.certified.issuedAt.rfc3339),
                        "expiry": .string(record.certified.expiry.rfc3339),
                        "generation": .integer(Int64(clamping: record.acknowledged)),
                        "vaultKey": .string(Data(record.vaultKey).base64EncodedString()),
                        "removedAt": record.removedAt.map { .string($0.rfc3339) } ?? .null,
                    ]
                }),
        ]
    }
}
