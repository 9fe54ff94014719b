import Base
import NIOConcurrencyHelpers

/// Counts the API's answers, which any thread gives.
final class RequestMeter: Sendable {
    struct Kind: Hashable, Comparable {
        let method: String
        let code: Int

        static func < (left: Kind, right: Kind) -> Bool {
            (left.method, left.code) < (right.method, right.code)
        }
    }

    struct Counts: Sendable {
        /// Requests answered, by method and status code.
        fileprivate(set) var requests: [Kind: UInt64] = [:]
        /// From a request's arrival to its answer; watches and streams are not in it.
        fileprivate(set) var durations = Histogram()
    }

    private let box = NIOLockedValueBox(Counts())

    var counts: Counts { box.withLockedValue { $0 } }

    func didAnswer(_ method: String, code: Int, after duration: Span) {
        // Methods are a client's own words; few are counted by name.
        let isKnown = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(method)
        let kind = Kind(method: isKnown ? method : "other", code: code)
        box.withLockedValue { counts in
            counts.requests[kind, default: 0] += 1
            counts.durations.note(seconds: duration.seconds)
        }
    }
}
