import Base
import Glibc

/// The file beside the segments that says how far the log went when it was last known for certain:
/// its newest segment, and how much of it held frames then. It is replaced when a segment is made
/// and when the log is opened, so it costs a write nothing.
///
///     magic(8) number(u64) salt(u64) offset(u64) checksum(u32)
struct LogMarker: Equatable {
    static let name = "newest"
    private static let magic: [UInt8] = Array("PMESHMRK".utf8)

    /// 0 while a log is being made.
    var number: UInt64
    var salt: UInt64
    var offset: Int

    func write(in directory: String, calls: DiskCalls) throws(ShellError) {
        var writer = ByteWriter(capacity: 36)
        writer.writeRaw(Self.magic)
        writer.writeInteger(number)
        writer.writeInteger(salt)
        writer.writeInteger(UInt64(offset))
        writer.writeInteger(CRC32C.checksum(writer.bytes))
        try Folder.replace(Self.name, in: directory, with: [writer.bytes], calls: calls)
    }

    /// Nil when there is none; throws when it is no longer what was written.
    static func read(in directory: String) throws(ShellError) -> LogMarker? {
        let path = "\(directory)/\(name)"
        guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
        let bytes = try File(opening: path, O_RDONLY).read(countMax: 64)
        var reader = ByteReader(bytes)
        guard let magic = try? reader.readRaw(8), magic == Self.magic,
            let number = try? reader.readInteger(UInt64.self),
            let salt = try? reader.readInteger(UInt64.self),
            let offset = (try? reader.readInteger(UInt64.self)).flatMap(Int.init(exactly:)),
            let checksum = try? reader.readInteger(UInt32.self), reader.isAtEnd,
            checksum == CRC32C.checksum(bytes.dropLast(4))
        else { throw WriteAheadLog.damaged(path, at: 0, "it cannot tell which segment is newest") }
        return LogMarker(number: number, salt: salt, offset: offset)
    }
}
