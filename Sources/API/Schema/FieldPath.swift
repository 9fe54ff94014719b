/// The way from a document's root to a value, kept while a walk goes down and comes up again. Its
/// text is made only when an error needs it.
package struct FieldPath: Sendable, CustomStringConvertible {
    package enum Step: Sendable {
        case name(String)
        case index(Int)
        /// A free name in a map: `metadata.labels[app]`.
        case key(String)
    }

    private var steps: [Step] = []

    package init() {}

    package mutating func push(_ name: String) { steps.append(.name(name)) }
    package mutating func push(_ index: Int) { steps.append(.index(index)) }
    package mutating func push(key: String) { steps.append(.key(key)) }

    /// Leaves the value that was entered last.
    package mutating func pop() { steps.removeLast() }

    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .name(let name): text += text.isEmpty ? name : "." + name
            case .index(let index): text += "[\(index)]"
            case .key(let key): text += "[\(key)]"
            }
        }
        return text
    }

    /// The field names alone, as Go's decoder names a place.
    var names: String {
        var text = ""
        for case .name(let name) in steps { text += text.isEmpty ? name : "." + name }
        return text
    }
}
