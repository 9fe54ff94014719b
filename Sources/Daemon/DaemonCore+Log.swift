import API
import Base
import Control
import Gossip
package import JSON
import Kubelet
package import Objects
import Raft
import Store

extension DaemonCore {
    mutating func perform(
        _ effect: RaftEffect, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        switch effect {
        case .persist(let persist): out.append(.persist(persist))
        case .send(let name, let message):
            // A peer that the mesh does not know yet cannot be reached; Raft repeats.
            guard let address = raftAddress(of: name) else { return }
            out.append(.sendRaft(to: name, address: address, message))
        case .apply(let entries): apply(entries, at: now, into: &out)
        case .readReady(let ticket, let index):
            onReadReady(ticket, index)
        case .readRejected(let ticket, _): onReadRejected(ticket, at: now)
        case .proposalRejected(let ticket, let rejection):
            onProposalRejected(ticket, rejection, at: now, into: &out)
        case .membershipChangeRejected:
            membership.lookAgain(at: now + configuration.limits.membershipPause)
        case .roleChanged: onRoleChanged(at: now, into: &out)
        case .membershipChanged: membership.lookAgain(at: now)
        case .saveSnapshot(let metadata): out.append(.saveSnapshot(metadata, store))
        case .writeSnapshot(let ticket, let metadata, let offset, let bytes):
            out.append(.writeSnapshot(ticket, metadata, offset: offset, bytes: bytes))
        case .installSnapshot(let metadata): out.append(.installSnapshot(metadata))
        case .readSnapshot(let ticket, let metadata, let offset, let countMax):
            out.append(.readSnapshot(ticket, metadata, offset: offset, countMax: countMax))
        case .mark(let text): out.append(.mark(text))
        }
    }

    private mutating func apply(
        _ entries: [RaftEntry], at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        var changes: [Change] = []
        var values: [JSON?] = []
        var finished: [(CommandID, TransactionResult)] = []
        let former = store.revision
        for entry in entries {
            guard case .command(let bytes) = entry.payload else {
                store.skip(index: entry.index)
                continue
            }
            let applied = store.apply(bytes, index: entry.index)
            changes += applied.changes
            var response: PendingResponse?
            if let id = applied.id, id.origin == configuration.name,
                id.epoch == configuration.epoch
            {
                finished.append((id, applied.result))
                response = pending.response(ofSequence: id.sequence)
            }
            for change in applied.changes {
                values.append(change.document.flatMap { response?.value(of: $0.bytes) })
            }
        }
        api.follow(changes, from: former, to: store.revision)
        onChanges(changes, values, at: now, into: &out)
        beginControlling(at: now)
        for (id, result) in finished { onCommitted(id, result, at: now, into: &out) }
        areReadsDue = true
    }

    private mutating func onRoleChanged(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        let isLeader = raft.role == .leader
        guard isLeader != (leadsFrom != nil) else { return }
        out.append(.holdVirtualAddress(isLeader))
        if isLeader {
            // The last entry is the empty one of this term: with it applied, everything that
            // earlier leaders committed is, too (Raft §8).
            leadsFrom = raft.lastIndex
            beginControlling(at: now)
        } else {
            leadsFrom = nil
            stopControlling(at: now)
        }
    }

    /// Starts the controllers once this leader's state holds what earlier leaders committed.
    private mutating func beginControlling(at now: Instant) {
        guard let leadsFrom, !isControlling, store.appliedIndex >= leadsFrom else { return }
        isControlling = true
        unheardDeadline = now + configuration.limits.unheardAfter
        publisher = AssignmentPublisher()
        stepControl(.wallTime(wallTime), at: now)
        for member in gossip.sortedMembers {
            guard let status = Self.peerStatus(member.status) else { continue }
            stepControl(.peerStatus(member.name, status), at: now)
        }
        stepControl(.started, at: now)
        controlLoad = ControlLoad()
        loadControl(at: now)
        membership.lookAgain(at: now)
    }

    /// Tells the controllers the next part of what the Store holds; a small Store at once. Commits
    /// are told as they come, so each part is read from the newest state.
    mutating func loadControl(at now: Instant) {
        guard var load = controlLoad else { return }
        let part = store.snapshot.list(
            .everything, after: load.last, limit: configuration.limits.controlLoadMax)
        var objects: [(ObjectKey, StoredObject)] = []
        for (key, document) in part {
            guard let key = objectKey(key), let object = Self.stored(document, nil)
            else { continue }
            _ = publisher.update(key, object.json, revision: 0)
            objects.append((key, object))
        }
        stepControl(.loaded(objects), at: now)
        load.last = part.last?.key
        controlLoad = load
        guard part.count < configuration.limits.controlLoadMax else { return }
        controlLoad = nil
        republishAssignments(at: now)
        stepControl(.synced, at: now)
    }

    /// What the controllers of a former leader still wanted is not proposed through the new one.
    private mutating func stopControlling(at now: Instant) {
        guard isControlling else { return }
        isControlling = false
        controlLoad = nil
        unheardDeadline = nil
        pending.removeControl()
        stepControl(.stopped, at: now)
    }

    // MARK: Changes

    /// Tells every part of the machine what changed in the Store.
    ///
    /// - Parameter values: those that are known without reading the documents' texts.
    private mutating func onChanges(
        _ changes: [Change], _ values: [JSON?], at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard !changes.isEmpty else { return }
        onIdentityChanges(changes, at: now, into: &out)
        var objects: [(ObjectKey, StoredObject?)] = []
        // Several objects may make one row; the last version holds what all of them say.
        var rows: [AssignmentKey: AssignmentEntry] = [:]
        for (change, value) in zip(changes, values) {
            feedWatches(change, into: &out)
            guard let key = objectKey(change.key), isRead(key, change.document) else { continue }
            let object = change.document.flatMap { Self.stored($0, value) }
            objects.append((key, object))
            guard isControlling else { continue }
            for entry in publisher.update(key, object?.json, revision: change.revision.number) {
                rows[entry.key] = entry
            }
        }
        // While the publisher does not know all, its rows may lack what others say.
        if controlLoad == nil { publish(rows, at: now) }
        if isControlling { stepControl(.changed(objects), at: now) }
        let values = objects.map { ($0.0, $0.1?.json) }
        tellKubelet(values, at: now)
        updateRoutes(values, into: &out)
    }

    /// Whether somebody on this machine reads what a change left. Controllers read everything; a
    /// kubelet cares for little of what other machines do, and to parse all of that would cost a
    /// machine that does not lead more than to apply it.
    private func isRead(_ key: ObjectKey, _ document: Document?) -> Bool {
        guard !isControlling, let document else { return true }
        return switch key.resource {
        case .nodes, .services, .persistentVolumes: true
        case .pods: ownMention.isFound(in: document.bytes)
        default: observed.documents.contains(key)
        }
    }

    /// The Store was replaced by the leader's: nothing known before counts.
    mutating func onStoreReplaced(at now: Instant, into out: inout Outbox<DaemonEffect>) {
        endWatches(into: &out)
        identities = IdentityBook(store.snapshot)
        onIdentitiesChanged(at: now, into: &out)
        if observed.hasStarted { restartKubeletView(at: now) }
        let nodes = KeyRange.resource(group: "", resource: "nodes")
        updateRoutes(objects(in: nodes).map { ($0.0, $0.1) }, into: &out)
        evaluateReads(at: now, into: &out)
    }

    /// Every object of a type that the API serves.
    package func allObjects() -> [(ObjectKey, JSON)] { objects(in: .everything) }

    func objects(in range: KeyRange) -> [(ObjectKey, JSON)] {
        var objects: [(ObjectKey, JSON)] = []
        for (key, document) in store.snapshot.list(range, after: nil, limit: .max) {
            guard let key = objectKey(key), let json = Self.object(document) else { continue }
            objects.append((key, json))
        }
        return objects
    }

    /// The API's name of a Store key; nil for documents of podmesh's own.
    func objectKey(_ key: Key) -> ObjectKey? {
        let name = ResourceName(group: key.group, plural: key.resource)
        guard let resource = resources[name] else { return nil }
        return ObjectKey(resource, namespace: key.namespace, name: key.name)
    }

    /// The document as a value that knows its version.
    static func object(_ document: Document) -> JSON? {
        StoredObject.read(document.bytes, resourceVersion: document.modRevision.number)
    }

    private static func stored(_ document: Document, _ value: JSON?) -> StoredObject? {
        let version = document.modRevision.number
        if let value {
            return StoredObject(text: document.bytes, value: value, resourceVersion: version)
        }
        return StoredObject(text: document.bytes, resourceVersion: version)
    }

    // MARK: Snapshots

    mutating func onSnapshotInstalled(
        _ metadata: RaftSnapshotMetadata, _ installed: StoreCore, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        guard raft.isInstalling(metadata) else { return }
        guard installed.appliedIndex == metadata.index else {
            stepRaft(.snapshotRefused(metadata), at: now)
            return
        }
        store = installed
        stepRaft(.snapshotInstalled(metadata), at: now)
        onStoreReplaced(at: now, into: &out)
    }

    // MARK: Assignments

    /// A new leader repeats what the table should say; rows that it says already are no news.
    private mutating func republishAssignments(at now: Instant) {
        let revision = store.snapshot.revision.number
        var rows: [AssignmentKey: AssignmentEntry] = [:]
        for entry in gossip.table.sortedEntries where entry.value != .tombstone {
            rows[entry.key] = AssignmentEntry(
                key: entry.key, revision: revision, value: .tombstone)
        }
        for entry in publisher.entries(revision: revision) { rows[entry.key] = entry }
        publish(rows, at: now)
    }

    /// A row that others still held may reach the leader only after it compared its own table with
    /// the Store. What the Store says otherwise is said again.
    mutating func contradict(_ row: AssignmentEntry, at now: Instant) {
        guard isControlling, controlLoad == nil else { return }
        let wanted = publisher.entry(of: row.key, revision: store.revision.number)
        guard wanted.value != row.value, wanted.revision > row.revision else { return }
        stepGossip(.publish(wanted), at: now)
    }

    /// Gossips the rows that say something new, in the order of their keys.
    private mutating func publish(_ rows: [AssignmentKey: AssignmentEntry], at now: Instant) {
        for key in rows.keys.sorted() {
            guard let row = rows[key], gossip.table[key]?.value != row.value else { continue }
            stepGossip(.publish(row), at: now)
        }
    }
}
