package import Base
import Gossip
import JSON
package import Objects
package import Store

/// The cluster's identities as this machine's Store holds them, and the decisions about them: who
/// may be admitted, renewed, removed, and how one authority follows another.
///
/// Every decision is a pure function to a transaction whose preconditions name the documents that
/// it read, so two machines that decide at once cannot both be right.
package struct IdentityBook: Sendable {
    package private(set) var keyring: Keyring?
    package private(set) var records: [MachineName: MachineRecord] = [:]
    /// Names of ``records``, in order.
    package private(set) var names: [MachineName] = []
    private var revisions: [Key: Revision] = [:]

    /// Certificates live for a year and are renewed when a third of that is left.
    package static let certificateLifetime = Span.seconds(365 * 86_400)
    /// Names remembered, removed ones included; further machines are refused.
    package static let recordsMax = 4_096

    package init() {}

    package init(_ snapshot: Snapshot) {
        if let document = snapshot[Keyring.key] { apply(Keyring.key, document) }
        for (key, document) in snapshot.list(MachineRecord.all) { apply(key, document) }
    }

    /// Takes over what the Store says of a key; true when that concerns identities.
    @discardableResult
    package mutating func apply(_ key: Key, _ document: Document?) -> Bool {
        guard key.group == Keyring.key.group else { return false }
        let json = document.flatMap { try? JSON(parsing: $0.bytes) }
        if key == Keyring.key {
            keyring = json.flatMap(Keyring.init)
        } else if key.resource == "machines", let name = MachineName(key.name) {
            records[name] = json.flatMap(MachineRecord.init)
            names = records.keys.sorted()
        } else {
            return false
        }
        revisions[key] = document?.modRevision
        return true
    }

    /// Whether a certificate of that name and serial is refused.
    package func bars(_ name: MachineName, serial: UInt64) -> Bool {
        (records[name]?.barredUpTo ?? 0) >= serial
    }

    package func isRemoved(_ name: MachineName) -> Bool { records[name]?.isRemoved == true }

    /// The machines that were removed and did not come back.
    package var removed: Set<MachineName> { Set(names.filter(isRemoved)) }

    /// The serial of the next certificate of a name: time, but always above the ones before.
    package func nextSerial(of name: MachineName, at wall: WallTime) -> UInt64 {
        let record = records[name]
        let last = max(record?.certified.serial ?? 0, record?.barredUpTo ?? 0)
        return max(UInt64(max(1, wall.seconds)), last == .max ? last : last + 1)
    }

    // MARK: Decisions

    /// The writes of a decision with what must hold for them; no writes when all is done already.
    package struct Decision: Sendable, Equatable {
        package var preconditions: [Precondition]
        package var operations: [Operation]

        package init(preconditions: [Precondition] = [], operations: [Operation] = []) {
            self.preconditions = preconditions
            self.operations = operations
        }
    }

    package func decide(
        _ request: IdentityRequest, _ view: IdentityView
    ) throws(StatusError) -> Decision {
        switch request {
        case .admit(let name, let certified, let vaultKey, let boxes):
            return try admit(name, certified, vaultKey, boxes, view)
        case .renew(let certified): return try renew(certified, view)
        case .remove(let name, let evenIfAlive): return try remove(name, evenIfAlive, view)
        case .rotate(let authority, let keepOld): return try rotate(authority, keepOld, view)
        case .hurry: return try hurry()
        case .acknowledge(let generation): return acknowledge(generation, view)
        case .advance: return advance(view)
        }
    }

    /// Why a name may not be admitted; nil when it may.
    package func refusal(ofNewcomer name: MachineName, _ view: IdentityView) -> StatusError? {
        if view.live.contains(name) {
            return StatusError(
                .conflict,
                "a machine named \"\(name)\" is a live member of the cluster; choose another name "
                    + "in the configuration's field \"name\"")
        }
        if let record = records[name], record.hasEntered, !record.isRemoved {
            return StatusError(
                .conflict,
                "\"\(name)\" is a member of the cluster that is away and was not removed; if its "
                    + "data folder is lost, run \"podmesh members remove \(name)\" on a machine "
                    + "of the cluster, make a new token there, and join again")
        }
        if view.voters.contains(name), isRemoved(name) {
            return StatusError(
                .serviceUnavailable,
                "\"\(name)\" was removed and is still leaving the log; try again",
                retryAfterSeconds: 1)
        }
        if records[name] == nil, records.count >= Self.recordsMax {
            return StatusError(.tooManyRequests, "the cluster remembers too many machines")
        }
        return nil
    }

    private func admit(
        _ name: MachineName, _ certified: MachineRecord.Certified, _ vaultKey: [UInt8],
        _ boxes: [String: [UInt8]], _ view: IdentityView
    ) throws(StatusError) -> Decision {
        if let refusal = refusal(ofNewcomer: name, view) { throw refusal }
        guard var keyring else { throw Self.noKeyring }
        guard keyring.issuing?.id == certified.authority,
            certified.serial == nextSerial(of: name, at: certified.issuedAt)
        else { throw Self.outdated }
        for index in keyring.authorities.indices {
            guard let box = boxes[keyring.authorities[index].id] else { throw Self.outdated }
            keyring.authorities[index].vault.keys[name] = box
        }
        var record = MachineRecord(name: name, certified: certified, vaultKey: vaultKey)
        record.barredUpTo = records[name].map { max($0.barredUpTo, $0.certified.serial) } ?? 0
        return Decision(
            preconditions: [unchanged(Keyring.key), unchanged(MachineRecord.key(of: name))],
            operations: [put(keyring), put(record)])
    }

    private func renew(
        _ certified: MachineRecord.Certified, _ view: IdentityView
    ) throws(StatusError) -> Decision {
        guard var record = records[view.local], !record.isRemoved else { throw Self.removedSelf }
        guard keyring?.issuing?.id == certified.authority,
            certified.serial > record.certified.serial
        else { throw Self.outdated }
        record.certified = certified
        return Decision(
            preconditions: [
                unchanged(Keyring.key), unchanged(MachineRecord.key(of: record.name)),
            ], operations: [put(record)])
    }

    private func acknowledge(_ generation: UInt64, _ view: IdentityView) -> Decision {
        guard var record = records[view.local], !record.isRemoved,
            record.acknowledged < generation, keyring?.generation == generation
        else { return Decision() }
        record.acknowledged = generation
        return Decision(
            preconditions: [unchanged(MachineRecord.key(of: record.name))],
            operations: [put(record)])
    }

    // MARK: Removal

    private func remove(
        _ name: MachineName, _ evenIfAlive: Bool, _ view: IdentityView
    ) throws(StatusError) -> Decision {
        guard name != view.local else {
            throw StatusError(
                .forbidden,
                "a machine cannot remove itself; run the command on another machine of the cluster")
        }
        guard records[name] != nil || view.known.contains(name) else {
            throw StatusError(
                .notFound,
                "no machine is named \"\(name)\"; \"podmesh members\" lists them")
        }
        if isRemoved(name) { return Decision() }
        guard evenIfAlive || !view.live.contains(name) else {
            throw StatusError(
                .conflict,
                "\"\(name)\" is alive; stop it first, or add --yes to remove it as it runs")
        }
        try checkQuorum(without: name, view)
        guard var keyring else { throw Self.noKeyring }
        for index in keyring.authorities.indices {
            keyring.authorities[index].vault.keys[name] = nil
        }
        // A machine that no record is kept of is barred whatever its serial.
        let blank = MachineRecord.Certified(
            serial: UInt64(max(1, view.wall.seconds)), authority: "", issuedAt: view.wall,
            expiry: view.wall + Self.certificateLifetime)
        var record =
            records[name] ?? MachineRecord(name: name, certified: blank, vaultKey: [])
        record.barredUpTo = record.certified.serial
        record.removedAt = view.wall
        return Decision(
            preconditions: [unchanged(Keyring.key), unchanged(MachineRecord.key(of: name))],
            operations: [
                put(keyring), put(record),
                .delete(Key(group: "", resource: "nodes", name: name.text)),
            ])
    }

    /// The voters that remain must be able to decide without the machine.
    private func checkQuorum(
        without name: MachineName, _ view: IdentityView
    ) throws(StatusError) {
        guard view.voters.contains(name) else { return }
        let remaining = view.voters.filter { $0 != name }
        let healthy = remaining.filter(view.live.contains)
        guard healthy.count >= remaining.count / 2 + 1 else {
            let away = remaining.filter { !view.live.contains($0) }.map(\.text)
            throw StatusError(
                .conflict,
                "without \"\(name)\" the voters would lose their quorum: of the "
                    + "\(remaining.count) that remain \(healthy.count) would be alive"
                    + (away.isEmpty ? "" : " (\(away.joined(separator: ", ")) away)")
                    + "; bring voters back or let other machines join first")
        }
    }

    // MARK: Documents

    func unchanged(_ key: Key) -> Precondition {
        revisions[key].map { .unchanged(key, since: $0) } ?? .absent(key)
    }

    func put(_ keyring: Keyring) -> Operation { .put(Keyring.key, keyring.document.bytes) }

    func put(_ record: MachineRecord) -> Operation {
        .put(MachineRecord.key(of: record.name), record.document.bytes)
    }

    static let noKeyring = StatusError(
        .serviceUnavailable, "the cluster's keyring is not in the store yet",
        retryAfterSeconds: 1)
    static let outdated = StatusError(
        .serviceUnavailable, "the cluster's identities changed meanwhile; try again",
        retryAfterSeconds: 1)
    static let removedSelf = StatusError(
        .forbidden, "this machine was removed from the cluster")
}
