import Base
import Objects

/// When the runtime was last listed, and what has been asked of it since.
struct RelistState: Sendable {
    /// The first list is needed before anything else.
    var nextAt = Instant.zero
    var ticket: Ticket?
    /// The step number at which the list under way was asked for.
    var begunAt: UInt64 = 0
    var last: RuntimeState?
    /// A list that showed every Pod as it is; nil since a Pod has had a turn.
    var agreed: RuntimeState?
    /// A Pod cannot go on without a list.
    var isWanted = false
    var isRuntimeAsked = false
    /// The step number of each Pod's last request or answer that changed the runtime.
    var touched: [String: UInt64] = [:]
    private(set) var steps: UInt64 = 0

    var deadline: Instant? { ticket == nil && isRuntimeAsked ? nextAt : nil }

    mutating func touch(_ uid: String) {
        steps += 1
        touched[uid] = steps
    }

    mutating func begin(_ ticket: Ticket) {
        steps += 1
        begunAt = steps
        self.ticket = ticket
        isWanted = false
    }

    /// Whether the list that just came shows this Pod as it is.
    func isCurrent(_ uid: String) -> Bool { (touched[uid] ?? 0) < begunAt }
}

extension KubeletCore {
    mutating func advanceRelist(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        relist.isRuntimeAsked = node.isRuntimeReady && knowsImageAccess(&out)
        guard relist.ticket == nil, relist.isRuntimeAsked else { return }
        if relist.isWanted {
            relist.nextAt = min(relist.nextAt, now + .milliseconds(100))
            relist.isWanted = false
        }
        guard relist.nextAt <= now else { return }
        let ticket = tickets.next()
        relist.begin(ticket)
        out.append(.runtime(ticket, .listState))
    }

    mutating func onFinished(
        _ ticket: Ticket, _ result: Result<RuntimeResponse, RuntimeError>, _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) {
        queue.finish(ticket)
        if ticket == relist.ticket {
            onListed(result, now, &out)
            return
        }
        if onImageAccess(ticket, result) { return }
        if node.onFinished(ticket, result, now: now) || onUsage(ticket, result, now, &out)
            || onImages(ticket, result, now, &out)
            || reclaimer.onFinished(ticket, result, now: now) || rotation.onFinished(ticket)
        {
            return
        }
        guard let pending = operations.removeValue(forKey: ticket) else { return }
        if pending.operation.changesRuntime { relist.touch(pending.uid) }
        withPod(pending.uid, now, &out) { $0.onFinished(pending.operation, result, &$1) }
    }

    private mutating func onListed(
        _ result: Result<RuntimeResponse, RuntimeError>, _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) {
        relist.ticket = nil
        relist.nextAt = now + limits.relistPeriod
        guard case .success(.state(let state)) = result else { return }
        let isFirst = relist.last == nil
        relist.last = isFirst || !knowsAll ? state : RuntimeState()
        if isFirst {
            statics.isStale = true
            admitWaiting(now, &out)
        } else if state != relist.agreed {
            relist.agreed = nil
            if reconcile(state, now, &out) { relist.agreed = state }
        }
    }

    /// True when every Pod was found as it is known, so that the same list says nothing new.
    private mutating func reconcile(
        _ state: RuntimeState, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) -> Bool {
        var hasAgreed = knowsAll
        var sandboxes: [String: [SandboxState]] = [:]
        var containers: [String: [ContainerState]] = [:]
        for sandbox in state.sandboxes { sandboxes[sandbox.podUID, default: []].append(sandbox) }
        for container in state.containers {
            guard let uid = container.labels[PodLabels.podUID] else { continue }
            containers[uid, default: []].append(container)
        }
        for uid in order {
            guard let pod = pods[uid], pod.stage != .removed, !pod.changesRuntime else {
                hasAgreed = false
                continue
            }
            guard relist.isCurrent(uid) else {
                if pod.mustSeeList { relist.isWanted = true }
                hasAgreed = false
                continue
            }
            let (mine, held) = (sandboxes[uid] ?? [], containers[uid] ?? [])
            if pod.isAsListed(mine, held) { continue }
            hasAgreed = false
            withPod(uid, now, &out) { $0.reconcile(mine, held, &$1) }
        }
        if endOrphans(state, now, &out) { hasAgreed = false }
        for uid in relist.touched.keys.sorted() where pods[uid] == nil && relist.isCurrent(uid) {
            relist.touched[uid] = nil
        }
        return hasAgreed
    }

    /// Looks at once at a container that is said to have ended.
    mutating func onContainerExited(
        _ id: String, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        for uid in order {
            guard let pod = pods[uid],
                let index = pod.containers.firstIndex(where: { $0.instance?.id == id }),
                pod.containers[index].isRunning
            else { continue }
            withPod(uid, now, &out) { $0.inspect(index, &$1) }
            return
        }
    }
}
