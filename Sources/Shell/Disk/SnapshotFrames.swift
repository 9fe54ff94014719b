import Base

/// Makes the frames of a snapshot file, see ``SnapshotReader``, for a file or for a connection.
struct SnapshotFrames {
    private var number: UInt64 = 0

    /// What a file begins with.
    mutating func beginning(metadata: [UInt8], savedAt: Int64) -> [UInt8] {
        var head = ByteWriter(capacity: metadata.count + 8)
        head.writeInteger(UInt64(bitPattern: savedAt))
        head.writeRaw(metadata)
        return SnapshotReader.magic + frame(.head, head.bytes)
    }

    /// A part of the body.
    mutating func block(_ bytes: [UInt8]) -> [UInt8] { frame(.block, bytes) }

    /// What a file ends with.
    mutating func end() -> [UInt8] { frame(.end, []) }

    private mutating func frame(_ kind: SnapshotReader.FrameKind, _ bytes: [UInt8]) -> [UInt8] {
        precondition(
            bytes.count <= SnapshotReader.frameBytesMax, "a block of \(bytes.count) bytes")
        var frame = ByteWriter(capacity: SnapshotReader.frameHeadSize + bytes.count)
        frame.writeInteger(UInt32(bytes.count))
        frame.writeByte(kind.rawValue)
        frame.writeInteger(SnapshotReader.checksum(of: bytes[...], number: number, kind: kind))
        frame.writeRaw(bytes)
        number += 1
        return frame.bytes
    }
}
