/// Lays figures out as a table for a terminal:
///
///     figure                  podmesh      bound        etcd     ratio   met
package struct FigureTable: Sendable {
    private let peer: String
    private var figures: [Figure] = []

    /// `peer` heads the column of the other program's values; empty when there is none.
    package init(peer: String = "") { self.peer = peer }

    package mutating func append(_ figure: Figure) { figures.append(figure) }

    /// False when a bound is missed, or could not be held against anything.
    package var isEveryBoundMet: Bool {
        figures.allSatisfy { $0.bound == nil || $0.isMet == true }
    }

    /// The table, with a line break at the end.
    package var text: String {
        var rows = [["figure", "podmesh", "bound", peer, "ratio", "met"]]
        for figure in figures {
            let met = figure.isMet.map { $0 ? "yes" : "no" } ?? (figure.bound == nil ? "" : "?")
            rows.append([
                figure.name, figure.value.map(figure.unit.text) ?? "not measured",
                figure.boundText, figure.peer.map(figure.unit.text) ?? "",
                figure.ratio.map(Self.decimal) ?? "", met,
            ])
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        // A column that says nothing, such as that of a missing peer, is left out.
        let columns = rows[0].indices.filter { column in
            rows.dropFirst().contains { !$0[column].isEmpty }
        }
        return rows.map { row in
            let cells = columns.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + padding : padding + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }

    // MARK: Numbers

    /// Whole numbers with a comma between thousands.
    static func grouped(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        let digits = String(Int(abs(value).rounded()))
        var text = ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position).isMultiple(of: 3) { text += "," }
            text.append(digit)
        }
        return value < 0 && text != "0" ? "-" + text : text
    }

    /// Three digits that count, or all of those in front of the point.
    static func decimal(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1_000 else { return grouped(value) }
        let places = abs(value) >= 99.95 ? 0 : abs(value) >= 9.995 ? 1 : 2
        let factor = [1.0, 10, 100][places]
        let scaled = Int((abs(value) * factor).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard places > 0 else { return sign + String(scaled) }
        let fraction = String(scaled % Int(factor))
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(sign)\(scaled / Int(factor)).\(zeros)\(fraction)"
    }

    /// Bytes in the largest unit of which there is at least one: B, KB, MB, GB (powers of 1000).
    static func scaled(_ bytes: Double) -> String {
        var value = bytes
        for unit in ["B", "KB", "MB"] {
            if abs(value) < 1_000 {
                return (unit == "B" ? grouped(value) : decimal(value)) + " " + unit
            }
            value /= 1_000
        }
        return decimal(value) + " GB"
    }
}
