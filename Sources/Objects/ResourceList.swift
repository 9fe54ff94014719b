package import JSON

/// An amount of one resource and the notation in which it is written, so that a sum is printed as
/// Kubernetes prints it: `1Gi` and `512Mi` make `1536Mi`, `1` and `500m` make `1500m`.
package struct Amount: Sendable, Equatable, CustomStringConvertible {
    package enum Notation: Sendable {
        case decimal, binary, exponent
    }

    package var quantity: Quantity
    package var notation: Notation

    package init(_ quantity: Quantity, _ notation: Notation = .decimal) {
        self.quantity = quantity
        self.notation = notation
    }

    package init(count: Int) {
        self.init(Quantity(milli: Int64(clamping: count).multipliedClamping(by: 1_000)))
    }

    /// A quantity as a document holds it: a string or a number.
    package init?(_ json: JSON?) {
        switch json {
        case .string(let text):
            guard let quantity = Quantity(text) else { return nil }
            self.init(quantity, Self.notation(of: text))
        case .integer(let number):
            guard let quantity = Quantity(String(number)) else { return nil }
            self.init(quantity)
        default:
            return nil
        }
    }

    package static func == (left: Amount, right: Amount) -> Bool {
        left.quantity == right.quantity
    }

    package static func + (left: Amount, right: Amount) -> Amount {
        Amount(
            left.quantity + right.quantity,
            left.quantity == .zero ? right.notation : left.notation)
    }

    package static func - (left: Amount, right: Amount) -> Amount {
        let (difference, overflow) = left.quantity.milli.subtractingReportingOverflow(
            right.quantity.milli)
        return Amount(
            Quantity(milli: overflow ? .max : difference),
            left.quantity == .zero ? right.notation : left.notation)
    }

    private static func notation(of text: String) -> Notation {
        if text.utf8.last == UInt8(ascii: "i") { return .binary }
        let exponent = text.utf8.firstIndex { $0 | 0x20 == UInt8(ascii: "e") }
        // The suffix E alone means exa.
        guard let exponent, text.utf8.index(after: exponent) < text.utf8.endIndex else {
            return .decimal
        }
        return .exponent
    }

    /// The shortest text without loss (`Quantity.CanonicalizeBytes`).
    package var description: String {
        let milli = quantity.milli
        guard milli != 0 else { return "0" }
        let isWhole = milli % 1_000 == 0
        if notation == .binary, isWhole, milli.magnitude >= 1_024_000 {
            return Self.text(
                milli / 1_000, base: 1_024, ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"])
        }
        if notation == .exponent {
            return Self.text(
                milli, base: 1_000, ["e-3", "", "e3", "e6", "e9", "e12", "e15", "e18"])
        }
        return Self.text(milli, base: 1_000, ["m", "", "k", "M", "G", "T", "P", "E"])
    }

    private static func text(_ value: Int64, base: Int64, _ suffixes: [String]) -> String {
        var value = value
        var step = 0
        while value % base == 0, step < suffixes.count - 1 {
            value /= base
            step += 1
        }
        return String(value) + suffixes[step]
    }
}

extension Int64 {
    fileprivate func multipliedClamping(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

/// Amounts by the names of their resources (`v1.ResourceList`).
package struct ResourceList: Sendable, Equatable {
    private var amounts: [String: Amount] = [:]

    package init() {}

    /// Members that are no quantities are passed over.
    package init(_ json: JSON?) {
        guard let members = json?.object else { return }
        for (name, value) in members { amounts[name] = Amount(value) }
    }

    package subscript(name: String) -> Amount? {
        get { amounts[name] }
        set { amounts[name] = newValue }
    }

    package var isEmpty: Bool { amounts.isEmpty }
    package var names: [String] { amounts.keys.sorted() }

    package static func + (left: ResourceList, right: ResourceList) -> ResourceList {
        left.combined(right) { $0 + $1 }
    }

    package static func - (left: ResourceList, right: ResourceList) -> ResourceList {
        left.combined(right) { $0 - $1 }
    }

    package func maximum(_ other: ResourceList) -> ResourceList {
        combined(other) { $0.quantity < $1.quantity ? $1 : $0 }
    }

    private func combined(
        _ other: ResourceList, _ combine: (Amount, Amount) -> Amount
    ) -> ResourceList {
        var result = self
        for (name, amount) in other.amounts {
            result.amounts[name] = combine(amounts[name] ?? Amount(.zero), amount)
        }
        return result
    }

    /// The amounts whose names satisfy a condition.
    package func filter(_ isIncluded: (String, Amount) -> Bool) -> ResourceList {
        var result = ResourceList()
        result.amounts = amounts.filter { isIncluded($0.key, $0.value) }
        return result
    }

    package var json: JSON {
        .object(JSONObject(names.map { ($0, .string(amounts[$0]?.description ?? "0")) }))
    }

    /// `cpu=1500m,memory=1Gi`
    package var text: String {
        names.map { "\($0)=\(amounts[$0]?.description ?? "0")" }.joined(separator: ",")
    }
}

extension Container {
    /// Its `requests` or its `limits`.
    fileprivate func amounts(_ list: String) -> ResourceList {
        ResourceList(json["resources"]?[list])
    }
}

extension Pod {
    /// What the Pod asks for altogether: the larger of its containers with their sidecars and of
    /// any init container with the sidecars started before it, or what the Pod itself says, and
    /// the overhead (KEP-753, KEP-2837).
    package var totalRequests: ResourceList { total("requests") + overhead }

    /// What it may use at most. Overhead counts where there is a limit at all.
    package var totalLimits: ResourceList {
        let limits = total("limits")
        return limits + overhead.filter { name, _ in limits[name] != nil }
    }

    private var overhead: ResourceList { ResourceList(spec["overhead"]) }

    private func total(_ list: String) -> ResourceList {
        var running = containers.reduce(ResourceList()) {
            $0 + $1.amounts(list)
        }
        var sidecars = ResourceList()
        var peak = ResourceList()
        for container in initContainers {
            let own = container.amounts(list)
            if container.json["restartPolicy"]?.string == "Always" {
                sidecars = sidecars + own
                peak = peak.maximum(sidecars)
            } else {
                peak = peak.maximum(sidecars + own)
            }
        }
        running = (running + sidecars).maximum(peak)
        let whole = ResourceList(spec["resources"]?[list])
        for name in whole.names { running[name] = whole[name] }
        return running
    }
}
