import API
import Base
import Daemon
import Gossip
import JSON
import Kubelet
import Logging
import NIOCore
import NIOHTTP1
import Objects
import Raft
import Store

extension DaemonShell {
    /// Does what the core wants; a new effect does not compile until it is handled here.
    func perform(_ effect: DaemonEffect) {
        switch effect {
        case .sendDatagram(let name, let address, let payload):
            for datagram in sealer.seal(payload, to: name) {
                datagrams?.send(datagram, to: address)
            }
        case .sendState(let name, let address, let payload):
            links?.send([PeerFrame.stateKind] + payload, of: .state, to: name, at: address)
        case .memberForgotten(let name):
            logger.info("member \(name) is forgotten")
            noteMembers()
        case .nameConflict(let record):
            nameConflict = record
            onNameConflict?()
        case .memberChanged(let member): onMemberChanged(member)
        case .left: onLeft?()
        case .identityAnswered(let ticket, let error): onIdentityAnswered(ticket, error)
        case .trustChanged: onTrustChanged()
        case .renewCertificates(let reason): renewCertificates(reason)
        case .sendRaft(let name, let address, let message):
            links?.send(RaftCodec.encode(message), to: name, at: address)
        case .persist(let persist):
            metrics.willPersist(persist, at: .now)
            log.persist(persist)
        case .saveSnapshot(let metadata, let store): save(store, as: metadata)
        case .writeSnapshot(let ticket, let metadata, let offset, let bytes):
            log.write(bytes, at: offset) { [self] result in
                didWork("receive a snapshot", result, else: .snapshotRefused(metadata)) {
                    .snapshotWritten(ticket)
                }
            }
        case .installSnapshot(let metadata): install(metadata)
        case .readSnapshot(let ticket, let metadata, let offset, let countMax):
            log.readSnapshot(metadata, offset: offset, countMax: countMax) { [self] result in
                didWork("send a snapshot", result, else: .snapshotUnavailable(ticket)) { piece in
                    piece.map { .snapshotRead(ticket, bytes: $0.bytes, isLast: $0.isLast) }
                        ?? .snapshotUnavailable(ticket)
                }
            }
        case .respond(let ticket, let response): respond(ticket, response)
        case .beginWatch(let ticket, let contentType): beginWatch(ticket, contentType)
        case .watchBytes(let tickets, let bytes):
            watchPieces.add(bytes, for: tickets.compactMap { exchanges[$0]?.exchange })
        case .endWatch(let ticket): endWatch(ticket)
        case .openStream(let ticket, let target): openStream(ticket, target)
        case .issueToken(let ticket, let issue): issueToken(ticket, issue)
        case .answerCall(let ticket, let answer): calls.end(ticket, answer)
        case .serveMetrics(let ticket): serveMetrics(ticket)
        case .gatherUsage(let ticket, let query, let machines):
            gatherUsage(ticket, query, from: machines)
        case .serveOpenIDKeys(let ticket): respond(ticket, openIDKeys)
        case .runtime(let ticket, let request):
            machine.perform(request) { [self] result in
                deliver(.kubelet(.finished(ticket, result)))
            }
        case .issuePodToken(let ticket, let issue): issuePodToken(ticket, issue)
        case .configureNetwork(let ticket, let podCIDR):
            machine.configureNetwork(podCIDR: podCIDR) { [self] result in
                deliver(.kubelet(.finished(ticket, result)))
            }
        case .setRoutes(let routes): machine.setRoutes(routes)
        case .setProxyRules(let rules): machine.setProxyRules(rules)
        case .holdVirtualAddress(let isHolder): machine.holdVirtualAddress(isHolder)
        case .zoneChanged: resolver.publish(core.zone)
        case .mark(let text): logger.debug("\(text)")
        }
    }

    private func save(_ store: StoreCore, as metadata: RaftSnapshotMetadata) {
        log.save(metadata, encoding: store) { [self] result in
            didWork("write a snapshot", result, else: .snapshotFailed(metadata)) {
                .snapshotSaved(metadata)
            }
        }
    }

    private func install(_ metadata: RaftSnapshotMetadata) {
        log.install(metadata) { [self] result in
            didWork("install a snapshot", result, else: .snapshotRefused(metadata)) {
                .snapshotInstalled(metadata, $0)
            }
        }
    }

    private func onMemberChanged(_ member: GossipMember) {
        if let certificate = member.certificate { sealer.learn(certificate, at: .now) }
        logger.info(
            "member \(member.name) is \(member.status)", metadata: ["at": "\(member.address)"])
        if !member.isLive { links?.disconnect(member.name) }
        noteMembers()
    }

    private func noteMembers() { peersFile.note(core.gossip.members.sorted) }

    /// Called on the disk's thread.
    nonisolated func didPersist(
        _ persistence: RaftPersistence, _ result: Result<Void, ShellError>
    ) {
        switch result {
        case .success: deliver(.persisted(persistence))
        case .failure(let error):
            // Without its disk the machine can promise nothing: it stops leading at once, and no
            // vote and no acknowledgement leaves until it is started on a disk that works.
            logger.critical(
                """
                the log cannot be written; make room or repair the disk, then start this daemon \
                again
                """, metadata: ["error": "\(error)"])
            deliver(.persistFailed)
        }
    }

    /// Tells the core what became of work on snapshots. Called on their thread.
    private nonisolated func didWork<Value>(
        _ operation: String, _ result: Result<Value, ShellError>, else failed: DaemonInput,
        _ input: (Value) -> DaemonInput
    ) {
        switch result {
        case .success(let value): deliver(input(value))
        case .failure(let error):
            logger.error("cannot \(operation)", metadata: ["error": "\(error)"])
            deliver(failed)
        }
    }

    // MARK: Clients

    /// Takes a request from the HTTP server and remembers where its answer goes.
    func accept(_ input: APIInput, _ http: HTTPRequest, _ exchange: HTTPExchange) {
        let ticket = input.ticket
        exchanges[ticket] = ClientExchange(
            request: http, credential: input.request.credential, exchange: exchange,
            acceptedAt: input.acceptedAt, audit: input.audit)
        exchange.onClose { [self] in
            eventLoop.execute { self.assumeIsolated { $0.cancel(ticket) } }
        }
        if let evaluated = input.evaluated {
            receive(.evaluated(ticket, input.request, evaluated))
        } else {
            receive(.request(ticket, input.request))
        }
    }

    private func cancel(_ ticket: Ticket) {
        guard exchanges.removeValue(forKey: ticket) != nil else { return }
        receive(.cancelled(ticket))
    }

    private func respond(_ ticket: Ticket, _ response: APIResponse) {
        guard let client = exchanges.removeValue(forKey: ticket) else { return }
        meter.didAnswer(
            client.request.head.method.rawValue, code: response.code,
            after: Instant.now - client.acceptedAt)
        auditor?.write(client.audit?.completed(response, at: .now))
        client.exchange.respond(response)
    }

    private func beginWatch(_ ticket: Ticket, _ contentType: String) {
        follow(exchanges[ticket])
        exchanges[ticket]?.exchange.beginStream(
            code: 200, headers: [("content-type", contentType), HTTPExchange.cacheControl])
    }

    /// What the watch is owed goes out before its end.
    private func endWatch(_ ticket: Ticket) {
        watchPieces.send()
        exchanges.removeValue(forKey: ticket)?.exchange.endStream()
    }

    private func openStream(_ ticket: Ticket, _ target: StreamTarget) {
        guard var client = exchanges.removeValue(forKey: ticket) else { return }
        client.user = core.user(of: client.credential, at: .now) ?? .anonymous
        follow(client)
        streams?.open(target, for: client)
    }

    /// Logs the beginning and the end of an answer that others give.
    private func follow(_ client: ClientExchange?) {
        guard let client, let audit = client.audit else { return }
        auditor?.follow(audit, client.exchange)
    }

    private var openIDKeys: APIResponse {
        APIResponse(
            code: 200, contentType: "application/jwk-set+json",
            headers: [.init("Cache-Control", "public, max-age=3600")],
            body: (front?.keySet ?? ["keys": []]).bytes)
    }

    private func issueToken(_ ticket: Ticket, _ issue: TokenIssue) {
        switch sign(issue) {
        case .success(let token): respond(ticket, issue.response(token: token))
        case .failure(let error): respond(ticket, .status(error))
        }
    }

    private func issuePodToken(_ ticket: Ticket, _ issue: TokenIssue) {
        let result = sign(issue).map { text in
            let expiry = issue.claims["exp"]?.integer ?? 0
            return ServiceAccountToken(text: text, expiresAt: WallTime(seconds: expiry))
        }
        deliver(.kubelet(.token(ticket, result)))
    }

    private func sign(_ issue: TokenIssue) -> Result<String, StatusError> {
        guard let issuing else {
            return .failure(
                StatusError(.serviceUnavailable, "the signing key is not in the store yet"))
        }
        do throws(ShellError) {
            let tokens = try ServiceAccountTokens(
                privateKeyPEM: issuing.secrets.serviceAccountKeyPEM)
            return .success(try tokens.sign(claims: issue.claims.bytes))
        } catch {
            return .failure(StatusError(.internalError, "\(error)"))
        }
    }
}
