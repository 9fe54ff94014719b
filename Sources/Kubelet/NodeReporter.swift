import Base
import JSON
import Objects

/// Creates this machine's Node and keeps its status true. That the machine lives is gossip's
/// to say; here the Node is written on change and at a slow period.
struct NodeReporter: Sendable {
    private let configuration: KubeletConfiguration
    var machine: MachineFacts? { didSet { isStale = true } }
    var isRuntimeReady = false { didSet { isStale = true } }
    var runtimeMessage = "container runtime status check may not have completed yet" {
        didSet { isStale = true }
    }

    /// What the machine has, as it was last listed.
    var images: [ImageState] = [] { didSet { if images != oldValue { isStale = true } } }
    var pressures: [Pressure] = [] { didSet { if pressures != oldValue { isStale = true } } }

    /// Nil until the daemon has said whether the Node exists.
    private var node: Node??
    private var configuredCIDR: String?
    private var networkTicket: Ticket?
    private var networkRetry = Retry()
    private var writeTicket: Ticket?
    private var isWritingStatus = false
    private var writeRetry = Retry()
    /// Something changed since the Node was last compared.
    private var isStale = true
    private var sent: JSON?
    private var acknowledged: JSON?
    private var lastWrite: Instant?
    /// Since when the machine takes no Pods; nil while it does.
    private var notReadySince: Instant?
    private var transitions: [String: StatusReport.Transition] = [:]

    init(_ configuration: KubeletConfiguration) { self.configuration = configuration }

    private var limits: KubeletLimits { configuration.limits }
    var uid: String { node?.map(\.uid) ?? "" }
    var isReady: Bool { notReadyMessage == nil }

    mutating func onNodeChanged(_ json: JSON?) {
        isStale = true
        node = .some(json.map(Node.init))
        if json == nil { sent = nil }
        let status = json?["status"]
        if let status, status != acknowledged, let sent,
            !Self.holds(status, sent)
        {
            // Another writer, such as the node lifecycle controller, said something else.
            self.sent = nil
            transitions = [:]
        }
    }

    /// True when the ticket was this reporter's.
    mutating func onFinished(
        _ ticket: Ticket, _ result: Result<RuntimeResponse, RuntimeError>, now: Instant
    ) -> Bool {
        guard ticket == networkTicket else { return false }
        networkTicket = nil
        isStale = true
        switch result {
        case .success:
            configuredCIDR = node?.flatMap(\.podCIDR)
            networkRetry.noteSuccess()
        case .failure: networkRetry.noteFailure(limits, now: now)
        }
        return true
    }

    mutating func onWritten(_ ticket: Ticket, _ result: WriteResult, now: Instant) -> Bool {
        guard ticket == writeTicket else { return false }
        writeTicket = nil
        isStale = true
        switch result {
        case .success(let json):
            writeRetry.noteSuccess()
            if isWritingStatus { acknowledged = json["status"] }
        case .failure:
            sent = nil
            writeRetry.noteFailure(limits, now: now)
        }
        return true
    }

    func deadline(after now: Instant) -> Instant? {
        var candidates = [networkRetry.at, writeRetry.at]
        if let lastWrite {
            candidates.append(lastWrite + limits.nodeStatusSpacing)
            candidates.append(lastWrite + limits.nodeStatusPeriod)
        }
        if let notReadySince { candidates.append(notReadySince + limits.nodeNotReadyDelay) }
        return candidates.compactMap { $0 }.filter { $0 > now }.min()
    }

    mutating func advance(
        now: Instant, wall: WallTime, _ tickets: inout TicketCounter,
        into out: inout Outbox<KubeletEffect>
    ) {
        notReadySince = isReady ? nil : notReadySince ?? now
        guard let node, let machine else { return }
        configureNetwork(node, now, &tickets, &out)
        guard !isHoldingBack(node, now) else { return }
        guard writeTicket == nil, writeRetry.isDue(now),
            lastWrite.map({ now - $0 >= limits.nodeStatusSpacing }) ?? true,
            isStale || lastWrite.map({ now - $0 >= limits.nodeStatusPeriod }) ?? true
        else { return }
        isStale = false
        guard let write = nextWrite(node, machine, now, wall) else { return }
        let ticket = tickets.next()
        writeTicket = ticket
        lastWrite = now
        out.append(.write(ticket, write))
    }

    /// A Node that was Ready and is not for a moment, as after a start of the daemon or of the
    /// runtime, says nothing yet: its Pods run on, and the taint would evict them all.
    private func isHoldingBack(_ node: Node?, _ now: Instant) -> Bool {
        guard let notReadySince, node?.condition("Ready")?.isTrue == true else { return false }
        return now - notReadySince < limits.nodeNotReadyDelay
    }

    private mutating func configureNetwork(
        _ node: Node?, _ now: Instant, _ tickets: inout TicketCounter,
        _ out: inout Outbox<KubeletEffect>
    ) {
        guard let range = node?.podCIDR, range != configuredCIDR, networkTicket == nil,
            networkRetry.isDue(now)
        else { return }
        let ticket = tickets.next()
        networkTicket = ticket
        out.append(.configureNetwork(ticket, podCIDR: range))
    }

    private mutating func nextWrite(
        _ node: Node?, _ machine: MachineFacts, _ now: Instant, _ wall: WallTime
    ) -> ObjectWrite? {
        let desired = status(machine, node, wall)
        isWritingStatus = false
        guard let node else {
            return .create(
                .nodes,
                [
                    "apiVersion": "v1", "kind": "Node",
                    "metadata": [
                        "name": .string(configuration.nodeName), "labels": labels(machine),
                        "annotations": [
                            "volumes.kubernetes.io/controller-managed-attach-detach": "true"
                        ],
                    ],
                    "spec": [:], "status": Self.stamped(desired, wall),
                ])
        }
        let wanted = labels(machine)
        if !Self.holds(node.json["metadata"]?["labels"] ?? [:], wanted) {
            return .patch(node.key, ["metadata": ["labels": wanted]])
        }
        let isPeriodOver = lastWrite.map { now - $0 >= limits.nodeStatusPeriod } ?? true
        guard desired != sent || isPeriodOver else { return nil }
        sent = desired
        isWritingStatus = true
        return .patch(
            node.key, ["status": Self.stamped(desired, wall)], subresource: "status")
    }

    // MARK: The document

    private func labels(_ machine: MachineFacts) -> JSON {
        var labels = configuration.nodeLabels
        for prefix in ["kubernetes.io", "beta.kubernetes.io"] {
            labels["\(prefix)/arch"] = machine.architecture
            labels["\(prefix)/os"] = "linux"
        }
        labels["kubernetes.io/hostname"] = configuration.nodeName
        return .object(JSONObject(labels.keys.sorted().map { ($0, .string(labels[$0] ?? "")) }))
    }

    private mutating func status(
        _ machine: MachineFacts, _ node: Node?, _ wall: WallTime
    ) -> JSON {
        let addresses: [JSON] = configuration.addresses.map {
            ["type": "InternalIP", "address": .string($0)]
        }
        return [
            "addresses": .array(
                addresses + [["type": "Hostname", "address": .string(configuration.nodeName)]]),
            "capacity": resources(machine, isAllocatable: false),
            "allocatable": resources(machine, isAllocatable: true),
            "conditions": .array(conditions(node, wall)),
            "images": .array(imageList),
            "nodeInfo": [
                "architecture": .string(machine.architecture),
                "bootID": .string(machine.bootID),
                "containerRuntimeVersion": .string(machine.containerRuntimeVersion),
                "kernelVersion": .string(machine.kernelVersion),
                "kubeProxyVersion": .string(configuration.version),
                "kubeletVersion": .string(configuration.version),
                "machineID": .string(machine.machineID),
                "operatingSystem": "linux",
                "osImage": .string(machine.osImage),
                "systemUUID": .string(machine.systemUUID),
            ],
        ]
    }

    /// The largest images, for the scheduler (`nodeStatusMaxImages`).
    private var imageList: [JSON] {
        let named = images.filter { !$0.tags.isEmpty || !$0.repoDigests.isEmpty }
        let ordered = named.sorted { ($1.sizeBytes, $0.id) < ($0.sizeBytes, $1.id) }
        return ordered.prefix(limits.nodeImagesMax).map { image in
            [
                "names": .array((image.repoDigests + image.tags).prefix(5).map { .string($0) }),
                "sizeBytes": .integer(Int64(clamping: image.sizeBytes)),
            ]
        }
    }

    /// Kubernetes keeps 100 MiB of memory and a tenth of the disk from Pods (hard eviction).
    private func resources(_ machine: MachineFacts, isAllocatable: Bool) -> JSON {
        let milli = machine.cpuMilli
        let kept: Int64 = isAllocatable ? 100 * 1_024 * 1_024 : 0
        let storage = machine.ephemeralStorageBytes
        return [
            "cpu": .string(milli % 1_000 == 0 ? String(milli / 1_000) : "\(milli)m"),
            "ephemeral-storage": .string(
                isAllocatable ? String(storage / 10 * 9) : "\(storage / 1_024)Ki"),
            "hugepages-1Gi": "0",
            "hugepages-2Mi": "0",
            "memory": .string("\(max(0, machine.memoryBytes - kept) / 1_024)Ki"),
            "pods": .string(String(limits.podsMax)),
        ]
    }

    /// Why the machine takes no Pods, nil when it does.
    private var notReadyMessage: String? {
        if !isRuntimeReady || !runtimeMessage.isEmpty { return runtimeMessage }
        guard let range = node?.flatMap(\.podCIDR), range == configuredCIDR else {
            return "container runtime network not ready: NetworkReady=false "
                + "reason:NetworkPluginNotReady message:Network plugin returns error: "
                + "cni plugin not initialized"
        }
        return nil
    }

    private mutating func conditions(_ node: Node?, _ wall: WallTime) -> [JSON] {
        let message = notReadyMessage
        var result: [JSON] = []
        for pressure in Pressure.allCases {
            let isPressed = pressures.contains(pressure)
            let words = pressure.words(isPressed: isPressed)
            result.append(
                condition(
                    pressure.rawValue, isPressed, words.reason, words.message, node, wall))
        }
        return result + [
            condition(
                "Ready", message == nil, message == nil ? "KubeletReady" : "KubeletNotReady",
                message ?? "kubelet is posting ready status", node, wall),
        ]
    }

    private mutating func condition(
        _ type: String, _ isTrue: Bool, _ reason: String, _ message: String, _ node: Node?,
        _ wall: WallTime
    ) -> JSON {
        let status = isTrue ? "True" : "False"
        if transitions[type]?.status != status {
            let known = node?.condition(type)
            let since = known?.json["lastTransitionTime"]?.string
                .flatMap(WallTime.init(rfc3339:))
            transitions[type] = .init(
                status: status, time: known?.status == status ? since ?? wall : wall)
        }
        return [
            "type": .string(type), "status": .string(status),
            "lastTransitionTime": .string((transitions[type]?.time ?? wall).rfc3339),
            "reason": .string(reason), "message": .string(message),
        ]
    }

    /// The heartbeat is stamped when the status is sent, so that it alone is no change.
    private static func stamped(_ status: JSON, _ wall: WallTime) -> JSON {
        var result = status
        result["conditions"] = .array(
            (status["conditions"]?.array ?? []).map { condition in
                var stamped = condition
                stamped["lastHeartbeatTime"] = .string(wall.rfc3339)
                return stamped
            })
        return result
    }

    /// Whether the document says all that `part` says; lists are compared by type or whole.
    static func holds(_ whole: JSON, _ part: JSON) -> Bool {
        switch (whole, part) {
        case (.object(let members), .object(let wanted)):
            return wanted.allSatisfy { name, value in
                members[name].map { holds($0, value) } ?? false
            }
        case (.array(let elements), .array(let wanted)):
            guard wanted.contains(where: { $0["type"] != nil }) else {
                return elements.count == wanted.count
                    && zip(elements, wanted).allSatisfy { holds($0, $1) }
            }
            return wanted.allSatisfy { value in
                elements.contains { $0["type"] == value["type"] && holds($0, value) }
            }
        default: return whole == part
        }
    }
}
