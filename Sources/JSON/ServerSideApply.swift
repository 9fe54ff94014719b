/// The data work of server-side apply and of ownership tracking for ordinary updates
/// (`structured-merge-diff`'s `merge.Updater` and the API server's field manager).
public struct ServerSideApply: Sendable {
    /// A field that another manager owns with a different value.
    public struct Conflict: Sendable, Equatable {
        public let manager: ManagedFields.Manager
        public let path: FieldSet.Path

        public init(manager: ManagedFields.Manager, path: FieldSet.Path) {
            self.manager = manager
            self.path = path
        }
    }

    public enum Failure: Error, Equatable, Sendable {
        /// The applied configuration is not well formed.
        case invalid(PatchError)
        /// Others own fields that the configuration would change, sorted by manager and path.
        case conflicts([Conflict])
    }

    public let schema: (any MergeSchema)?
    public let manager: String
    /// Of the resource, such as `apps/v1`.
    public let apiVersion: String
    public let subresource: String
    /// RFC 3339; recorded with sets that change.
    public let time: String
    /// Fields that this endpoint does not let the manager own, such as `status` on the main one.
    public let ignored: FieldSet

    public init(
        schema: (any MergeSchema)?, manager: String, apiVersion: String, subresource: String = "",
        time: String, ignored: FieldSet = FieldSet()
    ) {
        self.schema = schema
        self.manager = manager
        self.apiVersion = apiVersion
        self.subresource = subresource
        self.time = time
        self.ignored = Self.unowned(and: ignored)
    }

    /// As the other one, with what ``unowned(and:)`` gave, so that it is made once for many writes.
    public init(
        schema: (any MergeSchema)?, manager: String, apiVersion: String, subresource: String,
        time: String, allIgnored: FieldSet
    ) {
        self.schema = schema
        self.manager = manager
        self.apiVersion = apiVersion
        self.subresource = subresource
        self.time = time
        ignored = allIgnored
    }

    /// What nobody owns, and more.
    public static func unowned(and ignored: FieldSet) -> FieldSet { ignored.union(unowned) }

    /// What nobody owns, because the server sets it or it names the object.
    private static let unowned = FieldSet(fields: [
        ["apiVersion"], ["kind"], ["metadata", "name"], ["metadata", "namespace"],
        ["metadata", "creationTimestamp"], ["metadata", "selfLink"], ["metadata", "uid"],
        ["metadata", "clusterName"], ["metadata", "generation"], ["metadata", "managedFields"],
        ["metadata", "resourceVersion"],
    ])

    private func owned(_ fields: FieldSet) -> FieldSet {
        var result = fields.removing(subtrees: ignored)
        // `metadata` itself belongs to nobody, only what is in it.
        let metadata = FieldSet.PathElement.field("metadata")
        result[metadata]?.isMember = false
        if result[metadata]?.isEmpty ?? false { result[metadata] = nil }
        return result
    }

    /// Records an update: `new` (as it will be stored) with its `metadata.managedFields` brought up
    /// to date. `old` is nil for a create. An update takes fields over without conflict.
    public func update(old: JSON?, new: JSON) -> JSON {
        if old == nil, let metadata = new["metadata"]?.object, metadata["managedFields"] == nil {
            return owningAll(of: new)
        }
        return updating(old: old, new: new)
    }

    /// As ``updating(old:new:)`` of a document that nobody owned anything of, at a fraction of its
    /// cost: most writes make something new.
    private func owningAll(of new: JSON) -> JSON {
        let who = ManagedFields.Manager(
            name: manager, operation: .update, apiVersion: apiVersion, subresource: subresource)
        var document = new
        if let fields = CreatedFields.json(of: new, schema, ignoring: ignored) {
            document[path: ["metadata", "managedFields"]] =
                [ManagedFields.json(who, time: time, fields: fields)]
        }
        return document
    }

    /// The general case of ``update(old:new:)``.
    private func updating(old: JSON?, new: JSON) -> JSON {
        var managed = carriedManagers(old: old, new: new)
        let comparison = (old ?? .object([:])).compared(to: new, schema: schema)
        let changed = comparison.added.union(comparison.modified)
        let who = ManagedFields.Manager(
            name: manager, operation: .update, apiVersion: apiVersion, subresource: subresource)
        managed.remove(changed.union(comparison.removed), fromAllBut: who)
        let previous = managed[who]?.fields ?? FieldSet()
        let current = owned(previous.union(changed).subtracting(comparison.removed))
        managed.set(who, current, time: time)
        managed.foldOldUpdates()
        return writing(managed, into: new)
    }

    /// Clients send back the list that they read; one that they emptied resets ownership.
    private func carriedManagers(old: JSON?, new: JSON) -> ManagedFields {
        let name = ["metadata", "managedFields"]
        guard let sent = new[path: name] else { return ManagedFields(json: old?[path: name]) }
        let managed = ManagedFields(json: sent)
        let isReset = sent.array?.allSatisfy { $0 == .object([:]) } ?? false
        if managed.entries.isEmpty, !isReset { return ManagedFields(json: old?[path: name]) }
        return managed
    }

    private func writing(_ managed: ManagedFields, into document: JSON) -> JSON {
        var document = document
        document[path: ["metadata", "managedFields"]] =
            managed.entries.isEmpty ? JSON?.none : managed.json
        return document
    }

    /// Applies a configuration: the result has it merged into `live` (nil when the object does not
    /// exist yet), without what this manager applied before and nobody else owns.
    /// With `force` fields are taken over from other managers.
    public func apply(_ applied: JSON, to live: JSON?, force: Bool) throws(Failure) -> JSON {
        var managed = ManagedFields(json: live?[path: ["metadata", "managedFields"]])
        if managed.entries.isEmpty, let live { managed = ownersBeforeFirstApply(of: live) }
        let who = ManagedFields.Manager(
            name: manager, operation: .apply, apiVersion: apiVersion, subresource: subresource)
        let set: FieldSet
        do {
            set = owned(try applied.fieldSet(schema: schema))
        } catch {
            throw .invalid(error)
        }
        let start = live ?? .object([:])
        var result = start.merged(applying: withoutIgnored(applied), schema: schema)
        let comparison = start.compared(to: result, schema: schema)
        try resolveConflicts(
            with: comparison.added.union(comparison.modified), by: who, &managed, force: force)
        let stale = (managed[who]?.fields ?? FieldSet()).subtracting(set)
        result = result.pruned(
            stale, keeping: set.union(managed.fields(ofAllBut: who)), schema: schema)
        let removed = start.compared(to: result, schema: schema).removed
        managed.remove(removed, fromAllBut: who)
        managed.set(who, set, time: time)
        return writing(managed, into: result)
    }

    private func withoutIgnored(_ applied: JSON) -> JSON {
        var result = applied.pruned(ignored, keeping: FieldSet(), schema: schema)
        // The names are not owned, but a new object needs them.
        result["apiVersion"] = applied["apiVersion"]
        result["kind"] = applied["kind"]
        for name in ["name", "namespace"] {
            if let value = applied["metadata"]?[name] { result[path: ["metadata", name]] = value }
        }
        return result
    }

    /// An object that was written before anybody tracked fields gets one manager for all it has.
    private func ownersBeforeFirstApply(of live: JSON) -> ManagedFields {
        var managed = ManagedFields()
        let all = JSON.object([:]).compared(to: live, schema: schema).added
        managed.set(
            ManagedFields.Manager(
                name: "before-first-apply", operation: .update, apiVersion: apiVersion),
            owned(all), time: time)
        return managed
    }

    private func resolveConflicts(
        with changed: FieldSet, by who: ManagedFields.Manager, _ managed: inout ManagedFields,
        force: Bool
    ) throws(Failure) {
        var conflicts: [Conflict] = []
        for entry in managed.entries where entry.manager != who {
            for path in entry.fields.intersection(changed).paths {
                conflicts.append(Conflict(manager: entry.manager, path: path))
            }
        }
        guard conflicts.isEmpty || force else {
            throw .conflicts(
                conflicts.sorted {
                    ($0.manager.name, $0.path.fieldPath) < ($1.manager.name, $1.path.fieldPath)
                })
        }
        managed.remove(changed, fromAllBut: who)
    }
}
