/// Offsets that come back every year: the footer of a TZif file, in the form of POSIX' variable TZ
/// with the extensions of RFC 9636, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct YearlyZoneRule: Sendable, Equatable {
    /// A day of the year, and a time of that day in seconds of the clock that is then in force.
    private struct Change: Sendable, Equatable {
        enum Day: Sendable, Equatable {
            /// From 1 to 365; the 29th of February is not counted.
            case julian(Int64)
            /// From 0 to 365.
            case ofYear(Int64)
            /// The fifth week is the last one; Sunday is 0.
            case weekday(month: Int64, week: Int64, weekday: Int64)
        }

        let day: Day
        let time: Int64

        /// Seconds from 1970 on that clock.
        func local(in year: Int64) -> Int64 {
            let first = WallTime.days(year: year, month: 1, day: 1)
            let date: Int64
            switch day {
            case .julian(let number):
                let march = WallTime.days(year: year, month: 3, day: 1)
                date = first + number - 1 + (number >= 60 && march - first == 60 ? 1 : 0)
            case .ofYear(let number): date = first + number
            case .weekday(let month, let week, let weekday):
                let start = WallTime.days(year: year, month: month, day: 1)
                let next = month == 12
                    ? WallTime.days(year: year + 1, month: 1, day: 1)
                    : WallTime.days(year: year, month: month + 1, day: 1)
                // 1970-01-01 was a Thursday.
                let found = start + (weekday - (start + 4) % 7 + 7) % 7 + (week - 1) * 7
                date = found < next ? found : found - 7
            }
            return date * 86_400 + time
        }
    }

    private struct Summer: Sendable, Equatable {
        var offset: Int64
        var start: Change
        var end: Change
    }

    private let standard: Int64
    /// Nil where there is no summer time.
    private let summer: Summer?

    /// Nil when the text is empty or no such rule.
    init?(_ text: String) {
        var scanner = Scanner(rest: text[...])
        guard scanner.skipName(), let west = scanner.readTime() else { return nil }
        standard = -west
        guard !scanner.rest.isEmpty else {
            summer = nil
            return
        }
        guard scanner.skipName() else { return nil }
        let offset: Int64
        if scanner.rest.first == "," {
            offset = standard + 3_600
        } else {
            guard let west = scanner.readTime() else { return nil }
            offset = -west
        }
        guard let start = scanner.readChange(), let end = scanner.readChange(),
            scanner.rest.isEmpty
        else { return nil }
        summer = Summer(offset: offset, start: start, end: end)
    }

    func period(at time: Int64) -> ZoneRules.Period {
        guard let summer else { return ZoneRules.Period(offset: standard, end: .max) }
        let (year, _, _) = WallTime.civil(fromDays: (time + standard) / 86_400)
        let changes = (year - 1...year + 1).flatMap { year in
            [
                (time: summer.start.local(in: year) - standard, offset: summer.offset),
                (time: summer.end.local(in: year) - summer.offset, offset: standard),
            ]
        }.sorted { $0.time < $1.time }
        let next = changes.firstIndex { $0.time > time } ?? changes.endIndex
        return ZoneRules.Period(
            offset: next > 0 ? changes[next - 1].offset : standard,
            end: next < changes.endIndex ? changes[next].time : .max)
    }

    private struct Scanner {
        var rest: Substring

        private mutating func skip(_ character: Character) -> Bool {
            guard rest.first == character else { return false }
            rest.removeFirst()
            return true
        }

        /// `CET`, or anything within `<` and `>`.
        mutating func skipName() -> Bool {
            if skip("<") {
                guard let end = rest.firstIndex(of: ">") else { return false }
                rest = rest[rest.index(after: end)...]
                return true
            }
            let name = rest.prefix(while: \.isLetter)
            rest = rest[name.endIndex...]
            return name.count >= 3
        }

        private mutating func readNumber() -> Int64? {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            return digits.count <= 3 ? Int64(digits) : nil
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func readTime() -> Int64? {
            let sign: Int64 = skip("-") ? -1 : 1
            if sign == 1 { _ = skip("+") }
            guard var seconds = readNumber().map({ $0 * 3_600 }) else { return nil }
            for unit: Int64 in [60, 1] where skip(":") {
                guard let number = readNumber() else { return nil }
                seconds += number * unit
            }
            return sign * seconds
        }

        mutating func readChange() -> Change? {
            guard skip(","), let day = readDay() else { return nil }
            guard skip("/") else { return Change(day: day, time: 7_200) }
            return readTime().map { Change(day: day, time: $0) }
        }

        private mutating func readDay() -> Change.Day? {
            if skip("J") { return readNumber().map { .julian($0) } }
            guard skip("M") else { return readNumber().map { .ofYear($0) } }
            guard let month = readNumber(), skip("."), let week = readNumber(), skip("."),
                let weekday = readNumber(), (1...12).contains(month), (1...5).contains(week),
                (0...6).contains(weekday)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
    }
}
