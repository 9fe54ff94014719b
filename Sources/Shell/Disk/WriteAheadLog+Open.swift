import Glibc

extension WriteAheadLog {
    /// Opens the log in a folder and reads its records.
    ///
    /// A frame that a crash left unfinished at the very end is cut off: it was never acknowledged.
    /// Damage anywhere else, or a missing file, is refused, because the records behind it were
    /// promises; the error says where, and what to do.
    ///
    /// - Parameter mayCreate: Makes the log when there is none. A daemon that ran before must
    ///   find its log: an empty one would forget votes and entries that others count on.
    package static func open(
        directory: String, mayCreate: Bool = true
    ) throws(ShellError) -> (WriteAheadLog, records: [[UInt8]]) {
        try open(
            directory: directory, mayCreate: mayCreate, segmentBytesMax: segmentBytesMax,
            calls: DiskCalls())
    }

    /// With another segment size and other system calls, for tests.
    package static func open(
        directory: String, mayCreate: Bool = true, segmentBytesMax: Int, calls: DiskCalls
    ) throws(ShellError) -> (WriteAheadLog, records: [[UInt8]]) {
        if mayCreate { try Folder.make(directory) }
        let numbers = try segmentNumbers(in: directory)
        let marker = try LogMarker.read(in: directory)
        guard let newest = numbers.last else {
            guard mayCreate, marker == nil || marker?.number == 0 else {
                throw missing(marker?.number ?? 1, in: directory)
            }
            return (try create(directory, segmentBytesMax: segmentBytesMax, calls: calls), [])
        }
        guard let marker else {
            throw damaged(
                "\(directory)/\(LogMarker.name)", at: 0, "the file is missing, so nothing tells"
                    + " which segment is the newest")
        }
        guard newest >= marker.number else { throw missing(marker.number, in: directory) }
        let pieces = try readChain(numbers, in: directory)
        var records: [[UInt8]] = []
        var end = (lastFrame: 0, offset: 0)
        for (segment, bytes) in pieces {
            let path = "\(directory)/\(LogSegment.name(segment.number))"
            end = try scan(
                segment, bytes, path: path, isLast: segment.number == newest, into: &records)
            guard segment.number == marker.number else { continue }
            guard segment.salt == marker.salt, end.offset >= marker.offset else {
                throw damaged(
                    path, at: end.offset, "frames up to byte \(marker.offset) were written once")
            }
        }
        guard let last = pieces.last else { throw missing(newest, in: directory) }
        let file = try mend(last, end, in: directory, calls: calls)
        try LogMarker(number: newest, salt: last.segment.salt, offset: end.offset)
            .write(in: directory, calls: calls)
        // The replaced log goes only now, when its replacement is known to be whole.
        for number in numbers where number < pieces[0].segment.number {
            try Folder.remove("\(directory)/\(LogSegment.name(number))")
        }
        let log = WriteAheadLog(
            directory: directory, segmentBytesMax: segmentBytesMax, calls: calls,
            segment: last.segment, file: file, size: end.offset)
        return (log, records)
    }

    private typealias Piece = (segment: LogSegment, bytes: [UInt8])

    /// The numbers of the segments that are there, rising. Removes what a crash left at the side.
    private static func segmentNumbers(in directory: String) throws(ShellError) -> [UInt64] {
        var numbers: [UInt64] = []
        for name in try Folder.list(directory) {
            if let number = LogSegment.number(ofName: name) {
                numbers.append(number)
            } else if name.hasSuffix(".tmp") {
                try Folder.remove("\(directory)/\(name)")
            }
        }
        return numbers
    }

    /// The segments from the base to the newest, each the successor of the one before.
    private static func readChain(
        _ numbers: [UInt64], in directory: String
    ) throws(ShellError) -> [Piece] {
        var pieces: [Piece] = []
        for number in numbers.reversed() {
            if let later = pieces.last?.segment, later.number - 1 != number {
                throw missing(later.number - 1, in: directory)
            }
            let piece = try read(number, in: directory)
            if let later = pieces.last?.segment, later.previousSalt != piece.segment.salt {
                throw damaged(
                    "\(directory)/\(LogSegment.name(number))", at: 0,
                    "the next segment was written behind another one of that number")
            }
            pieces.append(piece)
            if piece.segment.isBase { return pieces.reversed() }
        }
        throw missing((pieces.last?.segment.number ?? 1) - 1, in: directory)
    }

    /// Makes the newest segment ready to go on at `end`: what a crash left behind it becomes zeros.
    private static func mend(
        _ last: Piece, _ end: (lastFrame: Int, offset: Int), in directory: String,
        calls: DiskCalls
    ) throws(ShellError) -> File {
        let file = try File(
            opening: "\(directory)/\(LogSegment.name(last.segment.number))", O_WRONLY,
            calls: calls)
        let allocated = max(last.segment.allocated, end.offset)
        if last.bytes.count > allocated { try file.truncate(to: allocated) }
        let rest = last.bytes[end.offset..<min(last.bytes.count, allocated)]
        if let torn = rest.lastIndex(where: { $0 != 0 }) {
            try file.rewrite(
                [UInt8](repeating: 0, count: torn + 1 - end.offset), at: end.offset)
        }
        // A sync that failed may have left its frame in the page cache only, marked clean: it
        // reads well and is gone after a power cut. Written again, it is synced in earnest.
        try file.rewrite(Array(last.bytes[end.lastFrame..<end.offset]), at: end.lastFrame)
        try file.seek(to: end.offset)
        try file.sync()
        try Folder.sync(directory, calls: calls)
        return file
    }

    private static func create(
        _ directory: String, segmentBytesMax: Int, calls: DiskCalls
    ) throws(ShellError) -> WriteAheadLog {
        try LogMarker(number: 0, salt: 0, offset: 0).write(in: directory, calls: calls)
        let made = try make(
            number: 1, previousSalt: 0, isBase: true, [], segmentBytesMax, in: directory,
            calls: calls)
        try LogMarker(number: 1, salt: made.segment.salt, offset: made.size)
            .write(in: directory, calls: calls)
        return WriteAheadLog(
            directory: directory, segmentBytesMax: segmentBytesMax, calls: calls,
            segment: made.segment, file: made.file, size: made.size)
    }

    private static func read(
        _ number: UInt64, in directory: String
    ) throws(ShellError) -> Piece {
        let path = "\(directory)/\(LogSegment.name(number))"
        let bytes = try File(opening: path, O_RDONLY).read()
        // Headers are durable before a segment has its name, so a crash never leaves half of one.
        guard let segment = LogSegment(header: bytes), segment.number == number else {
            throw damaged(path, at: 0, "the header is no longer what was written")
        }
        guard bytes.count >= segment.allocated else {
            throw damaged(
                path, at: bytes.count, "the file was cut there; it had \(segment.allocated) bytes")
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
            // A segment is full before the next one is made, so zeros behind its frames are a loss.
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

    static func damaged(_ path: String, at offset: Int, _ why: String) -> ShellError {
        ShellError(
            .corrupt, "read the log",
            underlying: "\(path) is damaged at byte \(offset): \(why). \(advice)")
    }

    private static func missing(_ number: UInt64, in directory: String) -> ShellError {
        ShellError(
            .corrupt, "read the log",
            underlying: "\(directory)/\(LogSegment.name(number)) is missing. \(advice)")
    }
}
