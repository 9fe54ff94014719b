import Glibc

extension WriteAheadLog {
    /// Opens the log in a folder, which is made when there is none, and reads its records.
    ///
    /// A frame that a crash left unfinished at the very end is cut off: it was never acknowledged.
    /// Damage anywhere else, or a missing file, is refused, because the records behind it were
    /// promises; the error says where, and what to do.
    package static func open(
        directory: String
    ) throws(ShellError) -> (WriteAheadLog, records: [[UInt8]]) {
        try open(directory: directory, segmentBytesMax: segmentBytesMax, calls: DiskCalls())
    }

    /// With another segment size and other system calls, for tests.
    package static func open(
        directory: String, segmentBytesMax: Int, calls: DiskCalls
    ) throws(ShellError) -> (WriteAheadLog, records: [[UInt8]]) {
        try Folder.make(directory)
        var numbers: [UInt64] = []
        for name in try Folder.list(directory) {
            if let number = LogSegment.number(ofName: name) {
                numbers.append(number)
            } else if name.hasPrefix("log-"), name.hasSuffix(".tmp") {
                try Folder.remove("\(directory)/\(name)")
            }
        }
        guard let newest = numbers.last else {
            return (try create(directory, segmentBytesMax: segmentBytesMax, calls: calls), [])
        }
        var pieces: [(segment: LogSegment, bytes: [UInt8])] = []
        for number in numbers.reversed() {
            if let later = pieces.last?.segment, later.number - 1 != number {
                throw missing(later.number - 1, in: directory)
            }
            let (segment, bytes) = try read(number, in: directory)
            pieces.append((segment, bytes))
            if segment.isBase { break }
        }
        guard let base = pieces.last?.segment, base.isBase else {
            throw missing((pieces.last?.segment.number ?? 1) - 1, in: directory)
        }
        var records: [[UInt8]] = []
        var last = LogSegment(number: newest, salt: 0, isBase: false)
        var end = (lastFrame: 0, offset: 0)
        for (segment, bytes) in pieces.reversed() {
            let path = "\(directory)/\(LogSegment.name(segment.number))"
            end = try scan(
                segment, bytes, path: path, isLast: segment.number == newest, into: &records)
            last = segment
        }
        let file = try File(
            opening: "\(directory)/\(LogSegment.name(newest))", O_WRONLY, calls: calls)
        if let bytes = pieces.first?.bytes {
            // A sync that failed may have left its frame in the page cache only, marked clean: it
            // reads well and is gone after a power cut. Written again, it is synced in earnest.
            try file.truncate(to: end.offset)
            try file.rewrite(Array(bytes[end.lastFrame..<end.offset]), at: end.lastFrame)
            try file.sync()
            try Folder.sync(directory, calls: calls)
        }
        // The replaced log goes only now, when its replacement is known to be whole.
        for number in numbers where number < base.number {
            try Folder.remove("\(directory)/\(LogSegment.name(number))")
        }
        let log = WriteAheadLog(
            directory: directory, segmentBytesMax: segmentBytesMax, calls: calls, segment: last,
            file: file, size: end.offset)
        return (log, records)
    }

    private static func create(
        _ directory: String, segmentBytesMax: Int, calls: DiskCalls
    ) throws(ShellError) -> WriteAheadLog {
        var random = SystemRandomNumberGenerator()
        let first = LogSegment(number: 1, salt: random.next(), isBase: true)
        let (file, size) = try make(first, [], in: directory, calls: calls)
        return WriteAheadLog(
            directory: directory, segmentBytesMax: segmentBytesMax, calls: calls, segment: first,
            file: file, size: size)
    }

    private static func read(
        _ number: UInt64, in directory: String
    ) throws(ShellError) -> (LogSegment, [UInt8]) {
        let path = "\(directory)/\(LogSegment.name(number))"
        let bytes = try File(opening: path, O_RDONLY).read()
        // Headers are durable before a segment has its name, so a crash never leaves half of one.
        guard let segment = LogSegment(header: bytes), segment.number == number else {
            throw damaged(path, at: 0, "the header is no longer what was written")
        }
        return (segment, bytes)
    }

    /// Takes in the records of a segment; returns where its last good frame begins and ends.
    private static func scan(
        _ segment: LogSegment, _ bytes: [UInt8], path: String, isLast: Bool,
        into records: inout [[UInt8]]
    ) throws(ShellError) -> (lastFrame: Int, offset: Int) {
        var lastFrame = 0
        var offset = LogSegment.headerSize
        while true {
            let frameEnd: Int?
            switch segment.readFrame(bytes, at: offset) {
            case .good(let found, let end):
                records += found
                (lastFrame, offset) = (offset, end)
                continue
            case .end: return (lastFrame, offset)
            case .badBody(let end): frameEnd = end
            case .badHead: frameEnd = nil
            }
            guard isLast else {
                throw damaged(path, at: offset, "later segments follow")
            }
            if let good = segment.findGoodFrame(bytes, behind: offset) {
                throw damaged(path, at: offset, "good records follow at byte \(good)")
            }
            guard segment.isTorn(bytes, at: offset, frameEnd: frameEnd) else {
                throw damaged(path, at: offset, "the last record was written whole")
            }
            return (lastFrame, offset)
        }
    }

    private static let advice =
        "This machine's promises to the cluster are lost. Keep the folder for inspection, move it"
        + " away, and join the machine anew; the other voters hold the data."

    private static func damaged(_ path: String, at offset: Int, _ why: String) -> ShellError {
        ShellError(
            .corrupt, "read the log",
            underlying: "bad checksum in \(path) at byte \(offset), and \(why). \(advice)")
    }

    private static func missing(_ number: UInt64, in directory: String) -> ShellError {
        ShellError(
            .corrupt, "read the log",
            underlying: "\(directory)/\(LogSegment.name(number)) is missing. \(advice)")
    }
}
