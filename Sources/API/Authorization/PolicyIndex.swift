import Objects
import Store

/// What decides over requests in general: the roles with their bindings, and the FlowSchemas with
/// their priority levels. Read once from a Store and kept until one of them changes.
struct PolicyIndex: Sendable {
    private(set) var roles = RoleIndex()
    private(set) var flows = FlowIndex()
    private var rolesRead = State()
    private var flowsRead = State()
    private var areLevelsNew = false
    /// The state of the Store that was compared last.
    private var revision = Revision(0)

    /// What tells one state of some kinds from another: none of their objects can be added, changed
    /// or deleted without changing the number of them or the newest revision.
    private struct State: Sendable, Equatable {
        var counts: [Int] = []
        var newest = Revision(0)

        init() {}

        init(of kinds: [Resource], in snapshot: Snapshot) {
            for kind in kinds {
                var count = 0
                snapshot.forEach(in: .all(of: kind)) { _, document in
                    count += 1
                    newest = max(newest, document.modRevision)
                    return true
                }
                counts.append(count)
            }
        }
    }

    private static let groups = Set((RoleIndex.kinds + FlowIndex.kinds).map(\.group))

    /// Brings the index up to date with a state that it may know nothing of.
    mutating func refresh(from snapshot: Snapshot) {
        guard snapshot.revision != revision else { return }
        revision = snapshot.revision
        let roles = State(of: RoleIndex.kinds, in: snapshot)
        if roles != rolesRead {
            rolesRead = roles
            self.roles = RoleIndex(snapshot)
        }
        let flows = State(of: FlowIndex.kinds, in: snapshot)
        if flows != flowsRead {
            flowsRead = flows
            self.flows = FlowIndex(snapshot)
            areLevelsNew = true
        }
    }

    /// Follows changes that led from one state to another. When none of them is about a policy,
    /// nothing need be compared at the next ``refresh(from:)``.
    mutating func follow(_ changes: [Change], from: Revision, to: Revision) {
        guard from == revision, !changes.contains(where: { Self.groups.contains($0.key.group) })
        else { return }
        revision = to
    }

    /// The priority levels, when they are others than at the last call.
    mutating func takeNewLevels() -> [PriorityLevel]? {
        defer { areLevelsNew = false }
        return areLevelsNew ? flows.levels : nil
    }
}

extension KeyRange {
    static func all(of resource: Resource) -> KeyRange {
        .resource(group: resource.group, resource: resource.plural)
    }
}
