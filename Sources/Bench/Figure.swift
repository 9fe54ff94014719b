/// One line of a report: what was measured, what it should be, and what the peer reached.
package struct Figure: Sendable {
    /// The unit of a value, which says how it is printed.
    package enum Unit: Sendable {
        /// Operations in a second.
        case perSecond
        case microseconds
        case milliseconds
        case seconds
        case bytes
        case count
        case ratio

        package func text(_ value: Double) -> String {
            switch self {
            case .perSecond: FigureTable.grouped(value) + "/s"
            case .microseconds: FigureTable.decimal(value) + " µs"
            case .milliseconds: FigureTable.decimal(value) + " ms"
            case .seconds: FigureTable.decimal(value) + " s"
            case .bytes: FigureTable.scaled(value)
            case .count: FigureTable.grouped(value)
            case .ratio: FigureTable.decimal(value) + " ×"
            }
        }
    }

    /// What a figure must satisfy.
    package enum Bound: Sendable {
        case atLeast(Double)
        case atMost(Double)
        /// At least so many times the peer's value.
        case atLeastTimesPeer(Double)
        /// At most so many times the peer's value.
        case atMostTimesPeer(Double)
    }

    package var name: String
    package var unit: Unit
    /// Nil when it could not be measured.
    package var value: Double?
    package var bound: Bound?
    /// The same of the peer in the same run.
    package var peer: Double?

    package init(
        _ name: String, _ unit: Unit, _ value: Double?, peer: Double? = nil, bound: Bound? = nil
    ) {
        self.name = name
        self.unit = unit
        self.value = value
        self.peer = peer
        self.bound = bound
    }

    /// The value in multiples of the peer's; nil without a peer.
    package var ratio: Double? {
        guard let value, let peer, peer > 0 else { return nil }
        return value / peer
    }

    /// Nil when there is no bound, or nothing to hold against it.
    package var isMet: Bool? {
        switch bound {
        case nil: nil
        case .atLeast(let least): value.map { $0 >= least }
        case .atMost(let most): value.map { $0 <= most }
        case .atLeastTimesPeer(let factor): ratio.map { $0 >= factor }
        case .atMostTimesPeer(let factor): ratio.map { $0 <= factor }
        }
    }

    var boundText: String {
        switch bound {
        case nil: ""
        case .atLeast(let least): "≥ " + unit.text(least)
        case .atMost(let most): "≤ " + unit.text(most)
        case .atLeastTimesPeer(let factor): "≥ " + FigureTable.decimal(factor) + " × peer"
        case .atMostTimesPeer(let factor): "≤ " + FigureTable.decimal(factor) + " × peer"
        }
    }
}
