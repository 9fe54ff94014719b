/// Calendar time in seconds and nanoseconds since 1970-01-01T00:00:00Z, as object timestamps
/// need it. It enters a core as part of an input; nothing is ever scheduled by it.
public struct WallTime: Hashable, Comparable, Sendable, Codable {
    public var seconds: Int64
    public var nanoseconds: Int32

    public init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static func < (left: WallTime, right: WallTime) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }

    public static func + (left: WallTime, right: Span) -> WallTime {
        let total = Int64(left.nanoseconds) + right.nanoseconds % 1_000_000_000
        let carry = total < 0 ? -1 : total / 1_000_000_000
        return WallTime(
            seconds: left.seconds &+ right.nanoseconds / 1_000_000_000 &+ carry,
            nanoseconds: Int32(total - carry * 1_000_000_000))
    }

    public static func - (left: WallTime, right: WallTime) -> Span {
        Span.seconds(left.seconds &- right.seconds)
            + Span(nanoseconds: Int64(left.nanoseconds) - Int64(right.nanoseconds))
    }

    /// RFC 3339 in UTC with whole seconds, the form of `metav1.Time`: `2026-11-21T06:25:00Z`.
    public var rfc3339: String {
        let (days, second) = Self.floorDivide(seconds, 86_400)
        let (year, month, day) = Self.civil(fromDays: days)
        guard (0...9_999).contains(year) else { return dateAndTime + "Z" }
        // Every object that is written has such times.
        return String(unsafeUninitializedCapacity: 20) { text in
            var position = 0
            func append(_ number: Int64, _ end: StaticString) {
                text[position] = UInt8(48 + number / 10)
                text[position + 1] = UInt8(48 + number % 10)
                position += 2
                guard end.utf8CodeUnitCount > 0 else { return }
                text[position] = end.utf8Start[0]
                position += 1
            }
            append(year / 100, "")
            append(year % 100, "-")
            append(month, "-")
            append(day, "T")
            append(second / 3_600, ":")
            append(second / 60 % 60, ":")
            append(second % 60, "Z")
            return position
        }
    }

    /// RFC 3339 in UTC with six digits of fraction, the form of `metav1.MicroTime`.
    public var rfc3339Micro: String {
        dateAndTime + "." + Self.padded(Int64(nanoseconds / 1_000), 6) + "Z"
    }

    /// RFC 3339 in UTC with nine digits of fraction, the form of container log lines.
    public var rfc3339Nano: String {
        dateAndTime + "." + Self.padded(Int64(nanoseconds), 9) + "Z"
    }

    /// RFC 3339 with whole seconds, on a clock that is so many seconds ahead of UTC.
    public func rfc3339(offset: Int64) -> String {
        let local = WallTime(seconds: seconds + offset).dateAndTime
        guard offset != 0 else { return local + "Z" }
        let minutes = abs(offset) / 60
        return local + (offset < 0 ? "-" : "+") + Self.padded(minutes / 60, 2) + ":"
            + Self.padded(minutes % 60, 2)
    }

    private var dateAndTime: String {
        let (days, second) = Self.floorDivide(seconds, 86_400)
        let (year, month, day) = Self.civil(fromDays: days)
        let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
        let hours = Self.padded(second / 3_600, 2)
        let minutes = Self.padded(second / 60 % 60, 2)
        return "\(date)T\(hours):\(minutes):\(Self.padded(second % 60, 2))"
    }

    /// Reads an RFC 3339 timestamp with any fraction and any offset; nil when it is not one.
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        func number(_ range: Range<Int>) -> Int64? {
            guard range.upperBound <= bytes.count else { return nil }
            var value: Int64 = 0
            for byte in bytes[range] {
                guard byte >= 48, byte <= 57 else { return nil }
                value = value * 10 + Int64(byte - 48)
            }
            return value
        }
        guard bytes.count >= 20, bytes[4] == 45, bytes[7] == 45,
            bytes[10] == 84 || bytes[10] == 116, bytes[13] == 58, bytes[16] == 58,
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        var position = 19
        var fraction: Int64 = 0
        if bytes[position] == 46 {
            let start = position + 1
            position = start
            while position < bytes.count, bytes[position] >= 48, bytes[position] <= 57 {
                position += 1
            }
            let count = min(9, position - start)  // Finer than a nanosecond is cut off.
            guard count > 0, let digits = number(start..<start + count) else { return nil }
            fraction = digits
            for _ in count..<9 { fraction *= 10 }
        }
        guard position < bytes.count else { return nil }
        var offset: Int64 = 0
        switch bytes[position] {
        case 90, 122:
            guard position + 1 == bytes.count else { return nil }
        case 43, 45:
            guard position + 6 == bytes.count, bytes[position + 3] == 58,
                let hours = number(position + 1..<position + 3),
                let minutes = number(position + 4..<position + 6), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 3_600 + minutes * 60) * (bytes[position] == 43 ? 1 : -1)
        default:
            return nil
        }
        let days = Self.days(year: year, month: month, day: day)
        guard Self.civil(fromDays: days) == (year, month, day) else { return nil }
        seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
        nanoseconds = Int32(fraction)
    }

    /// Days since 1970-01-01 to a Gregorian date; the algorithm counts years from March so
    /// that the leap day comes last.
    public static func civil(fromDays days: Int64) -> (Int64, Int64, Int64) {
        let shifted = days + 719_468
        let (era, dayOfEra) = floorDivide(shifted, 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The inverse of ``civil(fromDays:)``.
    public static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let (era, yearOfEra) = floorDivide(month <= 2 ? year - 1 : year, 400)
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func floorDivide(_ value: Int64, _ unit: Int64) -> (Int64, Int64) {
        let quotient = value >= 0 ? value / unit : (value - unit + 1) / unit
        return (quotient, value - quotient * unit)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
