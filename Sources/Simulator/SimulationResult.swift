package import Base
import JSON

/// What a report says, as one line of JSON that a worker writes and the command reads.
package struct SimulationResult: Sendable {
    package var task: SimulationTask
    package var digest: UInt64
    package var duration: Span
    package var steps: Int
    package var coverage: FaultCoverage
    package var failure: SimulationFailure?
    /// The report in one line, and what a failure leaves to read.
    package var summary: String
    package var details: [String]

    package init(_ task: SimulationTask, _ report: SimulationReport) {
        self.task = task
        digest = report.traceDigest
        duration = report.duration
        steps = report.steps
        coverage = report.coverage
        failure = report.failure
        summary = report.summary
        details = report.failure == nil ? [] : report.lastLines + report.documents
    }

    /// A run whose process ended before it could tell of it.
    package init(crashed task: SimulationTask, _ how: String) {
        self.task = task
        digest = 0
        duration = .zero
        steps = 0
        coverage = FaultCoverage()
        failure = SimulationFailure(.crash, how)
        summary = "seed \(task.seed): FAILED (crash): \(how)"
        details = []
    }

    package var line: String {
        var json: JSON = [
            "task": .string(task.line), "digest": .string(String(digest, radix: 16)),
            "nanoseconds": .integer(duration.nanoseconds), "steps": .integer(Int64(steps)),
            "summary": .string(summary), "details": .array(details.map { .string($0) }),
            "coverage": .array(
                FaultKind.allCases.map { .integer(Int64(coverage[$0])) }),
        ]
        if let failure {
            json["kind"] = .integer(Int64(failure.kind.rawValue))
            json["failure"] = .string(failure.text)
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    package init?(line: String) {
        guard let json = try? JSON(parsing: Array(line.utf8)),
            let task = json["task"]?.string.flatMap({ SimulationTask(line: $0) }),
            let digest = json["digest"]?.string.flatMap({ UInt64($0, radix: 16) }),
            let nanoseconds = json["nanoseconds"]?.integer, let steps = json["steps"]?.integer,
            let summary = json["summary"]?.string, let details = json["details"]?.array,
            let counts = json["coverage"]?.array, counts.count == FaultKind.allCases.count
        else { return nil }
        self.task = task
        self.digest = digest
        duration = .nanoseconds(nanoseconds)
        self.steps = Int(steps)
        self.summary = summary
        self.details = details.compactMap(\.string)
        coverage = FaultCoverage()
        for (kind, count) in zip(FaultKind.allCases, counts) {
            coverage[kind] = Int(count.integer ?? 0)
        }
        if let kind = json["kind"]?.integer.flatMap({ Int32(exactly: $0) })
            .flatMap(SimulationFailure.Kind.init(rawValue:))
        {
            failure = SimulationFailure(kind, json["failure"]?.string ?? "")
        }
    }
}

/// The sum of many runs.
package struct SimulationTotals: Sendable {
    package private(set) var runs = 0
    package private(set) var seasons = 0
    package private(set) var steps = 0
    package private(set) var simulated = Span.zero
    package private(set) var coverage = FaultCoverage()

    package init() {}

    package mutating func add(_ result: SimulationResult) {
        runs += 1
        if result.task.length == .season { seasons += 1 }
        steps += result.steps
        simulated = simulated + result.duration
        coverage.add(result.coverage)
    }

    /// - Parameter elapsed: real time since the first run began.
    package func progress(after elapsed: Span) -> String {
        let seconds = max(1, elapsed.seconds)
        let hours = simulated.seconds / 3_600
        return "\(Int(elapsed.seconds)) s: \(runs - seasons) storms and \(seasons) seasons, "
            + "\(Self.tenths(hours)) cluster-hours, "
            + "\(Self.tenths(hours / seconds * 60)) a minute, "
            + "\(Int(Double(steps) / seconds)) steps a second"
    }

    private static func tenths(_ number: Double) -> String {
        let tenths = Int(number * 10)
        return "\(tenths / 10).\(tenths % 10)"
    }
}
