import Base
import Glibc

/// One file of the write-ahead log.
///
///     header   magic(8) number(u64) salt(u64) isBase(1) zero(3) checksum(u32)
///     frame    length(u32) bodyChecksum(u32) headChecksum(u32) body
///     body     { length(varint) record }…
///
/// A frame is what one sync made durable, so no frame is written before the one in front of it is
/// safe. Hence an unfinished frame has nothing behind it, and a bad frame with a good one behind it
/// is damage. `headChecksum` covers the segment's salt and the frame's offset as well: neither a
/// stale block nor a record's content can pass for a frame.
struct LogSegment {
    static let magic: [UInt8] = Array("PMESHWAL".utf8)
    static let headerSize = 32
    static let frameHeadSize = 12
    /// The longest body; a batch that is longer becomes several frames.
    static let bodyBytesMax = 1 << 30
    /// The longest record; its length must fit the body as well.
    static let recordBytesMax = bodyBytesMax - 10

    let number: UInt64
    let salt: UInt64
    /// Whether the log begins here: what stands in segments before it is not needed.
    let isBase: Bool

    /// `log-` and the number in 16 hexadecimal digits, so that names sort as numbers do.
    static func name(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return "log-" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Nil when the name is not that of a segment.
    static func number(ofName name: String) -> UInt64? {
        guard name.utf8.count == 20, name.hasPrefix("log-"),
            let number = UInt64(name.dropFirst(4), radix: 16), Self.name(number) == name
        else { return nil }
        return number
    }

    var header: [UInt8] {
        var writer = ByteWriter(capacity: Self.headerSize)
        writer.writeRaw(Self.magic)
        writer.writeInteger(number)
        writer.writeInteger(salt)
        writer.writeBool(isBase)
        writer.writeRaw([0, 0, 0])
        writer.writeInteger(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    init(number: UInt64, salt: UInt64, isBase: Bool) {
        self.number = number
        self.salt = salt
        self.isBase = isBase
    }

    /// Nil when the bytes do not begin with a whole and good header.
    init?(header bytes: [UInt8]) {
        guard bytes.count >= Self.headerSize else { return nil }
        var reader = ByteReader(bytes[..<Self.headerSize])
        guard let magic = try? reader.readRaw(8), magic == Self.magic,
            let number = try? reader.readInteger(UInt64.self),
            let salt = try? reader.readInteger(UInt64.self),
            let isBase = try? reader.readBool(), (try? reader.readRaw(3)) != nil,
            let checksum = try? reader.readInteger(UInt32.self),
            checksum == CRC32C.checksum(bytes[..<(Self.headerSize - 4)])
        else { return nil }
        self.init(number: number, salt: salt, isBase: isBase)
    }

    /// The frame of some records at `offset` of the file.
    func frame(_ records: ArraySlice<[UInt8]>, at offset: Int) -> [UInt8] {
        var size = Self.frameHeadSize
        for record in records { size += record.count + 10 }
        var body = ByteWriter(capacity: size)
        for record in records { body.writeBytes(record) }
        let checksum = CRC32C.checksum(body.bytes)
        var head = ByteWriter(capacity: size)
        head.writeInteger(UInt32(body.bytes.count))
        head.writeInteger(checksum)
        head.writeInteger(headChecksum(UInt32(body.bytes.count), checksum, at: offset))
        head.writeRaw(body.bytes)
        return head.bytes
    }

    private func headChecksum(_ length: UInt32, _ body: UInt32, at offset: Int) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(salt)
        checksum.update(UInt64(offset))
        checksum.update(UInt64(length) | UInt64(body) << 32)
        return checksum.value
    }
}

// MARK: - Reading

extension LogSegment {
    /// What stands at an offset of a segment.
    enum Frame: Equatable {
        case good([[UInt8]], end: Int)
        /// A head that is intact, and a body that is not, or not all there.
        case badBody(end: Int)
        case badHead
        case end
    }

    func readFrame(_ file: [UInt8], at offset: Int) -> Frame {
        guard offset < file.count else { return .end }
        guard let (length, checksum) = readHead(file, at: offset) else { return .badHead }
        let start = offset + Self.frameHeadSize
        let end = start + Int(length)
        guard end <= file.count, CRC32C.checksum(file[start..<end]) == checksum,
            let records = Self.records(file[start..<end])
        else { return .badBody(end: end) }
        return .good(records, end: end)
    }

    private func readHead(_ file: [UInt8], at offset: Int) -> (UInt32, UInt32)? {
        guard file.count - offset >= Self.frameHeadSize else { return nil }
        func word(_ index: Int) -> UInt32 {
            let start = offset + 4 * index
            return UInt32(file[start]) | UInt32(file[start + 1]) << 8
                | UInt32(file[start + 2]) << 16 | UInt32(file[start + 3]) << 24
        }
        guard word(0) <= UInt32(Self.bodyBytesMax),
            word(2) == headChecksum(word(0), word(1), at: offset)
        else { return nil }
        return (word(0), word(1))
    }

    private static func records(_ body: ArraySlice<UInt8>) -> [[UInt8]]? {
        var reader = ByteReader(body)
        var records: [[UInt8]] = []
        while !reader.isAtEnd {
            guard let record = try? reader.readBytes(atMost: bodyBytesMax) else { return nil }
            records.append(record)
        }
        return records
    }

    /// Whether the bad frame at `offset`, with nothing good behind it, is what a crash during its
    /// write leaves: the file ends before the frame does, or a block of it was never written and
    /// reads as zeros. Anything else was written whole once and has been damaged since.
    func isTorn(_ file: [UInt8], at offset: Int, frameEnd: Int?) -> Bool {
        if let frameEnd, frameEnd > file.count { return true }
        if file.count - offset < Self.frameHeadSize { return true }
        let end = frameEnd ?? file.count
        var start = offset
        while start < end {
            let blockEnd = min(end, (start / 512 + 1) * 512)
            if file[start..<blockEnd].allSatisfy({ $0 == 0 }) { return true }
            start = blockEnd
        }
        return false
    }

    /// The offset of the first good frame behind `offset`.
    func findGoodFrame(_ file: [UInt8], behind offset: Int) -> Int? {
        var position = offset + 1
        while position + Self.frameHeadSize <= file.count {
            if readHead(file, at: position) != nil, case .good = readFrame(file, at: position) {
                return position
            }
            position += 1
        }
        return nil
    }
}
