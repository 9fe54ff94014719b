/// One reader of bytes from outside, with what a fuzzer must know of it.
package struct FuzzDecoder: Sendable {
    /// What became of an input.
    package enum Outcome: Equatable, Sendable {
        /// Refused, as most inputs should be.
        case refused
        /// Read, and everything that should hold of what was read does.
        case accepted
        /// A rule is broken; the text says which.
        case broken(String)
    }

    /// As `podmesh-fuzz` and the folders of `Tests/Corpora` name it.
    package let name: String
    /// What is read, for the list of decoders.
    package let about: String
    /// Text formats are mutated by tokens and brackets, binary ones by numbers and lengths.
    package let isText: Bool
    /// Words of the format.
    package let tokens: [[UInt8]]
    /// Bytes that the real encoders made.
    package let seeds: @Sendable () -> [[UInt8]]
    /// Reads the bytes and checks what was read. Must not trap, whatever the bytes are.
    package let check: @Sendable ([UInt8]) -> Outcome

    init(
        _ name: String, _ about: String, isText: Bool = false, tokens: [String] = [],
        seeds: @escaping @Sendable () -> [[UInt8]],
        check: @escaping @Sendable ([UInt8]) -> Outcome
    ) {
        self.name = name
        self.about = about
        self.isText = isText
        self.tokens = tokens.map { Array($0.utf8) }
        self.seeds = seeds
        self.check = check
    }
}

extension FuzzDecoder.Outcome {
    /// Reads the bytes; what was read must survive being written and read again, and what is
    /// written must not be much longer than what was read.
    static func roundTrip<Value: Equatable>(
        _ bytes: [UInt8], decode: ([UInt8]) throws -> Value, encode: (Value) -> [UInt8]
    ) -> Self {
        guard let value = try? decode(bytes) else { return .refused }
        let written = encode(value)
        guard let again = try? decode(written) else {
            return .broken("what was read and written is refused")
        }
        guard again == value else { return .broken("what was read, written and read differs") }
        guard encode(again) == written else { return .broken("equal values have other bytes") }
        guard written.count <= 8 * bytes.count + 256 else {
            return .broken("\(bytes.count) bytes became \(written.count)")
        }
        return .accepted
    }

    /// The worst of both.
    func and(_ other: @autoclosure () -> Self) -> Self {
        if case .broken = self { return self }
        let other = other()
        return other == .refused ? self : other
    }
}
