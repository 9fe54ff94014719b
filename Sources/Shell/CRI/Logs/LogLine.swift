package import Base

/// One line of a container's log file, as CRI defines it:
///
///     2026-11-21T07:13:26.896763313Z stdout F the text
///
/// The tag is `F` for the end of a line and `P` for a part of one that was too long. Further
/// tags may follow after a colon.
package struct LogLine: Equatable {
    package var time: WallTime
    /// False for a part whose rest follows in the next line of the same stream.
    package var isComplete: Bool
    /// Without the line's end.
    package var text: ArraySlice<UInt8>

    /// Nil for a line that is none, as after a power cut.
    package init?(_ line: ArraySlice<UInt8>) {
        let blank = UInt8(ascii: " ")
        guard let timeEnd = line.firstIndex(of: blank),
            let time = WallTime(rfc3339: String(decoding: line[..<timeEnd], as: UTF8.self))
        else { return nil }
        let afterTime = line[(timeEnd + 1)...]
        guard let streamEnd = afterTime.firstIndex(of: blank) else { return nil }
        let stream = afterTime[..<streamEnd]
        guard stream.elementsEqual("stdout".utf8) || stream.elementsEqual("stderr".utf8) else {
            return nil
        }
        let afterStream = afterTime[(streamEnd + 1)...]
        let tagEnd = afterStream.firstIndex(of: blank) ?? afterStream.endIndex
        let tag = afterStream[..<tagEnd].prefix { $0 != UInt8(ascii: ":") }
        guard tag.count == 1, let letter = tag.first,
            letter == UInt8(ascii: "F") || letter == UInt8(ascii: "P")
        else { return nil }
        self.time = time
        isComplete = letter == UInt8(ascii: "F")
        text = tagEnd == afterStream.endIndex ? [] : afterStream[(tagEnd + 1)...]
    }
}

/// What of a log is wanted (`v1.PodLogOptions`).
package struct LogOptions: Sendable, Equatable {
    /// Go on with what is written later, until the container has ended.
    package var follow = false
    /// Only so many lines from the end; nil for all.
    package var tailLines: Int?
    /// Only what was written at this time or later.
    package var sinceTime: WallTime?
    /// Each line starts with its time.
    package var timestamps = false
    /// No more bytes than that; nil for all.
    package var limitBytes: Int?

    package init() {}
}

/// Turns the bytes of a log file into the bytes that a client sees. Bytes come in pieces of any
/// size; what is no whole line yet waits for the rest.
package struct LogFormatter {
    private static let lineBytesMax = 1 << 20

    private let options: LogOptions
    private var pending: [UInt8] = []
    private var remaining: Int
    /// A part of a long line was the last thing written, so no time is due before the next.
    private var isWithinLine = false

    package init(_ options: LogOptions) {
        self.options = options
        remaining = max(0, options.limitBytes ?? .max)
    }

    /// The limit is reached: nothing will come any more.
    package var isFull: Bool { remaining == 0 }

    package mutating func format(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes
        while !isFull, let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            if pending.isEmpty {
                write(rest[..<end], to: &output)
            } else {
                pending += rest[..<end]
                write(pending[...], to: &output)
                pending.removeAll(keepingCapacity: true)
            }
            rest = rest[(end + 1)...]
        }
        if pending.count + rest.count <= Self.lineBytesMax { pending += rest }
        return output
    }

    private mutating func write(_ bytes: ArraySlice<UInt8>, to output: inout [UInt8]) {
        guard let line = LogLine(bytes) else { return }
        if let since = options.sinceTime, line.time < since { return }
        var text: [UInt8] = []
        if options.timestamps, !isWithinLine { text += Array((line.time.rfc3339Nano + " ").utf8) }
        text += line.text
        if line.isComplete { text.append(UInt8(ascii: "\n")) }
        isWithinLine = !line.isComplete
        output += text.prefix(remaining)
        remaining -= min(remaining, text.count)
    }
}
