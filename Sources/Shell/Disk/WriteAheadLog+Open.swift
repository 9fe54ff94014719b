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
        directory: String, mayCreate: Bool = true, keys: StorageKeys = .none
    ) throws(ShellError) -> (WriteAheadLog, records: [[UInt8]]) {
        try open(
            directory: directory, mayCreate: mayCreate, keys: keys,
            segmentBytesMax: segmentBytesMax, calls: DiskCalls())
    }

    /// With another segment size and other system calls, for tests.
    package static func open(
        directory: String, mayCreate: Bool = true, keys: StorageKeys = .none,
        segmentBytesMax: Int, calls: DiskCalls
    ) throws(ShellError) -> (WriteAheadLog, records: [[UInt8]]) {
        if mayCreate { try Folder.make(directory) }
        let numbers = try segmentNumbers(in: directory)
        let marker = try LogMarker.read(in: directory)
        guard let newest = numbers.last else {
            guard mayCreate, marker == nil || marker?.number == 0 else {
                throw missing(marker?.number ?? 1, in: directory)
            }
            return (
                try create(directory, segmentBytesMax: segmentBytesMax, keys: keys, calls: calls),
                []
            )
        }
        guard let marker else {
            throw damaged(
                "\(directory)/\(LogMarker.name)", at: 0, "the file is missing, so nothing tells"
                    + " which segment is the newest")
        }
        guard newest >= marker.number else { throw missing(marker.number, in: directory) }
        let (chain, records) = try readRecords(
            in: directory, numbers: numbers, keys: keys, marker: marker)
        guard let last = chain.pieces.last else { throw missing(newest, in: directory) }
        let file = try mend(last, chain.end, in: directory, calls: calls)
        try LogMarker(number: newest, salt: last.segment.salt, offset: chain.end.offset)
            .write(in: directory, calls: calls)
        // The replaced log goes only now, when its replacement is known to be whole.
        for number in numbers where number < chain.pieces[0].segment.number {
            try Folder.remove("\(directory)/\(LogSegment.name(number))")
        }
        let log = WriteAheadLog(
            directory: directory, segmentBytesMax: segmentBytesMax, keys: keys, calls: calls,
            segment: last.segment, file: file, size: chain.end.offset)
        let current = keys.current?.id ?? 0
        if chain.pieces.contains(where: { $0.segment.keyID != current }) {
            // Of an older key, or of a version that sealed nothing.
            try log.reseal(with: keys)
        }
        return (log, records)
    }

    typealias Piece = (segment: LogSegment, bytes: [UInt8])

    /// The segments that count, and where the last good frame of the newest begins and ends.
    struct Chain {
        var pieces: [Piece]
        var end: (lastFrame: Int, offset: Int)
    }

    /// Reads the records of all segments; `marker` tells how far the log went at least.
    static func readRecords(
        in directory: String, numbers: [UInt64], keys: StorageKeys, marker: LogMarker? = nil
    ) throws(ShellError) -> (Chain, [[UInt8]]) {
        var chain = Chain(pieces: try readChain(numbers, in: directory), end: (0, 0))
        var records: [[UInt8]] = []
        for index in chain.pieces.indices {
            var segment = chain.pieces[index].segment
            let path = "\(directory)/\(LogSegment.name(segment.number))"
            if segment.keyID != 0 {
                segment.key = keys[segment.keyID]
                guard segment.key != nil else {
                    throw keys.refusal("read the log", path, sealedWith: segment.keyID)
                }
                chain.pieces[index].segment = segment
            }
            chain.end = try scan(
                segment, chain.pieces[index].bytes, path: path,
                isLast: segment.number == numbers.last, into: &records)
            guard let marker, segment.number == marker.number else { continue }
            guard segment.salt == marker.salt, chain.end.offset >= marker.offset else {
                throw damaged(
                    path, at: chain.end.offset,
                    "frames up to byte \(marker.offset) were written once")
            }
        }
        return (chain, records)
    }

    /// The numbers of the segments that are there, rising. Removes what a crash left at the side.
    static func segmentNumbers(in directory: String) throws(ShellError) -> [UInt64] {
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
        _ directory: String, segmentBytesMax: Int, keys: StorageKeys, calls: DiskCalls
    ) throws(ShellError) -> WriteAheadLog {
        try LogMarker(number: 0, salt: 0, offset: 0).write(in: directory, calls: calls)
        let made = try make(
            number: 1, previousSalt: 0, isBase: true, [], segmentBytesMax, keys,
            in: directory, calls: calls)
        try LogMarker(number: 1, salt: made.segment.salt, offset: made.size)
            .write(in: directory, calls: calls)
        return WriteAheadLog(
            directory: directory, segmentBytesMax: segmentBytesMax, keys: keys, calls: calls,
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
        var offset = segment.headerSize
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
            case .unopened:
                throw damaged(
                    path, at: offset, "its storage key does not open what was written there")
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
