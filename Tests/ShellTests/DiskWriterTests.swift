import Dispatch
import Glibc
import Shell
import Testing

@Suite struct DiskWriterTests {
    /// Gathers answers, and lets a test wait for a number of them.
    private final class Answers: Sendable {
        private let stream: AsyncStream<(UInt64, Result<Void, ShellError>)>
        private let continuation: AsyncStream<(UInt64, Result<Void, ShellError>)>.Continuation

        init() { (stream, continuation) = AsyncStream.makeStream() }

        var completion: DiskWriter.Completion {
            { self.continuation.yield(($0, $1)) }
        }

        func take(_ count: Int) async -> [(sequence: UInt64, error: ShellError?)] {
            var taken: [(sequence: UInt64, error: ShellError?)] = []
            for await (sequence, result) in stream {
                if case .failure(let error) = result {
                    taken.append((sequence, error))
                } else {
                    taken.append((sequence, nil))
                }
                if taken.count == count { break }
            }
            return taken
        }
    }

    private func writer(
        _ folder: DiskFolder, _ disk: FaultyDisk, _ answers: Answers, waitingBytesMax: Int = 1 << 20
    ) throws -> DiskWriter {
        let (log, _) = try WriteAheadLog.open(
            directory: folder.path, segmentBytesMax: 1 << 16, calls: disk.calls)
        return DiskWriter(
            log: log, waitingBytesMax: waitingBytesMax, completed: answers.completion)
    }

    /// No sync ends before the gate is opened.
    private func gated(_ disk: FaultyDisk, by gate: DispatchSemaphore) -> DiskCalls {
        var calls = disk.calls
        let syncData = calls.syncData
        calls.syncData = { descriptor in
            gate.wait()
            gate.signal()
            return syncData(descriptor)
        }
        return calls
    }

    private func batch(_ number: Int) -> DiskWriter.Batch {
        DiskWriter.Batch(sequence: UInt64(number), records: [Array("record \(number)".utf8)])
    }

    @Test func `batches that wait share one sync and are answered in order`() async throws {
        let folder = try DiskFolder()
        let disk = FaultyDisk()
        let gate = DispatchSemaphore(value: 0)
        let answers = Answers()
        let (log, _) = try WriteAheadLog.open(
            directory: folder.path, segmentBytesMax: 1 << 16, calls: gated(disk, by: gate))
        let writer = DiskWriter(log: log, completed: answers.completion)
        let before = disk.count
        for number in 0..<500 { writer.submit(batch(number)) }
        gate.signal()
        let taken = await answers.take(500)
        #expect(taken.map(\.sequence) == (0..<500).map { UInt64($0) })
        #expect(taken.allSatisfy { $0.error == nil })
        // A write and a sync for what came before the first sync, and again for all the rest.
        #expect(disk.count - before <= 4)
        let records = try WriteAheadLog.open(directory: folder.path).records
        #expect(records == (0..<500).map { Array("record \($0)".utf8) })
    }

    @Test(arguments: [ENOSPC, EROFS, EIO])
    func `what the disk refuses is never acknowledged, and nothing after it`(number: Int32)
        async throws
    {
        let folder = try DiskFolder()
        let disk = FaultyDisk()
        let answers = Answers()
        let writer = try writer(folder, disk, answers)
        writer.submit(batch(1))
        #expect(await answers.take(1).first?.error == nil)
        disk.fail(with: number)
        writer.submit(batch(2))
        let expected: ShellError.Code =
            switch number {
            case ENOSPC: .noSpace
            case EROFS: .readOnly
            default: .inputOutput
            }
        let refused = try #require(await answers.take(1).first?.error)
        #expect(refused.code == expected)
        #expect(refused.description.contains("\(folder.path)/log-0000000000000001"))
        let calls = disk.count
        for number in 3..<6 { writer.submit(batch(number)) }
        let taken = await answers.take(3)
        #expect(taken.map(\.sequence) == [3, 4, 5])
        #expect(taken.allSatisfy { $0.error == refused })
        #expect(disk.count == calls, "the disk is not touched again")
        let records = try WriteAheadLog.open(directory: folder.path).records
        #expect(records == [Array("record 1".utf8)])
    }

    @Test func `a replacement among other batches keeps what comes behind it`() async throws {
        let folder = try DiskFolder()
        let answers = Answers()
        let writer = try writer(folder, FaultyDisk(), answers)
        writer.submit(batch(1))
        writer.submit(
            DiskWriter.Batch(sequence: 2, records: [[1], [2]], replacesLog: true))
        writer.submit(batch(3))
        #expect(await answers.take(3).map(\.sequence) == [1, 2, 3])
        let records = try WriteAheadLog.open(directory: folder.path).records
        #expect(records == [[1], [2], Array("record 3".utf8)])
    }

    @Test func `more than may wait is a failure`() async throws {
        let folder = try DiskFolder()
        let answers = Answers()
        let writer = try writer(folder, FaultyDisk(), answers, waitingBytesMax: 5)
        writer.submit(batch(1))
        let error = try #require(await answers.take(1).first?.error)
        #expect(error.description.contains("more than 5 bytes wait"))
    }

    @Test func `a device that is really full says so`() throws {
        let full = try File(opening: "/dev/full", O_WRONLY)
        let error = try #require(throws: ShellError.self) { try full.write([1]) }
        #expect(error.code == .noSpace)
        #expect(error.description.contains("make room"))
    }
}
