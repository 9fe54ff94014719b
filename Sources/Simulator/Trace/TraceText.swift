import API
import Base
import Daemon
import Gossip
import Kubelet
import Objects
import Raft
import Store

/// Words for what a daemon is given and what it wants; `docs/simulation.md` has the legend.
enum TraceText {
    /// Seconds with six digits of fraction, aligned.
    static func time(_ instant: Instant) -> String {
        let micro = instant.nanoseconds / 1_000
        let fraction = String(micro % 1_000_000)
        let seconds = String(micro / 1_000_000)
        return String(repeating: " ", count: max(0, 4 - seconds.count)) + seconds + "."
            + String(repeating: "0", count: 6 - fraction.count) + fraction
    }

    static func words(_ input: DaemonInput) -> String {
        switch input {
        case .wake: "wake"
        case .wallTime(let time): "wall \(time.rfc3339)"
        case .datagram(let from, _, let payload): "datagram of \(from), \(payload.count) B"
        case .start(let seeds): "start, seeds \(seeds.map(\.name.text))"
        case .state(let from, let payload): "state of \(from), \(payload.count) B"
        case .raft(let from, let message): "raft of \(from): \(words(message))"
        case .persisted(let persistence): "persisted \(persistence.sequence)"
        case .persistFailed: "the disk refuses writes"
        case .snapshotSaved(let metadata): "snapshot saved \(metadata.index)"
        case .snapshotFailed(let metadata): "snapshot \(metadata.index) failed"
        case .snapshotWritten(let ticket): "snapshot piece \(ticket.number) written"
        case .snapshotInstalled(let metadata, _): "snapshot installed \(metadata.index)"
        case .snapshotRefused(let metadata): "snapshot refused \(metadata.index)"
        case .snapshotRead(_, let bytes, _): "snapshot read \(bytes.count) B"
        case .snapshotUnavailable: "snapshot unavailable"
        case .request(let ticket, let request):
            "request \(ticket.number): \(request.method.rawValue) \(request.path) \(request.query)"
        case .evaluated(let ticket, let request, _):
            "evaluated \(ticket.number): \(request.method.rawValue) \(request.path)"
        case .call(let ticket, let call): "call \(ticket.number): \(call)"
        case .cancelled(let ticket): "request \(ticket.number) cancelled"
        case .bootstrap(let operations): "bootstrap, \(operations.count) documents"
        case .kubelet(let input): "kubelet \(words(input))"
        case .identity(let ticket, let request): "identity \(ticket.number): \(brief(request))"
        case .certificateInstalled(let certificate): "certificate \(certificate.serial)"
        case .leave: "leave"
        }
    }

    private static func words(_ input: KubeletInput) -> String {
        switch input {
        case .finished(let ticket, .success(let response)):
            "\(ticket.number) done: \(brief(response))"
        case .finished(let ticket, .failure(let error)): "\(ticket.number) failed: \(error)"
        case .machine: "machine"
        case .runtimeReady(let isReady, _): isReady ? "runtime ready" : "runtime not ready"
        case .containerExited(let id): "exited \(id)"
        default: brief(input)
        }
    }

    static func words(_ effect: DaemonEffect) -> String {
        switch effect {
        case .sendDatagram(let name, _, let payload): "datagram to \(name), \(payload.count) B"
        case .memberChanged(let member): "member \(member.name) is \(member.status)"
        case .sendState(let name, _, let payload): "state to \(name), \(payload.count) B"
        case .memberForgotten(let name): "member \(name) is forgotten"
        case .nameConflict(let record): "name taken by \(record.address)"
        case .left: "left"
        case .sendRaft(let name, _, let message): "raft to \(name): \(words(message))"
        case .persist(let persist):
            "persist \(persist.persistence.sequence), \(persist.entries.count) entries"
        case .saveSnapshot(let metadata, _): "save snapshot \(metadata.index)"
        case .writeSnapshot(_, let metadata, let offset, let bytes):
            "write snapshot \(metadata.index) at \(offset), \(bytes.count) B"
        case .installSnapshot(let metadata): "install snapshot \(metadata.index)"
        case .readSnapshot(_, let metadata, let offset, _):
            "read snapshot \(metadata.index) from \(offset)"
        case .respond(let ticket, let response): "respond \(ticket.number): \(response.code)"
        case .beginWatch(let ticket, _): "watch \(ticket.number) begins"
        case .watchBytes(let tickets, let bytes):
            "watch \(tickets.map(\.number.description).joined(separator: ", ")): \(bytes.count) B"
        case .endWatch(let ticket): "watch \(ticket.number) ends"
        case .openStream(let ticket, _): "stream \(ticket.number)"
        case .issueToken(let ticket, _): "token \(ticket.number)"
        case .answerCall(let ticket, let answer): "answer \(ticket.number): \(answer)"
        case .serveMetrics(let ticket): "metrics \(ticket.number)"
        case .serveOpenIDKeys(let ticket): "keys \(ticket.number)"
        case .gatherUsage(let ticket, _, _): "usage \(ticket.number)"
        case .identityAnswered(let ticket, let error):
            "identity \(ticket.number): \(error?.message ?? "done")"
        case .trustChanged: "trust"
        case .renewCertificates(let reason): "renew for \(reason.rawValue)"
        case .runtime(let ticket, let request): "runtime \(ticket.number): \(brief(request))"
        case .issuePodToken(let ticket, _): "pod token \(ticket.number)"
        case .configureNetwork(_, let podCIDR): "network \(podCIDR)"
        case .setRoutes(let routes): "\(routes.count) routes"
        case .setProxyRules(let rules): "proxy rules, \(rules.utf8.count) B"
        case .holdVirtualAddress(let holds):
            holds ? "take the virtual address" : "give up the virtual address"
        case .zoneChanged: "zone"
        case .mark(let text): "mark \(text)"
        }
    }

    /// Datagrams and frames show where they arrive.
    static func isWorthReading(_ effect: DaemonEffect) -> Bool {
        switch effect {
        case .sendDatagram, .sendState, .sendRaft, .zoneChanged: false
        default: true
        }
    }

    private static func words(_ message: RaftMessage) -> String {
        String(brief(message).prefix(150))
    }

    static func brief(_ request: RuntimeRequest) -> String {
        switch request {
        case .runSandbox(let wanted): "run sandbox \(wanted.podNamespace)/\(wanted.podName)"
        case .createContainer(let sandbox, let wanted, _): "create \(wanted.name) in \(sandbox)"
        case .prepare(let steps): "prepare \(steps.count) steps"
        default: String("\(request)".prefix(100))
        }
    }

    private static func brief(_ value: Any) -> String { String("\(value)".prefix(100)) }
}
