import Base
import JSON
import Objects

/// Removes the folders of volumes that this machine made and whose claims are gone, and then says
/// so by deleting the PersistentVolume. A volume is only forgotten when its data is.
struct VolumeReclaimer: Sendable {
    private struct Left: Sendable {
        var uid: String
        var path: String
        var isRemoved = false
        var ticket: Ticket?
        var retry = Retry()
    }

    private let configuration: KubeletConfiguration
    private var left: [ObjectKey: Left] = [:]

    init(_ configuration: KubeletConfiguration) { self.configuration = configuration }

    mutating func onVolumesChanged(_ changes: [(ObjectKey, JSON?)]) {
        for (key, json) in changes {
            guard let json, isLeft(json), let path = json["spec"]?["local"]?["path"]?.string,
                let uid = json["metadata"]?["uid"]?.string
            else {
                left[key] = nil
                continue
            }
            if left[key]?.uid != uid { left[key] = Left(uid: uid, path: path) }
        }
    }

    /// Made on this machine, released, and not to be kept.
    private func isLeft(_ volume: JSON) -> Bool {
        guard LocalProvisioner.isOwn(volume),
            volume["metadata"]?["deletionTimestamp"] == nil,
            volume["status"]?["phase"]?.string == "Released",
            volume["spec"]?["persistentVolumeReclaimPolicy"]?.string == "Delete"
        else { return false }
        let terms = volume["spec"]?["nodeAffinity"]?["required"]?["nodeSelectorTerms"]?.array ?? []
        return terms.contains { term in
            (term["matchExpressions"]?.array ?? []).contains {
                $0["key"]?.string == "kubernetes.io/hostname"
                    && $0["values"].strings == [configuration.nodeName]
            }
        }
    }

    mutating func advance(
        _ now: Instant, _ tickets: inout TicketCounter, into out: inout Outbox<KubeletEffect>
    ) {
        for key in left.keys.sorted() {
            guard let volume = left[key], volume.ticket == nil, volume.retry.isDue(now)
            else { continue }
            let ticket = tickets.next()
            left[key]?.ticket = ticket
            if volume.isRemoved {
                out.append(.write(ticket, .delete(key, uid: volume.uid)))
            } else {
                out.append(
                    .runtime(ticket, .removePodDirectory(path: volume.path, logDirectory: nil)))
            }
        }
    }

    /// True when the ticket was this value's.
    mutating func onFinished(
        _ ticket: Ticket, _ result: Result<RuntimeResponse, RuntimeError>, now: Instant
    ) -> Bool {
        guard let key = left.keys.first(where: { left[$0]?.ticket == ticket }) else { return false }
        left[key]?.ticket = nil
        switch result {
        case .success: left[key]?.isRemoved = true
        case .failure: left[key]?.retry.noteFailure(configuration.limits, now: now)
        }
        return true
    }

    mutating func onWritten(_ ticket: Ticket, _ result: WriteResult, now: Instant) -> Bool {
        guard let key = left.keys.first(where: { left[$0]?.ticket == ticket }) else { return false }
        left[key]?.ticket = nil
        switch result {
        case .success: left[key] = nil
        case .failure(let error) where error.reason == .notFound: left[key] = nil
        case .failure: left[key]?.retry.noteFailure(configuration.limits, now: now)
        }
        return true
    }

    func deadline(after now: Instant) -> Instant? {
        left.values.compactMap { $0.ticket == nil ? $0.retry.at : nil }.filter { $0 > now }.min()
    }
}
