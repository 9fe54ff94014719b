package import Base
package import JSON
package import Store

/// What the cluster has certified of one machine, and whether it is barred.
///
/// One document of the Store for each name that was ever admitted, outside the API's sight.
package struct MachineRecord: Hashable, Sendable {
    package var name: MachineName
    /// The newest certificates, of which the machine has one for TLS and one for the mesh.
    package var certified: Certified
    /// X25519 public key that vaults are sealed for; the machine keeps it as long as its folder.
    package var vaultKey: [UInt8]
    /// The keyring's generation that the machine trusts by, and in the phase `moving` shows
    /// certificates by; zero until it has run.
    package var acknowledged: UInt64
    /// Certificates with at most this serial are refused; zero when none is.
    package var barredUpTo: UInt64
    package var removedAt: WallTime?

    package struct Certified: Hashable, Sendable {
        /// Raised with each certification of a name; the same in both certificates.
        package var serial: UInt64
        /// The id of the authority that signed.
        package var authority: String
        package var issuedAt: WallTime
        package var expiry: WallTime

        package init(serial: UInt64, authority: String, issuedAt: WallTime, expiry: WallTime) {
            self.serial = serial
            self.authority = authority
            self.issuedAt = issuedAt
            self.expiry = expiry
        }
    }

    package init(name: MachineName, certified: Certified, vaultKey: [UInt8]) {
        self.name = name
        self.certified = certified
        self.vaultKey = vaultKey
        acknowledged = 0
        barredUpTo = 0
    }

    /// The machine was removed and has not been admitted again.
    package var isRemoved: Bool { barredUpTo >= certified.serial }
    /// The machine has run since it was admitted, so it is not merely invited.
    package var hasEntered: Bool { acknowledged > 0 }

    package static func key(of name: MachineName) -> Key {
        Key(group: "podmesh.io", resource: "machines", name: name.text)
    }

    package static let all = KeyRange.resource(group: "podmesh.io", resource: "machines")
}

extension MachineRecord {
    package var document: JSON {
        var document: JSON = [
            "apiVersion": "podmesh.io/v1", "kind": "Machine",
            "metadata": ["name": .string(name.text)],
            "serial": .integer(Int64(clamping: certified.serial)),
            "authority": .string(certified.authority),
            "issuedAt": .integer(certified.issuedAt.seconds),
            "expiry": .integer(certified.expiry.seconds),
            "vaultKey": .string(Base64.encode(vaultKey)),
            "acknowledged": .integer(Int64(clamping: acknowledged)),
            "barredUpTo": .integer(Int64(clamping: barredUpTo)),
        ]
        if let removedAt { document["removedAt"] = .integer(removedAt.seconds) }
        return document
    }

    /// Nil when the document is none of this version.
    package init?(_ document: JSON) {
        func number(_ name: String) -> UInt64? {
            document[name]?.integer.flatMap(UInt64.init(exactly:))
        }
        guard document["apiVersion"]?.string == "podmesh.io/v1",
            let name = document[path: ["metadata", "name"]]?.string.flatMap(MachineName.init),
            let serial = number("serial"), let authority = document["authority"]?.string,
            let issuedAt = document["issuedAt"]?.integer, let expiry = document["expiry"]?.integer,
            let vaultKey = document["vaultKey"]?.string.flatMap(Base64.decode),
            let acknowledged = number("acknowledged"), let barredUpTo = number("barredUpTo")
        else { return nil }
        self.init(
            name: name,
            certified: Certified(
                serial: serial, authority: authority, issuedAt: WallTime(seconds: issuedAt),
                expiry: WallTime(seconds: expiry)),
            vaultKey: vaultKey)
        self.acknowledged = acknowledged
        self.barredUpTo = barredUpTo
        removedAt = document["removedAt"]?.integer.map { WallTime(seconds: $0) }
    }
}
