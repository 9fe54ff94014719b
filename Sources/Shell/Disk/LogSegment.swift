import Base
import Gossip
import Glibc

/// One file of the write-ahead log.
///
///     header   magic(8) number(u64) salt(u64) previousSalt(u64) allocated(u64) isBase(1) zero(3)
///              keyID(u64, where the bodies are sealed) checksum(u32)
///     frame    length(u32) bodyChecksum(u32) headChecksum(u32) body
///     body     records endMark(1), or nonce(24) sealed records and tag(16) endMark(1)
///     records  { length(varint) record }…
///
/// Bodies are sealed with the machine's storage key for this place of this segment. The checksums
/// are those of the sealed bytes, so that damage and a wrong key are told apart.
///
/// A frame is what one sync made durable, so no frame is written before the one in front of it is
/// safe. Hence an unfinished frame has nothing behind it, and a bad frame with a good one behind it
/// is damage. `headChecksum` covers the segment's salt and the frame's offset as well: neither a
/// stale block nor a record's content can pass for a frame.
///
/// `previousSalt` names the segment before, so none can be missing or exchanged. The file has
/// `allocated` bytes from the first, zeros behind the last frame; a shorter one was cut later.
package struct LogSegment {
    static let magic: [UInt8] = Array("PMESHWL2".utf8)
    static let sealedMagic: [UInt8] = Array("PMESHWL3".utf8)
    /// The longest header.
    static let headerSizeMax = 56
    static let frameHeadSize = 12
    /// The longest body; a batch that is longer becomes several frames.
    static let bodyBytesMax = 1 << 30
    /// The last byte of a frame is never zero, so one that is written in part shows it.
    static let endMark: UInt8 = 0xA5
    /// The longest record; its length must fit the body as well.
    static let recordBytesMax = bodyBytesMax - 16

    package let number: UInt64
    package let salt: UInt64
    /// Of the segment before; 0 where the log begins.
    let previousSalt: UInt64
    /// Bytes set aside for the file; 0 where the file system cannot.
    let allocated: Int
    /// Whether the log begins here: what stands in segments before it is not needed.
    package let isBase: Bool
    /// Which storage key the bodies are sealed with; 0 when they are not.
    let keyID: UInt64
    /// That key, once it is known.
    var key: SealingKey?

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

    /// Where the first frame begins.
    package var headerSize: Int { keyID == 0 ? 48 : Self.headerSizeMax }

    package var header: [UInt8] {
        var writer = ByteWriter(capacity: headerSize)
        writer.writeRaw(keyID == 0 ? Self.magic : Self.sealedMagic)
        writer.writeInteger(number)
        writer.writeInteger(salt)
        writer.writeInteger(previousSalt)
        writer.writeInteger(UInt64(allocated))
        writer.writeBool(isBase)
        writer.writeRaw([0, 0, 0])
        if keyID != 0 { writer.writeInteger(keyID) }
        writer.writeInteger(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    package init(
        number: UInt64, salt: UInt64, previousSalt: UInt64, allocated: Int, isBase: Bool,
        sealedWith storage: StorageKeys.Entry? = nil
    ) {
        self.number = number
        self.salt = salt
        self.previousSalt = previousSalt
        self.allocated = allocated
        self.isBase = isBase
        keyID = storage?.id ?? 0
        key = storage?.key
    }

    /// Nil when the bytes do not begin with a whole and good header.
    package init?(header bytes: [UInt8]) {
        let head = bytes.prefix(Self.headerSizeMax)
        var reader = ByteReader(head)
        guard let magic = try? reader.readRaw(8), [Self.magic, Self.sealedMagic].contains(magic),
            let number = try? reader.readInteger(UInt64.self),
            let salt = try? reader.readInteger(UInt64.self),
            let previousSalt = try? reader.readInteger(UInt64.self),
            let allocated = (try? reader.readInteger(UInt64.self)).flatMap(Int.init(exactly:)),
            let isBase = try? reader.readBool(), (try? reader.readRaw(3)) != nil,
            let keyID = magic == Self.magic ? 0 : (try? reader.readInteger(UInt64.self)),
            let checksum = try? reader.readInteger(UInt32.self),
            checksum == CRC32C.checksum(head.dropLast(reader.remaining + 4))
        else { return nil }
        (self.number, self.salt, self.previousSalt) = (number, salt, previousSalt)
        (self.allocated, self.isBase, self.keyID) = (allocated, isBase, keyID)
    }

    /// The frame of some records at `offset` of the file.
    package func frame(_ records: ArraySlice<[UInt8]>, at offset: Int) -> [UInt8] {
        var size = Self.frameHeadSize
        for record in records { size += record.count + 10 }
        var body = ByteWriter(capacity: size + Self.sealBytes)
        for record in records { body.writeBytes(record) }
        if let key {
            let nonce = SealingKey.makeNonce()
            let sealed = key.seal(body.take(), nonce: nonce, header: place(at: offset))
            body.writeRaw(nonce)
            body.writeRaw(sealed)
        }
        body.writeByte(Self.endMark)
        let checksum = CRC32C.checksum(body.bytes)
        var head = ByteWriter(capacity: body.bytes.count + Self.frameHeadSize)
        head.writeInteger(UInt32(body.bytes.count))
        head.writeInteger(checksum)
        head.writeInteger(headChecksum(UInt32(body.bytes.count), checksum, at: offset))
        head.writeRaw(body.bytes)
        return head.bytes
    }

    private static let sealBytes = SealingKey.nonceBytes + SealingKey.tagBytes

    /// What a body is sealed for: it opens at no other place.
    private func place(at offset: Int) -> [UInt8] {
        var writer = ByteWriter(capacity: 48)
        writer.writeRaw("podmesh log frame 1".utf8)
        writer.writeInteger(number)
        writer.writeInteger(salt)
        writer.writeInteger(UInt64(offset))
        return writer.bytes
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
    package enum Frame: Equatable {
        case good([[UInt8]], end: Int)
        /// A head that is intact, and a body that is not, or not all there.
        case badBody(end: Int)
        case badHead
        /// What was written, but the key does not open it.
        case unopened
        case end
    }

    package func readFrame(_ file: [UInt8], at offset: Int) -> Frame {
        guard offset < file.count else { return .end }
        guard let (length, checksum) = readHead(file, at: offset) else { return .badHead }
        let start = offset + Self.frameHeadSize
        let end = start + Int(length)
        guard end <= file.count, CRC32C.checksum(file[start..<end]) == checksum,
            file[end - 1] == Self.endMark
        else { return .badBody(end: end) }
        var body = file[start..<(end - 1)]
        if keyID != 0 {
            guard body.count > Self.sealBytes,
                let opened = key?.open(
                    Array(body.dropFirst(SealingKey.nonceBytes)),
                    nonce: Array(body.prefix(SealingKey.nonceBytes)), header: place(at: offset))
            else { return .unopened }
            body = opened[...]
        }
        guard let records = Self.records(body) else { return .badBody(end: end) }
        return .good(records, end: end)
    }

    private func readHead(_ file: [UInt8], at offset: Int) -> (UInt32, UInt32)? {
        guard file.count - offset >= Self.frameHeadSize else { return nil }
        func word(_ index: Int) -> UInt32 {
            let start = offset + 4 * index
            return UInt32(file[start]) | UInt32(file[start + 1]) << 8
                | UInt32(file[start + 2]) << 16 | UInt32(file[start + 3]) << 24
        }
        guard word(0) > 0, word(0) <= UInt32(Self.bodyBytesMax),
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
    /// write leaves: the file ends before the frame does, or a sector of it was never written and
    /// reads as zeros, or the last byte was not. Anything else was written whole once and has been
    /// damaged since.
    ///
    /// Without a good head only the sectors that it stands in tell: a disk writes a sector whole or
    /// not at all, so a head in one sector is there, or zeros are.
    package func isTorn(_ file: [UInt8], at offset: Int, frameEnd: Int?) -> Bool {
        let end = frameEnd ?? offset + Self.frameHeadSize
        if end > file.count { return true }
        if let frameEnd {
            if file[frameEnd - 1] == 0 { return true }
        } else if file[end...].allSatisfy({ $0 == 0 }) {
            return true
        }
        var start = offset
        while start < end {
            let sectorEnd = (start / Self.sectorSize + 1) * Self.sectorSize
            // Behind a head that is bad, the rest of its sector would have been written with it.
            let partEnd = min(frameEnd ?? file.count, sectorEnd, file.count)
            if file[start..<partEnd].allSatisfy({ $0 == 0 }) { return true }
            start = sectorEnd
        }
        return false
    }

    private static let sectorSize = 512

    /// The offset of the first good frame behind `offset`.
    package func findGoodFrame(_ file: [UInt8], behind offset: Int) -> Int? {
        var position = offset + 1
        while let candidate = Self.nextNonzero(file, from: position) {
            position = candidate
            guard position + Self.frameHeadSize <= file.count else { return nil }
            if readHead(file, at: position) != nil {
                switch readFrame(file, at: position) {
                case .good, .unopened: return position
                case .badBody, .badHead, .end: break
                }
            }
            position += 1
        }
        return nil
    }

    /// The next offset at which a length above 0 can stand. Most of a segment is zeros.
    private static func nextNonzero(_ file: [UInt8], from start: Int) -> Int? {
        file.withUnsafeBytes { bytes in
            var position = start
            while position + 8 <= bytes.count,
                bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) == 0
            {
                position += 5
            }
            while position + 4 <= bytes.count {
                if bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self) != 0 {
                    return position
                }
                position += 1
            }
            return nil
        }
    }
}
