/// The five fields of cron, or one of its short forms such as `@daily`.
enum CronSchedule {
    private static let fields: [(name: String, bounds: ClosedRange<Int>, names: [String])] = [
        ("minute", 0...59, []),
        ("hour", 0...23, []),
        ("day of month", 1...31, []),
        (
            "month", 1...12,
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        ),
        ("day of week", 0...6, ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
    ]

    private static let shortForms: Set<String> = [
        "@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly",
    ]

    /// What is wrong with a schedule, or nil.
    static func fault(of schedule: String) -> String? {
        if schedule.hasPrefix("@") {
            let isKnown = shortForms.contains(schedule) || schedule.hasPrefix("@every ")
            return isKnown ? nil : "unrecognized descriptor: \(schedule)"
        }
        let parts = schedule.split(separator: " ")
        guard parts.count == fields.count else {
            return "expected exactly 5 fields, found \(parts.count): "
                + "[\(parts.joined(separator: " "))]"
        }
        for (part, field) in zip(parts, fields) {
            for range in part.split(separator: ",", omittingEmptySubsequences: false) {
                if let fault = fault(of: range, field.bounds, field.names) { return fault }
            }
        }
        return nil
    }

    /// Judges one entry of a field's list: `*`, `5`, `1-5`, each with `/step`.
    private static func fault(
        of range: Substring, _ bounds: ClosedRange<Int>, _ names: [String]
    ) -> String? {
        let pieces = range.split(separator: "/", omittingEmptySubsequences: false)
        guard pieces.count <= 2 else { return "too many slashes: \(range)" }
        if pieces.count == 2 {
            guard let step = Int(pieces[1]), step >= 0 else {
                return "failed to parse int from \(pieces[1]): strconv.Atoi: parsing "
                    + "\"\(pieces[1])\": invalid syntax"
            }
            if step == 0 { return "step of range should be a positive number: \(range)" }
        }
        if pieces[0] == "*" || pieces[0] == "?" { return nil }
        let ends = pieces[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count <= 2 else { return "too many hyphens: \(range)" }
        var numbers: [Int] = []
        for end in ends {
            if let index = names.firstIndex(of: end.lowercased()) {
                numbers.append(index + bounds.lowerBound)
            } else if let number = Int(end), number >= 0 {
                numbers.append(number)
            } else {
                return "failed to parse int from \(end): strconv.Atoi: parsing \"\(end)\": "
                    + "invalid syntax"
            }
        }
        let first = numbers[0]
        let last = numbers[numbers.count - 1]
        if first < bounds.lowerBound {
            return "beginning of range (\(first)) below minimum (\(bounds.lowerBound)): \(range)"
        }
        if last > bounds.upperBound {
            return "end of range (\(last)) above maximum (\(bounds.upperBound)): \(range)"
        }
        if first > last {
            return "beginning of range (\(first)) beyond end of range (\(last)): \(range)"
        }
        return nil
    }
}
