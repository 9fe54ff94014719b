import API
import Base
import Control
import Gossip
import JSON
import Kubelet
import Objects
import Store

/// What the kubelet wants to be told of besides its Pods and its Node.
struct ObservedDocuments: Sendable {
    var documents: Set<ObjectKey> = []
    var serviceNamespaces: Set<String> = []
    /// The first list of Pods was handed over, so that orphans can be told from Pods.
    var hasStarted = false
}

extension DaemonCore {
    mutating func perform(
        _ effect: KubeletEffect, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        switch effect {
        case .runtime(let ticket, let request): out.append(.runtime(ticket, request))
        case .write(let ticket, let write):
            // A leader that was removed would put its Node back before the others bar it. Its
            // kubelet may wait for the answer: nothing of it counts any more.
            guard !isRemoved else { return }
            accept(.kubelet(ticket, write), at: now, into: &out)
        case .observe(let documents, let namespaces):
            observe(documents, namespaces, at: now)
        case .requestToken(let ticket, let request):
            requestPodToken(ticket, request, at: now, into: &out)
        case .configureNetwork(let ticket, let podCIDR):
            out.append(.configureNetwork(ticket, podCIDR: podCIDR))
        case .mark(let text): out.append(.mark(text))
        }
    }

    mutating func perform(
        _ effect: ControlEffect, at now: Instant, into out: inout Outbox<DaemonEffect>
    ) {
        switch effect {
        case .write(let ticket, let write): accept(.control(ticket, write), at: now, into: &out)
        case .mark(let text): out.append(.mark(text))
        }
    }

    // MARK: The kubelet's view

    /// Hands over everything at once: at the start, and when the Store was replaced.
    mutating func restartKubeletView(at now: Instant) {
        let name = configuration.name.text
        observed.hasStarted = true
        var pods: [(ObjectKey, JSON?)] = []
        // Most Pods of a large cluster are others', and to parse them all would take a second.
        store.snapshot.forEach(in: .resource(group: "", resource: "pods")) { key, document in
            guard ownMention.isFound(in: document.bytes), let key = objectKey(key),
                let json = Self.object(document), Pod(json).nodeName == name
            else { return true }
            pods.append((key, json))
            return true
        }
        let present = Set(pods.map(\.0))
        for key in kubelet.podKeys where !present.contains(key) { pods.append((key, nil)) }
        stepKubelet(.podsChanged(pods), at: now)
        stepKubelet(.volumesChanged(volumes()), at: now)
        let node = ObjectKey(.nodes, name: name)
        stepKubelet(.nodeChanged(object(node)), at: now)
        let documents = observed.documents.sorted()
        stepKubelet(.documentsChanged(documents.map { ($0, object($0)) }), at: now)
        for namespace in observed.serviceNamespaces.sorted() {
            stepKubelet(
                .servicesChanged(namespace: namespace, services(in: namespace)), at: now)
        }
    }

    mutating func tellKubelet(_ objects: [(ObjectKey, JSON?)], at now: Instant) {
        guard observed.hasStarted else { return }
        let name = configuration.name.text
        var pods: [(ObjectKey, JSON?)] = []
        var documents: [(ObjectKey, JSON?)] = []
        var volumes: [(ObjectKey, JSON?)] = []
        var namespaces: Set<String> = []
        for (key, json) in objects {
            if key.resource == .persistentVolumes { volumes.append((key, json)) }
            switch key.resource {
            case .pods:
                if let json, Pod(json).nodeName == name {
                    pods.append((key, json))
                } else if json == nil, kubelet.hasPod(key) {
                    pods.append((key, nil))
                }
            case .nodes:
                if key.name == name { stepKubelet(.nodeChanged(json), at: now) }
            case .services:
                if observed.serviceNamespaces.contains(key.namespace) {
                    namespaces.insert(key.namespace)
                }
            default:
                if observed.documents.contains(key) { documents.append((key, json)) }
            }
        }
        if !volumes.isEmpty { stepKubelet(.volumesChanged(volumes), at: now) }
        if !pods.isEmpty { stepKubelet(.podsChanged(pods), at: now) }
        if !documents.isEmpty { stepKubelet(.documentsChanged(documents), at: now) }
        for namespace in namespaces.sorted() {
            stepKubelet(
                .servicesChanged(namespace: namespace, services(in: namespace)), at: now)
        }
    }

    private mutating func observe(
        _ documents: [ObjectKey], _ namespaces: [String], at now: Instant
    ) {
        let fresh = documents.filter { !observed.documents.contains($0) }
        let freshNamespaces = namespaces.filter { !observed.serviceNamespaces.contains($0) }
        observed.documents = Set(documents)
        observed.serviceNamespaces = Set(namespaces)
        if !fresh.isEmpty {
            stepKubelet(.documentsChanged(fresh.map { ($0, object($0)) }), at: now)
        }
        for namespace in freshNamespaces {
            stepKubelet(
                .servicesChanged(namespace: namespace, services(in: namespace)), at: now)
        }
    }

    private func object(_ key: ObjectKey) -> JSON? {
        store.snapshot[storeKey(key)].flatMap(Self.object)
    }

    private func volumes() -> [(ObjectKey, JSON?)] {
        var found: [(ObjectKey, JSON?)] = []
        store.snapshot.forEach(
            in: .resource(group: "", resource: "persistentvolumes")
        ) { key, document in
            if let key = objectKey(key) { found.append((key, Self.object(document))) }
            return true
        }
        return found
    }

    private func services(in namespace: String) -> [JSON] {
        let range = KeyRange.namespace(group: "", resource: "services", namespace: namespace)
        return store.snapshot.list(range, after: nil, limit: .max).compactMap {
            Self.object($0.1)
        }
    }

    func storeKey(_ key: ObjectKey) -> Key {
        Key(
            group: key.resource.group, resource: key.resource.plural, namespace: key.namespace,
            name: key.name)
    }

    // MARK: Tokens

    /// A token for a Pod is issued on the machine that the Pod is bound to, by the same rules as
    /// one that a client asks for.
    private mutating func requestPodToken(
        _ ticket: Ticket, _ request: TokenRequest, at now: Instant,
        into out: inout Outbox<DaemonEffect>
    ) {
        let audiences: JSON = request.audience.isEmpty ? [] : [.string(request.audience)]
        let body: JSON = [
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": [
                "audiences": audiences,
                "expirationSeconds": .integer(request.expirationSeconds),
                "boundObjectRef": [
                    "apiVersion": "v1", "kind": "Pod", "name": .string(request.podName),
                    "uid": .string(request.podUID),
                ],
            ],
        ]
        let path =
            "/api/v1/namespaces/\(request.namespace)/serviceaccounts/"
            + "\(request.serviceAccount)/token"
        let post = APIRequest(
            .post, path, contentType: "application/json", body: body.bytes,
            credential: .user(.machine(configuration.name.text)))
        switch api.handle(post, snapshot: store.snapshot, at: wallTime) {
        case .issueToken(let issue): out.append(.issuePodToken(ticket, issue))
        case .respond(let response):
            let message = (try? JSON(parsing: response.body))?["message"]?.string
            let error = StatusError(.notFound, message ?? "no token could be issued")
            stepKubelet(.token(ticket, .failure(error)), at: now)
        case .commit, .watch, .stream, .proxy, .usage, .metrics, .openIDKeys:
            let error = StatusError(.internalError, "no token could be issued")
            stepKubelet(.token(ticket, .failure(error)), at: now)
        }
    }

    // MARK: Streams

    /// A stream goes to the machine that runs the Pod; there, to the container.
    mutating func openStream(
        _ ticket: Ticket, _ stream: StreamRequest, into out: inout Outbox<DaemonEffect>
    ) {
        guard stream.node == configuration.name.text else {
            passOn(ticket, to: stream.node, into: &out)
            return
        }
        guard let target = kubelet.streamTarget(
            podUID: stream.podUID, container: stream.container, isPrevious: stream.wantsPrevious)
        else {
            let error = StatusError(
                .badRequest,
                "container \"\(stream.container)\" in pod \"\(stream.pod.name)\" is not available")
            out.append(.respond(ticket, .status(error)))
            return
        }
        out.append(
            .openStream(
                ticket,
                .local(
                    stream, containerID: target.containerID, logPath: target.logPath,
                    sandboxID: target.sandboxID)))
    }

    /// The request goes as it is to the API server of another machine.
    private func passOn(
        _ ticket: Ticket, to name: String, into out: inout Outbox<DaemonEffect>
    ) {
        guard let machine = MachineName(name), let member = gossip[machine], member.isLive,
            let tags = MeshTags(member.tags)
        else {
            let error = StatusError(
                .serviceUnavailable, "the machine \"\(name)\" does not answer")
            out.append(.respond(ticket, .status(error)))
            return
        }
        out.append(
            .openStream(ticket, .remote(machine, host: member.address.ip, port: tags.api)))
    }

    // MARK: Proxies

    /// A proxied request goes to its address from here, since every machine reaches every Pod; one
    /// for a kubelet is answered by that kubelet's machine.
    mutating func openProxy(
        _ ticket: Ticket, _ proxied: ProxyRequest, into out: inout Outbox<DaemonEffect>
    ) {
        switch proxied.destination {
        case .address(let host, let port, let isTLS):
            out.append(
                .openStream(
                    ticket, .address(proxied, host: host, port: port, isTLS: isTLS)))
        case .kubelet(let node) where node != configuration.name.text:
            passOn(ticket, to: node, into: &out)
        case .kubelet(let node):
            answerAsKubelet(ticket, proxied.path, node, into: &out)
        }
    }

    private func pods(onNode node: String) -> [JSON] {
        objects(in: .resource(group: "", resource: "pods")).map(\.1).filter {
            $0["spec"]?["nodeName"]?.string == node
        }
    }

    /// The part of a kubelet's own API that people look at.
    private func answerAsKubelet(
        _ ticket: Ticket, _ path: String, _ node: String, into out: inout Outbox<DaemonEffect>
    ) {
        switch path.hasSuffix("/") ? String(path.dropLast()) : path {
        case "/healthz", "/healthz/ping", "/healthz/syncloop":
            out.append(
                .respond(
                    ticket,
                    APIResponse(
                        code: 200, contentType: "text/plain; charset=utf-8",
                        body: Array("ok".utf8))))
        case "/metrics":
            out.append(.serveMetrics(ticket))
        case "/pods", "/runningpods":
            let list: JSON = [
                "kind": "PodList", "apiVersion": "v1", "metadata": [:],
                "items": .array(pods(onNode: node)),
            ]
            out.append(.respond(ticket, APIResponse(code: 200, body: list.bytes)))
        case "/stats/summary":
            // Before the first reading there is nothing but the time.
            let newest = kubelet.statistics.newest ?? MachineStatistics(time: wallTime)
            let summary = KubeletAPI.summary(
                node: node, newest, pods: pods(onNode: node), rates: usageReport)
            out.append(.respond(ticket, APIResponse(code: 200, body: summary.bytes)))
        case "/configz":
            let told = KubeletAPI.configuration(configuration.kubelet)
            out.append(.respond(ticket, APIResponse(code: 200, body: told.bytes)))
        default:
            out.append(
                .respond(
                    ticket,
                    APIResponse(
                        code: 404, contentType: "text/plain; charset=utf-8",
                        body: Array("404 page not found\n".utf8))))
        }
    }
}
