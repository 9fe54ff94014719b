/// The text at the end of a container's log, which the runtime writes in CRI's form: time, stream,
/// a tag for whole or broken lines, and the text.
enum LogTail {
    /// How much longer a log is than its text, at the most that matters here.
    static let overhead = 4
    private static let linesMax = 80

    /// The text of the last lines within `limit` bytes. `isWhole` says that the bytes begin with
    /// the log's first line.
    static func text(of bytes: [UInt8], isWhole: Bool, limit: Int) -> [UInt8] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
        if !isWhole, !lines.isEmpty { lines.removeFirst() }
        var text: [UInt8] = []
        for line in lines.suffix(linesMax) {
            let parts = line.split(
                separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4 else { continue }
            text += parts[3]
            if parts[2].first == UInt8(ascii: "F") { text.append(UInt8(ascii: "\n")) }
        }
        return Array(text.suffix(limit))
    }
}
