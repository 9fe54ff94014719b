/// `metadata.managedFields`: which manager set which fields (`metav1.ManagedFieldsEntry`).
public struct ManagedFields: Sendable, Equatable {
    public enum Operation: String, Sendable {
        case apply = "Apply"
        case update = "Update"
    }

    public struct Manager: Hashable, Sendable {
        public var name: String
        public var operation: Operation
        public var apiVersion: String
        public var subresource: String

        public init(
            name: String, operation: Operation, apiVersion: String, subresource: String = ""
        ) {
            self.name = name
            self.operation = operation
            self.apiVersion = apiVersion
            self.subresource = subresource
        }
    }

    public struct Entry: Sendable, Equatable {
        public var manager: Manager
        /// RFC 3339; when the manager last changed its set.
        public var time: String
        public var fields: FieldSet
    }

    /// How many entries of the operation Update are kept; older ones are folded into the
    /// manager `ancient-changes`, as in Kubernetes.
    public static let updateManagersMax = 10

    public var entries: [Entry] = []

    public init() {}

    /// Reads `metadata.managedFields`; entries without sense are passed over.
    public init(json: JSON?) {
        for item in json?.array ?? [] {
            guard let operation = Operation(rawValue: item["operation"]?.string ?? ""),
                let fields = item["fieldsV1"]
            else { continue }
            let manager = Manager(
                name: item["manager"]?.string ?? "", operation: operation,
                apiVersion: item["apiVersion"]?.string ?? "",
                subresource: item["subresource"]?.string ?? "")
            entries.append(
                Entry(
                    manager: manager, time: item["time"]?.string ?? "",
                    fields: FieldSet(json: fields)))
        }
    }

    public var json: JSON {
        .array(sorted.map { Self.json($0.manager, time: $0.time, fields: $0.fields.json) })
    }

    /// - Parameter fields: as `FieldsV1`.
    static func json(_ manager: Manager, time: String, fields: JSON) -> JSON {
        var json: JSON = [
            "manager": .string(manager.name),
            "operation": .string(manager.operation.rawValue),
            "apiVersion": .string(manager.apiVersion),
        ]
        if !time.isEmpty { json["time"] = .string(time) }
        json["fieldsType"] = "FieldsV1"
        json["fieldsV1"] = fields
        if !manager.subresource.isEmpty { json["subresource"] = .string(manager.subresource) }
        return json
    }

    /// Apply before Update, then by time and name: the order in which Kubernetes writes them.
    private var sorted: [Entry] {
        entries.sorted { left, right in
            let (one, other) = (left.manager, right.manager)
            if one.operation != other.operation { return one.operation == .apply }
            return (left.time, one.name, one.apiVersion, one.subresource)
                < (right.time, other.name, other.apiVersion, other.subresource)
        }
    }

    public subscript(manager: Manager) -> Entry? {
        entries.first { $0.manager == manager }
    }

    /// Sets a manager's fields; the time changes only when the set does.
    mutating func set(_ manager: Manager, _ fields: FieldSet, time: String) {
        if let index = entries.firstIndex(where: { $0.manager == manager }) {
            if fields.isEmpty {
                entries.remove(at: index)
            } else if entries[index].fields != fields {
                entries[index].fields = fields
                entries[index].time = time
            }
        } else if !fields.isEmpty {
            entries.append(Entry(manager: manager, time: time, fields: fields))
        }
    }

    /// Takes fields away from every other manager; who has none left is dropped.
    mutating func remove(_ fields: FieldSet, fromAllBut manager: Manager?) {
        for index in entries.indices where entries[index].manager != manager {
            entries[index].fields = entries[index].fields.subtracting(fields)
        }
        entries.removeAll { $0.fields.isEmpty }
    }

    /// The union of all other managers' fields.
    func fields(ofAllBut manager: Manager) -> FieldSet {
        entries.filter { $0.manager != manager }.reduce(FieldSet()) { $0.union($1.fields) }
    }

    mutating func foldOldUpdates() {
        let updates = sorted.filter { $0.manager.operation == .update }
        let excess = updates.prefix(max(0, updates.count - Self.updateManagersMax + 1))
        guard excess.count > 1, let newest = excess.last else { return }
        let manager = Manager(
            name: "ancient-changes", operation: .update, apiVersion: newest.manager.apiVersion,
            subresource: newest.manager.subresource)
        let fields = excess.reduce(FieldSet()) { $0.union($1.fields) }
        entries =
            entries.filter { $0.manager.operation == .apply }
            + [Entry(manager: manager, time: newest.time, fields: fields)]
            + updates.dropFirst(excess.count)
    }
}
