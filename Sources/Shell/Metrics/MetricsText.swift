/// Numbers in Prometheus' text format 0.0.4: a value to which families are appended in order.
struct MetricsText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String {
        /// Only rises while the process runs.
        case counter
        case gauge
        case histogram
    }

    /// The labels of a sample, in the order in which they are written.
    typealias Labels = [(name: String, value: String)]

    private(set) var text = ""

    /// A family of one sample.
    mutating func add(_ kind: Kind, _ name: String, _ help: String, _ value: some BinaryInteger) {
        begin(kind, name, help)
        sample(name, [], String(value))
    }

    mutating func add(_ kind: Kind, _ name: String, _ help: String, seconds: Double) {
        begin(kind, name, help)
        sample(name, [], "\(seconds)")
    }

    /// A family of several samples; without any, its head stays out too.
    mutating func add(
        _ kind: Kind, _ name: String, _ help: String, _ samples: [(labels: Labels, value: String)]
    ) {
        guard !samples.isEmpty else { return }
        begin(kind, name, help)
        for (labels, value) in samples { sample(name, labels, value) }
    }

    mutating func add(_ name: String, _ help: String, _ histogram: Histogram) {
        begin(.histogram, name, help)
        var count: UInt64 = 0
        for (bound, inBucket) in zip(Histogram.boundsSeconds, histogram.counts) {
            count += inBucket
            sample(name + "_bucket", [("le", "\(bound)")], String(count))
        }
        sample(name + "_bucket", [("le", "+Inf")], String(histogram.count))
        sample(name + "_sum", [], "\(histogram.sumSeconds)")
        sample(name + "_count", [], String(histogram.count))
    }

    private mutating func begin(_ kind: Kind, _ name: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func sample(_ name: String, _ labels: Labels, _ value: String) {
        let inner = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
        text += name + (inner.isEmpty ? "" : "{\(inner.joined(separator: ","))}") + " \(value)\n"
    }

    /// Backslash, quote and line feed are escaped in label values, nothing else.
    private static func escaped(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}

/// How long things took, in buckets from half a millisecond to ten seconds.
struct Histogram: Sendable, Equatable {
    static let boundsSeconds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    /// How many fell into each bucket but not into the one before.
    private(set) var counts = [UInt64](repeating: 0, count: boundsSeconds.count)
    private(set) var count: UInt64 = 0
    private(set) var sumSeconds = 0.0

    mutating func note(seconds: Double) {
        count += 1
        sumSeconds += seconds
        if let bucket = Self.boundsSeconds.firstIndex(where: { seconds <= $0 }) {
            counts[bucket] += 1
        }
    }
}
