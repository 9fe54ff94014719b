import Base

/// Where a peer receives datagrams: an IP address as text and a UDP port.
package struct PeerAddress: Hashable, Sendable, CustomStringConvertible {
    package let ip: String
    package let port: UInt16

    package init(ip: String, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    package var description: String {
        ip.utf8.contains(UInt8(ascii: ":")) ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}

extension GossipCodec {
    /// The longest text of an IPv6 address with an embedded IPv4 address.
    private static let addressBytesMax = 45

    static func write(_ address: PeerAddress, to writer: inout ByteWriter) {
        writer.writeString(address.ip)
        writer.writeInteger(address.port)
    }

    static func readAddress(_ reader: inout ByteReader) throws(DecodeError) -> PeerAddress {
        let start = reader.offset
        let ip = try reader.readString(atMost: addressBytesMax)
        let isPlausible = !ip.isEmpty && ip.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "."), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        guard isPlausible else { throw DecodeError(expected: "an IP address", offset: start) }
        return PeerAddress(ip: ip, port: try reader.readInteger())
    }
}
