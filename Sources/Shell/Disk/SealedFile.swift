import Base
import Glibc
import Gossip

/// Files that are written from their beginning to their end and read anywhere, sealed:
///
///     magic(8) length(u32) envelope chunk…
///     chunk   64 KiB of content, the last one less, and a tag(16)
///
/// Each file has a key of its own, which the ``KeyEnvelope`` holds for those who may open it. A
/// chunk's nonce is its number and whether it is the last (the STREAM construction of Hoang et al.,
/// "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015), so chunks cannot
/// change places or files, and a file that was cut does not open.
enum SealedFile {
    static let magic: [UInt8] = Array("PMESHSF1".utf8)
    static let chunkBytes = 65_536
    static let envelopeBytesMax = 1 << 20
    private static let context = Array("podmesh sealed file 1".utf8)

    static func nonce(_ number: Int, isLast: Bool) -> [UInt8] {
        var writer = ByteWriter(capacity: SealingKey.nonceBytes)
        writer.writeInteger(UInt64(number))
        writer.writeBool(isLast)
        writer.writeRaw([UInt8](repeating: 0, count: SealingKey.nonceBytes - 9))
        return writer.bytes
    }

    static func seal(_ chunk: [UInt8], _ number: Int, isLast: Bool, _ key: SealingKey) -> [UInt8] {
        key.seal(chunk, nonce: nonce(number, isLast: isLast), header: context)
    }

    static func open(
        _ sealed: [UInt8], _ number: Int, isLast: Bool, _ key: SealingKey
    ) -> [UInt8]? {
        key.open(sealed, nonce: nonce(number, isLast: isLast), header: context)
    }
}

/// Writes a file, sealed for those of an envelope; plain without one. Not `Sendable`.
package final class SealedFileWriter {
    private let file: File
    private let key: SealingKey?
    /// What does not fill a chunk yet, or fills the one that may be the last.
    private var rest: [UInt8] = []
    private var chunkCount = 0

    /// Who can open a file that is written.
    package enum Sealing: Sendable {
        case plain
        case storage(StorageKeys)
        case recipients(KeyEnvelope.Recipients)
    }

    package init(
        creating path: String, _ sealing: Sealing, calls: DiskCalls = DiskCalls()
    ) throws(ShellError) {
        let key = SealingKey.generate()
        let envelope: KeyEnvelope? =
            switch sealing {
            case .plain: nil
            case .storage(let keys): KeyEnvelope(of: key, under: keys)
            case .recipients(let recipients): try KeyEnvelope(of: key, for: recipients)
            }
        file = try File(opening: path, O_WRONLY | O_CREAT | O_TRUNC, calls: calls)
        self.key = envelope == nil ? nil : key
        guard let envelope else { return }
        var head = ByteWriter(capacity: 256)
        head.writeRaw(SealedFile.magic)
        head.writeInteger(UInt32(envelope.encoded.count))
        head.writeRaw(envelope.encoded)
        try file.write(head.bytes)
    }

    package func write(_ bytes: [UInt8]) throws(ShellError) {
        guard let key else { return try file.write(bytes) }
        rest += bytes
        guard rest.count > SealedFile.chunkBytes else { return }
        var sealed: [UInt8] = []
        var start = 0
        while rest.count - start > SealedFile.chunkBytes {
            let chunk = Array(rest[start..<(start + SealedFile.chunkBytes)])
            sealed += SealedFile.seal(chunk, chunkCount, isLast: false, key)
            chunkCount += 1
            start += SealedFile.chunkBytes
        }
        rest.removeFirst(start)
        try file.write(sealed)
    }

    func syncData() throws(ShellError) { try file.syncData() }

    /// Writes what is left, and makes everything durable. Nothing may be written behind it.
    package func finish() throws(ShellError) {
        if let key {
            try file.write(SealedFile.seal(rest, chunkCount, isLast: true, key))
            rest = []
        }
        try file.sync()
    }
}

/// Reads a file that ``SealedFileWriter`` wrote, or a plain one. Offsets and sizes are those of the
/// content. Threads may read at the same time.
package final class SealedFileReader {
    package let envelope: KeyEnvelope?
    /// Bytes of the content.
    package let size: Int
    private let file: File
    private let path: String
    private let key: SealingKey?
    private let start: Int
    private let chunkCount: Int

    package init(opening path: String, _ opener: KeyEnvelope.Opener) throws(ShellError) {
        file = try File(opening: path, O_RDONLY)
        self.path = path
        let fileSize = try file.size()
        let head = try file.read(countMax: SealedFile.magic.count + 4)
        guard head.starts(with: SealedFile.magic), head.count == SealedFile.magic.count + 4 else {
            (self.envelope, key, self.start) = (nil, nil, 0)
            (self.chunkCount, self.size) = (0, fileSize)
            return
        }
        var reader = ByteReader(head[SealedFile.magic.count...])
        let envelope: KeyEnvelope
        let length: Int
        do throws(DecodeError) {
            length = Int(try reader.readInteger(UInt32.self))
            guard length <= SealedFile.envelopeBytesMax else {
                throw DecodeError(expected: "an envelope", offset: SealedFile.magic.count)
            }
        } catch {
            throw SnapshotReader.damaged(path, at: SealedFile.magic.count, "\(error)")
        }
        let bytes = try file.read(from: head.count, countMax: length)
        do throws(DecodeError) {
            envelope = try KeyEnvelope(decoding: bytes)
        } catch {
            throw SnapshotReader.damaged(path, at: head.count, "\(error)")
        }
        let start = head.count + length
        let sealedChunk = SealedFile.chunkBytes + SealingKey.tagBytes
        let chunkCount = (fileSize - start + sealedChunk - 1) / sealedChunk
        let size = fileSize - start - chunkCount * SealingKey.tagBytes
        guard chunkCount > 0, size >= (chunkCount - 1) * SealedFile.chunkBytes else {
            throw SnapshotReader.damaged(path, at: fileSize, "it ends too early")
        }
        key = try envelope.open(with: opener, path)
        (self.envelope, self.start, self.chunkCount, self.size) = (
            envelope, start, chunkCount, size
        )
    }

    /// Bytes of the content from `offset`.
    package func read(from offset: Int = 0, countMax: Int) throws(ShellError) -> [UInt8] {
        guard let key else { return try file.read(from: offset, countMax: countMax) }
        let end = min(size, offset + min(countMax, size))
        guard offset >= 0, offset < end else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(end - offset)
        let sealedChunk = SealedFile.chunkBytes + SealingKey.tagBytes
        for number in (offset / SealedFile.chunkBytes)...((end - 1) / SealedFile.chunkBytes) {
            let position = start + number * sealedChunk
            let sealed = try file.read(from: position, countMax: sealedChunk)
            let isLast = number == chunkCount - 1
            guard let chunk = SealedFile.open(sealed, number, isLast: isLast, key) else {
                throw SnapshotReader.damaged(path, at: position, "what is sealed there was changed")
            }
            let first = number * SealedFile.chunkBytes
            bytes += chunk[max(0, offset - first)..<min(chunk.count, end - first)]
        }
        return bytes
    }

    /// Bytes of the file as they are.
    func readRaw(from offset: Int, countMax: Int) throws(ShellError) -> [UInt8] {
        try file.read(from: offset, countMax: countMax)
    }

    /// Bytes of the file as they are.
    var fileSize: Int { get throws(ShellError) { try file.size() } }

    /// The storage key that it is sealed with.
    var storageKeyID: UInt64? {
        guard case .storage(let id, _)? = envelope?.slots.first else { return nil }
        return id
    }
}
