import Base
import Testing

@Suite struct ZoneRulesTests {
    /// A TZif file of version 2 with these transitions and footer.
    static func file(
        _ transitions: [(time: Int64, kind: UInt8)], offsets: [Int32], footer: String
    ) -> [UInt8] {
        func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
            withUnsafeBytes(of: value.bigEndian) { Array($0) }
        }
        func header(_ counts: [UInt32]) -> [UInt8] {
            Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15) + counts.flatMap(bigEndian)
        }
        let names = Array("AAA\0".utf8)
        var bytes = header([0, 0, 0, 0, 1, 4]) + [0, 0, 0, 0, 0, 0] + names
        bytes += header([
            0, 0, 0, UInt32(transitions.count), UInt32(offsets.count), UInt32(names.count),
        ])
        bytes += transitions.flatMap { bigEndian($0.time) } + transitions.map(\.kind)
        bytes += offsets.flatMap { bigEndian($0) + [0, 0] } + names
        return bytes + Array("\n\(footer)\n".utf8)
    }

    private static func seconds(_ text: String) -> Int64 {
        WallTime(rfc3339: text)?.seconds ?? 0
    }

    /// Offset and end.
    private func period(_ zone: ZoneRules, _ time: Int64) -> [Int64] {
        let period = zone.period(at: time)
        return [period.offset, period.end]
    }

    @Test func transitionsComeBeforeTheYearlyRule() throws {
        let bytes = Self.file(
            [(1_000, 1), (2_000, 0), (3_000, 1)], offsets: [3_600, 7_200], footer: "ABC-2")
        let zone = try ZoneRules(bytes, from: 1_500)
        #expect(period(zone, 0) == [7_200, 2_000])
        #expect(period(zone, 1_999) == [7_200, 2_000])
        #expect(period(zone, 2_000) == [3_600, 3_000])
        #expect(period(zone, 3_000) == [7_200, .max])
    }

    @Test(arguments: [
        // Berlin: the last Sundays of March and October, at one o'clock UTC.
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", 3_600, "2026-03-29T01:00:00Z"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", 7_200, "2026-10-25T01:00:00Z"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00:00Z", 3_600, "2027-03-28T01:00:00Z"),
        // Sydney: summer lies over the turn of the year.
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-12-31T23:00:00Z", 39_600, "2027-04-03T16:00:00Z"),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-06-01T00:00:00Z", 36_000, "2026-10-03T16:00:00Z"),
        // New York, west of UTC.
        ("EST5EDT,M3.2.0,M11.1.0", "2026-07-01T00:00:00Z", -14_400, "2026-11-01T06:00:00Z"),
        // Tehran before 2022: days of the year, one of them behind a leap day.
        ("<a>-3:30<b>,J79/24,J263/24", "2024-03-20T20:30:00Z", 16_200, "2024-09-20T19:30:00Z"),
        ("ABC0DEF,59,200", "2024-02-29T02:00:00Z", 3_600, "2024-07-19T01:00:00Z"),
    ])
    func yearlyRules(_ rule: String, _ time: String, _ offset: Int64, _ end: String) throws {
        let zone = try ZoneRules(Self.file([], offsets: [0], footer: rule), from: 0)
        let period = zone.period(at: Self.seconds(time))
        #expect(period.offset == offset)
        #expect(WallTime(seconds: period.end).rfc3339 == end)
    }

    @Test func aZoneWithoutSummerTimeHasOnePeriod() throws {
        let zone = try ZoneRules(Self.file([], offsets: [0], footer: "<-03>3"), from: 0)
        #expect(period(zone, 5) == [-10_800, .max])
        #expect(period(.utc, 5) == [0, .max])
    }

    @Test func whatIsNoZoneIsRefused() throws {
        #expect(throws: DecodeError.self) { try ZoneRules(Array("TZif1".utf8), from: 0) }
        let good = Self.file([(1, 0)], offsets: [0], footer: "EST5EDT,M3.2.0,M11.1.0")
        for length in 0..<good.count - 25 {
            #expect(throws: DecodeError.self) { try ZoneRules(Array(good[..<length]), from: 0) }
        }
        for index in good.indices {
            var bytes = good
            bytes[index] ^= 0xff
            _ = try? ZoneRules(bytes, from: 0).period(at: 1_800_000_000)
        }
        #expect(throws: DecodeError.self) {
            try ZoneRules(Self.file([(1, 9)], offsets: [0], footer: ""), from: 0)
        }
    }

    @Test func timesCarryTheirOffset() {
        let time = WallTime(seconds: 1_800_000_000)
        #expect(time.rfc3339(offset: 0) == "2027-01-15T08:00:00Z")
        #expect(time.rfc3339(offset: 19_800) == "2027-01-15T13:30:00+05:30")
        #expect(time.rfc3339(offset: -12_600) == "2027-01-15T04:30:00-03:30")
    }
}
