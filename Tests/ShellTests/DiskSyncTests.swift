import Base
import Glibc
import Shell
import Synchronization
import Testing

/// What a log calls durable has been synced, and not only written.
@Suite struct DiskSyncTests {
    /// What is written and not synced, by descriptor.
    private final class Observer: Sendable {
        private let dirty = Mutex<Set<Int32>>([])
        private let syncs = Mutex(0)

        var isClean: Bool { dirty.withLock { $0.isEmpty } }
        var syncCount: Int { syncs.withLock { $0 } }

        var calls: DiskCalls {
            var calls = DiskCalls()
            calls.write = { descriptor, bytes in
                self.dirty.withLock { _ = $0.insert(descriptor) }
                return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            }
            calls.syncData = { self.synced($0, fdatasync($0)) }
            calls.sync = { self.synced($0, fsync($0)) }
            return calls
        }

        private func synced(_ descriptor: Int32, _ result: Int32) -> Int32 {
            dirty.withLock { _ = $0.remove(descriptor) }
            syncs.withLock { $0 += 1 }
            return result
        }
    }

    @Test func `every batch is synced before it is called durable, and once`() throws {
        let folder = try DiskFolder()
        let observer = Observer()
        let (log, _) = try WriteAheadLog.open(
            directory: folder.path, segmentBytesMax: 1 << 20, calls: observer.calls)
        #expect(observer.isClean)
        for batch in 1...3 {
            let before = observer.syncCount
            log.append((0..<10).map { [UInt8](repeating: UInt8($0), count: 100 * batch) })
            try log.sync()
            #expect(observer.isClean, "batch \(batch) was written and not synced")
            #expect(observer.syncCount == before + 1, "one sync for ten records")
        }
    }

    @Test func `a replaced log is synced before the old one goes`() throws {
        let folder = try DiskFolder()
        let observer = Observer()
        let (log, _) = try WriteAheadLog.open(
            directory: folder.path, segmentBytesMax: 1 << 20, calls: observer.calls)
        try log.replace(with: [[1, 2, 3]])
        #expect(observer.isClean)
    }
}
