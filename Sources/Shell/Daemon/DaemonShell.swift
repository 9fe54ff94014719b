import API
import Base
import Daemon
import Gossip
import Logging
import NIOCore
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
    var streams: ContainerStreams?
    /// The cluster's secrets, once the Store has told them.
    var secrets: AuthoritySecrets?
    var exchanges: [Ticket: ClientExchange] = [:]
    var onLeft: (@Sendable () -> Void)?

    private var outbox = Outbox<DaemonEffect>()
    private var timer: Scheduled<Void>?
    private var armedAt: Instant?
    private var lastWallTime = Instant.zero
    private var isStepping = false

    /// Timestamps of objects have whole seconds, so the calendar need not be read more often.
    private static let wallTimePeriod = Span.milliseconds(20)

    /// A client's request that is not answered yet, with what a stream needs of it.
    struct ClientExchange {
        var request: HTTPRequest
        var user: UserInfo
        var exchange: HTTPExchange
    }

    init(
        core: DaemonCore, sealer: DatagramSealer, log: LogDirectory, machine: MachineActions,
        peersFile: PeersFile, resolver: ZoneBox, eventLoop: any EventLoop, logger: Logger
    ) {
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
        front: APIFront, streams: ContainerStreams
    ) {
        self.datagrams = datagrams.value
        self.links = links.value
        self.front = front
        self.streams = streams
    }

    /// Hands an input in from any thread.
    nonisolated func deliver(_ input: DaemonInput) {
        if eventLoop.inEventLoop {
            assumeIsolated { $0.receive(input) }
        } else {
            eventLoop.execute { self.assumeIsolated { $0.receive(input) } }
        }
    }

    /// Takes an input on the loop: one step, then its effects in order.
    func receive(_ input: DaemonInput) {
        let now = Instant.now
        if now - lastWallTime >= Self.wallTimePeriod {
            lastWallTime = now
            core.step(.wallTime(.now), at: now, into: &outbox)
        }
        core.step(input, at: now, into: &outbox)
        performAll()
        arm(at: now)
    }

    /// Effects that are performed at once may call back in; their effects queue up behind.
    private func performAll() {
        guard !isStepping else { return }
        isStepping = true
        while !outbox.isEmpty {
            for effect in outbox.take() { perform(effect) }
        }
        isStepping = false
        if secrets == nil { loadSecrets() }
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
        receive(.wake)
    }

    // MARK: The mesh and the links

    /// A datagram as it came off the socket; one that does not open is counted and dropped.
    func receiveDatagram(_ bytes: [UInt8], from source: PeerAddress) {
        guard let opened = sealer.open(bytes, at: .now), !opened.payload.isEmpty else { return }
        receive(.datagram(from: opened.sender, address: source, payload: opened.payload))
    }

    /// A frame of a peer's link; one that is no Raft message is dropped.
    func receiveFrame(_ frame: [UInt8], from sender: MachineName) {
        guard let message = try? RaftCodec.decode(frame) else {
            logger.warning("dropped a malformed frame", metadata: ["peer": "\(sender)"])
            return
        }
        receive(.raft(from: sender, message))
    }

    /// Knows a peer before the mesh does: from the join answer or from the disk.
    func learn(_ seeds: [GossipSeed]) {
        for seed in seeds {
            if let certificate = seed.certificate { sealer.learn(certificate, at: .now) }
        }
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

    // MARK: Secrets

    /// Reads the cluster's secrets out of the Store as soon as they are there.
    private func loadSecrets() {
        guard let document = core.store.snapshot[AuthoritySecrets.key],
            let secrets = AuthoritySecrets(decoding: document.bytes)
        else { return }
        self.secrets = secrets
        do {
            front?.setTokens(
                try ServiceAccountTokens(privateKeyPEM: secrets.serviceAccountKeyPEM))
        } catch {
            logger.error("service account tokens cannot be signed", metadata: ["error": "\(error)"])
        }
    }
}
