package import Base
import Glibc

/// An open snapshot file:
///
///     magic(8) frame…
///     frame   length(u32) kind(1) checksum(u32) bytes
///     head    savedAt(i64, seconds of Unix time) metadata       the first frame
///     block   a part of the body, opaque here
///     end     nothing                                           the last frame
///
/// This is the content of a ``SealedFile``, or the file itself where nothing is sealed.
///
/// A frame's checksum covers its number, length and kind too, so frames cannot change places, and a
/// file without its end is not whole. Blocks can be read in any order, on several threads.
package final class SnapshotReader: Sendable {
    static let magic: [UInt8] = Array("PMESHSN2".utf8)
    static let frameHeadSize = 9
    /// The longest frame; a block holds at least one document or session with its results.
    package static let frameBytesMax = 1 << 26

    enum FrameKind: UInt8 {
        case head = 1
        case block, end
    }

    private struct Frame: Sendable {
        var kind: FrameKind
        var number: UInt64
        var offset: Int
        var length: Int
        var checksum: UInt32
    }

    package let path: String
    /// Bytes of the whole file, as long as it is not sealed.
    package let size: Int
    /// What the caller needs to know of the body; opaque here.
    package let metadata: [UInt8]
    /// Seconds of Unix time.
    package let savedAt: Int64
    /// Only read from, at given offsets, so threads do not disturb each other.
    private nonisolated(unsafe) let file: SealedFileReader
    private let blocks: [Frame]

    /// Opens a file and checks its head and the outline of its frames, not their bytes.
    package init(
        opening path: String, _ opener: KeyEnvelope.Opener = KeyEnvelope.Opener()
    ) throws(ShellError) {
        let file = try SealedFileReader(opening: path, opener)
        let size = file.size
        guard try file.read(countMax: Self.magic.count) == Self.magic else {
            throw Self.damaged(path, at: 0, "it does not begin as a snapshot does")
        }
        var frames: [Frame] = []
        var offset = Self.magic.count
        while frames.last?.kind != .end {
            let frame = try Self.frame(of: file, path, at: offset, number: UInt64(frames.count))
            offset = frame.offset + frame.length
            frames.append(frame)
            guard offset <= size else {
                throw Self.damaged(path, at: size, "it ends before its last frame does")
            }
            guard (frame.kind == .head) == (frames.count == 1) else {
                throw Self.damaged(path, at: frame.offset, "a frame stands in the wrong place")
            }
        }
        guard offset == size else {
            throw Self.damaged(path, at: offset, "bytes follow its end")
        }
        let head = try Self.bytes(of: frames[0], in: file, path)
        var reader = ByteReader(head)
        guard let savedAt = try? reader.readInteger(UInt64.self),
            let metadata = try? reader.readRaw(reader.remaining)
        else { throw Self.damaged(path, at: frames[0].offset, "its head is too short") }
        // The end has no bytes, but its checksum tells that it is the end of this very file.
        _ = try Self.bytes(of: frames[frames.count - 1], in: file, path)
        self.path = path
        self.size = size
        self.file = file
        self.metadata = metadata
        self.savedAt = Int64(bitPattern: savedAt)
        blocks = Array(frames.dropFirst().dropLast())
    }

    package var blockCount: Int { blocks.count }

    /// A block, checked.
    package func readBlock(_ index: Int) throws(ShellError) -> [UInt8] {
        try Self.bytes(of: blocks[index], in: file, path)
    }

    /// Reads everything; throws when a byte is not what was written.
    package func verify() throws(ShellError) {
        for index in blocks.indices { _ = try readBlock(index) }
    }

    /// Whom the file is sealed for; nil when it is not sealed.
    package var envelope: KeyEnvelope? { file.envelope }

    /// The machine's storage key that it is sealed with.
    var storageKeyID: UInt64? { file.storageKeyID }

    /// The file itself, sealed or not.
    var raw: SealedFileReader { file }

    /// Bytes of the file as they would be were it not sealed: another machine seals them with a key
    /// of its own.
    package func readRaw(from offset: Int, countMax: Int) throws(ShellError) -> [UInt8] {
        guard offset >= 0, offset < size, countMax > 0 else { return [] }
        return try file.read(from: offset, countMax: min(countMax, size - offset))
    }

    /// Says where a block that the caller could not read stands.
    package func unreadable(_ index: Int?, _ error: DecodeError) -> ShellError {
        let offset = index.map { blocks[$0].offset } ?? 0
        return Self.damaged(path, at: offset, "\(error) of the block there")
    }

    static func checksum(
        of bytes: ArraySlice<UInt8>, number: UInt64, kind: FrameKind
    ) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(number)
        checksum.update(UInt64(bytes.count) << 8 | UInt64(kind.rawValue))
        checksum.update(bytes)
        return checksum.value
    }

    private static func frame(
        of file: SealedFileReader, _ path: String, at offset: Int, number: UInt64
    ) throws(ShellError) -> Frame {
        var reader = ByteReader(try file.read(from: offset, countMax: frameHeadSize))
        guard let length = try? reader.readInteger(UInt32.self), length <= UInt32(frameBytesMax),
            let byte = try? reader.readByte(), let kind = FrameKind(rawValue: byte),
            let checksum = try? reader.readInteger(UInt32.self)
        else { throw damaged(path, at: offset, "no frame begins there") }
        return Frame(
            kind: kind, number: number, offset: offset + frameHeadSize, length: Int(length),
            checksum: checksum)
    }

    private static func bytes(
        of frame: Frame, in file: SealedFileReader, _ path: String
    ) throws(ShellError) -> [UInt8] {
        let bytes = try file.read(from: frame.offset, countMax: frame.length)
        guard bytes.count == frame.length,
            checksum(of: bytes[...], number: frame.number, kind: frame.kind) == frame.checksum
        else { throw damaged(path, at: frame.offset, "the checksum of a frame is wrong") }
        return bytes
    }

    static func damaged(_ path: String, at offset: Int, _ why: String) -> ShellError {
        ShellError(
            .corrupt, "read the snapshot",
            underlying: "\(path) is no longer what was written: \(why), at byte \(offset). If it"
                + " is a machine's own, keep the folder for inspection, move it away, and join the"
                + " machine anew; the other voters hold the data. If it is a backup, use another.")
    }
}
