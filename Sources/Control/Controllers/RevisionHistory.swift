import JSON
import Objects

/// The ControllerRevisions of a DaemonSet or a StatefulSet: one for each template that it has had,
/// so that going back to an older one is no new revision and restarts nothing.
struct RevisionHistory {
    /// The label that tells the Pods of one revision from those of another.
    static let podLabel = "controller-revision-hash"

    private let owner: ObjectRecord
    /// The label in which a revision itself keeps the hash of its template.
    private let hashLabel: String
    /// The oldest first.
    let revisions: [ObjectRecord]
    /// Revisions that match the owner's selector and belong to nobody.
    private let orphans: [ObjectRecord]

    init(of owner: ObjectRecord, hashLabel: String, in state: ClusterState) {
        self.owner = owner
        self.hashLabel = hashLabel
        let selector = owner.podSelector
        let all = state.records(.controllerRevisions, inNamespace: owner.key.namespace)
            .filter { !$0.isBeingDeleted && !state.isDeletionUnderWay(uid: $0.uid) }
        revisions = all.filter { $0.controller?.uid == owner.uid }.sorted {
            let (left, right) = (Self.number(of: $0), Self.number(of: $1))
            return left != right ? left < right : $0.key < $1.key
        }
        orphans = all.filter { $0.controller == nil && selector.matches($0.labels) }
    }

    static func number(of revision: ObjectRecord) -> Int64 {
        revision.json["revision"]?.integer ?? 0
    }

    /// The template that a revision keeps.
    static func template(of revision: ObjectRecord) -> JSON {
        var template = revision.json["data"]?["spec"]?["template"] ?? [:]
        template["$patch"] = JSON?.none
        return template
    }

    func named(_ name: String) -> ObjectRecord? { revisions.first { $0.key.name == name } }

    /// The revision of the owner's template; nil while it is being made or found. An older one
    /// with the same template becomes the newest again.
    func current(in state: ClusterState, _ result: inout Reconciliation) -> ObjectRecord? {
        guard orphans.isEmpty else {
            for orphan in orphans {
                result.propose(
                    Ownership.adopt(orphan, by: owner),
                    why: "its labels match and nobody controls it")
            }
            return nil
        }
        let template = owner.spec["template"] ?? [:]
        let equal = revisions.last { Rollout.templates(Self.template(of: $0), equal: template) }
        guard let equal else {
            create(template, in: state, &result)
            return nil
        }
        let newest = revisions.last.map(Self.number) ?? 0
        if Self.number(of: equal) < newest {
            result.propose(
                .patch(equal.key, ["revision": .integer(newest + 1)]),
                why: "its template is in use again")
        }
        return equal
    }

    private func create(
        _ template: JSON, in state: ClusterState, _ result: inout Reconciliation
    ) {
        let collisions = owner.status["collisionCount"]?.integer ?? 0
        let hash = TemplateHash.text(of: template, collisions: collisions)
        let key = ObjectKey(
            .controllerRevisions, namespace: owner.key.namespace,
            name: "\(owner.key.name)-\(hash)")
        if let other = state.record(key) {
            guard other.controller?.uid != owner.uid else {
                result.explanation = "the revision of this template is still being deleted"
                return
            }
            result.propose(
                .patch(
                    owner.key, ["status": ["collisionCount": .integer(collisions + 1)]],
                    subresource: "status"),
                why: "the name \(key.name) is taken")
            return
        }
        var kept = template
        kept["$patch"] = "replace"
        var labels = template["metadata"]?["labels"] ?? [:]
        labels[hashLabel] = .string(hash)
        var metadata: JSON = [
            "name": .string(key.name), "namespace": .string(key.namespace), "labels": labels,
            "ownerReferences": [owner.controllerReference],
        ]
        if let annotations = owner.json["metadata"]?["annotations"] {
            metadata["annotations"] = annotations
        }
        let number = (revisions.last.map(Self.number) ?? 0) + 1
        result.propose(
            .create(
                .controllerRevisions,
                [
                    "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata,
                    "data": ["spec": ["template": kept]], "revision": .integer(number),
                ]),
            why: "no revision has the current template")
    }

    /// Deletes the oldest revisions that no Pod has, beyond `revisionHistoryLimit`.
    func truncate(keeping live: Set<String>, _ result: inout Reconciliation) {
        let limit = Int(clamping: max(0, owner.spec["revisionHistoryLimit"]?.integer ?? 10))
        let idle = revisions.filter { !live.contains($0.key.name) }
        for revision in idle.dropLast(min(limit, idle.count)) {
            result.propose(
                .delete(revision.key, uid: revision.uid),
                why: "more old revisions than revisionHistoryLimit")
        }
    }
}
