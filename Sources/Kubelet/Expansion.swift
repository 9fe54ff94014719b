/// The `$(NAME)` references of commands, arguments and environment values.
enum Expansion {
    /// Replaces `$(NAME)` by the value of a known name and leaves an unknown one as it stands;
    /// `$$` is one dollar sign (`third_party/forked/golang/expansion`).
    static func expand(_ text: String, _ value: (String) -> String?) -> String {
        guard text.utf8.contains(dollar) else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            guard byte == dollar, position < bytes.count else {
                result.append(byte)
                continue
            }
            let next = bytes[position]
            if next == dollar {
                result.append(dollar)
                position += 1
            } else if next == opening,
                let end = bytes[position...].firstIndex(of: closing)
            {
                let name = String(decoding: bytes[position + 1..<end], as: UTF8.self)
                let replacement = value(name) ?? "$(\(name))"
                result.append(contentsOf: replacement.utf8)
                position = end + 1
            } else {
                result.append(dollar)
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let dollar = UInt8(ascii: "$")
    private static let opening = UInt8(ascii: "(")
    private static let closing = UInt8(ascii: ")")
}
