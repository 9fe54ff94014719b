package import NIOCore

/// How one connection of a load client speaks to one kind of server. The clients that share the
/// connection are numbered from 0; each has at most one operation under way.
package protocol LoadProtocol {
    /// What is said first.
    mutating func greet(into output: inout ByteBuffer)

    /// Asks for the next operation of a client.
    mutating func ask(client: Int, into output: inout ByteBuffer)

    /// Takes what the server said: appends what it answered to `answers` and what must be said in
    /// return to `output`; leaves an unfinished message in `input`.
    mutating func take(
        _ input: inout ByteBuffer, answers: inout [LoadAnswer], into output: inout ByteBuffer
    ) throws(BenchError)
}

/// The end of one operation.
package struct LoadAnswer: Equatable {
    package var client: Int
    package var isGood: Bool

    package init(client: Int, isGood: Bool) {
        self.client = client
        self.isGood = isGood
    }
}

/// The keys and values of a load, equal for every server.
package struct LoadContent: Sendable {
    /// The bytes of a value.
    package static let valueBytes = 512
    /// Keys are written again and again, so that the databases stay small.
    static let keyCount = 1_000

    /// The namespace whose Pods are listed.
    package static let listed = "bench-list"

    static let value = [UInt8](repeating: UInt8(ascii: "v"), count: valueBytes)

    private var next: Int

    /// Connections begin at different keys.
    init(connection: Int) { next = connection * 7_919 % Self.keyCount }

    /// The name of the next key: eight bytes, as `key-0042`.
    mutating func nextKey() -> String {
        defer { next = (next + 1) % Self.keyCount }
        let digits = String(next)
        return "key-" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
