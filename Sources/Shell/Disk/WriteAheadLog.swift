import Base
import Glibc

/// The records that make a machine's promises durable, in files of one folder.
///
/// Records are opaque and come back in order. `append` only gathers; `sync` writes all that waits
/// as one frame and makes it durable with one `fdatasync`. Segments grow as they are written:
/// setting their space aside first (`fallocate`) saved a tenth of a sync here, and zeros written
/// ahead a quarter, which is not worth writing everything twice.
///
/// When a snapshot makes old records needless, `replace` writes the records still needed to a new
/// segment that is marked as the log's base, to the side, and renames it in. From that moment the
/// older segments do not count; removing them may be interrupted and is finished by the next open.
/// So a crash leaves the whole old log or the whole new one.
///
/// After any failure the log refuses to be written until it is opened again, because what a failed
/// sync left on the disk is unknown (Rebello et al., "Can Applications Recover from fsync
/// Failures?", 2020). Not `Sendable`: it belongs to one thread, see ``DiskWriter``.
package final class WriteAheadLog {
    package static let segmentBytesMax = 67_108_864

    private let directory: String
    private let segmentBytesMax: Int
    private let calls: DiskCalls
    private var random: SystemRandomNumberGenerator
    private var segment: LogSegment
    private var file: File
    private var size: Int
    private var waiting: [[UInt8]] = []
    /// Why the log takes nothing any more.
    private(set) var failure: ShellError?

    init(
        directory: String, segmentBytesMax: Int, calls: DiskCalls, segment: LogSegment,
        file: File, size: Int
    ) {
        self.directory = directory
        self.segmentBytesMax = segmentBytesMax
        self.calls = calls
        random = SystemRandomNumberGenerator()
        self.segment = segment
        self.file = file
        self.size = size
    }

    /// Gathers records for the next ``sync()``. Each must be shorter than 1 GiB.
    package func append(_ records: [[UInt8]]) {
        for record in records {
            precondition(
                record.count < LogSegment.recordBytesMax, "a record of \(record.count) bytes")
        }
        waiting += records
    }

    /// Makes everything appended durable. When it throws, nothing of it may be acknowledged.
    package func sync() throws(ShellError) {
        try refuseAfterFailure()
        guard !waiting.isEmpty else { return }
        defer { waiting.removeAll(keepingCapacity: true) }
        try attempt { () throws(ShellError) in
            if size >= segmentBytesMax { try rotate() }
            for range in Self.frames(of: waiting) {
                let frame = segment.frame(waiting[range], at: size)
                try file.write(frame)
                try file.syncData()
                size += frame.count
            }
        }
    }

    /// Makes `records` the whole log, durably, in place of all before and of all that waits. The
    /// snapshot that they build upon must be durable already.
    package func replace(with records: [[UInt8]]) throws(ShellError) {
        try refuseAfterFailure()
        waiting.removeAll()
        try attempt { () throws(ShellError) in
            let old = segment.number
            try begin(number: old + 1, isBase: true, records)
            for name in try Folder.list(directory) {
                guard let number = LogSegment.number(ofName: name), number <= old else { continue }
                try Folder.remove("\(directory)/\(name)")
            }
        }
    }

    private func rotate() throws(ShellError) {
        try begin(number: segment.number + 1, isBase: false, [])
    }

    private func begin(
        number: UInt64, isBase: Bool, _ records: [[UInt8]]
    ) throws(ShellError) {
        let new = LogSegment(number: number, salt: random.next(), isBase: isBase)
        (file, size) = try Self.make(new, records, in: directory, calls: calls)
        segment = new
    }

    private func refuseAfterFailure() throws(ShellError) {
        if let failure { throw failure }
    }

    private func attempt(_ body: () throws(ShellError) -> Void) throws(ShellError) {
        do throws(ShellError) {
            try body()
        } catch {
            failure = error
            throw error
        }
    }

    /// Writes a segment to the side, syncs it, and gives it its name.
    static func make(
        _ segment: LogSegment, _ records: [[UInt8]], in directory: String, calls: DiskCalls
    ) throws(ShellError) -> (File, Int) {
        var parts = [segment.header]
        var size = LogSegment.headerSize
        for range in frames(of: records) {
            let frame = segment.frame(records[range], at: size)
            parts.append(frame)
            size += frame.count
        }
        let name = LogSegment.name(segment.number)
        try Folder.replace(name, in: directory, with: parts, calls: calls)
        let file = try File(opening: "\(directory)/\(name)", O_WRONLY, calls: calls)
        try file.seek(to: size)
        return (file, size)
    }

    /// Cuts records into runs that fit a frame; nearly always it is one.
    private static func frames(of records: [[UInt8]]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for index in records.indices {
            let size = records[index].count + 10
            if bytes + size > LogSegment.bodyBytesMax, index > start {
                ranges.append(start..<index)
                (start, bytes) = (index, 0)
            }
            bytes += size
        }
        if start < records.count { ranges.append(start..<records.count) }
        return ranges
    }
}
