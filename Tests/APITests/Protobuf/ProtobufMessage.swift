import Base

/// Writes messages for tests, field by field.
struct ProtobufMessage {
    private var writer = ByteWriter()

    var bytes: [UInt8] { writer.bytes }

    func varint(_ number: UInt64, _ value: Int64) -> Self {
        var copy = self
        copy.writer.writeVarint(number << 3)
        copy.writer.writeVarint(UInt64(bitPattern: value))
        return copy
    }

    func bytes(_ number: UInt64, _ value: [UInt8]) -> Self {
        var copy = self
        copy.writer.writeVarint(number << 3 | 2)
        copy.writer.writeBytes(value)
        return copy
    }

    func text(_ number: UInt64, _ value: String) -> Self { bytes(number, Array(value.utf8)) }

    func message(_ number: UInt64, _ value: ProtobufMessage = Self()) -> Self {
        bytes(number, value.bytes)
    }

    /// Bytes that are no field of their own: what a hostile client may send.
    func raw(_ value: [UInt8]) -> Self {
        var copy = self
        copy.writer.writeRaw(value)
        return copy
    }

    /// The request body around this message.
    func body(_ apiVersion: String, _ kind: String) -> [UInt8] {
        let type = ProtobufMessage().text(1, apiVersion).text(2, kind)
        return [0x6B, 0x38, 0x73, 0x00]
            + ProtobufMessage().message(1, type).message(2, self).text(3, "").text(4, "").bytes
    }
}
