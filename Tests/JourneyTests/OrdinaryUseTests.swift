import Testing

extension JourneyTests {
    /// Looking, starting, asking, deleting, while nothing fails.
    @Suite(.serialized) struct OrdinaryUse {
        let cluster = Cluster.shared

        init() async throws { try await cluster.settle() }

        @Test func `three Nodes are Ready and tell what they are`() async throws {
            let table = try await cluster.kubectl("get", "nodes", "--output", "wide")
            let rows = table.lines.dropFirst().map { line in
                line.split(separator: /\s{2,}/).map(String.init)
            }
            #expect(rows.map(\.first) == cluster.names)
            for row in rows {
                try #require(row.count == 10, "\(table)")
                #expect(row[1] == "Ready")
                #expect(row[4].hasPrefix("v1."))
                #expect(row[5] == cluster.address(of: row[0]))
                #expect(!row[7].contains("<") && !row[8].contains("<"))
                #expect(row[9].hasPrefix("containerd://"))
            }
        }

        @Test func `six replicas spread evenly, and the watch shows each of them`() async throws {
            _ = try await cluster.kubectl("delete", "deployment", "spread", "--ignore-not-found")
            let watch = try cluster.startKubectl("get", "pods", "--watch", "--output", "wide")
            let created = try await cluster.kubectl(
                "create", "deployment", "spread", "--image=busybox", "--replicas=6", "--", "sh",
                "-c", "httpd -f -p 8080")
            #expect(created.succeeded, "\(created)")
            var pods: [PodState] = []
            let duration = try await eventually(within: .seconds(20), "six Pods run") {
                pods = try await cluster.pods("app=spread")
                return pods.count == 6 && pods.allSatisfy(\.isRunning)
            }
            print("journey: six replicas ran after \(duration.text)")
            let counts = Dictionary(grouping: pods, by: \.node).mapValues(\.count)
            #expect(counts == ["machine-1": 2, "machine-2": 2, "machine-3": 2])

            let deleted = try await cluster.kubectl("delete", "deployment", "spread")
            #expect(deleted.succeeded, "\(deleted)")
            // A shell as first process ignores the request to end; its grace is cut short.
            _ = try await cluster.kubectl(
                "delete", "pods", "--selector", "app=spread", "--now", "--wait=false")
            try await eventually(within: .seconds(20), "no Pod of it is left") {
                try await cluster.pods("app=spread").isEmpty
            }
            let seen = await watch.stop().output
            for pod in pods {
                let lines = seen.split(separator: "\n").filter { $0.contains(pod.name) }
                let states = ["Pending", "ContainerCreating", "Running", "Terminating"]
                    .filter { state in lines.contains { $0.contains(" \(state) ") } }
                #expect(states.contains("Running") && states.contains("Terminating"), "\(seen)")
            }
        }

        @Test func `the containers of a deleted Pod are gone from its machine`() async throws {
            let probe = try await cluster.deployProbes()[0]
            let id = try #require(probe.containers.first?.containerID)
                .replacing("containerd://", with: "")
            #expect(try await cluster.containers(of: probe.node).contains(id))
            let deleted = try await cluster.kubectl("delete", "pod", probe.name)
            #expect(deleted.succeeded, "\(deleted)")
            try await eventually(within: .seconds(10), "the container is removed") {
                try await !cluster.containers(of: probe.node).contains(id)
            }
        }

        @Test func `describe, logs and exec answer as kubectl's users expect`() async throws {
            try await cluster.applyExample("subdomain")
            try await cluster.apply(
                """
                apiVersion: v1
                kind: Pod
                metadata: {name: talker}
                spec:
                  terminationGracePeriodSeconds: 0
                  containers:
                    - name: talker
                      image: busybox
                      command: [sh, -c, "echo first; echo second >&2; exec sleep 3600"]
                """)
            for name in ["busybox2", "talker"] {
                try await eventually(within: .seconds(15), "\(name) runs") {
                    try await cluster.pod(name).isRunning
                }
            }
            let described = try await cluster.kubectl("describe", "pod", "busybox2")
            for part in ["Status:           Running", "Scheduled", "Pulled", "Created", "Started"] {
                #expect(described.output.contains(part), "\(described)")
            }
            let logs = try await cluster.kubectl("logs", "talker")
            #expect(Set(logs.lines) == ["first", "second"], "\(logs)")
            let tail = try await cluster.kubectl("logs", "talker", "--tail=1")
            #expect(tail.lines.count == 1, "\(tail)")

            #expect(try await cluster.exec("busybox2", "hostname").output == "busybox-2\n")
            let text = (1...2_000).map { "line \($0)\n" }.joined()
            let echoed = try await cluster.exec("busybox2", "cat", input: text)
            #expect(echoed.output == text && echoed.succeeded)
            let failed = try await cluster.exec("busybox2", "sh", "-c", "echo oh >&2; exit 7")
            #expect(failed.status == 7)
            #expect(failed.errors.hasPrefix("oh\n") && failed.output.isEmpty)
            let missing = try await cluster.exec("busybox2", "no-such-program")
            #expect(missing.status != 0 && missing.errors.contains("no-such-program"), "\(missing)")
        }

        @Test func `every machine answers for every name`() async throws {
            try await cluster.applyExample("subdomain")
            try await cluster.deployWeb()
            let web = try await cluster.kubectl(
                "get", "service", "web", "--output", "jsonpath={.spec.clusterIP}").trimmed
            var address = ""
            try await eventually(within: .seconds(15), "busybox2 runs") {
                let pod = try await cluster.pod("busybox2")
                address = pod.status.podIP ?? ""
                return pod.isRunning
            }
            let zone = "svc.cluster.local"
            let headless = "default-subdomain.default.\(zone)"
            let host = "busybox-2.\(headless)"
            for machine in cluster.names {
                try await eventually(within: .seconds(5), "\(machine) knows \(host)") {
                    try await cluster.dig(machine, host) == [address]
                }
                #expect(try await cluster.dig(machine, headless) == [address])
                #expect(try await cluster.dig(machine, "+tcp", host) == [address])
                let dashed = "10-244-1-5.default.pod.cluster.local"
                #expect(try await cluster.dig(machine, dashed) == ["10.244.1.5"])
                let service = try await cluster.dig(machine, "SRV", "_foo._tcp.\(headless)")
                #expect(service.map { $0.split(separator: " ").dropFirst(2).joined(separator: " ") }
                    == ["1234 \(host)."])
                #expect(try await cluster.dig(machine, "-x", address) == ["\(host)."])
                #expect(try await cluster.dig(machine, "web.default.\(zone)") == [web])
                #expect(try await cluster.dig(machine, "nobody.default.\(zone)").isEmpty)
            }
            let answer = try await cluster.exec(
                "busybox2", "nslookup", "busybox-2.default-subdomain")
            #expect(answer.succeeded && answer.output.contains("Address: \(address)"), "\(answer)")
        }

        @Test func `every Pod reaches every Pod and every Service`() async throws {
            let pods = try await cluster.deployProbes()
            _ = try await cluster.kubectl("delete", "service", "probe-1", "--ignore-not-found")
            let exposed = try await cluster.kubectl(
                "expose", "pod", "probe-1", "--port=80", "--target-port=8080", "--selector",
                "app=probe")
            #expect(exposed.succeeded, "\(exposed)")
            let service = try await cluster.kubectl(
                "get", "service", "probe-1", "--output", "jsonpath={.spec.clusterIP}").trimmed
            for from in pods {
                for to in pods {
                    let page = try await cluster.exec(
                        from.name, "timeout", "3", "wget", "-qO-",
                        "http://\(try to.address()):8080/")
                    #expect(page.output == "\(to.node)\n", "\(page)")
                }
                try await eventually(within: .seconds(5), "\(from.name) reaches the Service") {
                    let page = try await cluster.exec(
                        from.name, "timeout", "3", "wget", "-qO-", "http://\(service)/")
                    guard page.succeeded else { throw Failed("\(page)") }
                    return cluster.names.contains(page.trimmed)
                }
                let named = try await cluster.exec(
                    from.name, "timeout", "3", "wget", "-qO-", "http://probe-1.default/")
                #expect(named.succeeded && cluster.names.contains(named.trimmed), "\(named)")
            }
        }
    }
}
