package import Base

/// When a schedule of cron is due: five fields, or a short form such as `@daily` or `@every 90m`.
///
/// The fields are those of the zone's clock: a time that is left out when the clock goes forward is
/// not due on that day, one that comes twice when it goes back is due twice.
package struct CronTimes {
    private enum Rule {
        case fields(Fields)
        case every(Int64)
    }

    /// The values that each field allows.
    private struct Fields {
        var minutes: Set<Int64>
        var hours: Set<Int64>
        var days: Set<Int64>
        var months: Set<Int64>
        var weekdays: Set<Int64>
        /// A day has to match both fields when one of them is `*`, else either.
        var isAnyDay: Bool
        var isAnyWeekday: Bool
    }

    private static let shortForms = [
        "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
        "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *",
        "@hourly": "0 * * * *",
    ]
    /// So far ahead a schedule is looked for; `0 0 29 2 *` comes once in eight years at worst.
    private static let yearsMax: Int64 = 9

    private let rule: Rule
    private let zone: ZoneRules

    /// Nil when it is no schedule.
    package init?(_ schedule: String, in zone: ZoneRules = .utc) {
        self.zone = zone
        if schedule.hasPrefix("@every ") {
            guard let seconds = Self.duration(schedule.dropFirst(7)), seconds > 0 else {
                return nil
            }
            rule = .every(seconds)
            return
        }
        let parts = (Self.shortForms[schedule] ?? schedule).split(separator: " ")
        let months = [
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ]
        let weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        guard parts.count == 5, let minutes = Self.values(parts[0], 0...59),
            let hours = Self.values(parts[1], 0...23), let days = Self.values(parts[2], 1...31),
            let monthValues = Self.values(parts[3], 1...12, months),
            let weekdayValues = Self.values(parts[4], 0...6, weekdays)
        else { return nil }
        rule = .fields(
            Fields(
                minutes: minutes, hours: hours, days: days, months: monthValues,
                weekdays: weekdayValues, isAnyDay: Self.isAny(parts[2]),
                isAnyWeekday: Self.isAny(parts[4])))
    }

    private static func isAny(_ part: Substring) -> Bool {
        part.hasPrefix("*") || part.hasPrefix("?")
    }

    private static func values(
        _ part: Substring, _ bounds: ClosedRange<Int64>, _ names: [String] = []
    ) -> Set<Int64>? {
        func number(_ text: Substring) -> Int64? {
            if let index = names.firstIndex(of: text.lowercased()) {
                return bounds.lowerBound + Int64(index)
            }
            return Int64(text).flatMap { bounds.contains($0) ? $0 : nil }
        }
        var result: Set<Int64> = []
        func add(_ first: Int64, _ last: Int64, _ step: Int64) {
            for value in stride(from: first, through: last, by: Int(step)) { result.insert(value) }
        }
        for entry in part.split(separator: ",") {
            let pieces = entry.split(separator: "/")
            let step = pieces.count > 1 ? Int64(pieces[1]) ?? 0 : 1
            guard let range = pieces.first, step > 0 else { return nil }
            let ends = range.split(separator: "-")
            if range == "*" || range == "?" {
                add(bounds.lowerBound, bounds.upperBound, step)
            } else if let first = ends.first.flatMap(number), let last = ends.last.flatMap(number) {
                // `5/10` goes on to the end of the field.
                let isOpen = ends.count == 1 && pieces.count > 1
                add(first, isOpen ? bounds.upperBound : last, step)
            } else {
                return nil
            }
        }
        return result.isEmpty ? nil : result
    }

    /// `1h30m` in seconds.
    private static func duration(_ text: Substring) -> Int64? {
        var total: Int64 = 0
        var digits = ""
        for character in text {
            if character.isNumber {
                digits.append(character)
                continue
            }
            let units: [Character: Int64] = ["h": 3_600, "m": 60, "s": 1]
            guard let unit = units[character], let number = Int64(digits), number < 1_000_000
            else { return nil }
            total += number * unit
            digits = ""
        }
        return digits.isEmpty ? total : nil
    }

    /// The first time behind `time`; nil when there is none in years.
    package func next(after time: WallTime) -> WallTime? {
        switch rule {
        case .every(let seconds): return WallTime(seconds: time.seconds + seconds)
        case .fields(let fields):
            let last = time.seconds + Self.yearsMax * 366 * 86_400
            var from = (time.seconds / 60 + 1) * 60
            while from <= last {
                let period = zone.period(at: from)
                let end = min(period.end, last)
                let due = Self.next(fields, from: from + period.offset, to: end + period.offset)
                if let due { return WallTime(seconds: due - period.offset) }
                from = end == last ? last + 1 : end
            }
            return nil
        }
    }

    /// The first second from `start` and before `end` that the fields name, on one clock.
    private static func next(_ fields: Fields, from start: Int64, to end: Int64) -> Int64? {
        let (first, last) = ((start + 59) / 60, (end + 59) / 60)
        var day = first / 1_440
        while day * 1_440 < last {
            if matches(fields, day: day) {
                for minute in max(first, day * 1_440)..<min(last, (day + 1) * 1_440)
                where fields.hours.contains(minute / 60 % 24)
                    && fields.minutes.contains(minute % 60)
                {
                    return minute * 60
                }
            }
            day += 1
        }
        return nil
    }

    private static func matches(_ fields: Fields, day: Int64) -> Bool {
        let (_, month, date) = WallTime.civil(fromDays: day)
        guard fields.months.contains(month) else { return false }
        let isDay = fields.days.contains(date)
        // 1970-01-01 was a Thursday.
        let isWeekday = fields.weekdays.contains((day + 4) % 7)
        return fields.isAnyDay || fields.isAnyWeekday ? isDay && isWeekday : isDay || isWeekday
    }

    /// The last time behind `earliest` that is not behind `now`; nil when none was due.
    package func latest(after earliest: WallTime, notAfter now: WallTime) -> WallTime? {
        if case .every(let seconds) = rule {
            let count = (now.seconds - earliest.seconds) / seconds
            return count > 0 ? WallTime(seconds: earliest.seconds + count * seconds) : nil
        }
        // From a little before now, then from ever earlier, so that few times are passed over.
        let spans: [Int64] = [120, 3_600, 86_400, 31 * 86_400, 366 * 86_400, .max]
        for back in spans {
            let start = back < now.seconds ? WallTime(seconds: now.seconds - back) : earliest
            var found: WallTime?
            var time = max(start, earliest)
            while let next = next(after: time), next <= now {
                found = next
                time = next
            }
            if found != nil || start <= earliest { return found }
        }
        return nil
    }
}
