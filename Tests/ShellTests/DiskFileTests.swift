import Glibc
import Shell
import Testing

@Suite struct DiskFileTests {
    @Test func `the newest snapshot comes back, whole or in parts`() throws {
        let folder = try DiskFolder()
        let snapshot = SnapshotFile(directory: folder.path)
        #expect(try snapshot.load() == nil)
        #expect(try snapshot.read(from: 0, countMax: 10) == nil)
        let body = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
        try snapshot.save([9], metadata: [])
        try snapshot.save(body, metadata: [1, 2, 3])
        #expect(try snapshot.load() == SnapshotFile.Contents(metadata: [1, 2, 3], body: body))
        #expect(folder.names == ["snapshot"])
        var parts: [UInt8] = []
        while parts.count < body.count {
            let read = try #require(try snapshot.read(from: parts.count, countMax: 300))
            #expect(read.metadata == [1, 2, 3] && read.bodyLength == 1_000)
            parts += read.part
        }
        #expect(parts == body)
        #expect(try snapshot.read(from: 2_000, countMax: 10)?.part == [])
        #expect(try snapshot.read(from: -5, countMax: -1)?.part == [])
    }

    @Test func `a crash at any call of a save leaves the old snapshot or the new one`() throws {
        var outcomes: Set<[UInt8]> = []
        for failing in 0..<9 {
            let folder = try DiskFolder()
            try SnapshotFile(directory: folder.path).save([1, 1, 1], metadata: [1])
            let disk = FaultyDisk(failingAfter: failing, with: ENOSPC)
            let result = Result {
                try SnapshotFile(directory: folder.path, calls: disk.calls)
                    .save([2, 2, 2, 2], metadata: [2])
            }
            let read = try #require(try SnapshotFile(directory: folder.path).load())
            if case .success = result { #expect(read.body == [2, 2, 2, 2]) }
            outcomes.insert(read.body)
        }
        #expect(outcomes == [[1, 1, 1], [2, 2, 2, 2]])
    }

    @Test func `a damaged snapshot is refused at every byte and every cut`() throws {
        let folder = try DiskFolder()
        let snapshot = SnapshotFile(directory: folder.path)
        try snapshot.save((0..<60).map { $0 }, metadata: [1, 2, 3])
        let bytes = try folder.read("snapshot")
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 0x10
            for content in [damaged, Array(bytes[..<offset])] {
                try folder.write(content, to: "snapshot")
                let error = try #require(throws: ShellError.self) { try snapshot.load() }
                #expect(error.code == .corrupt)
                #expect(error.description.contains("\(folder.path)/snapshot"))
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
