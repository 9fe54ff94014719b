import Foundation
import Testing

extension JourneyTests {
    /// What goes wrong below a Pod while the machine itself lives on.
    @Suite(.serialized) struct RuntimeFaults {
        let cluster = Cluster.shared
        /// Where all Pods of these tests run.
        let machine = "machine-2"

        init() async throws { try await cluster.settle() }

        /// Three Pods with a volume in memory and a probe, as one Deployment.
        private func deploy(_ name: String, replicas: Int = 3) async throws {
            try await cluster.apply(
                """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: \(name)}
                spec:
                  replicas: \(replicas)
                  selector: {matchLabels: {app: \(name)}}
                  template:
                    metadata: {labels: {app: \(name)}}
                    spec:
                      nodeSelector: {kubernetes.io/hostname: \(machine)}
                      terminationGracePeriodSeconds: 1
                      containers:
                        - name: main
                          image: busybox
                          imagePullPolicy: IfNotPresent
                          command: [sh, -c, "sleep 100000"]
                          readinessProbe: {exec: {command: ["true"]}, periodSeconds: 1}
                          volumeMounts: [{name: memory, mountPath: /memory}]
                      volumes: [{name: memory, emptyDir: {medium: Memory}}]
                """)
        }

        @discardableResult
        private func running(_ name: String, count: Int = 3) async throws -> [PodState] {
            var found: [PodState] = []
            try await eventually(within: .seconds(30), "\(count) Pods of \(name) run") {
                found = try await cluster.pods("app=\(name)").sorted { $0.name < $1.name }
                return found.count == count && found.allSatisfy(\.isRunning)
            }
            return found
        }

        private func remove(_ name: String) async throws {
            try await eventually(within: .seconds(30), "\(name) is deleted") {
                try await cluster.kubectl(
                    "delete", "deployment", name, "--ignore-not-found", timeout: .seconds(5)
                ).succeeded
            }
            try await eventually(within: .seconds(30), "no Pod of \(name) is left") {
                try await cluster.pods("app=\(name)").isEmpty
            }
        }

        private func traces() async throws -> MachineTraces {
            try await MachineTraces(of: machine, in: cluster)
        }

        private func expectNothingMore(than before: MachineTraces) async throws {
            try await eventually(within: .seconds(20), "the machine is as before: \(before)") {
                let now = try await traces()
                guard now == before else { throw Failed("\(now)") }
                return true
            }
        }

        private func signal(_ program: String, _ name: String) async throws {
            let sent = try await cluster.inside(
                machine, "sh", "-c", "kill -s \(name) $(pgrep --exact --newest \(program))")
            #expect(sent.succeeded, "\(sent)")
        }

        /// The containers, and how often they were started.
        private func lives(_ pods: [PodState]) -> [String] {
            pods.flatMap { pod in
                pod.containers.map { "\(pod.name) \($0.containerID ?? "") \($0.restartCount)" }
            }
        }

        // MARK: The runtime

        @Test func `a runtime that is killed and comes back restarts nothing`() async throws {
            try await deploy("steady")
            let before = try await running("steady")
            try await signal("containerd", "KILL")
            try await eventually(within: .seconds(20), "the runtime is back") {
                try await cluster.containers(of: machine).count >= 6
            }
            try await deploy("later", replicas: 1)
            try await running("later", count: 1)
            #expect(lives(try await running("steady")) == lives(before))
            #expect(try await cluster.readiness()[machine] == "True")
            try await remove("later")
            try await remove("steady")
        }

        @Test func `a runtime that hangs costs time and nothing else`() async throws {
            try await deploy("steady")
            let before = try await running("steady")
            try await signal("containerd", "STOP")
            do {
                try await deploy("later", replicas: 1)
                // A probe that gets no answer in time has failed, three times.
                try await eventually(within: .seconds(20), "the Pods are not ready") {
                    try await cluster.pods("app=steady").allSatisfy { !$0.isRunning }
                }
                #expect(try await cluster.readiness()[machine] == "True")
            } catch {
                try await signal("containerd", "CONT")
                throw error
            }
            try await signal("containerd", "CONT")
            #expect(lives(try await running("steady")) == lives(before))
            try await running("later", count: 1)
            try await remove("later")
            try await remove("steady")
        }

        // MARK: The daemon

        /// At which step of a Pod's life the daemon is killed.
        enum Step: String, CaseIterable {
            case accepted, sandboxed, created, running, deleted
        }

        @Test(arguments: Step.allCases)
        func `a daemon that is killed at a step of a Pod's life goes on where it was`(
            _ step: Step
        ) async throws {
            let before = try await traces()
            try await deploy("crossing")
            try await reach(step)
            try await signal("podmesh", "KILL")
            if step == .deleted {
                try await remove("crossing")
            } else {
                let pods = try await running("crossing")
                // A start that the runtime was told to make and gave up counts as one.
                #expect(pods.flatMap(\.containers).allSatisfy { $0.restartCount <= 1 })
                try await remove("crossing")
            }
            try await expectNothingMore(than: before)
        }

        private func reach(_ step: Step) async throws {
            let present = try await cluster.containers(of: machine).count
            func wait(for containers: Int) async throws {
                try await eventually(within: .seconds(20), "\(containers) more containers") {
                    try await cluster.containers(of: machine).count >= present + containers
                }
            }
            switch step {
            case .accepted: break
            case .sandboxed: try await wait(for: 1)
            case .created: try await wait(for: 4)
            case .running: try await running("crossing")
            case .deleted:
                try await running("crossing")
                _ = try await cluster.kubectl(
                    "delete", "deployment", "crossing", "--wait=false")
            }
        }

        // MARK: The containers

        /// Scripts of containers that mean no good, by what they do.
        private static let badOnes = [
            "deaf": "trap '' TERM; while :; do sleep 0.1; done",
            "forking": "while :; do sleep 1000 & done",
            "talking": "yes",
            "filling": "dd if=/dev/zero of=/fill bs=1M count=64; exec sleep 1000",
            "mute": "exec nc -l -p 8080 -e sleep 1000",
        ]

        @Test func `containers that mean no good are bounded and leave nothing`() async throws {
            let before = try await traces()
            let manifests = Self.badOnes.map { name, script in
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: \(name), labels: {app: bad}}
                spec:
                  nodeName: \(machine)
                  terminationGracePeriodSeconds: 1
                  containers:
                    - name: main
                      image: busybox
                      imagePullPolicy: IfNotPresent
                      command: [sh, -c, "\(script)"]
                      resources:
                        limits: {cpu: 100m, memory: 32Mi, ephemeral-storage: 200Mi}
                      livenessProbe:
                        httpGet: {port: 8080, path: /}
                        initialDelaySeconds: \(name == "mute" ? 1 : 1_000)
                        periodSeconds: 1
                        failureThreshold: 2
                """
            }
            let limited = manifests.map {
                $0.contains("filling") ? $0.replacing("200Mi", with: "20Mi") : $0
            }
            try await cluster.apply(limited.joined(separator: "\n---\n"))
            try await expectMessage("mute", "context deadline exceeded")
            try await expectMessage("filling", "exceeds the total limit of containers 20Mi")
            try await eventually(within: .seconds(30), "the server that is mute was restarted") {
                try await cluster.pod("mute").containers.contains { $0.restartCount > 0 }
            }
            let deleted = try await cluster.kubectl(
                "delete", "pods", "--selector", "app=bad", "--wait=false")
            #expect(deleted.succeeded, "\(deleted)")
            // Hundreds of processes die within the share of the processor that was theirs.
            try await eventually(within: .seconds(120), "none of them is left") {
                let left = try await cluster.pods("app=bad").map(\.name)
                guard left.isEmpty else { throw Failed(left.joined(separator: ", ")) }
                return true
            }
            try await expectNothingMore(than: before)
        }

        private func expectMessage(_ pod: String, _ words: String) async throws {
            try await eventually(within: .seconds(60), "an Event of \(pod) says: \(words)") {
                let events = try await cluster.kubectl(
                    "get", "events", "--field-selector", "involvedObject.name=\(pod)")
                guard events.output.contains(words) else { throw Failed("\(events)") }
                return true
            }
        }
    }
}
