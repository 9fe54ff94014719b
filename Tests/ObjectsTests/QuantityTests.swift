import Base
import Objects
import Testing

@Suite struct QuantityTests {
    @Test(
        "quantities read as thousandths",
        arguments: [
            ("0", 0), ("1", 1_000), ("500m", 500), ("1500m", 1_500), ("0.5", 500), (".5", 500),
            ("1.", 1_000), ("+2", 2_000), ("-2", -2_000), ("100k", 100_000_000),
            ("1M", 1_000_000_000), ("1Ki", 1_024_000), ("1.5Gi", 1_610_612_736_000),
            ("0.1Ki", 102_400), ("1e3", 1_000_000), ("1E3", 1_000_000), ("12e-3", 12),
            ("1e+2", 100_000), ("2u", 1), ("1n", 1), ("1000000n", 1), ("0n", 0),
            ("2E", Int64.max), ("9Ei", Int64.max), ("1e30", Int64.max), ("1e-30", 1),
            ("1.50000000000000000000000", 1_500), ("0.00000000000000000000000", 0),
        ] as [(String, Int64)])
    func readsAs(_ text: String, _ milli: Int64) { #expect(Quantity(text)?.milli == milli) }

    @Test(
        "what is no quantity is refused",
        arguments: [
            "", "m", ".", "+", "-", "1.2.3", "1 ", " 1", "1mi", "1ki", "1K", "1i", "1e", "1e1.5",
            "1ee3", "0x10", "1,5", "--1", "1Gib", "1e31", "١", "1e99999999999999999999",
            "1e-9223372036854775808", "1e9223372036854775807",
        ])
    func refuses(_ text: String) { #expect(Quantity(text) == nil) }

    @Test func `a whole value is rounded up, as Kubernetes does`() {
        #expect(Quantity(milli: 1).value == 1)
        #expect(Quantity(milli: 1_000).value == 1)
        #expect(Quantity(milli: 1_001).value == 2)
        #expect(Quantity.zero.value == 0)
    }

    @Test func `sums saturate and quantities compare by value`() {
        #expect(Quantity(milli: .max) + Quantity(milli: 1) == Quantity(milli: .max))
        #expect(Quantity("1Gi") == Quantity("1024Mi"))
        #expect(Quantity(milli: 999) < Quantity(milli: 1_000))
    }

    @Test func `numbers of every size agree with arithmetic on integers`() {
        var random = Random(seed: 21)
        let suffixes: [(String, Int64)] = [
            ("m", 1), ("", 1_000), ("k", 1_000_000), ("Ki", 1_024_000), ("Mi", 1_048_576_000),
        ]
        for _ in 0..<2_000 {
            let number = Int64(random.below(1 << 31))
            let (suffix, unit) = suffixes[random.below(suffixes.count)]
            #expect(Quantity("\(number)\(suffix)")?.milli == number * unit)
        }
    }

    @Test func `mutated quantities never trap`() {
        var random = Random(seed: 22)
        let alphabet = Array("0123456789+-.eEmkKMGiun ".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<random.below(30)).map { _ in alphabet[random.below(alphabet.count)] }
            _ = Quantity(String(decoding: bytes, as: UTF8.self))
        }
    }
}
