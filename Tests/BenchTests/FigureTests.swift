import Bench
import Testing

@Suite struct FigureTests {
    @Test func `a bound holds the value or its ratio to the peer's`() {
        #expect(Figure("a", .seconds, 2, bound: .atMost(2)).isMet == true)
        #expect(Figure("a", .seconds, 2.1, bound: .atMost(2)).isMet == false)
        #expect(Figure("a", .perSecond, 9, bound: .atLeast(10)).isMet == false)
        #expect(Figure("a", .perSecond, 30, peer: 10, bound: .atLeastTimesPeer(3)).isMet == true)
        #expect(Figure("a", .perSecond, 29, peer: 10, bound: .atLeastTimesPeer(3)).isMet == false)
        #expect(
            Figure("a", .milliseconds, 1, peer: 2, bound: .atMostTimesPeer(1)).isMet == true)
    }

    @Test func `a bound that could not be held against anything is neither met nor missed`() {
        #expect(Figure("a", .seconds, nil, bound: .atMost(2)).isMet == nil)
        #expect(Figure("a", .seconds, 1, bound: .atLeastTimesPeer(2)).isMet == nil)
        #expect(Figure("a", .seconds, 1).isMet == nil)
    }

    @Test func `a table says whether every bound is met`() {
        var table = FigureTable(peer: "etcd")
        table.append(Figure("without a bound", .count, 1))
        #expect(table.isEveryBoundMet)
        table.append(Figure("met", .count, 1, bound: .atMost(1)))
        #expect(table.isEveryBoundMet)
        table.append(Figure("unknown", .count, nil, bound: .atMost(1)))
        #expect(!table.isEveryBoundMet)
    }

    @Test func `a table aligns its columns and leaves out the empty ones`() {
        var table = FigureTable(peer: "etcd")
        table.append(
            Figure("writes", .perSecond, 24_600, peer: 8_000, bound: .atLeastTimesPeer(3)))
        table.append(Figure("sync", .milliseconds, 0.0925))
        #expect(
            table.text == """
                figure   podmesh          bound     etcd  ratio  met
                writes  24,600/s  ≥ 3.00 × peer  8,000/s   3.08  yes
                sync     0.09 ms

                """)
        var alone = FigureTable()
        alone.append(Figure("memory", .bytes, 1_234_000))
        #expect(alone.text == "figure  podmesh\nmemory  1.23 MB\n")
    }

    @Test(
        "numbers keep three digits that count",
        arguments: [
            (.seconds, 0.004, "0.00 s"), (.seconds, 9.994, "9.99 s"), (.seconds, 9.996, "10.0 s"),
            (.seconds, 99.96, "100 s"), (.seconds, 12_345.6, "12,346 s"),
            (.seconds, -0.5, "-0.50 s"),
            (.count, 999, "999"), (.count, 1_000, "1,000"), (.count, -1_234_567, "-1,234,567"),
            (.bytes, 512, "512 B"), (.bytes, 600_000_000, "600 MB"), (.bytes, 1.1e9, "1.10 GB"),
        ] as [(Figure.Unit, Double, String)])
    func numbers(_ unit: Figure.Unit, _ value: Double, _ text: String) {
        #expect(unit.text(value) == text)
    }
}
