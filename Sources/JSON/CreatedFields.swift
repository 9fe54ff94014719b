/// What the maker of a new document owns, written as `FieldsV1` in one walk over the document,
/// without a ``FieldSet`` of it.
enum CreatedFields {
    private static let metadata = "metadata"

    /// All fields but the ignored ones; nil when there is none. `metadata` itself belongs to
    /// nobody, only what is in it.
    static func json(
        of document: JSON, _ schema: (any MergeSchema)?, ignoring ignored: FieldSet
    ) -> JSON? {
        guard case .object(let members) = document else { return nil }
        let fields = Self.members(members, schema, ignored) { $0 != metadata }
        return fields.isEmpty ? nil : .object(JSONObject(distinct: fields))
    }

    private typealias Entry = (name: String, value: JSON)

    /// - Parameter owns: whether a member belongs to the maker, or only what is in it.
    private static func members(
        _ members: JSONObject, _ schema: (any MergeSchema)?, _ ignored: FieldSet?,
        _ owns: (String) -> Bool = { _ in true }
    ) -> [Entry] {
        var fields: [Entry] = []
        fields.reserveCapacity(members.count + 1)
        for (name, value) in members {
            let inner = ignored.flatMap { $0[.field(name)] }
            if inner?.isMember ?? false { continue }
            let isOwned = owns(name)
            let entries = entries(of: value, schema?.member(name), inner, isOwned: isOwned)
            if isOwned || !entries.isEmpty {
                fields.append(("f:" + name, .object(JSONObject(distinct: entries))))
            }
        }
        fields.sort { $0.name < $1.name }
        return fields
    }

    /// What is in a value, and a mark that the value itself is owned, where there is more.
    private static func entries(
        of value: JSON, _ schema: (any MergeSchema)?, _ ignored: FieldSet?, isOwned: Bool
    ) -> [Entry] {
        var entries: [Entry]
        switch value {
        case .object(let members) where !(schema?.isAtomicMap ?? false):
            entries = Self.members(members, schema, ignored)
        case .array(let elements) where (schema?.listType ?? .atomic) != .atomic:
            entries = Self.elements(elements, schema, ignored)
        default:
            return []
        }
        if isOwned, !entries.isEmpty { entries.insert((".", .object([:])), at: 0) }
        return entries
    }

    /// Of two elements with the same keys the first one counts.
    private static func elements(
        _ elements: [JSON], _ schema: (any MergeSchema)?, _ ignored: FieldSet?
    ) -> [Entry] {
        var fields: [Entry] = []
        var seen: Set<FieldSet.PathElement> = []
        for value in elements {
            guard let element = pathElement(of: value, in: schema), seen.insert(element).inserted
            else { continue }
            let inner = ignored.flatMap { $0[element] }
            if inner?.isMember ?? false { continue }
            let entries = entries(of: value, schema?.element, inner, isOwned: true)
            fields.append((element.text, .object(JSONObject(distinct: entries))))
        }
        fields.sort { $0.name < $1.name }
        return fields
    }
}
