import API
import Base

extension LogOptions {
    /// What a client's query means at this time of day.
    init(_ query: API.LogOptions, at now: WallTime) {
        self.init()
        follow = query.follow
        timestamps = query.timestamps
        tailLines = query.tailLines.map { Int(clamping: $0) }
        limitBytes = query.limitBytes.map { Int(clamping: $0) }
        if let text = query.sinceTime { sinceTime = WallTime(rfc3339: text) }
        if let seconds = query.sinceSeconds { sinceTime = now + .seconds(-max(0, seconds)) }
    }
}
