import Base
import Glibc
import Raft
import Shell
import Store
import Synchronization

/// Snapshot files, which come from other machines and from backups.
extension FuzzDecoder {
    static let snapshotFile = FuzzDecoder(
        "snapshot-file", "snapshot files: their frames, their head and the Store in them",
        seeds: {
            [0, 1, 1 << 16].compactMap { blockBytes in
                SnapshotFiles.withPath { path in
                    let writer = try SnapshotWriter(
                        creating: path, .plain, metadata: [1, 2, 3], savedAt: 1_795_241_100)
                    if blockBytes > 0 {
                        try StoreSamples.core.encodeBlocks(of: blockBytes) {
                            try writer.append($0)
                        }
                    }
                    try writer.finish()
                    return try File(opening: path, O_RDONLY).read()
                }
            }
        },
        check: { bytes in
            SnapshotFiles.withPath { path in
                let file = try File(opening: path, O_WRONLY | O_CREAT | O_TRUNC)
                try file.write(bytes)
                let reader = try SnapshotReader(opening: path)
                guard reader.size == bytes.count else {
                    return .broken("a file of \(bytes.count) bytes has \(reader.size)")
                }
                guard (try? reader.readRaw(from: 0, countMax: .max)) == bytes else {
                    return .broken("other bytes are sent than there are")
                }
                guard let store = try? reader.loadStore() else { return .refused }
                try reader.verify()
                let written = store.encode()
                return (try? StoreCore(decoding: written).encode()) == written
                    ? .accepted : .broken("a Store refuses its own bytes")
            } ?? .refused
        })
}

private enum SnapshotFiles {
    private static let last = Atomic(0)

    /// A file that nobody else has, for as long as `body` takes; nil when that throws.
    static func withPath<Result>(_ body: (String) throws -> Result) -> Result? {
        let number = last.wrappingAdd(1, ordering: .relaxed).newValue
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let path = "\(folder)/podmesh-fuzz-\(getpid())-\(number).snapshot"
        defer { unlink(path) }
        return try? body(path)
    }
}
