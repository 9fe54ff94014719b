import Base
import Testing

@Suite struct ByteSearchTests {
    @Test func `what a naive search finds is found, and nothing else`() {
        var random = Random(seed: 7)
        var found = 0
        for _ in 0..<3_000 {
            let text = (0..<random.below(40)).map { _ in UInt8(random.below(3)) }
            let wanted = (0..<random.below(5)).map { _ in UInt8(random.below(3)) }
            let expected = (0...max(0, text.count)).contains { start in
                start + wanted.count <= text.count
                    && Array(text[start..<(start + wanted.count)]) == wanted
            }
            #expect(ByteSearch(for: wanted).isFound(in: text) == expected)
            if expected { found += 1 }
        }
        #expect(found > 500 && found < 2_900)
    }
}
