package import Base
package import JSON

/// Collects the faults of a document while rules walk through it.
package struct Validation: Sendable {
    package private(set) var errors: [FieldError] = []
    private var path = FieldPath()

    /// Faults kept of one document; a hostile one could have a fault in every few bytes.
    private static let errorsMax = 100

    /// In which schedules may be.
    package let zones: TimeZones

    package init(zones: TimeZones = .utc) { self.zones = zones }

    private mutating func add(_ error: FieldError) {
        if errors.count < Self.errorsMax { errors.append(error) }
    }

    /// Where the walk stands.
    package var field: String { path.description }

    /// Runs rules one field further down.
    package mutating func at(_ name: String, _ rules: (inout Validation) -> Void) {
        path.push(name)
        rules(&self)
        path.pop()
    }

    /// Runs rules on one element of a list field.
    package mutating func at(
        _ name: String, _ index: Int, _ rules: (inout Validation) -> Void
    ) {
        path.push(name)
        path.push(index)
        rules(&self)
        path.pop()
        path.pop()
    }

    /// Runs rules on a map's member.
    package mutating func at(key: String, _ rules: (inout Validation) -> Void) {
        path.push(key: key)
        rules(&self)
        path.pop()
    }

    /// Runs rules on each element of a list field; a missing list has none.
    package mutating func each(
        _ name: String, of owner: JSON, _ rules: (inout Validation, JSON) -> Void
    ) {
        guard let elements = owner[name]?.array, !elements.isEmpty else { return }
        path.push(name)
        for (index, element) in elements.enumerated() {
            path.push(index)
            rules(&self, element)
            path.pop()
        }
        path.pop()
    }

    /// Runs rules on each element of the list the walk stands at.
    package mutating func each(_ elements: [JSON], _ rules: (inout Validation, JSON) -> Void) {
        for (index, element) in elements.enumerated() {
            path.push(index)
            rules(&self, element)
            path.pop()
        }
    }

    package mutating func required(_ detail: String = "") {
        add(FieldError(.required, field, detail))
    }

    package mutating func invalid(_ value: JSON?, _ detail: String) {
        add(FieldError(.invalid, field, value: value ?? .null, detail))
    }

    package mutating func forbidden(_ detail: String) {
        add(FieldError(.forbidden, field, detail))
    }

    package mutating func duplicate(_ value: JSON) {
        add(FieldError(.duplicate, field, value: value))
    }

    package mutating func notFound(_ value: JSON) {
        add(FieldError(.notFound, field, value: value))
    }

    package mutating func notSupported(_ value: JSON, _ supported: [String]) {
        let list = supported.map { "\"\($0)\"" }.joined(separator: ", ")
        add(
            FieldError(.notSupported, field, value: value, "supported values: \(list)"))
    }

    package mutating func tooLong(limit: Int) {
        add(FieldError(.tooLong, field, "may not be more than \(limit) bytes"))
    }

    package mutating func tooMany(_ count: Int, limit: Int) {
        add(
            FieldError(
                .tooMany, field, value: .integer(Int64(count)),
                "must have at most \(limit) items"))
    }

    package mutating func append(_ more: [FieldError]) { more.forEach { add($0) } }
}
