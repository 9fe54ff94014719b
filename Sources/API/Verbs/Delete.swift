import Base
import JSON
import Objects
import Store

/// Deletion, which takes several steps where a grace period or finalizers ask for it:
///
///     live ─delete→ (finalizers, or a Pod's grace) deletionTimestamp set
///                     ├─delete with a shorter grace→ deletionTimestamp moved up
///                     └─last finalizer gone, grace over→ removed
///     live ─delete→ (neither) removed
///
/// (`k8s.io/apiserver/pkg/registry/generic/registry`, `BeforeDelete` and
/// `deletionFinalizersForGarbageCollection`.)
extension Evaluation {
    mutating func delete(
        _ target: ResourceTarget, _ options: DeleteOptions
    ) throws(StatusError) -> Planned {
        let current = try existing(target)
        let old = current.json
        try checkPreconditions(options, current, old, target)
        try checkMayGo(target)
        try restrictNode(nil, replacing: old, target)
        let step = deletionStep(of: old, target, options)
        let definition = target.definition
        let response: PendingResponse
        switch step {
        case .remove where !definition.returnsDeletedObject:
            var status = pending(plain: Self.success(old, target))
            status.written = old
            response = status
        case .remove:
            response = pending(old, definition)
        case .mark(let marked):
            response = pending(marked, definition)
        case .nothing:
            return .answer(pending(old, definition), current.modRevision)
        }
        if options.isDryRun { return .answer(response, current.modRevision) }
        switch step {
        case .mark(let marked):
            return .commit(
                Commit(
                    preconditions: [.unchanged(target.key, since: current.modRevision)],
                    operations: [
                        .put(target.key, definition.storedBytes(definition.stored(marked)))
                    ],
                    response: response))
        case .remove, .nothing:
            return .commit(removal(of: current, old, target, response))
        }
    }

    private enum Step {
        case remove
        /// Write the document, which now waits for deletion.
        case mark(JSON)
        /// It waits already, and the request changes nothing about it.
        case nothing
    }

    /// The transaction that takes an object away, with what was allocated for it.
    func removal(
        of current: Document, _ old: JSON, _ target: ResourceTarget, _ response: PendingResponse
    ) -> Commit {
        var writes = Writes()
        writes.preconditions.append(.unchanged(target.key, since: current.modRevision))
        writes.operations.append(.delete(target.key))
        if target.resource == .services { releaseAddresses(of: old, &writes) }
        return writes.commit(response)
    }

    private func checkPreconditions(
        _ options: DeleteOptions, _ current: Document, _ old: JSON, _ target: ResourceTarget
    ) throws(StatusError) {
        let name = target.name ?? ""
        let uid = old["metadata"]?["uid"]?.string ?? ""
        if let wanted = options.uid, wanted != uid {
            throw StatusError.conflict(
                target.resource, name,
                "Precondition failed: UID in precondition: \(wanted), UID in object meta: \(uid)")
        }
        let version = current.modRevision.description
        if let wanted = options.resourceVersion, wanted != version {
            throw StatusError.conflict(
                target.resource, name,
                "the ResourceVersion in the precondition (\(wanted)) does not match the "
                    + "ResourceVersion in record (\(version)). The object might have been modified")
        }
    }

    private func deletionStep(
        of old: JSON, _ target: ResourceTarget, _ options: DeleteOptions
    ) -> Step {
        var document = old
        let finalizers = finalizers(of: old, options)
        let isFinalizersChanged = finalizers != ObjectMeta(old["metadata"] ?? [:]).finalizers
        // A bare nil would be JSON's null here.
        let list = JSON.array(finalizers.map(JSON.string))
        document[path: ["metadata", "finalizers"]] = finalizers.isEmpty ? Optional.none : list
        let isMarked = old["metadata"]?["deletionTimestamp"]?.string != nil

        if target.resource == .pods {
            let grace = gracePeriod(of: Pod(old), options)
            if isMarked {
                let present = old["metadata"]?["deletionGracePeriodSeconds"]?.integer ?? 0
                if grace < present {
                    moveUp(&document, to: grace, from: present)
                } else if present > 0 || !isFinalizersChanged {
                    return present == 0 && finalizers.isEmpty ? .remove : .nothing
                }
            } else {
                mark(&document, grace: grace)
            }
            let isOver = document["metadata"]?["deletionGracePeriodSeconds"]?.integer == 0
            return isOver && finalizers.isEmpty ? .remove : .mark(document)
        }
        let holds = !finalizers.isEmpty || isHeldBySpec(old, target)
        guard holds else { return .remove }
        if isMarked { return isFinalizersChanged ? .mark(document) : .nothing }
        mark(&document, grace: target.resource == .namespaces ? nil : 0)
        if target.resource == .namespaces { document[path: ["status", "phase"]] = "Terminating" }
        return .mark(document)
    }

    /// Namespaces have a second list of finalizers, in their spec.
    private func isHeldBySpec(_ document: JSON, _ target: ResourceTarget) -> Bool {
        target.resource == .namespaces
            && !(document["spec"]?["finalizers"].strings.isEmpty ?? true)
    }

    /// Whether nothing holds a document back any more that waits for deletion.
    func isReadyToGo(_ document: JSON, _ definition: ResourceDefinition) -> Bool {
        guard document["metadata"]?["deletionTimestamp"]?.string != nil,
            document["metadata"]?["finalizers"].strings.isEmpty ?? true
        else { return false }
        if definition.resource == .namespaces {
            return document["spec"]?["finalizers"].strings.isEmpty ?? true
        }
        return document["metadata"]?["deletionGracePeriodSeconds"]?.integer ?? 0 == 0
    }

    private func finalizers(of old: JSON, _ options: DeleteOptions) -> [String] {
        let present = ObjectMeta(old["metadata"] ?? [:]).finalizers
        var kept = present.filter { $0 != "orphan" && $0 != "foregroundDeletion" }
        let keepsOrphan = options.propagation == nil && present.contains("orphan")
        let keepsForeground = options.propagation == nil && present.contains("foregroundDeletion")
        if options.propagation == .orphan || keepsOrphan { kept.append("orphan") }
        if options.propagation == .foreground || (keepsForeground && !keepsOrphan) {
            kept.append("foregroundDeletion")
        }
        // The order in which they stand does not count as a change.
        return Set(kept) == Set(present) ? present : kept
    }

    /// Seconds that a Pod has to end. One that runs nowhere needs none.
    private func gracePeriod(of pod: Pod, _ options: DeleteOptions) -> Int64 {
        if pod.nodeName == nil || pod.isFinished { return 0 }
        let seconds = options.gracePeriodSeconds ?? pod.terminationGracePeriodSeconds
        return seconds < 0 ? 1 : min(seconds, 1 << 31)
    }

    private func mark(_ document: inout JSON, grace: Int64?) {
        let time = wall + .seconds(grace ?? 0)
        document[path: ["metadata", "deletionTimestamp"]] = .string(time.rfc3339)
        document[path: ["metadata", "deletionGracePeriodSeconds"]] = grace.map(JSON.integer)
        if let generation = document["metadata"]?["generation"]?.integer, generation > 0 {
            document[path: ["metadata", "generation"]] = .integer(generation &+ 1)
        }
    }

    private func moveUp(_ document: inout JSON, to grace: Int64, from present: Int64) {
        let old = ObjectMeta(document["metadata"] ?? [:]).deletionTimestamp ?? wall
        let time = old + .seconds(grace - present)
        document[path: ["metadata", "deletionTimestamp"]] = .string(time.rfc3339)
        document[path: ["metadata", "deletionGracePeriodSeconds"]] = .integer(grace)
    }

    /// Namespaces that the cluster itself needs stay.
    private func checkMayGo(_ target: ResourceTarget) throws(StatusError) {
        guard target.resource == .namespaces, let name = target.name,
            ["default", "kube-system", "kube-public"].contains(name)
        else { return }
        throw StatusError.forbidden(
            target.resource, name, "this namespace may not be deleted")
    }

    static func success(_ document: JSON, _ target: ResourceTarget) -> JSON {
        var details: JSON = ["name": .string(target.name ?? "")]
        if !target.resource.group.isEmpty { details["group"] = .string(target.resource.group) }
        details["kind"] = .string(target.resource.plural)
        if let uid = document["metadata"]?["uid"] { details["uid"] = uid }
        return [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success",
            "details": details,
        ]
    }
}

extension ResourceDefinition {
    /// Whether a deletion answers with the object rather than with a Status.
    var returnsDeletedObject: Bool {
        Self.returned.contains(resource)
            || resource.group == "storage.k8s.io" && resource.plural != "csistoragecapacities"
    }

    private static let returned: [Resource] = [
        .pods, .services, .serviceAccounts, .persistentVolumes, .persistentVolumeClaims,
        .podTemplates, .resourceQuotas,
    ]
}
