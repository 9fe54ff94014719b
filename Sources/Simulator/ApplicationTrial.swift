import API
package import Base
import Daemon
package import JSON
import Objects
import Store

/// What failures of machines would do to an application: a cluster of kind machines runs it, the
/// power of some is cut, and a timeline tells what becomes of its Pods.
package struct ApplicationTrial {
    private let world: World
    private let cluster: SimulatedCluster
    private let documents: [JSON]
    private let failures: [(machine: Int, after: Span)]

    /// - Parameters:
    ///   - documents: manifests, as a client would apply them.
    ///   - failures: which machines lose their power for good, and how long after the application
    ///     runs; machines are counted from 0.
    package init(
        seed: UInt64, nodes: Int, documents: [JSON], failures: [(machine: Int, after: Span)]
    ) {
        var plan = FaultPlan()
        plan.runtime.registryImages = Set(documents.flatMap(Self.images))
        world = World(seed: seed, machines: nodes, plan: plan, names: "node", isTraceKept: false)
        cluster = SimulatedCluster(world)
        self.documents = documents.flatMap { document in
            document["kind"]?.string == "List" ? document["items"]?.array ?? [] : [document]
        }
        self.failures = failures.sorted { $0.after < $1.after }
    }

    private static let formLimit = Span.minutes(3)
    private static let startLimit = Span.minutes(5)
    private static let recoveryLimit = Span.minutes(5)

    /// Tells the timeline; true when as many Pods run at the end as before the failures.
    package func run(tell: (String) -> Void) -> Bool {
        guard cluster.form(within: Self.formLimit) else {
            tell("the cluster does not form: \(cluster.pending)")
            return false
        }
        tell("\(world.machineCount) nodes are Ready")
        let applied: [(path: String, body: JSON)]
        do {
            applied = try documents.map(Self.request)
        } catch {
            tell("\(error)")
            return false
        }
        let client = world.workload.clients.count
        world.add(Applier(applied))
        var timeline = Timeline()
        let begin = world.now
        watch(within: Self.startLimit, since: begin, &timeline, tell) {
            applier(client).isDone && $0.pods.values.allSatisfy(\.isSettled)
        }
        for problem in applier(client).problems { tell("refused: \(problem)") }
        guard applier(client).problems.isEmpty else { return false }
        let running = timeline.running
        tell("\(running) Pods run after \(Self.seconds(world.now - begin)) s; time starts anew")
        timeline.problems.forEach { tell("  \($0)") }
        return fail(running, &timeline, tell)
    }

    private func fail(
        _ running: Int, _ timeline: inout Timeline, _ tell: (String) -> Void
    ) -> Bool {
        let start = world.now
        for (number, (machine, after)) in failures.enumerated() {
            let next = number + 1 < failures.count ? failures[number + 1].after : nil
            watch(within: start + after - world.now, since: start, &timeline, tell) { _ in false }
            let fallen = world.now
            world.crash(machine)
            tell("\(Self.at(world.now - start)) \(world.machines[machine].name) loses its power")
            let lost = timeline.loseAll(on: world.machines[machine].name.text)
            lost.forEach { tell("\(Self.at(world.now - start))   Pod \($0) is lost with it") }
            let limit = next.map { $0 - after } ?? Self.recoveryLimit
            var recovered: Instant?
            watch(within: limit, since: start, &timeline, tell) {
                if recovered == nil, $0.running >= running { recovered = world.now }
                return recovered != nil && next == nil
            }
            let verdict =
                recovered.map { "\(running) Pods run again after \(Self.seconds($0 - fallen)) s" }
                ?? "\(timeline.running) of \(running) Pods run \(Self.seconds(limit)) s later"
            tell("\(Self.at(world.now - start)) \(lost.count) Pods lost; \(verdict)")
        }
        timeline.problems.forEach { tell("  \($0)") }
        return timeline.running >= running
    }

    /// Lets time pass and tells of every change, until the condition holds.
    private func watch(
        within limit: Span, since start: Instant, _ timeline: inout Timeline,
        _ tell: (String) -> Void, until condition: (Timeline) -> Bool
    ) {
        let end = world.now + limit
        while world.now < end, world.violation == nil {
            if let number = world.leader, let store = world.machines[number].core?.store {
                let isLive = Set(
                    world.machines.filter(\.isRunning).map { Optional($0.name.text) })
                for line in timeline.update(store, isLive: { isLive.contains($0) }) {
                    tell("\(Self.at(world.now - start))   \(line)")
                }
            }
            if condition(timeline) { return }
            world.run(for: min(.milliseconds(20), end - world.now))
        }
    }

    private func applier(_ client: Int) -> Applier {
        world.workload.clients[client] as? Applier ?? Applier([])
    }

    private static func seconds(_ span: Span) -> String {
        String(TraceText.time(.zero + span).dropLast(3).drop { $0 == " " })
    }

    private static func at(_ span: Span) -> String {
        "+" + TraceText.time(.zero + span).dropLast(3) + " s"
    }

    /// Where a document is created.
    private static func request(_ document: JSON) throws(SimulationFailure) -> (String, JSON) {
        let version = document["apiVersion"]?.string ?? ""
        let kind = document["kind"]?.string ?? ""
        let definition = ResourceRegistry.builtIn.definitions.first {
            $0.resource.apiVersion == version && $0.resource.kind == kind
        }
        guard let resource = definition?.resource else {
            throw SimulationFailure(.liveness, "no resource has the kind \"\(version) \(kind)\"")
        }
        var path = resource.group.isEmpty ? "/api/v1" : "/apis/\(version)"
        if resource.isNamespaced {
            path += "/namespaces/\(document["metadata"]?["namespace"]?.string ?? "default")"
        }
        return ("\(path)/\(resource.plural)", document)
    }

    private static func images(_ document: JSON) -> [String] {
        var found: [String] = []
        if let image = document["image"]?.string { found.append(image) }
        for element in document.array ?? [] { found += images(element) }
        for name in document.object?.names ?? [] {
            found += document[name].map(images) ?? []
        }
        return found
    }
}

/// The Pods of an application as they change.
private struct Timeline {
    struct Pod {
        var name: String
        var node: String?
        var isReady = false
        var isFinished = false
        /// Why it runs nowhere, in the scheduler's words.
        var unschedulable: String?

        /// Nothing more is to come of it.
        var isSettled: Bool { isReady || isFinished || unschedulable != nil }
    }

    private(set) var pods: [String: Pod] = [:]
    private var revision: UInt64 = 0

    /// Pods that are Ready on machines that run.
    var running: Int { pods.values.count { $0.isReady } }

    var problems: [String] {
        pods.keys.sorted().compactMap { uid in
            guard let pod = pods[uid], let reason = pod.unschedulable else { return nil }
            return "Pod \(pod.name) is Pending: \(reason)"
        }
    }

    /// The Pods on a machine, which run no longer.
    mutating func loseAll(on node: String) -> [String] {
        let uids = pods.keys.sorted().filter { pods[$0]?.node == node && pods[$0]?.isReady == true }
        for uid in uids { pods[uid]?.isReady = false }
        return uids.compactMap { pods[$0]?.name }.sorted()
    }

    /// Takes in a Store; what changed, in words.
    mutating func update(_ store: StoreCore, isLive: (String?) -> Bool) -> [String] {
        guard store.revision.number != revision else { return [] }
        revision = store.revision.number
        var lines: [String] = []
        var seen: Set<String> = []
        let range = KeyRange.resource(group: "", resource: "pods")
        for (_, document) in store.snapshot.list(range) {
            guard let json = try? JSON(parsing: document.bytes) else { continue }
            let pod = Objects.Pod(json)
            seen.insert(pod.uid)
            var now = Pod(name: pod.name, node: pod.nodeName)
            now.isReady = pod.isReady && !pod.isBeingDeleted && isLive(pod.nodeName)
            now.isFinished = pod.isFinished
            if let condition = pod.condition("PodScheduled"), !condition.isTrue {
                now.unschedulable = condition.message
            }
            lines += Self.changes(from: pods[pod.uid], to: now)
            pods[pod.uid] = now
        }
        for uid in pods.keys.sorted() where !seen.contains(uid) {
            if let pod = pods.removeValue(forKey: uid) { lines.append("Pod \(pod.name) is gone") }
        }
        return lines
    }

    private static func changes(from old: Pod?, to new: Pod) -> [String] {
        var lines: [String] = []
        if old == nil { lines.append("Pod \(new.name) is created") }
        if let node = new.node, old?.node == nil { lines.append("Pod \(new.name) goes to \(node)") }
        if new.isReady, old?.isReady != true {
            lines.append("Pod \(new.name) is Running on \(new.node ?? "no node")")
        }
        if let reason = new.unschedulable, old?.unschedulable != reason {
            lines.append("Pod \(new.name) is Pending: \(reason)")
        }
        return lines
    }
}
