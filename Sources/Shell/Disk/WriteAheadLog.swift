import Base
import Glibc

/// The records that make a machine's promises durable, in files of one folder.
///
/// Records are opaque and come back in order. `append` only gathers; `sync` writes all that waits
/// as one frame and makes it durable with one `fdatasync`. The space of a segment is set aside when
/// it is made (`posix_fallocate`), so a disk runs full there and not in the middle of a write, and
/// a sync has no new length of the file to write. Zeros written ahead would save another part of a
/// sync, at the price of writing everything twice.
///
/// A small file, the ``LogMarker``, says which segment is the newest. Without it a log whose newest
/// segment somebody removed, or all of it, would look like a shorter one.
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
    private var keys: StorageKeys
    private var segment: LogSegment
    private var file: File
    private var size: Int
    private var waiting: [[UInt8]] = []
    /// Why the log takes nothing any more.
    private(set) var failure: ShellError?
    /// Where the next frame of the newest segment goes.
    package var endOffset: Int { size }

    init(
        directory: String, segmentBytesMax: Int, keys: StorageKeys, calls: DiskCalls,
        segment: LogSegment, file: File, size: Int
    ) {
        self.keys = keys
        self.directory = directory
        self.segmentBytesMax = segmentBytesMax
        self.calls = calls
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
            if size >= max(segmentBytesMax, segment.allocated) { try begin(isBase: false, []) }
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
        try attempt { () throws(ShellError) in try rebase(on: records) }
    }

    /// Seals with the newest of these keys from now on, and writes what is there anew with it.
    /// When it throws, the log is as after any other failure.
    package func reseal(with keys: StorageKeys) throws(ShellError) {
        try refuseAfterFailure()
        try sync()
        try attempt { () throws(ShellError) in
            let (_, records) = try Self.readRecords(
                in: directory, numbers: Self.segmentNumbers(in: directory), keys: self.keys)
            self.keys = keys
            try rebase(on: records)
        }
    }

    private func rebase(on records: [[UInt8]]) throws(ShellError) {
        let old = segment.number
        try begin(isBase: true, records)
        for name in try Folder.list(directory) {
            guard let number = LogSegment.number(ofName: name), number <= old else { continue }
            try Folder.remove("\(directory)/\(name)")
        }
    }

    /// The segment before is full; no frame goes into the new one before the marker names it.
    private func begin(isBase: Bool, _ records: [[UInt8]]) throws(ShellError) {
        let made = try Self.make(
            number: segment.number + 1, previousSalt: isBase ? 0 : segment.salt, isBase: isBase,
            records, segmentBytesMax, keys, in: directory, calls: calls)
        (segment, file, size) = (made.segment, made.file, made.size)
        try LogMarker(number: segment.number, salt: segment.salt, offset: size)
            .write(in: directory, calls: calls)
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

    /// Sets a segment's space aside, writes it to the side, syncs it, and gives it its name.
    static func make(
        number: UInt64, previousSalt: UInt64, isBase: Bool, _ records: [[UInt8]],
        _ segmentBytesMax: Int, _ keys: StorageKeys, in directory: String, calls: DiskCalls
    ) throws(ShellError) -> (segment: LogSegment, file: File, size: Int) {
        var random = SystemRandomNumberGenerator()
        let path = "\(directory)/\(LogSegment.name(number))"
        let file = try File(
            opening: "\(path).tmp", O_WRONLY | O_CREAT | O_TRUNC, calls: calls)
        let isAllocated = try file.allocate(segmentBytesMax)
        let segment = LogSegment(
            number: number, salt: random.next(), previousSalt: previousSalt,
            allocated: isAllocated ? segmentBytesMax : 0, isBase: isBase,
            sealedWith: keys.current)
        try file.write(segment.header)
        var size = segment.headerSize
        for range in frames(of: records) {
            let frame = segment.frame(records[range], at: size)
            try file.write(frame)
            size += frame.count
        }
        try file.sync()
        try Folder.rename("\(path).tmp", to: path, calls: calls)
        try Folder.sync(directory, calls: calls)
        return (segment, file, size)
    }

    /// Cuts records into runs that fit a frame; nearly always it is one.
    private static func frames(of records: [[UInt8]]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for index in records.indices {
            let size = records[index].count + 16
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
