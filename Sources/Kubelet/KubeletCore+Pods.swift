import Base
import JSON
import Objects

extension KubeletCore {
    mutating func onPodsChanged(
        _ changes: [(ObjectKey, JSON?)], _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        let isFirst = !knowsPods
        knowsPods = true
        if isFirst { statics.isStale = true }
        guard relist.last != nil else {
            for (key, json) in changes { waitingPods[key] = json }
            return
        }
        if isFirst {
            for (key, json) in changes { waitingPods[key] = json }
            admitWaiting(now, &out)
            return
        }
        for (key, json) in changes where !takeMirror(key, json) {
            if let json {
                onPod(Pod(json), key, now, &out)
            } else if let uid = uids.removeValue(forKey: key) {
                withPod(uid, now, &out) { $0.onPodGone(&$1) }
            }
        }
    }

    private mutating func onPod(
        _ pod: Pod, _ key: ObjectKey, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        if let uid = uids[key], uid != pod.uid {
            withPod(uid, now, &out) { $0.onPodGone(&$1) }
        }
        uids[key] = pod.uid
        if pods[pod.uid] == nil {
            admit(pod, [], [], isStatic: false, now, &out)
        } else {
            withPod(pod.uid, now, &out) { $0.noteFresh(pod, &$1) }
        }
    }

    /// The first list of the runtime meets the first list of Pods: what belongs together is
    /// adopted, and what nobody wants is ended.
    mutating func admitWaiting(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        guard knowsPods, let state = relist.last else { return }
        let waiting = waitingPods
        waitingPods = [:]
        for key in waiting.keys.sorted() {
            guard let json = waiting[key] else { continue }
            guard !takeMirror(key, json) else { continue }
            let pod = Pod(json)
            uids[key] = pod.uid
            admit(
                pod, state.sandboxes.filter { $0.podUID == pod.uid },
                state.containers.filter { $0.labels[PodLabels.podUID] == pod.uid },
                isStatic: false, now, &out)
        }
        // What static Pods held is theirs before the rest is nobody's.
        settleStatics(now, &out)
        endOrphans(state, now, &out)
    }

    mutating func admit(
        _ pod: Pod, _ sandboxes: [SandboxState], _ containers: [ContainerState], isStatic: Bool,
        _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        var lifecycle = PodLifecycle(pod, isStatic: isStatic, configuration)
        lifecycle.report.acknowledged = pod.json["status"]
        insert(lifecycle)
        let isFull = sandboxes.isEmpty && liveCount > limits.podsMax && !pod.isFinished
        let limit = limits.podsMax
        let isNew = sandboxes.isEmpty && !pod.isFinished && !pod.isBeingDeleted
        let refusal = isNew ? refusal(of: lifecycle, now) : nil
        withPod(pod.uid, now, &out) { lifecycle, turn in
            if pod.isFinished, sandboxes.isEmpty, containers.isEmpty {
                lifecycle.report.isFrozen = true
                lifecycle.stage = .finished
            } else {
                lifecycle.adopt(sandboxes, containers, &turn)
            }
            if sandboxes.isEmpty, !pod.isFinished, let refusal = PodAdmission.refusal(
                of: pod, turn.machine, turn.configuration)
            {
                lifecycle.fail(
                    refusal.reason, "Pod was rejected: \(refusal.message)", &turn)
            }
            if isFull {
                lifecycle.fail(
                    "OutOfpods",
                    "Pod was rejected: Node didn't have enough resource: pods, requested: 1, "
                        + "used: \(limit), capacity: \(limit)", &turn)
            }
            if let refusal { lifecycle.fail(refusal.reason, refusal.message, &turn) }
            lifecycle.onPodChanged(pod, &turn)
        }
    }

    /// Why a Pod may not start here; nil when it may.
    private func refusal(of new: PodLifecycle, _ now: Instant) -> PodLifecycle.Failure? {
        if !new.isCritical, let message = pressureRefusal(of: new.pod, now) {
            return PodLifecycle.Failure(reason: "Evicted", message: message)
        }
        guard let machine = node.machine else { return nil }
        let others = order.compactMap { uid -> Pod? in
            guard uid != new.uid, let pod = pods[uid], pod.isInAPI || pod.isStatic,
                pod.isHoldingRoom, pod.failure == nil
            else { return nil }
            return pod.grantedPod
        }
        return NodeFit(machine: machine).refusal(of: new.pod, beside: others)
    }

    private var liveCount: Int {
        order.reduce(0) { count, uid in
            let stage = pods[uid]?.stage
            return count + (stage == .active || stage == .terminating ? 1 : 0)
        }
    }

    mutating func insert(_ lifecycle: PodLifecycle) {
        areNeedsStale = true
        areResizesStale = true
        pods[lifecycle.uid] = lifecycle
        let position = order.firstIndex { $0 > lifecycle.uid } ?? order.endIndex
        order.insert(lifecycle.uid, at: position)
    }

    /// Ends what the runtime holds for UIDs that the API does not have; true when there is such.
    @discardableResult
    mutating func endOrphans(
        _ state: RuntimeState, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) -> Bool {
        guard knowsAll else { return false }
        var strangers: Set<String> = []
        for sandbox in state.sandboxes where pods[sandbox.podUID] == nil {
            strangers.insert(sandbox.podUID)
        }
        for container in state.containers {
            guard let uid = container.labels[PodLabels.podUID], pods[uid] == nil else { continue }
            strangers.insert(uid)
        }
        for uid in strangers.sorted() where !isFresh(uid, relist.begunAt) {
            let sandboxes = state.sandboxes.filter { $0.podUID == uid }
            let containers = state.containers.filter { $0.labels[PodLabels.podUID] == uid }
            guard let orphan = PodLifecycle(orphan: sandboxes, containers, configuration)
            else { continue }
            insert(orphan)
            out.append(.mark("orphan ended"))
            withPod(uid, now, &out) { lifecycle, turn in
                lifecycle.adopt(sandboxes, containers, &turn)
                lifecycle.onPodGone(&turn)
            }
        }
        return !strangers.isEmpty
    }

    /// Whether the Pod was dropped after the list began.
    private func isFresh(_ uid: String, _ begun: UInt64) -> Bool {
        relist.touched[uid].map { $0 >= begun } ?? false
    }

    // MARK: One Pod's turn

    /// Lets a Pod act, carries out what it asks for, and reports how it is.
    mutating func withPod(
        _ uid: String, _ now: Instant, _ out: inout Outbox<KubeletEffect>,
        _ body: (inout PodLifecycle, inout PodTurn) -> Void
    ) {
        // Taken out of the dictionary, so that it is changed in place.
        guard var pod = pods.removeValue(forKey: uid) else { return }
        relist.agreed = nil
        var turn = PodTurn(
            configuration: configuration,
            machine: node.machine
                ?? MachineFacts(cpuMilli: 0, memoryBytes: 0, ephemeralStorageBytes: 0),
            sources: sources, isLeaseHeld: isLeaseHeld || pod.isStatic, at: now, wall: wall)
        turn.isNetworkReady = node.runtimeMessage.isEmpty
        turn.imageAccess = imageAccess
        turn.usage = usage.newest?.pods[uid] ?? [:]
        let (stage, needs) = (pod.stage, pod.needs)
        body(&pod, &turn)
        if pod.stage != stage || pod.needs != needs { areNeedsStale = true }
        if pod.stage != stage || pod.resize.isWishNew { areResizesStale = true }
        pod.resize.isWishNew = false
        for (operation, request) in turn.requests {
            let ticket = tickets.next()
            operations[ticket] = PendingOperation(uid: uid, operation: operation)
            if operation.changesRuntime { relist.touch(uid) }
            queue.add(ticket, request, isPull: operation.isPull)
        }
        for request in turn.tokens {
            let ticket = tickets.next()
            tokenRequests[ticket] = (uid, request)
            out.append(.requestToken(ticket, request))
        }
        for mark in turn.marks { out.append(.mark(mark)) }
        if !turn.pulls.isEmpty { noteImageAccess(turn.pulls, &out) }
        if turn.wantsList { relist.isWanted = true }
        let subject = EventRecorder.Subject(
            kind: "Pod", namespace: pod.key.namespace, name: pod.key.name, uid: uid)
        for event in turn.events where pod.isInAPI || pod.isStatic {
            events.record(event, on: subject, now: now, wall: wall, name: eventName())
        }
        report(&pod, turn, &out)
        if pod.stage == .removed, !pod.isInAPI {
            drop(pod)
        } else {
            wakeAt[uid] = pod.deadline(after: now, limits)
            if pod.wishesToResize { resizing.insert(uid) } else { resizing.remove(uid) }
            pods[uid] = pod
        }
    }

    private mutating func drop(_ pod: PodLifecycle) {
        order.removeAll { $0 == pod.uid }
        if pod.isStatic { statics.isStale = true }
        wakeAt[pod.uid] = nil
        resizing.remove(pod.uid)
        areResizesStale = true
        if uids[pod.key] == pod.uid { uids[pod.key] = nil }
        events.forget(pod.uid)
        relist.touch(pod.uid)
    }

    /// Sends the status when it changed and none is under way; the last word is the deletion.
    private mutating func report(
        _ pod: inout PodLifecycle, _ turn: PodTurn, _ out: inout Outbox<KubeletEffect>
    ) {
        guard let uid = pod.reportedUID, !pod.report.isWriting, !pod.report.isDeleting,
            pod.report.retry.isDue(turn.instant)
        else { return }
        if !pod.report.isFrozen, !pod.isReadingMessage {
            let status = pod.status(turn)
            if status != pod.report.sent {
                let known = pod.report.acknowledged ?? pod.pod.status
                let patch = JSON.statusPatch(status, over: known)
                pod.report.sent = status
                pod.report.isWriting = true
                let ticket = tickets.next()
                writes[ticket] = .status(uid: pod.uid)
                out.append(
                    .write(
                        ticket,
                        .patch(
                            pod.key,
                            ["metadata": ["uid": .string(uid)], "status": patch],
                            subresource: "status")))
                return
            }
        }
        guard pod.stage == .removed, !pod.isStatic else { return }
        pod.report.isDeleting = true
        let ticket = tickets.next()
        writes[ticket] = .deletion(uid: pod.uid)
        out.append(
            .write(ticket, .delete(pod.key, uid: pod.uid, gracePeriodSeconds: 0)))
    }

    mutating func onWritten(
        _ ticket: Ticket, _ result: WriteResult, _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) {
        if events.onWritten(ticket, result) { return }
        if node.onWritten(ticket, result, now: now) { return }
        if reclaimer.onWritten(ticket, result, now: now) { return }
        guard let write = writes.removeValue(forKey: ticket) else { return }
        switch write {
        case .status(let uid):
            withPod(uid, now, &out) { $0.onStatusWritten(result, $1) }
        case .deletion(let uid):
            withPod(uid, now, &out) { $0.onDeleted(result, $1) }
        case .mirror(let key): onMirrorWritten(key, now)
        }
    }
}

extension PodLifecycle {
    /// A status that lacks the message would be followed by another at once.
    var isReadingMessage: Bool {
        inFlight.contains { operation in
            switch operation {
            case .terminationMessage, .terminationLog: true
            default: false
            }
        }
    }

    /// Takes the Pod as the API has it; what another writer made of the status is put right.
    mutating func noteFresh(_ fresh: Pod, _ turn: inout PodTurn) {
        if let status = fresh.json["status"], status != report.acknowledged,
            !report.isWriting, let sent = report.sent
        {
            if !NodeReporter.holds(status, sent) { report.sent = nil }
            report.acknowledged = status
        }
        onPodChanged(fresh, &turn)
    }

    mutating func onSourcesChanged(_ turn: inout PodTurn) {
        needs = PodNeeds(pod, turn.sources)
        volumes.isStale = true
        volumes.retry.hasten()
        for index in containers.indices
        where containers[index].waiting?.reason == "CreateContainerConfigError" {
            containers[index].retry.hasten()
        }
        advance(&turn)
    }

    mutating func onStatusWritten(_ result: WriteResult, _ turn: PodTurn) {
        report.isWriting = false
        switch result {
        case .success(let json):
            report.acknowledged = json["status"]
            report.retry.noteSuccess()
        case .failure(let error):
            report.sent = nil
            if error.reason == .notFound, !isStatic {
                // The deletion is on its way here; there is nothing left to tell.
                report.isFrozen = true
            }
            report.retry.noteFailure(turn.limits, now: turn.instant)
        }
    }

    mutating func onDeleted(_ result: WriteResult, _ turn: PodTurn) {
        switch result {
        case .success: isInAPI = false
        case .failure(let error) where error.reason == .notFound || error.reason == .conflict:
            isInAPI = false
        case .failure:
            report.isDeleting = false
            report.retry.noteFailure(turn.limits, now: turn.instant)
        }
    }
}
