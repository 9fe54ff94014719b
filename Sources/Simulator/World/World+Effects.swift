import API
import Base
import Daemon
import Gossip
import JSON
import Kubelet
import Raft
import Store

extension World {
    /// Does what a core wants; a new effect does not compile until it is handled here.
    func perform(_ effect: DaemonEffect, of machine: VirtualMachine) {
        trace.effect(effect, machine, at: now)
        let (number, life, boot) = (machine.number, machine.life, machine.boot)
        switch effect {
        case .sendDatagram(let name, let address, let payload):
            guard let peer = peer(name, at: address.ip) else { return }
            network.send(datagram: payload, number, peer.number, at: now, into: &queue)
        case .sendState(let name, let address, let payload):
            send(PeerFrame(.state, payload), from: machine, to: peer(name, at: address.ip))
        case .memberForgotten(let name): machine.peers[name] = nil
        case .nameConflict(let record):
            fail("\(machine.name) gives way to another machine of its name: \(record)")
        case .memberChanged(let member): onMemberChanged(member, machine)
        case .left: machine.hasSaidGoodbye = true
        case .sendRaft(let name, let address, let message):
            send(message, from: machine, to: peer(name, at: address.ip))
        case .identityAnswered(let ticket, let error): onIdentityAnswered(ticket, error)
        case .trustChanged: break
        case .renewCertificates:
            // Datagrams are not sealed here, so what counts is the record of the renewal.
            renewCertificates(of: machine)
        case .persist(let persist):
            let records = persist.records.map { $0.encoded() }
            for record in records { trace.bytes(record) }
            if machine.disk.persist(persist, records: records) {
                queue.add(.synced(machine: number, boot: boot), at: now + syncTime(machine))
            }
        case .saveSnapshot(let metadata, let store):
            save(metadata, store.encode(), machine, isInstall: false)
        case .writeSnapshot(let ticket, let metadata, let offset, let bytes):
            let isWritten = machine.disk.write(bytes, at: offset)
            let answer: DaemonInput =
                isWritten ? .snapshotWritten(ticket) : .snapshotRefused(metadata)
            queue.add(
                .input(machine: number, life: life, answer), at: now + syncTime(machine))
        case .installSnapshot(let metadata):
            save(metadata, machine.disk.incoming, machine, isInstall: true)
        case .readSnapshot(let ticket, let metadata, let offset, let countMax):
            let read = machine.disk.read(metadata, offset: offset, countMax: countMax)
            let answer: DaemonInput =
                read.map { .snapshotRead(ticket, bytes: $0.bytes, isLast: $0.isLast) }
                ?? .snapshotUnavailable(ticket)
            queue.add(
                .input(machine: number, life: life, answer), at: now + syncTime(machine))
        case .respond(let ticket, let response): answer(ticket, .response(response))
        case .beginWatch(let ticket, _): answer(ticket, .streamBegan)
        case .watchBytes(let tickets, let bytes):
            for ticket in tickets { answer(ticket, .streamBytes(bytes)) }
        case .endWatch(let ticket): answer(ticket, .lost)
        case .openStream(let ticket, _): answer(ticket, .lost)
        case .issueToken(let ticket, let issue):
            answer(ticket, .response(issue.response(token: "token")))
        // The clients of a simulation speak to the API.
        case .answerCall: break
        case .serveMetrics(let ticket), .serveOpenIDKeys(let ticket),
            .gatherUsage(let ticket, _, _):
            answer(ticket, .response(APIResponse(code: 200, body: [])))
        case .runtime(let ticket, let request): begin(request, ticket, on: machine)
        case .issuePodToken(let ticket, let issue): sign(issue, ticket, on: machine)
        case .configureNetwork(let ticket, let podCIDR):
            machine.runtime.podCIDR = IPv4Network(podCIDR)
            queue.add(
                .input(
                    machine: number, life: life, .kubelet(.finished(ticket, .success(.done)))),
                at: now + .milliseconds(2))
        case .setRoutes, .setProxyRules, .holdVirtualAddress, .zoneChanged: break
        case .mark(let text): checkers.marks[text, default: 0] += 1
        }
    }

    private func sign(_ issue: TokenIssue, _ ticket: Ticket, on machine: VirtualMachine) {
        let expiry = WallTime(seconds: issue.claims["exp"]?.integer ?? 0)
        let token = ServiceAccountToken(text: "token", expiresAt: expiry)
        queue.add(
            .input(
                machine: machine.number, life: machine.life,
                .kubelet(.token(ticket, .success(token)))),
            at: now + .milliseconds(1))
    }

    private func send(
        _ message: RaftMessage, from machine: VirtualMachine, to peer: VirtualMachine?
    ) {
        let frame = RaftCodec.encode(message)
        trace.bytes(frame)
        if let rule = checkers.refusals.note(message, of: machine.name, at: now) { fail(rule) }
        send(PeerFrame(.log, frame), from: machine, to: peer)
    }

    private func send(
        _ frame: PeerFrame, from machine: VirtualMachine, to peer: VirtualMachine?
    ) {
        guard let peer else { return }
        network.send(frame: frame, machine.number, peer.number, at: now, into: &queue)
    }

    /// Who receives what is sent to that address, if the seal is for him.
    private func peer(_ name: MachineName, at ip: String) -> VirtualMachine? {
        guard let number = numbers[name], machines[number].address == ip else { return nil }
        return machines[number]
    }

    func onMemberChanged(_ member: GossipMember, _ machine: VirtualMachine) {
        if member.isLive {
            machine.peers[member.name] = GossipSeed(name: member.name, address: member.address)
        } else if let peer = numbers[member.name] {
            network.breakLink(machine.number, peer)
        }
    }

    /// What a shell does with fresh keys, without keys.
    private func renewCertificates(of machine: VirtualMachine) {
        guard let issuing = machine.core?.identities.keyring?.issuing else { return }
        let wall = machine.clock.wall(at: now)
        let serial = machine.core?.identities.nextSerial(of: machine.name, at: wall) ?? 1
        let certified = MachineRecord.Certified(
            serial: serial, authority: issuing.id, issuedAt: wall,
            expiry: wall + IdentityBook.certificateLifetime)
        let ticket = Ticket(serial)
        queue.add(
            .input(
                machine: machine.number, life: machine.life,
                .identity(ticket, .renew(certified))), at: now + .milliseconds(2))
    }

    // MARK: The disk

    func syncTime(_ machine: VirtualMachine) -> Span {
        let time = machine.random.span(from: plan.disk.syncMin, to: plan.disk.syncMax)
        guard now < machine.disk.stalledUntil else { return time }
        coverage.note(.diskStall)
        return machine.disk.stalledUntil - now + time
    }

    func finishSync(_ machine: VirtualMachine, _ boot: Int) {
        guard machine.boot == boot else { return }
        let hadFailed = machine.disk.hasFailed
        let (durable, isBusy) = machine.disk.finishSync(&machine.random)
        if machine.disk.hasFailed, !hadFailed { return give(.persistFailed, to: machine) }
        if isBusy {
            queue.add(
                .synced(machine: machine.number, boot: boot), at: now + syncTime(machine))
        }
        for persistence in durable { give(.persisted(persistence), to: machine) }
    }

    private func save(
        _ metadata: RaftSnapshotMetadata, _ bytes: [UInt8], _ machine: VirtualMachine,
        isInstall: Bool
    ) {
        // One thread writes snapshots, one after the other.
        let at = max(now, machine.snapshotsWrittenAt) + syncTime(machine) * 5
        machine.snapshotsWrittenAt = at
        queue.add(
            .snapshotSynced(
                machine: machine.number, boot: machine.boot, metadata, bytes,
                isInstall: isInstall), at: at)
    }

    // MARK: The runtime

    private func begin(_ request: RuntimeRequest, _ ticket: Ticket, on machine: VirtualMachine) {
        let time = machine.runtime.duration(of: request, plan.runtime, &machine.random)
        queue.add(
            .operation(
                machine: machine.number, boot: machine.boot, life: machine.life, ticket, request),
            at: now + time)
    }

    func finishOperation(
        _ machine: VirtualMachine, _ life: Int, _ ticket: Ticket, _ request: RuntimeRequest
    ) {
        var starting: String?
        if case .startContainer(let id) = request, machine.runtime.containers[id]?.isLive == false {
            starting = id
        }
        let result = machine.runtime.perform(
            request, at: machine.clock.wall(at: now), plan.runtime, &machine.random)
        if let starting, let container = machine.runtime.containers[starting], container.isLive {
            onStarted(container, on: machine)
        }
        guard machine.life == life else { return }
        give(.kubelet(.finished(ticket, result)), to: machine)
    }

    /// A container runs, whatever the daemon was answered.
    private func onStarted(_ container: VirtualRuntime.Container, on machine: VirtualMachine) {
        for other in machines {
            for end in other.runtime.takeEnded() {
                checkers.restarts.noteEnd(
                    uid: end.podUID, container: end.name, exitCode: end.exitCode)
            }
        }
        let rule =
            ContainerChecker.doubles(machines)
            ?? checkers.restarts.noteStart(
                pod: container.podName, uid: container.podUID, container: container.state.name)
        if let rule { return fail(rule) }
        guard case .end(let span, let exitCodes) = container.program else { return }
        queue.add(
            .containerEnds(
                machine: machine.number, boot: machine.boot, id: container.state.id,
                exitCode: exitCodes[machine.random.below(exitCodes.count)]), at: now + span)
    }

    func endContainer(_ id: String, _ exitCode: Int32, on machine: VirtualMachine) {
        guard machine.runtime.end(id, exitCode: exitCode, machine.clock.wall(at: now)) else {
            return
        }
        trace.note("container \(id) ends with \(exitCode)", machine.name.text, at: now)
        // The runtime's own notice may be lost.
        guard machine.random.chance(0.8) else { return }
        give(.kubelet(.containerExited(id: id)), to: machine)
    }
}
