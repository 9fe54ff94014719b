/// Measurements of one thing, from which a figure is told.
///
/// Percentiles are those of the nearest rank: the p-th is the smallest sample that at least p
/// percent of all samples do not exceed. So every percentile is a value that was measured.
package struct Samples: Sendable {
    private var values: [Double] = []
    private var isSorted = true

    package init(_ values: [Double] = []) {
        self.values = values
        isSorted = values.count < 2
    }

    package var count: Int { values.count }

    package mutating func append(_ value: Double) {
        values.append(value)
        isSorted = false
    }

    package mutating func append(_ other: Samples) {
        values += other.values
        isSorted = false
    }

    /// The sample at a rank from 0 to 100; nil when there are none.
    package mutating func percentile(_ rank: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        sort()
        let position = (min(max(rank, 0), 100) / 100 * Double(values.count)).rounded(.up)
        return values[min(max(Int(position) - 1, 0), values.count - 1)]
    }

    /// The middle sample, or the mean of the two middle ones; nil when there are none.
    package mutating func median() -> Double? {
        guard !values.isEmpty else { return nil }
        sort()
        let middle = values.count / 2
        guard values.count.isMultiple(of: 2) else { return values[middle] }
        return (values[middle - 1] + values[middle]) / 2
    }

    /// Nil when there are none.
    package func mean() -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    package mutating func maximum() -> Double? { percentile(100) }
    package mutating func minimum() -> Double? { percentile(0) }

    private mutating func sort() {
        guard !isSorted else { return }
        values.sort()
        isSorted = true
    }
}
