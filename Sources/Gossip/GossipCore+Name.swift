import Base

/// What the mesh says of this machine's own name.
///
/// A record of it at another address is of an earlier run of this machine, or of another live
/// machine that has the same name, such as one that was cloned with its disk. An earlier run is
/// overridden once and stays silent; a live one overrides in its turn. So after
/// ``GossipConfiguration/contestsMax`` contests within ``GossipConfiguration/contestWindow`` the
/// machine whose run began later gives way, and the other goes on.
extension GossipCore {
    /// The mesh's memory of this machine. This machine wins over it after a restart whose clock was
    /// set back, and over one within the same second with another address.
    mutating func onOwnRecord(
        _ record: GossipMember, at now: Instant, into out: inout Outbox<GossipEffect>
    ) {
        guard record.status == .alive else {
            onOwnAccusation(incarnation: record.incarnation, into: &out)
            return
        }
        guard leavingUntil == nil,
            record.incarnation > local.incarnation
                || (record.incarnation == local.incarnation
                    && record.differsInContent(from: local))
        else { return }
        if record.address != local.address {
            noteContest(at: now, into: &out)
            if contests >= configuration.contestsMax, isNewer(than: record) {
                giveWay(to: record, into: &out)
                return
            }
        }
        raiseIncarnation(above: record.incarnation)
        out.append(.mark(.refuted))
        spread(.member(local), isRefutation: true, into: &out)
    }

    private mutating func noteContest(at now: Instant, into out: inout Outbox<GossipEffect>) {
        if now >= contestsEndAt { contests = 0 }
        if contests == 0 { contestsEndAt = now + configuration.contestWindow }
        contests += 1
        out.append(.mark(.nameContested))
    }

    /// Exactly one of two machines is newer than the other.
    private func isNewer(than record: GossipMember) -> Bool {
        let own = (local.session, local.address.description)
        return own > (record.session, record.address.description)
    }

    /// Without a goodbye, which would be the other machine's.
    private mutating func giveWay(
        to record: GossipMember, into out: inout Outbox<GossipEffect>
    ) {
        hasLeft = true
        out.append(.nameConflict(record))
    }
}
