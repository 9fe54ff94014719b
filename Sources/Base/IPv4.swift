/// An IPv4 address as a number in host order.
public struct IPv4Address: Hashable, Comparable, Sendable, CustomStringConvertible {
    public var number: UInt32

    public init(number: UInt32) { self.number = number }

    /// Reads dotted decimal with exactly four parts and no leading zeros, as Kubernetes does.
    public init?(_ text: some StringProtocol) {
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

    public var octets: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    public var description: String { octets.map(String.init).joined(separator: ".") }

    public static func < (left: IPv4Address, right: IPv4Address) -> Bool {
        left.number < right.number
    }
}

/// An IPv4 network in CIDR notation.
public struct IPv4Network: Hashable, Sendable, CustomStringConvertible {
    public let base: IPv4Address
    /// The length of the prefix, 0 to 32.
    public let prefix: Int

    /// The network of that prefix length around an address; bits behind the prefix are cleared.
    public init?(_ address: IPv4Address, prefix: Int) {
        guard (0...32).contains(prefix) else { return nil }
        self.prefix = prefix
        let mask: UInt32 = prefix == 0 ? 0 : ~0 << (32 - UInt32(prefix))
        base = IPv4Address(number: address.number & mask)
    }

    /// Reads `address/prefix`, the prefix without sign and leading zeros.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPv4Address(parts[0]), let prefix = Int(parts[1]),
            String(prefix) == parts[1]
        else { return nil }
        self.init(address, prefix: prefix)
    }

    /// How many addresses the network holds.
    public var size: UInt64 { 1 << UInt64(32 - prefix) }

    /// The address at that offset, or nil outside the network.
    public func address(at offset: UInt64) -> IPv4Address? {
        guard offset < size else { return nil }
        return IPv4Address(number: base.number + UInt32(offset))
    }

    public func contains(_ address: IPv4Address) -> Bool {
        guard address >= base else { return false }
        return UInt64(address.number - base.number) < size
    }

    public var description: String { "\(base)/\(prefix)" }
}
