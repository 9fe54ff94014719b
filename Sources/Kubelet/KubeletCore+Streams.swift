package import Objects

/// Where a client's stream into a container goes.
package struct ContainerTarget: Sendable, Equatable {
    /// The runtime's identifier; empty for a stream that concerns the Pod as a whole.
    package var containerID: String
    /// The log of the wanted instance, absolute.
    package var logPath: String
    package var sandboxID: String
}

extension KubeletCore {
    /// The Pods that the API has for this Node, sorted; those that wait for the first list too.
    package var podKeys: [ObjectKey] {
        let known = Set(uids.keys).union(statics.mirrors.keys)
        return known.union(waitingPods.keys).sorted()
    }

    /// Whether the API has a Pod under that key for this Node, as far as was told.
    package func hasPod(_ key: ObjectKey) -> Bool {
        uids[key] != nil || waitingPods[key] != nil || statics.mirrors[key] != nil
    }

    /// The instance of a container that a stream means: the present one, or with `isPrevious` the
    /// one before. An empty container name means the Pod's sandbox. Nil when there is none.
    package func streamTarget(
        podUID: String, container name: String, isPrevious: Bool
    ) -> ContainerTarget? {
        guard let pod = pods[ownUID(of: podUID)] else { return nil }
        guard !name.isEmpty else {
            guard !pod.sandbox.id.isEmpty else { return nil }
            return ContainerTarget(containerID: "", logPath: "", sandboxID: pod.sandbox.id)
        }
        guard let track = pod.containers.first(where: { $0.name == name }),
            let instance = isPrevious ? track.previous : track.instance ?? track.previous
        else { return nil }
        let log = PodPaths.log(name, attempt: instance.attempt)
        return ContainerTarget(
            containerID: instance.id, logPath: "\(pod.paths.logDirectory)/\(log)",
            sandboxID: instance.sandboxID)
    }
}
