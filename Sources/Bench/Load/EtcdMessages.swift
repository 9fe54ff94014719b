package import NIOCore

/// The messages of etcd's KV service that a load needs, as Protocol Buffers in the frame of gRPC:
/// a byte that says "not compressed", four bytes of length, and the message
/// (etcd api/etcdserverpb/rpc.proto; gRPC over HTTP2, "Length-Prefixed-Message").
package enum EtcdMessages {
    package static let putPath = "/etcdserverpb.KV/Put"
    package static let rangePath = "/etcdserverpb.KV/Range"

    /// `PutRequest`: key is field 1, value is field 2.
    package static func put(key: [UInt8], value: [UInt8]) -> [UInt8] {
        frame(field(1, key) + field(2, value))
    }

    /// `RangeRequest` of one key: field 1. Without field 7, `serializable`, it is linearizable.
    package static func range(key: [UInt8]) -> [UInt8] { frame(field(1, key)) }

    private static func frame(_ message: [UInt8]) -> [UInt8] {
        let length = UInt32(message.count)
        return [0] + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) } + message
    }

    /// A field of wire type 2, length-delimited.
    private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        var head = [number << 3 | 2]
        var length = bytes.count
        while length >= 0x80 {
            head.append(UInt8(truncatingIfNeeded: length & 0x7F) | 0x80)
            length >>= 7
        }
        return head + [UInt8(length)] + bytes
    }
}
