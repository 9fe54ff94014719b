import Base
import Control
import JSON
import Objects

/// A cluster without a network: one core, the fake API, and machines that run what is bound to
/// them. Writes and answers take random times and overtake each other.
struct ControlHarness {
    var core: ControlCore
    var api = FakeAPI()
    private(set) var now = Instant.zero
    var random: Random
    /// Machines that answer.
    private(set) var alive: Set<String> = []
    /// Every write the core asked for, in order.
    private(set) var writes: [ObjectWrite] = []
    private(set) var marks: [String] = []
    /// Called after each commit.
    var check: (inout ControlHarness) -> Void = { _ in }

    private enum Action {
        case commit(Ticket, ObjectWrite)
        case finish(Ticket, WriteResult)
        case run(ObjectKey)
        case stop(ObjectKey)
        case report(String)
    }

    private var agenda: [(at: Instant, order: Int, action: Action)] = []
    private var order = 0
    private let start = WallTime(seconds: 1_700_000_000)
    /// Pods whose deletion is on its way to the API.
    private(set) var leaving: Set<ObjectKey> = []

    static func configuration() -> ControlConfiguration {
        ControlConfiguration(
            clusterCIDR: IPv4Network("10.244.0.0/16")!, serviceCIDR: IPv4Network("10.96.0.0/16")!,
            authorityPEM: "PEM")
    }

    init(seed: UInt64 = 1, configuration: ControlConfiguration = Self.configuration()) {
        core = ControlCore(configuration: configuration, random: Random(seed: seed))
        random = Random(seed: seed &+ 1_000)
    }

    var wall: WallTime { start + (now - .zero) }

    /// Machines that are Nodes and answer, the objects of every cluster, and a leading core.
    static func cluster(
        machines: Int = 3, cpu: String = "4", seed: UInt64 = 1,
        configuration: ControlConfiguration = Self.configuration()
    ) -> ControlHarness {
        var harness = ControlHarness(seed: seed, configuration: configuration)
        for index in 1...max(1, machines) { harness.addMachine("machine-\(index)", cpu: cpu) }
        harness.lead()
        harness.settle()
        return harness
    }

    mutating func addMachine(_ name: String, cpu: String = "4") {
        alive.insert(name)
        api.must(.create(.nodes, Self.node(name, cpu: cpu)))
        feed(.peerStatus(MachineName(name)!, .alive))
    }

    static func node(_ name: String, cpu: String = "4", ready: String = "True") -> JSON {
        [
            "apiVersion": "v1", "kind": "Node",
            "metadata": [
                "name": .string(name), "labels": ["kubernetes.io/hostname": .string(name)],
            ],
            "status": [
                "conditions": [["type": "Ready", "status": .string(ready)]],
                "addresses": [
                    ["type": "InternalIP", "address": .string("192.168.0.\(name.suffix(1))")]
                ],
                "allocatable": ["cpu": .string(cpu), "memory": "8Gi", "pods": "110"],
            ],
        ]
    }

    /// The core begins to lead. What an earlier leader asked for and did not commit is lost.
    mutating func lead() {
        agenda.removeAll {
            switch $0.action {
            case .commit, .finish: true
            case .run, .stop, .report: false
            }
        }
        leaving = []
        let objects = api.objects.sorted { $0.key < $1.key }
            .map { ($0.key, StoredObject($0.value)) }
        _ = api.takeChanges()
        feed(.started)
        feed(.loaded(objects))
        feed(.synced)
    }

    mutating func feed(_ input: ControlInput) {
        var out = Outbox<ControlEffect>()
        core.step(.wallTime(wall), at: now, into: &out)
        core.step(input, at: now, into: &out)
        if random.chance(0.05) { core.checkInvariants() }
        for effect in out.take() {
            switch effect {
            case .mark(let text): marks.append(text)
            case .write(let ticket, let write):
                writes.append(write)
                if case .delete(let key, _, _, _) = write { leaving.insert(key) }
                let delay = random.span(from: .milliseconds(1), to: .milliseconds(20))
                schedule(delay, .commit(ticket, write))
            }
        }
    }

    private mutating func schedule(_ delay: Span, _ action: Action) {
        order += 1
        agenda.append((now + delay, order, action))
    }

    /// Feeds what changed in the API, as a user's or kubelet's write does.
    mutating func publish() {
        api.wall = wall
        let changes = api.takeChanges()
        guard !changes.isEmpty else { return }
        for (key, document) in changes where key.resource == .pods { observe(key, document) }
        for (key, document) in changes where key.resource == .nodes { observe(node: key, document) }
        feed(.changed(changes.map { ($0.0, $0.1.map { StoredObject($0) }) }))
        check(&self)
    }

    /// Does something to the API as a user would.
    mutating func user(_ act: (inout FakeAPI) -> Void) {
        api.wall = wall
        act(&api)
        publish()
    }

    /// The machine's kubelet sees its Pods.
    private mutating func observe(_ key: ObjectKey, _ document: JSON?) {
        guard let document, let node = Pod(document).nodeName, alive.contains(node) else { return }
        let delay = random.span(from: .milliseconds(50), to: .milliseconds(400))
        if Pod(document).isBeingDeleted {
            schedule(delay, .stop(key))
        } else if Pod(document).phase == "Pending" {
            schedule(delay, .run(key))
        }
    }

    private mutating func observe(node key: ObjectKey, _ document: JSON?) {
        guard let document, alive.contains(key.name), !Node(document).isReady else { return }
        schedule(.milliseconds(100), .report(key.name))
    }

    mutating func fail(_ name: String) {
        alive.remove(name)
        feed(.peerStatus(MachineName(name)!, .failed))
    }

    mutating func recover(_ name: String) {
        alive.insert(name)
        feed(.peerStatus(MachineName(name)!, .alive))
        schedule(.milliseconds(100), .report(name))
        for pod in api.all(.pods) where Pod(pod).nodeName == name { observe(Pod(pod).key, pod) }
    }

    /// When something is due next, and whether it is the core's own deadline.
    private var next: (at: Instant, index: Int?)? {
        let index = agenda.indices.min {
            (agenda[$0].at, agenda[$0].order) < (agenda[$1].at, agenda[$1].order)
        }
        switch (index.map { agenda[$0].at }, core.deadline) {
        case (let first?, let deadline?):
            return first <= deadline ? (first, index) : (deadline, nil)
        case (let first?, nil): return (first, index)
        case (nil, let deadline?): return (deadline, nil)
        case (nil, nil): return nil
        }
    }

    var isBusy: Bool { !agenda.isEmpty }

    /// Runs what is due within the span and moves the clock by it.
    mutating func run(for span: Span) {
        let end = now + span
        while let (at, index) = next, at <= end {
            now = max(now, at)
            if let index {
                perform(agenda.remove(at: index).action)
            } else {
                feed(.wake)
            }
        }
        now = end
    }

    /// Runs until nothing is under way, at most for a minute; false when it does not end.
    @discardableResult
    mutating func settle() -> Bool {
        publish()
        for _ in 0..<600 {
            run(for: .milliseconds(100))
            if !isBusy { return true }
        }
        return false
    }

    private mutating func perform(_ action: Action) {
        api.wall = wall
        switch action {
        case .commit(let ticket, let write):
            let result = api.perform(write)
            if case .delete(let key, _, _, _) = write { leaving.remove(key) }
            // The change may come round before or after the answer.
            if random.chance(0.5) {
                publish()
                schedule(random.span(from: .zero, to: .milliseconds(5)), .finish(ticket, result))
            } else {
                feed(.finished(ticket, result))
                publish()
            }
        case .finish(let ticket, let result): feed(.finished(ticket, result))
        case .run(let key): run(pod: key)
        case .stop(let key):
            if let node = api[key].flatMap({ Pod($0).nodeName }), alive.contains(node) {
                api.remove(key)
                publish()
            }
        case .report(let name): report(name)
        }
    }

    private mutating func run(pod key: ObjectKey) {
        guard let document = api[key], let node = Pod(document).nodeName, alive.contains(node),
            Pod(document).phase == "Pending", !Pod(document).isBeingDeleted
        else { return }
        let number = Int(api.revision % 250) + 1
        let ready: JSON = [
            "type": "Ready", "status": "True", "lastTransitionTime": .string(wall.rfc3339),
        ]
        _ = try? api.patch(
            key,
            [
                "status": [
                    "phase": "Running", "podIP": .string("10.244.0.\(number)"),
                    "conditions": [ready],
                ]
            ])
        publish()
    }

    private mutating func report(_ name: String) {
        guard alive.contains(name) else { return }
        let ready: JSON = [
            "type": "Ready", "status": "True", "reason": "KubeletReady",
            "lastTransitionTime": .string(wall.rfc3339),
        ]
        _ = try? api.patch(
            ObjectKey(.nodes, name: name), ["status": ["conditions": [ready]]])
        publish()
    }
}

extension ControlHarness {
    static func deployment(
        _ name: String = "web", replicas: Int64, image: String = "1", cpu: String = "100m",
        strategy: JSON = [
            "type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1, "maxUnavailable": 1],
        ]
    ) -> JSON {
        [
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": ["name": .string(name), "namespace": "default"],
            "spec": [
                "replicas": .integer(replicas), "strategy": strategy,
                "selector": ["matchLabels": ["app": .string(name)]],
                "template": [
                    "metadata": ["labels": ["app": .string(name)]],
                    "spec": [
                        "containers": [
                            [
                                "name": "c", "image": .string(image),
                                "resources": ["requests": ["cpu": .string(cpu)]],
                            ]
                        ]
                    ],
                ],
            ],
        ]
    }

    func pods(_ app: String = "web") -> [Pod] {
        api.all(.pods).map(Pod.init).filter {
            $0.metadata.labels["app"] == app && !$0.isBeingDeleted && !$0.isFinished
        }
    }

    /// Ready Pods per machine that answers.
    func spread(_ app: String = "web") -> [String: Int] {
        var counts: [String: Int] = [:]
        for pod in pods(app) where pod.isReady { counts[pod.nodeName ?? "", default: 0] += 1 }
        return counts
    }
}

extension ControlCore {
    /// Begins to lead a cluster of these objects.
    mutating func lead(
        _ objects: [(ObjectKey, JSON)], at now: Instant, into out: inout Outbox<ControlEffect>
    ) {
        step(.started, at: now, into: &out)
        step(.loaded(objects.map { ($0.0, StoredObject($0.1)) }), at: now, into: &out)
        step(.synced, at: now, into: &out)
    }
}
