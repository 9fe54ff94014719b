import Glibc
import Synchronization
import Testing

extension JourneyTests {
    /// The death and return of machines and daemons.
    @Suite(.serialized) struct Failures {
        let cluster = Cluster.shared

        init() async throws { try await cluster.settle() }

        /// Until all of a dead machine's Pods run elsewhere. The figure to reach is 3 s (4 s for
        /// the leader's machine) on an idle machine; here it is a bound that is always kept.
        static let replacementMax = Duration.seconds(10)

        @Test(arguments: 1...2)
        func `a machine dies, its Pods run elsewhere, and it comes back`(
            _ round: Int
        ) async throws {
            let leader = try await cluster.leader()
            let victim = try #require(cluster.names.last { $0 != leader })
            try await surviveDeath(of: victim, "machine")
        }

        @Test(arguments: 1...2)
        func `the leader's machine dies, and it is the same`(_ round: Int) async throws {
            try await surviveDeath(of: try await cluster.leader(), "leader")
        }

        private func surviveDeath(of victim: String, _ kind: String) async throws {
            // New Pods, so that each machine has some: those of before may have gathered elsewhere.
            let before = try await cluster.deployWebAnew()
            let lost = before.filter { $0.node == victim }
            let old = try await cluster.containers(of: victim)
            try #require(!lost.isEmpty && !old.isEmpty)

            let clock = ContinuousClock()
            let start = clock.now
            let killed = try await cluster.script("kill", victim)
            #expect(killed.succeeded, "\(killed)")
            let now = try await cluster.runningWeb(within: Self.replacementMax, without: victim)
            print("journey: killed \(kind) \(victim), replaced after \((clock.now - start).text)")
            #expect(Set(now.map(\.name)).isDisjoint(with: lost.map(\.name)))
            // Those of the other machines went on as they were.
            let kept = Set(before.filter { $0.node != victim }.map(\.metadata.uid))
            #expect(kept.isSubset(of: now.map(\.metadata.uid)))
            try await eventually(within: .seconds(5), "\(victim) is NotReady") {
                let ready = try await cluster.readiness()
                return ready[victim] != "True" && ready.values.filter { $0 == "True" }.count == 2
            }

            let started = try await cluster.script("start", victim)
            #expect(started.succeeded, "\(started)")
            let back = try await eventually(within: .seconds(20), "\(victim) is Ready again") {
                try await cluster.readiness()[victim] == "True"
            }
            print("journey: \(victim) was Ready again after \(back.text)")
            try await eventually(within: .seconds(10), "the old containers are gone") {
                try await cluster.containers(of: victim).isDisjoint(with: old)
            }
            try await cluster.runningWeb(within: .seconds(1), without: nil)
        }

        @Test func `what was acknowledged while machines died is on every machine`() async throws {
            _ = try await cluster.kubectl("delete", "configmap", "--selector", "app=written")
            let log = WriteLog()
            let writer = Task { try await write(to: log) }
            for _ in 1...2 {
                try await acknowledge(3, more: log)
                let leader = try await cluster.leader()
                _ = try await cluster.script("kill", leader)
                try await eventually(within: .seconds(10), "another machine leads") {
                    try await cluster.leader() != leader
                }
                try await acknowledge(3, more: log)
                _ = try await cluster.script("start", leader)
                try await cluster.waitUntilAllReady()
            }
            writer.cancel()
            try await writer.value
            let acknowledged = log.names
            print("journey: \(acknowledged.count) writes acknowledged while leaders died")
            for name in cluster.names {
                let answer = try await cluster.kubectl(
                    "get", "configmaps", "--selector", "app=written", "--output", "name",
                    "--server", "https://\(cluster.address(of: name)):6443")
                let lost = Set(acknowledged).subtracting(answer.lines)
                #expect(answer.succeeded && lost.isEmpty, "\(name) lost \(lost)")
            }
        }

        /// Waits until so many more writes are acknowledged.
        private func acknowledge(_ count: Int, more log: WriteLog) async throws {
            let wanted = log.names.count + count
            try await eventually(within: .seconds(30), "\(wanted) writes are acknowledged") {
                log.names.count >= wanted
            }
        }

        /// Creates ConfigMaps one after the other until the task is cancelled.
        private func write(to log: WriteLog) async throws {
            var number = 0
            while !Task.isCancelled {
                number += 1
                let manifest = """
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: {name: written-\(number), labels: {app: written}}
                    """
                let answer = try await cluster.kubectl(
                    "create", "--filename", "-", "--request-timeout", "2s", input: manifest)
                if answer.succeeded { log.note("configmap/written-\(number)") }
            }
        }

        @Test func `Pods outlive the daemon, untouched`() async throws {
            let before = try await cluster.deployWeb().sorted { $0.name < $1.name }
            for name in cluster.names {
                let daemon = try #require(try cluster.machine(name).daemonPID)
                let containers = try await cluster.containers(of: name)
                #expect(kill(daemon, SIGKILL) == 0)
                try await eventually(within: .seconds(10), "\(name) has a new daemon") {
                    let now = try cluster.machine(name).daemonPID
                    guard let now, now != daemon else { return false }
                    return try await cluster.status(of: name).raft.leader != nil
                }
                try await cluster.waitUntilAllReady()
                #expect(try await cluster.containers(of: name) == containers)
            }
            let after = try await cluster.runningWeb(within: .seconds(10))
                .sorted { $0.name < $1.name }
            #expect(after.map(\.metadata.uid) == before.map(\.metadata.uid))
            // IDs, start times and restart counts.
            #expect(after.map(\.containers) == before.map(\.containers))
            for pod in after {
                let answer = try await cluster.exec(pod.name, "hostname")
                #expect(answer.trimmed == pod.name, "\(answer)")
            }
        }
    }
}

/// The names of objects whose creation the server has acknowledged.
private final class WriteLog: Sendable {
    private let box = Mutex<[String]>([])

    var names: [String] { box.withLock { $0 } }

    func note(_ name: String) { box.withLock { $0.append(name) } }
}
