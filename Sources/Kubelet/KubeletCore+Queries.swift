import Objects

/// Where the shell finds a container for `logs`, `exec`, `attach` and `port-forward`.
package struct ContainerLocation: Sendable, Equatable {
    /// The runtime's identifier.
    package var id: String
    package var sandboxID: String
    /// Absolute path of its log.
    package var logPath: String
    package var isRunning: Bool
}

extension KubeletCore {
    /// The present instance of a container, or the one before it; nil when there is none.
    package func container(
        _ name: String, inPod pod: String, namespace: String, previous: Bool = false
    ) -> ContainerLocation? {
        guard let lifecycle = lifecycle(pod, namespace),
            let index = lifecycle.index(of: name)
        else { return nil }
        let track = lifecycle.containers[index]
        guard let instance = previous ? track.previous : track.instance else { return nil }
        let log = PodPaths.log(name, attempt: instance.attempt)
        return ContainerLocation(
            id: instance.id, sandboxID: instance.sandboxID,
            logPath: "\(lifecycle.paths.logDirectory)/\(log)",
            isRunning: instance.phase == .running)
    }

    /// The addresses of a Pod as this machine knows them, without asking the API.
    package func addresses(ofPod pod: String, namespace: String) -> [String] {
        guard let lifecycle = lifecycle(pod, namespace) else { return [] }
        return lifecycle.pod.usesHostNetwork
            ? configuration.addresses : lifecycle.sandbox.addresses
    }

    /// Pods with containers or a sandbox, orphans included.
    package var podCount: Int { pods.count }

    private func lifecycle(_ name: String, _ namespace: String) -> PodLifecycle? {
        let key = ObjectKey(.pods, namespace: namespace, name: name)
        return uids[key].flatMap { pods[$0] }
    }

    /// Holds after every step; see the invariants of the type.
    package func checkInvariants() {
        precondition(order == pods.keys.sorted(), "the order lists exactly the Pods")
        for uid in order {
            guard let pod = pods[uid] else { continue }
            precondition(pod.uid == uid, "a Pod is kept under its UID")
            if pod.stage == .removed {
                precondition(
                    pod.sandbox.phase == .none && pod.strays.isEmpty,
                    "a removed Pod has nothing in the runtime")
            }
            for container in pod.containers where container.stop != nil {
                precondition(container.isRunning, "only what runs is being stopped")
            }
        }
    }
}
