import Base
import Testing

@Suite struct RandomTests {
    @Test func `the generator is xoshiro256** seeded by SplitMix64`() {
        // The authors' reference programs give these numbers for seed 0.
        var random = Random(seed: 0)
        #expect(
            (0..<3).map { _ in random.next() }
                == [0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0])
    }

    @Test func `one seed gives one sequence, another seed another`() {
        func numbers(_ seed: UInt64) -> [Int] {
            var random = Random(seed: seed)
            return (0..<100).map { _ in random.below(1_000) }
        }
        #expect(numbers(1) == numbers(1))
        #expect(numbers(1) != numbers(2))
    }

    @Test func `a copy goes on alone`() {
        var original = Random(seed: 4)
        var copy = original
        let first = (0..<10).map { _ in original.next() }
        #expect((0..<10).map { _ in copy.next() } == first)
    }

    @Test func `numbers stay below their bound and reach all of it`() {
        var random = Random(seed: 5)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<7_000 { counts[random.below(7)] += 1 }
        #expect(counts.allSatisfy { (850...1_150).contains($0) }, "\(counts)")
        #expect((0..<100).allSatisfy { _ in random.below(1) == 0 })
    }

    @Test func `fractions and spans stay in their range`() {
        var random = Random(seed: 6)
        for _ in 0..<1_000 {
            #expect((0..<1).contains(random.fraction()))
            let span = random.span(from: .milliseconds(10), to: .milliseconds(20))
            #expect(span >= .milliseconds(10) && span < .milliseconds(20))
        }
        #expect(random.span(from: .seconds(2), to: .seconds(1)) == .seconds(2))
        let chances = [0.0, 1.0].map { random.chance($0) }
        #expect(chances == [false, true])
    }

    @Test func `a shuffle keeps every element and moves some`() {
        var random = Random(seed: 7)
        var elements = Array(0..<50)
        random.shuffle(&elements)
        #expect(elements.sorted() == Array(0..<50))
        #expect(elements != Array(0..<50))
        var none: [Int] = []
        random.shuffle(&none)
        #expect(none.isEmpty)
    }
}
