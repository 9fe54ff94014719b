import Base
import Dispatch
import Raft
package import Store
import Synchronization

extension SnapshotReader {
    /// What Raft knows of the snapshot.
    func raftMetadata() throws(ShellError) -> RaftSnapshotMetadata {
        do throws(DecodeError) {
            guard case .snapshot(let metadata) = try RaftRecord(decoding: metadata) else {
                throw DecodeError(expected: "a snapshot's metadata", offset: 0)
            }
            return metadata
        } catch {
            throw unreadable(nil, error)
        }
    }

    /// Reads the Store from the blocks, which are checked and decoded on all cores at once: that is
    /// most of what a restart with many documents does.
    package func loadStore() throws(ShellError) -> StoreCore {
        let parts = Mutex([Int: Result<StoreDecoder.Part, ShellError>]())
        let next = Atomic(0)
        // One thread more than the caller's on a machine of two cores; on a larger one memory is
        // the bound, not arithmetic.
        DispatchQueue.concurrentPerform(iterations: Self.threads) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < blockCount else { return }
                let part = self.part(index)
                parts.withLock { $0[index] = part }
            }
        }
        var decoder = StoreDecoder()
        var found = parts.withLock { $0 }
        for index in 0..<blockCount {
            guard let part = try found.removeValue(forKey: index)?.get() else { continue }
            do throws(DecodeError) {
                try decoder.add(part)
            } catch {
                throw unreadable(index, error)
            }
        }
        do throws(DecodeError) {
            return try decoder.finish()
        } catch {
            throw unreadable(nil, error)
        }
    }

    private static let threads = 4

    private func part(_ index: Int) -> Result<StoreDecoder.Part, ShellError> {
        do throws(ShellError) {
            let block = try readBlock(index)
            do throws(DecodeError) {
                return .success(try StoreDecoder.part(of: block))
            } catch {
                return .failure(unreadable(index, error))
            }
        } catch {
            return .failure(error)
        }
    }
}
