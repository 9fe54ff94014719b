package import Base
import NIOConcurrencyHelpers

/// The time in the header `Date` (RFC 9110 §5.6.7), which is written once a second.
package enum HTTPDate {
    private static let newest = NIOLockedValueBox((second: Int64.min, text: ""))

    package static func text(at time: WallTime) -> String {
        newest.withLockedValue { newest in
            if newest.second != time.seconds {
                newest = (time.seconds, written(time.seconds))
            }
            return newest.text
        }
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func written(_ seconds: Int64) -> String {
        let days = seconds / 86_400
        let second = seconds % 86_400
        let (year, month, day) = WallTime.civil(fromDays: days)
        // The first of January 1970 was a Thursday.
        let weekday = weekdays[Int((days + 4) % 7)]
        let date = "\(weekday), \(padded(day)) \(months[Int(month - 1)]) \(year)"
        let time = [second / 3_600, second / 60 % 60, second % 60].map(padded)
        return "\(date) \(time.joined(separator: ":")) GMT"
    }

    private static func padded(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
