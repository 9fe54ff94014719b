import API
import Base
import Daemon
import Gossip
import Kubelet
import Objects
import Raft
import Store

/// What of each input and effect goes into the digest: what another process could see, and never
/// a dictionary, whose order differs between processes. Bytes of the log go in where they are
/// sent and written; where they arrive, their number is enough.
enum TraceDigest {
    static func input(_ input: DaemonInput, _ digest: inout Digest) {
        switch input {
        case .datagram(_, _, let payload), .state(_, let payload):
            digest.mix(UInt64(payload.count))
        case .raft(let sender, _): digest.mix(sender.text)
        case .request(let ticket, let request), .evaluated(let ticket, let request, _):
            digest.mix(ticket.number)
            digest.mix(request.path)
            digest.mix(request.body)
        case .persisted(let persistence): digest.mix(persistence.sequence)
        case .wallTime(let time): digest.mix(UInt64(bitPattern: time.seconds))
        case .kubelet(.finished(let ticket, _)): digest.mix(ticket.number)
        case .identity(let ticket, _): digest.mix(ticket.number)
        case .certificateInstalled(let certificate): digest.mix(certificate.serial)
        case .wake, .start, .snapshotSaved, .snapshotFailed, .snapshotWritten,
            .snapshotInstalled, .snapshotRefused, .snapshotRead, .snapshotUnavailable,
            .persistFailed, .call, .cancelled, .bootstrap, .kubelet, .leave:
            break
        }
    }

    static func effect(_ effect: DaemonEffect, _ digest: inout Digest) {
        switch effect {
        case .sendDatagram(let name, _, let payload), .sendState(let name, _, let payload):
            digest.mix(name.text)
            digest.mix(payload)
        case .memberForgotten(let name): digest.mix(name.text)
        case .nameConflict(let record): digest.mix(record.address.description)
        case .memberChanged(let member):
            digest.mix(member.name.text)
            digest.mix(UInt64(member.status.rawValue))
        case .sendRaft(let name, _, _): digest.mix(name.text)
        case .persist(let persist): digest.mix(persist.persistence.sequence)
        case .saveSnapshot(let metadata, _): digest.mix(metadata.index)
        case .writeSnapshot(_, _, let offset, let bytes):
            digest.mix(offset)
            digest.mix(UInt64(bytes.count))
        case .installSnapshot(let metadata): digest.mix(metadata.index)
        case .readSnapshot(_, _, let offset, _): digest.mix(offset)
        case .respond(let ticket, let response):
            digest.mix(ticket.number)
            digest.mix(response.body)
        case .watchBytes(let tickets, let bytes):
            for ticket in tickets { digest.mix(ticket.number) }
            digest.mix(bytes)
        case .beginWatch(let ticket, _), .endWatch(let ticket), .openStream(let ticket, _),
            .issueToken(let ticket, _), .issuePodToken(let ticket, _), .answerCall(let ticket, _),
            .serveMetrics(let ticket), .serveOpenIDKeys(let ticket),
            .gatherUsage(let ticket, _, _):
            digest.mix(ticket.number)
        case .runtime(let ticket, let request):
            digest.mix(ticket.number)
            TraceDigest.request(request, &digest)
        case .configureNetwork(_, let podCIDR): digest.mix(podCIDR)
        case .setRoutes(let routes):
            for route in routes { digest.mix(route.podCIDR + route.gateway) }
        case .setProxyRules(let rules): digest.mix(rules)
        case .holdVirtualAddress(let holds): digest.mix(holds ? 1 : 0)
        case .mark(let text): digest.mix(text)
        case .identityAnswered(let ticket, let error):
            digest.mix(ticket.number)
            digest.mix(error?.message ?? "")
        case .renewCertificates(let reason): digest.mix(reason.rawValue)
        case .left, .zoneChanged, .trustChanged: digest.mix(1)
        }
    }

    private static func request(_ request: RuntimeRequest, _ digest: inout Digest) {
        switch request {
        case .runSandbox(let wanted): digest.mix(wanted.podUID)
        case .createContainer(let sandbox, let wanted, _):
            digest.mix(sandbox + wanted.name)
            for variable in wanted.environment { digest.mix(variable.name + variable.value) }
            for mount in wanted.mounts { digest.mix(mount.hostPath + mount.containerPath) }
        case .startContainer(let id), .stopContainer(let id, _), .removeContainer(let id, _),
            .containerStatus(let id), .stopSandbox(let id), .removeSandbox(let id),
            .signalContainer(let id, _), .updateResources(let id, _), .removeImage(let id):
            digest.mix(id)
        case .imageStatus(let image), .pullImage(let image, _): digest.mix(image)
        case .listState, .execSync, .httpGet, .tcpConnect, .prepare, .removePodDirectory,
            .readTail, .grpcHealth, .listImages, .statistics, .rotateLogs, .readVolumeFile,
            .mountImage:
            digest.mix(2)
        }
    }
}
