import API
import Base
import Daemon
import Gossip
import Raft
import Store

/// The numbers of this machine for Prometheus. `docs/operations.md` lists them.
extension DaemonShell {
    func serveMetrics(_ ticket: Ticket) {
        let client = exchanges.removeValue(forKey: ticket)
        let type = MetricsText.contentType
        auditor?.write(
            client?.audit?.completed(APIResponse(code: 200, contentType: type, body: []), at: .now))
        client?.exchange.respond(
            code: 200, headers: [("content-type", type)],
            body: Array(metricsText.utf8))
    }

    var metricsText: String {
        var text = MetricsText()
        text.add(
            .gauge, "podmesh_build_info", "The running version.",
            [([("version", Version.text), ("kubernetes", Version.kubernetes)], "1")])
        addGossip(to: &text)
        addDatagrams(to: &text)
        addRaft(to: &text)
        addStore(to: &text)
        addRequests(to: &text)
        addIdentities(to: &text)
        addAudit(to: &text)
        return text.text
    }

    private func addGossip(to text: inout MetricsText) {
        let members = core.gossip.sortedMembers
        let statuses: [GossipMember.Status] = [.alive, .suspect, .failed, .left]
        text.add(
            .gauge, "podmesh_gossip_members", "Machines of the mesh by status.",
            statuses.map { status in
                ([("status", "\(status)")], "\(members.count { $0.status == status })")
            })
        text.add(
            .gauge, "podmesh_gossip_local_health",
            "Lifeguard's local health score; zero is healthy.", core.gossip.healthScore)
        text.add(
            .gauge, "podmesh_gossip_incarnation", "This machine's incarnation.",
            core.gossip.local.incarnation)
        let peers = members.map(\.name).filter { $0 != core.configuration.name }
        let traffic = peers.map { ($0, sealer.traffic(of: $0)) }
        func perPeer(_ value: (PeerTraffic) -> UInt64) -> [(MetricsText.Labels, String)] {
            traffic.map { ([("peer", $0.0.text)], "\(value($0.1))") }
        }
        text.add(
            .counter, "podmesh_gossip_peer_received_bytes_total",
            "Bytes of sealed datagrams of a peer that opened.", perPeer(\.bytesIn))
        text.add(
            .counter, "podmesh_gossip_peer_received_datagrams_total",
            "Datagrams of a peer that opened.", perPeer(\.datagramsIn))
        text.add(
            .counter, "podmesh_gossip_peer_sent_bytes_total",
            "Bytes of sealed datagrams to a peer.", perPeer(\.bytesOut))
        text.add(
            .counter, "podmesh_gossip_peer_sent_datagrams_total", "Datagrams to a peer.",
            perPeer(\.datagramsOut))
    }

    private func addDatagrams(to text: inout MetricsText) {
        let counters = sealer.counters
        text.add(
            .counter, "podmesh_gossip_datagrams_sealed_total", "Datagrams sealed for peers.",
            counters.sealed)
        text.add(
            .counter, "podmesh_gossip_datagrams_opened_total", "Datagrams that opened.",
            counters.opened)
        text.add(
            .counter, "podmesh_gossip_received_bytes_total",
            "Bytes of all datagrams that arrived.", counters.receivedBytes)
        let dropped = [
            ("malformed", counters.malformed), ("misdirected", counters.misdirected),
            ("unknown_sender", counters.unknownSender),
            ("bad_certificate", counters.badCertificate), ("forged", counters.forged),
            ("replayed", counters.replayed), ("flooded", counters.flooded),
        ]
        text.add(
            .counter, "podmesh_gossip_datagrams_dropped_total",
            "Datagrams dropped without an answer, by reason.",
            dropped.map { ([("reason", $0.0)], "\($0.1)") })
    }

    private func addRaft(to text: inout MetricsText) {
        let raft = core.raft
        text.add(
            .gauge, "podmesh_raft_is_leader", "Whether this machine leads the log.",
            raft.role == .leader ? 1 : 0)
        text.add(
            .gauge, "podmesh_raft_has_leader", "Whether this machine knows a leader.",
            raft.leader == nil ? 0 : 1)
        text.add(.gauge, "podmesh_raft_term", "The current term.", raft.term)
        text.add(.gauge, "podmesh_raft_commit_index", "The commit index.", raft.commitIndex)
        text.add(.gauge, "podmesh_raft_applied_index", "The applied index.", raft.appliedIndex)
        text.add(.gauge, "podmesh_raft_last_index", "The last index of the log.", raft.lastIndex)
        text.add(
            .gauge, "podmesh_raft_members", "Machines of the log by role.",
            [
                ([("role", "voter")], "\(raft.membership.voters.count)"),
                ([("role", "learner")], "\(raft.membership.learners.count)"),
            ])
        text.add(
            .gauge, "podmesh_disk_syncs_pending", "Writes of the log that are not durable yet.",
            metrics.syncing.count)
        text.add(
            .counter, "podmesh_disk_records_synced_total", "Records of the log made durable.",
            metrics.syncedRecords)
        text.add(
            "podmesh_disk_sync_duration_seconds",
            "From handing records to the disk to their being durable.", metrics.syncDurations)
    }

    private func addStore(to text: inout MetricsText) {
        text.add(
            .gauge, "podmesh_store_revision", "The Store's revision.",
            core.store.revision.number)
        text.add(
            .gauge, "podmesh_store_objects", "Documents in the Store.", core.store.snapshot.count)
    }

    private func addRequests(to text: inout MetricsText) {
        let answers = meter.counts
        text.add(
            .counter, "podmesh_api_requests_total", "Requests answered, by method and code.",
            answers.requests.keys.sorted().map { kind in
                (
                    [("method", kind.method), ("code", "\(kind.code)")],
                    "\(answers.requests[kind] ?? 0)"
                )
            })
        text.add(
            "podmesh_api_request_duration_seconds",
            "From a request's arrival to its answer, without watches and streams.",
            answers.durations)
        text.add(
            .gauge, "podmesh_api_requests_open", "Requests, watches and streams under way.",
            exchanges.count)
    }

    private func addAudit(to text: inout MetricsText) {
        guard let (written, lost) = auditor?.counts else { return }
        text.add(
            .counter, "podmesh_audit_events_total", "Events handed to the audit log.", written)
        text.add(
            .counter, "podmesh_audit_events_lost_total",
            "Events that the audit log could not take.", lost)
    }

    private func addIdentities(to text: inout MetricsText) {
        let book = core.identities
        text.add(
            .gauge, "podmesh_keyring_generation", "The generation of the keyring.",
            book.keyring?.generation ?? 0)
        text.add(
            .gauge, "podmesh_keyring_authorities", "Trusted authorities.",
            book.keyring?.authorities.count ?? 0)
        text.add(
            .gauge, "podmesh_certificate_expiration_timestamp_seconds",
            "When a machine's certificates expire, in seconds since 1970.",
            book.names.compactMap { name in
                guard let record = book.records[name], !record.isRemoved else { return nil }
                return ([("machine", name.text)], "\(record.certified.expiry.seconds)")
            })
    }
}
