import Glibc
import Shell
import Testing

@Suite struct DiskFileTests {
    /// Saves some blocks as the newest snapshot of a folder.
    private func save(
        _ blocks: [[UInt8]], metadata: [UInt8], in folder: DiskFolder,
        calls: DiskCalls = DiskCalls()
    ) throws {
        try SnapshotFile(directory: folder.path, calls: calls).save(
            metadata: metadata, savedAt: 1_700_000_000
        ) { writer in
            for block in blocks { try writer.append(block) }
        }
    }

    /// The newest snapshot's blocks, each checked.
    private func blocks(_ folder: DiskFolder) throws -> [[UInt8]] {
        let reader = try #require(try SnapshotFile(directory: folder.path).open())
        return try (0..<reader.blockCount).map { try reader.readBlock($0) }
    }

    @Test func `the newest snapshot comes back, block by block`() throws {
        let folder = try DiskFolder()
        #expect(try SnapshotFile(directory: folder.path).open() == nil)
        let content = (0..<5).map { [UInt8](repeating: UInt8($0), count: 300 * $0) }
        try save([[9]], metadata: [], in: folder)
        try save(content, metadata: [1, 2, 3], in: folder)
        #expect(folder.names == ["snapshot"])
        #expect(try blocks(folder) == content)
        let reader = try #require(try SnapshotFile(directory: folder.path).open())
        #expect(reader.metadata == [1, 2, 3] && reader.savedAt == 1_700_000_000)
        try reader.verify()
    }

    @Test func `a transfer goes on with the file it began with, and arrives whole`() throws {
        let (folder, target) = (try DiskFolder(), try DiskFolder())
        let content = (0..<4).map { [UInt8](repeating: UInt8($0), count: 500) }
        try save(content, metadata: [7], in: folder)
        let source = SnapshotFile(directory: folder.path)
        let sink = SnapshotFile(directory: target.path)
        #expect(try source.read([8], from: 0, countMax: 100)?.bytes == nil)
        var offset = 0
        var isLast = false
        while !isLast {
            let piece = try #require(try source.read([7], from: offset, countMax: 300))
            try sink.writeIncoming(piece.bytes, at: offset)
            #expect(throws: ShellError.self) { try sink.writeIncoming([1], at: offset + 301) }
            offset += piece.bytes.count
            isLast = piece.isLast
            // A newer one takes the name meanwhile.
            try save([[1]], metadata: [8], in: folder)
        }
        #expect(try source.read([7], from: 0, countMax: 300)?.bytes == nil, "begun anew")
        let received = try sink.finishIncoming()
        #expect(received.metadata == [7])
        #expect(try sink.open() == nil)
        try sink.installIncoming()
        #expect(try blocks(target) == content)
        #expect(target.names == ["snapshot"])
    }

    @Test func `a transfer that does not fit the disk can begin anew`() throws {
        let folder = try DiskFolder()
        let disk = FaultyDisk()
        let sink = SnapshotFile(directory: folder.path, calls: disk.calls)
        try sink.writeIncoming([1, 2], at: 0)
        disk.fail(with: ENOSPC)
        let error = try #require(throws: ShellError.self) { try sink.writeIncoming([3], at: 2) }
        #expect(error.code == .noSpace)
        disk.fail(after: .max)
        #expect(throws: ShellError.self) { try sink.writeIncoming([3], at: 2) }
        try sink.writeIncoming([1], at: 0)
        #expect(try folder.read("snapshot.incoming") == [1])
        try sink.removeLeftovers()
        #expect(folder.names == [])
    }

    @Test func `a crash at any call of a save leaves the old snapshot or the new one`() throws {
        var outcomes: Set<[UInt8]> = []
        for failing in 0..<12 {
            let folder = try DiskFolder()
            try save([[1, 1, 1]], metadata: [1], in: folder)
            let disk = FaultyDisk(failingAfter: failing, with: ENOSPC)
            let result = Result {
                try save([[2, 2, 2, 2]], metadata: [2], in: folder, calls: disk.calls)
            }
            let read = try blocks(folder)
            if case .success = result { #expect(read == [[2, 2, 2, 2]]) }
            outcomes.insert(read[0])
        }
        #expect(outcomes == [[1, 1, 1], [2, 2, 2, 2]])
    }

    @Test func `a damaged snapshot is refused at every byte and every cut`() throws {
        let folder = try DiskFolder()
        try save([(0..<60).map { $0 }, [1], []], metadata: [1, 2, 3], in: folder)
        let bytes = try folder.read("snapshot")
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(offset % 8)
            for content in [damaged, Array(bytes[..<offset]), bytes + [0]] {
                try folder.write(content, to: "snapshot")
                let error = try #require(throws: ShellError.self) { try blocks(folder) }
                #expect(error.code == .corrupt)
                #expect(error.description.contains("\(folder.path)/snapshot"))
                // The one who sends it finds out too, and not the one who receives it.
                #expect(throws: ShellError.self) {
                    try SnapshotFile(directory: folder.path).read(
                        [1, 2, 3], from: 0, countMax: 10)
                }
            }
        }
    }

    @Test func `a folder of another cluster is refused`() throws {
        let folder = try DiskFolder()
        let path = "\(folder.path)/data"
        #expect(try DataDirectory.clusterID(of: path) == nil)
        do { _ = try DataDirectory.open(path, clusterID: "blue") }
        #expect(try DataDirectory.clusterID(of: path) == "blue")
        let error = try #require(throws: ShellError.self) {
            try DataDirectory.open(path, clusterID: "green")
        }
        #expect(error.code == .wrongOwner)
        #expect(error.description.contains("belongs to cluster blue, not green"))
        #expect(try DataDirectory.open(path, clusterID: "blue").logPath == "\(path)/log")
    }

    @Test func `an emptied cluster-id is refused instead of taken over`() throws {
        let folder = try DiskFolder()
        for content in [[], Array("\n".utf8), Array("blu".utf8), [0xFF, 0x0A]] as [[UInt8]] {
            try folder.write(content, to: "cluster-id")
            let error = try #require(throws: ShellError.self) {
                try DataDirectory.open(folder.path, clusterID: "blue")
            }
            #expect(error.code == .corrupt)
        }
    }

    @Test func `two daemons cannot open one folder`() throws {
        let folder = try DiskFolder()
        let first = try DataDirectory.open(folder.path, clusterID: "blue")
        let error = try #require(throws: ShellError.self) {
            try DataDirectory.open(folder.path, clusterID: "blue")
        }
        #expect(error.code == .wrongOwner && error.description.contains("another podmesh daemon"))
        withExtendedLifetime(first) {}
    }
}
