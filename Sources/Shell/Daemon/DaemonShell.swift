import API
import Base
import Daemon
import Gossip
import Logging
import NIOConcurrencyHelpers
import NIOCore
import Objects
import Raft
import Services
import Store

/// Runs one machine's ``DaemonCore``: what happens goes in as inputs, what the core wants comes
/// out as effects and is performed. It decides nothing.
///
/// An actor on a NIO event loop: sockets, links and the timer live on the same loop and enter
/// without a hop. No method that touches the core suspends, so a step is never interleaved.
actor DaemonShell {
    nonisolated let eventLoop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        eventLoop.executor.asUnownedSerialExecutor()
    }
    nonisolated let logger: Logger

    var core: DaemonCore
    var sealer: DatagramSealer
    let log: LogDirectory
    let machine: MachineActions
    let peersFile: PeersFile
    let resolver: ZoneBox
    var datagrams: DatagramSocket?
    var links: PeerLinks?
    var front: APIFront?
    /// Writes the audit log; nil when there is none.
    var auditor: Auditor?
    var streams: ContainerStreams?
    nonisolated let configuration: MachineConfiguration
    nonisolated let trust: MachineTrust
    nonisolated let identityDirectory: IdentityDirectory
    /// What the identity file holds.
    var identity: IdentityDirectory.Contents
    let vaultKey: GossipIdentity
    /// The authorities' private keys by their ids, once the Store has told them.
    var secrets: [String: AuthoritySecrets] = [:]
    var identityTickets = TicketCounter()
    var identityAnswers: [Ticket: @Sendable (isolated DaemonShell, StatusError?) -> Void] = [:]
    var isRemoved = false
    var onRemoved: (@Sendable () -> Void)?
    var metrics = ShellMetrics()
    nonisolated let meter = RequestMeter()
    /// What the API's threads evaluate requests with.
    nonisolated let views = ViewBox()
    var exchanges: [Ticket: ClientExchange] = [:]
    var onLeft: (@Sendable () -> Void)?
    /// Another machine that has this machine's name, and had it first.
    var nameConflict: GossipMember?
    var onNameConflict: (@Sendable () -> Void)?

    private var outbox = Outbox<DaemonEffect>()
    /// Inputs of this turn of the loop; one step takes them all.
    private var inbox: [DaemonInput] = []
    private var isTurnDue = false
    /// What other threads hand in.
    private nonisolated let mail = NIOLockedValueBox<[Mail]>([])
    /// What the watches are told in this turn.
    var watchPieces = WatchPieces()
    var calls = CallTable()
    private var timer: Scheduled<Void>?
    private var armedAt: Instant?
    private var lastWallTime = Instant.zero
    private var publishedView: UInt64?

    /// Timestamps of objects have whole seconds, so the calendar need not be read more often.
    private static let wallTimePeriod = Span.milliseconds(20)

    /// A client's request that is not answered yet, with what a stream needs of it.
    struct ClientExchange {
        var request: HTTPRequest
        var credential: Credential
        /// Whom other machines are told; found out when a stream goes to one.
        var user = UserInfo.anonymous
        var exchange: HTTPExchange
        var acceptedAt = Instant.now
        /// What the audit log holds of the request, if anything.
        var audit: AuditTrail?
    }

    /// What this machine proves itself with.
    struct Identity {
        let directory: IdentityDirectory
        let contents: IdentityDirectory.Contents
        let vaultKey: GossipIdentity
        let trust: MachineTrust
    }

    init(
        configuration: MachineConfiguration, identity: Identity, core: DaemonCore,
        sealer: DatagramSealer, log: LogDirectory, machine: MachineActions,
        peersFile: PeersFile, resolver: ZoneBox, eventLoop: any EventLoop, logger: Logger
    ) {
        self.configuration = configuration
        self.identity = identity.contents
        identityDirectory = identity.directory
        vaultKey = identity.vaultKey
        trust = identity.trust
        self.core = core
        self.sealer = sealer
        self.log = log
        self.machine = machine
        self.peersFile = peersFile
        self.resolver = resolver
        self.eventLoop = eventLoop
        self.logger = logger
    }

    /// Connects the parts that need the shell to exist before they do.
    func attach(
        datagrams: NIOLoopBound<DatagramSocket>, links: NIOLoopBound<PeerLinks>,
        front: APIFront, streams: ContainerStreams, auditor: Auditor?
    ) {
        self.auditor = auditor
        views.publish(core.view)
        self.datagrams = datagrams.value
        self.links = links.value
        self.front = front
        self.streams = streams
        onTrustChanged()
    }

    /// What another thread hands in.
    enum Mail: Sendable {
        case input(DaemonInput)
        case request(APIInput, HTTPRequest, HTTPExchange)
    }

    /// Hands an input in from any thread.
    nonisolated func deliver(_ input: DaemonInput) {
        if eventLoop.inEventLoop {
            assumeIsolated { $0.receive(input) }
        } else {
            deliver(.input(input))
        }
    }

    /// Hands something in from another thread. The loop is woken once for all that waits.
    nonisolated func deliver(_ letter: Mail) {
        let isFirst = mail.withLockedValue { mail in
            mail.append(letter)
            return mail.count == 1
        }
        if isFirst { eventLoop.execute { self.assumeIsolated { $0.takeMail() } } }
    }

    private func takeMail() {
        let letters = mail.withLockedValue { mail in
            defer { mail = [] }
            return mail
        }
        for letter in letters {
            switch letter {
            case .input(let input): receive(input)
            case .request(let input, let http, let exchange): accept(input, http, exchange)
            }
        }
    }

    /// Takes an input on the loop. What arrives in one turn of the loop is stepped together when
    /// the sockets have been read, and its effects are performed in order.
    func receive(_ input: DaemonInput) {
        inbox.append(input)
        guard !isTurnDue else { return }
        isTurnDue = true
        eventLoop.execute { self.assumeIsolated { $0.turn() } }
    }

    private func turn() {
        let now = Instant.now
        if now - lastWallTime >= Self.wallTimePeriod {
            lastWallTime = now
            core.step(.wallTime(.now), at: now, into: &outbox)
        }
        let inputs = inbox
        inbox.removeAll(keepingCapacity: true)
        isTurnDue = false
        for case .persisted(let persistence) in inputs {
            metrics.didPersist(persistence, at: now)
        }
        core.step(inputs, at: now, into: &outbox)
        // Before any effect: whoever is told of a write must find it.
        if core.view.number != publishedView {
            publishedView = core.view.number
            views.publish(core.view)
        }
        for effect in outbox.take() { perform(effect) }
        watchPieces.send()
        links?.flush()
        calls.flush()
        arm(at: now)
    }

    private func arm(at now: Instant) {
        guard let deadline = core.deadline else { return }
        if let armedAt, armedAt <= deadline { return }
        timer?.cancel()
        armedAt = deadline
        let delay = max(0, (deadline - now).nanoseconds)
        timer = eventLoop.scheduleTask(in: .nanoseconds(delay)) {
            self.assumeIsolated { $0.wake() }
        }
    }

    private func wake() {
        armedAt = nil
        let now = Instant.now
        // Most deadlines have moved on by then, as that of an election does with each heartbeat.
        guard let deadline = core.deadline, deadline <= now else { return arm(at: now) }
        receive(.wake)
    }

    // MARK: The mesh and the links

    /// A datagram as it came off the socket; one that does not open is counted and dropped.
    func receiveDatagram(_ bytes: [UInt8], from source: PeerAddress) {
        guard let opened = sealer.open(bytes, at: .now), !opened.payload.isEmpty else { return }
        receive(.datagram(from: opened.sender, address: source, payload: opened.payload))
    }

    /// A frame of a peer's link; one that is no Raft message, no state and no call is dropped.
    func receiveFrame(_ frame: [UInt8], from sender: MachineName, on channel: any Channel) {
        if frame.first == StoreCallCodec.callKind {
            receiveCall(frame, on: channel)
            return
        }
        if frame.first == PeerFrame.stateKind {
            receive(.state(from: sender, payload: Array(frame.dropFirst())))
            return
        }
        guard let message = try? RaftCodec.decode(frame) else {
            logger.warning("dropped a malformed frame", metadata: ["peer": "\(sender)"])
            return
        }
        receive(.raft(from: sender, message))
    }

    private func receiveCall(_ frame: [UInt8], on channel: any Channel) {
        guard let (call, number) = try? StoreCallCodec.decodeCall(frame) else {
            // Its answer could not be told from others; the caller must not wait for it.
            channel.close(promise: nil)
            return
        }
        receive(.call(calls.begin(number, on: channel), call))
    }

    /// Knows a peer before the mesh does: from the join answer or from the disk.
    func learn(_ seeds: [GossipSeed]) {
        for seed in seeds {
            if let certificate = seed.certificate { sealer.learn(certificate, at: .now) }
        }
    }

    /// Calls back when the cluster has removed this machine, or at once if it already has.
    func whenRemoved(_ action: @escaping @Sendable () -> Void) {
        onRemoved = action
        if isRemoved { action() }
    }

    /// Calls back when this machine must end because its name is another's, at once if that is
    /// known already.
    func whenNameIsTaken(_ act: @escaping @Sendable () -> Void) {
        if nameConflict != nil { act() } else { onNameConflict = act }
    }

    /// Says goodbye to the mesh and returns when that is out, or when the time is over.
    func leave(within timeout: TimeAmount) async {
        await withCheckedContinuation { continuation in
            let promise = eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenComplete { _ in continuation.resume() }
            let deadline = eventLoop.scheduleTask(in: timeout) { promise.succeed() }
            onLeft = {
                deadline.cancel()
                promise.succeed()
            }
            receive(.leave)
        }
    }
}
