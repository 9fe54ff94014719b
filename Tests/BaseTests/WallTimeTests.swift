import Base
import Testing

@Suite struct WallTimeTests {
    @Test(
        "known dates read and write",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"), (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (4_107_456_000, "2100-02-28T00:00:00Z"), (1_795_242_300, "2026-11-21T06:25:00Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
        ])
    func knownDates(_ seconds: Int64, _ text: String) {
        #expect(WallTime(seconds: seconds).rfc3339 == text)
        #expect(WallTime(rfc3339: text) == WallTime(seconds: seconds))
    }

    @Test(
        "days that no calendar has are refused",
        arguments: [
            "2023-02-29", "2024-02-30", "1900-02-29", "2100-02-29", "2024-04-31", "2024-13-01",
            "2024-00-10", "2024-01-00", "2024-01-32",
        ])
    func impossibleDays(_ day: String) { #expect(WallTime(rfc3339: day + "T00:00:00Z") == nil) }

    @Test(
        "what is no timestamp is refused",
        arguments: [
            "", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z",
            "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z",
            "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00.5", "2024-01-01T00:00:00ZZ",
            "2024-01-01T00:00:00+1", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+01:60",
            "2024-01-01T00:00:00+01:0x", "+024-01-01T00:00:00Z", "٢٠٢٤-01-01T00:00:00Z",
        ])
    func noTimestamps(_ text: String) { #expect(WallTime(rfc3339: text) == nil) }

    @Test(
        "offsets and fractions count",
        arguments: [
            ("2024-01-01T02:00:00+02:00", 0, 0), ("2023-12-31T19:30:00-04:30", 0, 0),
            ("2024-01-01t00:00:00z", 0, 0), ("2024-01-01T00:00:00.5Z", 0, 500_000_000),
            ("2024-01-01T00:00:00.000000001Z", 0, 1),
            ("2024-01-01T00:00:00.1234567899+00:00", 0, 123_456_789),
        ])
    func offsetsAndFractions(_ text: String, _ second: Int64, _ nanosecond: Int32) {
        #expect(
            WallTime(rfc3339: text)
                == WallTime(seconds: 1_704_067_200 + second, nanoseconds: nanosecond))
    }

    @Test func `each of Kubernetes' forms has its digits`() {
        let time = WallTime(seconds: 0, nanoseconds: 1_002_003)
        #expect(time.rfc3339 == "1970-01-01T00:00:00Z")
        #expect(time.rfc3339Micro == "1970-01-01T00:00:00.001002Z")
        #expect(time.rfc3339Nano == "1970-01-01T00:00:00.001002003Z")
    }

    @Test func `any time of four-digit years survives a round trip`() {
        var random = Random(seed: 3_339)
        for _ in 0..<5_000 {
            let seconds = Int64(random.below(315_537_897_600)) - 62_135_596_800
            let time = WallTime(
                seconds: seconds, nanoseconds: Int32(random.below(1_000_000_000)))
            #expect(WallTime(rfc3339: time.rfc3339Nano) == time)
        }
    }

    @Test func `each day of four centuries follows the one before`() {
        var previous = ""
        for day in 0..<146_097 {
            let text = WallTime(seconds: Int64(day) * 86_400).rfc3339
            guard text > previous else {
                Issue.record("\(text) follows \(previous)")
                return
            }
            previous = text
        }
        #expect(previous == "2369-12-31T00:00:00Z")
    }

    @Test(
        "spans carry into seconds and borrow from them",
        arguments: [
            (900_000_000, 200_000_000, 11, 100_000_000), (100, -200, 9, 999_999_900),
            (0, -1_000_000_000, 9, 0), (5, 2_000_000_000, 12, 5), (5, -5, 10, 0),
        ] as [(Int32, Int64, Int64, Int32)])
    func sums(_ start: Int32, _ span: Int64, _ seconds: Int64, _ nanoseconds: Int32) {
        let time = WallTime(seconds: 10, nanoseconds: start)
        let sum = time + .nanoseconds(span)
        #expect(sum == WallTime(seconds: seconds, nanoseconds: nanoseconds))
        #expect(sum - time == .nanoseconds(span))
    }

    @Test func `mutated timestamps never trap`() {
        var random = Random(seed: 7)
        for _ in 0..<20_000 {
            var bytes = Array("2024-02-29T23:59:59.123+01:30".utf8)
            for _ in 0...random.below(3) {
                bytes[random.below(bytes.count)] = UInt8(random.below(128))
            }
            bytes.removeLast(random.below(4))
            _ = WallTime(rfc3339: String(decoding: bytes, as: UTF8.self))
        }
    }
}
