import Base
import Glibc

/// The newest snapshot of a folder: one file, replaced as a whole.
///
///     magic(8) metadataLength(u32) bodyLength(u64) checksum(u32) headChecksum(u32) metadata body
///
/// `checksum` covers metadata and body. Saving writes to the side, syncs, renames and syncs the
/// folder, so a crash leaves the old snapshot or the new one, never a part of one.
package struct SnapshotFile: Sendable {
    package struct Contents: Sendable, Equatable {
        /// What the caller needs to know of the body; opaque here.
        package var metadata: [UInt8]
        package var body: [UInt8]

        package init(metadata: [UInt8], body: [UInt8]) {
            self.metadata = metadata
            self.body = body
        }
    }

    private static let magic: [UInt8] = Array("PMESHSNP".utf8)
    private static let headerSize = 28
    private static let name = "snapshot"

    private let directory: String
    private let calls: DiskCalls

    /// The folder must exist.
    package init(directory: String) { self.init(directory: directory, calls: DiskCalls()) }

    package init(directory: String, calls: DiskCalls) {
        self.directory = directory
        self.calls = calls
    }

    private var path: String { "\(directory)/\(Self.name)" }

    /// Makes this the newest snapshot, durably. When it throws, the one before is still there.
    package func save(_ body: [UInt8], metadata: [UInt8]) throws(ShellError) {
        var checksum = CRC32C()
        checksum.update(metadata)
        checksum.update(body)
        var header = ByteWriter(capacity: Self.headerSize)
        header.writeRaw(Self.magic)
        header.writeInteger(UInt32(metadata.count))
        header.writeInteger(UInt64(body.count))
        header.writeInteger(checksum.value)
        header.writeInteger(CRC32C.checksum(header.bytes))
        try Folder.replace(
            Self.name, in: directory, with: [header.bytes, metadata, body], calls: calls)
    }

    /// The newest snapshot, checked; nil when none was ever saved.
    package func load() throws(ShellError) -> Contents? {
        guard let (file, header) = try openFile() else { return nil }
        let bytes = try file.read(from: Self.headerSize)
        guard bytes.count == header.metadataLength + header.bodyLength,
            CRC32C.checksum(bytes) == header.checksum
        else { throw damaged() }
        return Contents(
            metadata: Array(bytes[..<header.metadataLength]),
            body: Array(bytes[header.metadataLength...]))
    }

    /// A part of the newest body, for sending it in chunks, with the metadata and the length of the
    /// whole. The part is not checked: whoever puts the parts together checks what they make.
    package func read(
        from offset: Int, countMax: Int
    ) throws(ShellError) -> (metadata: [UInt8], part: [UInt8], bodyLength: Int)? {
        guard let (file, header) = try openFile() else { return nil }
        let metadata = try file.read(from: Self.headerSize, countMax: header.metadataLength)
        let start = min(max(0, offset), header.bodyLength)
        let part = try file.read(
            from: Self.headerSize + header.metadataLength + start,
            countMax: min(max(0, countMax), header.bodyLength - start))
        return (metadata, part, header.bodyLength)
    }

    private struct Header {
        var metadataLength: Int
        var bodyLength: Int
        var checksum: UInt32
    }

    private func openFile() throws(ShellError) -> (File, Header)? {
        guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
        let file = try File(opening: path, O_RDONLY)
        let bytes = try file.read(countMax: Self.headerSize)
        let size = try file.size()
        var reader = ByteReader(bytes)
        guard let magic = try? reader.readRaw(8), magic == Self.magic,
            let metadataLength = try? reader.readInteger(UInt32.self),
            let bodyLength = try? reader.readInteger(UInt64.self),
            let checksum = try? reader.readInteger(UInt32.self),
            let headChecksum = try? reader.readInteger(UInt32.self),
            headChecksum == CRC32C.checksum(bytes[..<(Self.headerSize - 4)]),
            bodyLength <= UInt64(size), Int(metadataLength) <= size
        else { throw damaged() }
        let header = Header(
            metadataLength: Int(metadataLength), bodyLength: Int(bodyLength), checksum: checksum)
        return (file, header)
    }

    private func damaged() -> ShellError {
        ShellError(
            .corrupt, "read the snapshot",
            underlying: "\(path) is no longer what was written. Keep the folder for inspection,"
                + " move it away, and join the machine anew; the other voters hold the data.")
    }
}
