import Base
import JSON
import Objects

/// Static Pods: they start without the API, which is told of them by mirrors when it is there.
extension KubeletCore {
    /// Nothing that the runtime holds is taken for an orphan before all sources were heard.
    var knowsAll: Bool { knowsPods && statics.hasHeard(configuration.staticPodSources) }

    mutating func onStaticPods(
        _ source: StaticPodSource, _ manifests: [JSON], _ now: Instant,
        _ out: inout Outbox<KubeletEffect>
    ) {
        let faults = statics.take(manifests, from: source, configuration, wall)
        for fault in faults {
            out.append(.mark("static pod refused"))
            recordOnNode("FailedCreate", fault, isWarning: true, now)
        }
    }

    /// Takes note of a mirror; false for an ordinary Pod.
    mutating func takeMirror(_ key: ObjectKey, _ json: JSON?) -> Bool {
        if let json {
            let pod = Pod(json)
            guard pod.mirroredUID != nil else { return false }
            statics.mirrors[key] = pod
        } else {
            guard statics.mirrors.removeValue(forKey: key) != nil else { return false }
        }
        statics.retries[key] = nil
        statics.isStale = true
        return true
    }

    /// The UID under which the machine has the Pod that the API knows by this one.
    func ownUID(of uid: String) -> String {
        guard pods[uid] == nil else { return uid }
        return statics.mirrors.values.first { $0.uid == uid }?.mirroredUID ?? uid
    }

    /// Ends what is no longer wanted, starts what is, and makes the mirrors follow.
    mutating func settleStatics(_ now: Instant, _ out: inout Outbox<KubeletEffect>) {
        for key in statics.retries.keys where statics.retries[key]?.at.map({ $0 <= now }) ?? false {
            statics.retries[key]?.hasten()
            statics.isStale = true
        }
        guard statics.isStale, relist.last != nil else { return }
        statics.isStale = false
        let wanted = statics.wanted
        for (key, uid) in statics.uids.sorted(by: { $0.key < $1.key }) {
            guard pods[uid] != nil else {
                statics.uids[key] = nil
                continue
            }
            guard wanted[key].map({ Pod($0).uid }) != uid else { continue }
            withPod(uid, now, &out) { $0.onStaticGone(&$1) }
        }
        for key in wanted.keys.sorted() where statics.uids[key] == nil {
            guard let json = wanted[key] else { continue }
            statics.uids[key] = Pod(json).uid
            admitStatic(Pod(json), now, &out)
        }
        guard knowsPods else { return }
        let keys = Set(statics.mirrors.keys).union(statics.uids.keys)
        for key in keys.sorted() { settleMirror(key, wanted[key], now, &out) }
    }

    private mutating func admitStatic(
        _ pod: Pod, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        let state = relist.last ?? RuntimeState()
        admit(
            pod, state.sandboxes.filter { $0.podUID == pod.uid },
            state.containers.filter { $0.labels[PodLabels.podUID] == pod.uid }, isStatic: true,
            now, &out)
    }

    private mutating func settleMirror(
        _ key: ObjectKey, _ wanted: JSON?, _ now: Instant, _ out: inout Outbox<KubeletEffect>
    ) {
        let mirror = statics.mirrors[key]
        let isMatching = mirror.map {
            $0.mirroredUID == statics.uids[key] && !$0.isBeingDeleted
        } ?? false
        if let uid = statics.uids[key] {
            let mirrorUID = isMatching ? mirror?.uid : nil
            if pods[uid]?.mirrorUID != mirrorUID {
                let status = mirror?.json["status"]
                withPod(uid, now, &out) { pod, _ in pod.noteMirror(mirrorUID, status) }
            }
        }
        guard !isMatching, !statics.writing.contains(key),
            statics.retries[key]?.isDue(now) ?? true
        else { return }
        let ticket = tickets.next()
        if let mirror {
            writes[ticket] = .mirror(key)
            out.append(
                .write(ticket, .delete(key, uid: mirror.uid, gracePeriodSeconds: 0)))
        } else if let wanted, Pod(wanted).uid == statics.uids[key], !node.uid.isEmpty {
            writes[ticket] = .mirror(key)
            out.append(
                .write(
                    ticket,
                    .create(
                        .pods,
                        StaticPods.mirror(
                            of: wanted, node: node.uid, named: configuration.nodeName))))
        } else {
            return
        }
        statics.writing.insert(key)
    }

    mutating func onMirrorWritten(_ key: ObjectKey, _ now: Instant) {
        statics.writing.remove(key)
        // What changed comes as a change of the Pods of this Node; until then, and after a
        // refusal, nothing is written.
        statics.retries[key, default: Retry()].noteFailure(limits, now: now)
    }
}

extension PodLifecycle {
    /// The manifest is gone or has changed: this Pod ends with its grace.
    mutating func onStaticGone(_ turn: inout PodTurn) {
        guard isInAPI else { return }
        isInAPI = false
        if stage != .terminating, stage != .removed {
            beginTermination(graceSeconds: pod.terminationGracePeriodSeconds, &turn)
        }
        advance(&turn)
    }

    /// The API has a mirror now, or has none any more.
    mutating func noteMirror(_ uid: String?, _ status: JSON?) {
        mirrorUID = uid
        report.sent = nil
        report.acknowledged = status
    }

    /// The UID under which the API knows the Pod; nil when there is nobody to tell.
    var reportedUID: String? { isStatic ? mirrorUID : isInAPI ? uid : nil }
}
