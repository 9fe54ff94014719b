/// An IPv4 address as a number in host order.
package struct IPv4Address: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var number: UInt32

    package init(number: UInt32) { self.number = number }

    /// Reads dotted decimal with exactly four parts and no leading zeros, as Kubernetes does.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part == "0" || part.first != "0",
                part.utf8.allSatisfy({ (48...57).contains($0) }), let octet = UInt8(part)
            else { return nil }
            number = number << 8 | UInt32(octet)
        }
        self.number = number
    }

    package var octets: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    package var description: String { octets.map(String.init).joined(separator: ".") }

    package static func < (left: IPv4Address, right: IPv4Address) -> Bool {
        left.number < right.number
    }
}

/// An IPv4 network in CIDR notation.
package struct IPv4Network: Hashable, Sendable, CustomStringConvertible {
    package let base: IPv4Address
    /// The length of the prefix, 0 to 32.
    package let prefix: Int

    /// The network of that prefix length around an address; bits behind the prefix are cleared.
    package init?(_ address: IPv4Address, prefix: Int) {
        guard (0...32).contains(prefix) else { return nil }
        self.prefix = prefix
        let mask: UInt32 = prefix == 0 ? 0 : ~0 << (32 - UInt32(prefix))
        base = IPv4Address(number: address.number & mask)
    }

    /// Reads `address/prefix`, the prefix without sign and leading zeros.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]),
            String(prefix) == parts[1]
        else { return nil }
        self.init(address, prefix: prefix)
    }

    /// How many addresses the network holds.
    package var size: UInt64 { 1 << UInt64(32 - prefix) }

    /// The address at that offset, or nil outside the network.
    package func address(at offset: UInt64) -> IPv4Address? {
        guard offset < size else { return nil }
        return IPv4Address(number: base.number + UInt32(offset))
    }

    package func contains(_ address: IPv4Address) -> Bool {
        guard address >= base else { return false }
        return UInt64(address.number - base.number) < size
    }

    package var description: String { "\(base)/\(prefix)" }
}
