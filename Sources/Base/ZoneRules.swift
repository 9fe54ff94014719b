/// When a time zone is how far from UTC, as a TZif file says (RFC 9636).
public struct ZoneRules: Sendable, Equatable {
    /// A span of time with one offset.
    public struct Period: Sendable, Equatable {
        /// Seconds east of UTC.
        public var offset: Int64
        /// The first second of Unix time behind the period; `Int64.max` for one without end.
        public var end: Int64
    }

    private struct Transition: Sendable, Equatable {
        var time: Int64
        /// From this time on.
        var offset: Int64
    }

    /// Before the first transition.
    private var firstOffset: Int64
    /// In ascending order.
    private var transitions: [Transition]
    /// Behind the last transition.
    private var yearly: YearlyZoneRule?

    public static let utc = ZoneRules(offset: 0)

    public init(offset: Int64) {
        firstOffset = offset
        transitions = []
        yearly = nil
    }

    /// - Parameters:
    ///   - file: the bytes of a TZif file of version 2 or newer.
    ///   - start: seconds of Unix time; what was before is not kept.
    public init(_ file: [UInt8], from start: Int64) throws(DecodeError) {
        var reader = ByteReader(file)
        // The block of 32-bit times stands first, for readers older than version 2.
        let old = try Counts(&reader)
        _ = try reader.readRaw(old.size(timeBytes: 4))
        let counts = try Counts(&reader)
        guard counts.times <= 10_000, counts.types > 0 else {
            throw DecodeError(expected: "a number of transitions", offset: reader.offset)
        }
        var times: [Int64] = []
        for _ in 0..<counts.times {
            times.append(try reader.readInteger(Int64.self).byteSwapped)
        }
        var kinds: [Int] = []
        for _ in 0..<counts.times { kinds.append(Int(try reader.readByte())) }
        var offsets: [Int64] = []
        for _ in 0..<counts.types {
            offsets.append(Int64(try reader.readInteger(Int32.self).byteSwapped))
            _ = try reader.readRaw(2)
        }
        guard kinds.allSatisfy(offsets.indices.contains), times == times.sorted() else {
            throw DecodeError(expected: "transitions in order", offset: reader.offset)
        }
        _ = try reader.readRaw(counts.sizeOfRest(timeBytes: 8))
        let footer = try reader.readRaw(reader.remaining)
        yearly = YearlyZoneRule(String(decoding: footer, as: UTF8.self).filter { $0 != "\n" })
        let all = zip(times, kinds).map { Transition(time: $0, offset: offsets[$1]) }
        let past = all.prefix { $0.time <= start }
        firstOffset = past.last?.offset ?? offsets[0]
        transitions = Array(all.dropFirst(past.count))
    }

    /// The header of a block.
    private struct Counts {
        let isUT: Int
        let isStandard: Int
        let leaps: Int
        let times: Int
        let types: Int
        let characters: Int

        init(_ reader: inout ByteReader) throws(DecodeError) {
            let magic = try reader.readRaw(4)
            let version = try reader.readByte()
            guard magic.elementsEqual(Array("TZif".utf8)), version >= UInt8(ascii: "2") else {
                throw DecodeError(expected: "a TZif header", offset: reader.offset)
            }
            _ = try reader.readRaw(15)
            func count() throws(DecodeError) -> Int {
                Int(try reader.readInteger(UInt32.self).byteSwapped)
            }
            isUT = try count()
            isStandard = try count()
            leaps = try count()
            times = try count()
            types = try count()
            characters = try count()
        }

        func size(timeBytes: Int) -> Int {
            times * (timeBytes + 1) + types * 6 + sizeOfRest(timeBytes: timeBytes)
        }

        /// Of what stands behind the types: names, leap seconds and two kinds of flags.
        func sizeOfRest(timeBytes: Int) -> Int {
            characters + leaps * (timeBytes + 4) + isStandard + isUT
        }
    }

    /// The period that a second of Unix time lies in.
    public func period(at time: Int64) -> Period {
        let index = transitions.partitioningIndex { $0.time > time }
        let offset = index == 0 ? firstOffset : transitions[index - 1].offset
        if index < transitions.count {
            return Period(offset: offset, end: transitions[index].time)
        }
        return yearly?.period(at: time) ?? Period(offset: offset, end: .max)
    }
}

extension Array {
    /// The first index from which on the predicate holds for all elements.
    fileprivate func partitioningIndex(where isBehind: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
