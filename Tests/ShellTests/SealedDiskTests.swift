import Base
import Glibc
import Gossip
import Shell
import Testing

@Suite struct SealedDiskTests {
    private let keys = StorageKeys.make(at: WallTime(seconds: 1_700_000_000))
    private let secret = Array("the launch code is 00000000".utf8)
    private let segmentBytes = 4_096

    private func open(
        _ folder: DiskFolder, _ keys: StorageKeys
    ) throws -> (log: WriteAheadLog, records: [[UInt8]]) {
        try WriteAheadLog.open(
            directory: folder.path, keys: keys, segmentBytesMax: segmentBytes, calls: DiskCalls())
    }

    private func save(_ blocks: [[UInt8]], in folder: DiskFolder, _ keys: StorageKeys) throws {
        try SnapshotFile(directory: folder.path, keys: keys).save(metadata: [7], savedAt: 5) {
            for block in blocks { try $0.append(block) }
        }
    }

    private func blocks(of reader: SnapshotReader) throws -> [[UInt8]] {
        try (0..<reader.blockCount).map { try reader.readBlock($0) }
    }

    /// Whether the secret stands in a file of the folder.
    private func isFound(in folder: DiskFolder) throws -> Bool {
        try folder.names.contains { ByteSearch(for: secret).isFound(in: try folder.read($0)) }
    }

    @Test func `a record comes back, and stands nowhere in the log's files`() throws {
        let folder = try DiskFolder()
        let (log, _) = try open(folder, keys)
        // Several segments, then a log that was replaced.
        for _ in 0..<200 {
            log.append([secret])
            try log.sync()
        }
        #expect(try !isFound(in: folder))
        #expect(try open(folder, keys).records == Array(repeating: secret, count: 200))
        try log.replace(with: [secret, []])
        #expect(try !isFound(in: folder))
        #expect(try open(folder, keys).records == [secret, []])
    }

    @Test func `a plain log tells the secret, so the search finds what it should`() throws {
        let folder = try DiskFolder()
        let (log, _) = try open(folder, .none)
        log.append([secret])
        try log.sync()
        #expect(try isFound(in: folder))
    }

    @Test func `another key is refused, and nothing is lost by trying`() throws {
        let folder = try DiskFolder()
        let (log, _) = try open(folder, keys)
        log.append([secret])
        try log.sync()
        let other = StorageKeys.make(at: WallTime(seconds: 0))
        for wrong in [other, .none] {
            let error = try #require(throws: ShellError.self) { _ = try open(folder, wrong) }
            #expect(error.code == .identity)
            let name = try #require(keys.current?.name)
            #expect(error.description.contains("sealed with the storage key \(name)"))
            #expect(error.description.contains("Put back the identity/ folder"))
        }
        #expect(try open(folder, keys).records == [secret])
    }

    @Test func `a sealed frame opens at its own place only`() throws {
        let entry = try #require(keys.current)
        let segment = LogSegment(
            number: 1, salt: 2, previousSalt: 0, allocated: 0, isBase: true, sealedWith: entry)
        let other = LogSegment(
            number: 2, salt: 2, previousSalt: 0, allocated: 0, isBase: true, sealedWith: entry)
        let start = segment.headerSize
        let file = segment.header + segment.frame([secret], at: start)
        #expect(segment.readFrame(file, at: start) == .good([secret], end: file.count))
        #expect(other.readFrame(file, at: start) == .unopened)
        let again = segment.frame([secret], at: start)
        #expect(Array(file[start...]) != again, "no nonce comes twice")
    }

    @Test func `a log that was never sealed is, once there are keys`() throws {
        let folder = try DiskFolder()
        let (log, _) = try open(folder, .none)
        log.append([secret, [1]])
        try log.sync()
        #expect(try open(folder, keys).records == [secret, [1]])
        #expect(try !isFound(in: folder))
        #expect(try open(folder, keys).records == [secret, [1]])
    }

    @Test func `after a rotation the old key opens nothing, and records go on`() throws {
        let folder = try DiskFolder()
        let (log, _) = try open(folder, keys)
        for number in 0..<100 {
            log.append([secret + [UInt8(number)]])
            try log.sync()
        }
        log.append([[100]])
        let rotated = keys.adding(at: WallTime(seconds: 2))
        try log.reseal(with: rotated)
        log.append([[101]])
        try log.sync()
        let expected = (0..<100).map { secret + [UInt8($0)] } + [[100], [101]]
        #expect(try open(folder, rotated.newestOnly).records == expected)
        #expect(throws: ShellError.self) { _ = try open(folder, keys) }
    }

    @Test func `a rotation that a crash interrupted is ended by the next start`() throws {
        let folder = try DiskFolder()
        let (log, _) = try open(folder, keys)
        log.append([secret])
        try log.sync()
        // The identity has both keys already; the log was not written anew.
        let rotated = keys.adding(at: WallTime(seconds: 2))
        #expect(try open(folder, rotated).records == [secret])
        #expect(try open(folder, rotated.newestOnly).records == [secret])
    }

    @Test(arguments: [0, 1, 60_000, 65_536, 65_537, 400_000])
    func `a snapshot of any size comes back sealed`(size: Int) throws {
        let folder = try DiskFolder()
        let content = [secret, [UInt8](repeating: 9, count: size), secret]
        try save(content, in: folder, keys)
        #expect(try !isFound(in: folder))
        let reader = try #require(
            try SnapshotFile(directory: folder.path, keys: keys).open())
        #expect(try blocks(of: reader) == content)
        let other = StorageKeys.make(at: WallTime(seconds: 0))
        let error = try #require(throws: ShellError.self) {
            _ = try SnapshotFile(directory: folder.path, keys: other).open()
        }
        #expect(error.code == .identity)
    }

    @Test func `a snapshot arrives at another machine sealed with that machine's key`() throws {
        let (folder, target) = (try DiskFolder(), try DiskFolder())
        let content = [secret, [UInt8](repeating: 9, count: 200_000), secret]
        try save(content, in: folder, keys)
        let source = SnapshotFile(directory: folder.path, keys: keys)
        let others = StorageKeys.make(at: WallTime(seconds: 0))
        let sink = SnapshotFile(directory: target.path, keys: others)
        var offset = 0
        while true {
            let piece = try #require(try source.read([7], from: offset, countMax: 70_001))
            try sink.writeIncoming(piece.bytes, at: offset)
            #expect(try !isFound(in: target))
            offset += piece.bytes.count
            if piece.isLast { break }
        }
        #expect(try blocks(of: try sink.finishIncoming()) == content)
        try sink.installIncoming()
        #expect(try !isFound(in: target))
        #expect(try blocks(of: try #require(try sink.open())) == content)
    }

    @Test func `a snapshot is sealed anew with the newest key`() throws {
        let folder = try DiskFolder()
        try save([secret], in: folder, .none)
        #expect(try isFound(in: folder))
        let file = SnapshotFile(directory: folder.path, keys: keys)
        try file.reseal()
        #expect(try !isFound(in: folder))
        let rotated = keys.adding(at: WallTime(seconds: 2))
        file.keys = rotated
        try file.reseal()
        let reader = try #require(
            try SnapshotFile(directory: folder.path, keys: rotated.newestOnly).open())
        #expect(try blocks(of: reader) == [secret] && reader.savedAt == 5)
    }

    @Test func `a sealed file that was cut, or in which a bit changed, is refused`() throws {
        let folder = try DiskFolder()
        try save([[UInt8](repeating: 9, count: 150_000)], in: folder, keys)
        let whole = try folder.read("snapshot")
        let file = SnapshotFile(directory: folder.path, keys: keys)
        for size in [10, 60, 70_000, 131_300, whole.count - 1] {
            try folder.write(Array(whole.prefix(size)), to: "snapshot")
            #expect(throws: ShellError.self) { try file.open()?.verify() }
        }
        for offset in stride(from: 130, to: whole.count, by: 9_001) {
            var changed = whole
            changed[offset] ^= 4
            try folder.write(changed, to: "snapshot")
            #expect(throws: ShellError.self) { try file.open()?.verify() }
        }
    }

    @Test func `a backup opens for its machines and its passphrase, and for nobody else`() throws {
        let folder = try DiskFolder()
        let machine = try #require(MachineName("machine-1"))
        let (mine, other) = (GossipIdentity.generate(), GossipIdentity.generate())
        let path = "\(folder.path)/backup"
        let writer = try SnapshotWriter(
            creating: path,
            .recipients(
                KeyEnvelope.Recipients(
                    machines: [(machine, mine.publicKey)], passphrase: "correct horse battery")),
            metadata: [], savedAt: 1)
        try writer.append(secret)
        try writer.finish()
        #expect(try !isFound(in: folder))
        for opener in [
            KeyEnvelope.Opener(vaultKeys: [machine: mine]),
            KeyEnvelope.Opener(passphrase: "correct horse battery"),
        ] {
            #expect(try blocks(of: try SnapshotReader(opening: path, opener)) == [secret])
        }
        for opener in [
            KeyEnvelope.Opener(), KeyEnvelope.Opener(vaultKeys: [machine: other]),
            KeyEnvelope.Opener(storage: keys, passphrase: "wrong horse battery"),
        ] {
            let error = try #require(throws: ShellError.self) {
                _ = try SnapshotReader(opening: path, opener)
            }
            #expect(
                error.description.contains("sealed for the machines machine-1 and a passphrase"))
            #expect(error.description.contains("--identity"))
        }
    }
}
