/// What Pods have on a machine below the API: counted before they are made and after they are gone.
struct MachineTraces: Sendable, Equatable, CustomStringConvertible {
    /// Numbers by what is counted, such as `mounts`.
    let counts: [String: Int]

    init(of machine: String, in cluster: Cluster) async throws {
        let answer = try await cluster.inside(machine, "sh", "-c", Self.script)
        guard answer.succeeded else { throw Failed("\(answer)") }
        counts = answer.lines.reduce(into: [:]) { result, line in
            let words = line.split(separator: " ")
            if words.count == 2 { result[String(words[0])] = Int(words[1]) }
        }
        guard counts.count == 11 else { throw Failed("\(answer)") }
    }

    private static let script = """
        say() { echo "$1 $(wc --lines)"; }
        ps ax --format args= | grep ^/usr/bin/containerd-shim | say shims
        ctr --namespace k8s.io tasks list --quiet | say tasks
        ctr --namespace k8s.io containers list --quiet | say containers
        ctr --namespace k8s.io snapshots list | grep Active | say snapshots
        find /sys/fs/cgroup -type d -path '*/kubepods/*' | say cgroups
        grep --extended-regexp '/run/containerd/io|/podmesh/pods/|/netns/' /proc/mounts | say mounts
        ip -oneline link | grep veth | say interfaces
        ls /run/netns 2>/dev/null | say namespaces
        find /run/podmesh-cni /var/lib/cni -type f | grep -ve last_reserved -e lock | say addresses
        ls /var/lib/podmesh/pods 2>/dev/null | say folders
        ls /var/log/pods 2>/dev/null | say logs
        """

    var description: String {
        counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}
