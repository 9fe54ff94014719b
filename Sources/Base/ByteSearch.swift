/// Looks for one sequence of bytes in others (Horspool, "Practical fast searching in strings",
/// 1980):
/// it moves by the length of what it looks for wherever the last byte cannot belong to a match.
public struct ByteSearch: Sendable {
    private let wanted: [UInt8]
    /// By how much to move when this byte stands under the last one.
    private let moves: [Int]

    public init(for wanted: [UInt8]) {
        self.wanted = wanted
        var moves = [Int](repeating: max(1, wanted.count), count: 256)
        for (index, byte) in wanted.dropLast().enumerated() {
            moves[Int(byte)] = wanted.count - 1 - index
        }
        self.moves = moves
    }

    /// Nothing is found everywhere.
    public func isFound(in bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { text in
            wanted.withUnsafeBufferPointer { wanted in
                moves.withUnsafeBufferPointer { moves in Self.search(text, wanted, moves) }
            }
        }
    }

    private static func search(
        _ text: UnsafeBufferPointer<UInt8>, _ wanted: UnsafeBufferPointer<UInt8>,
        _ moves: UnsafeBufferPointer<Int>
    ) -> Bool {
        let count = wanted.count
        var start = 0
        while start + count <= text.count {
            var index = count
            while index > 0, text[start + index - 1] == wanted[index - 1] { index -= 1 }
            if index == 0 { return true }
            start += moves[Int(text[start + count - 1])]
        }
        return false
    }
}
