package import Base
package import JSON
package import Objects

/// What happened, for ``KubeletCore``. Any input is legal in any state.
package enum KubeletInput: Sendable {
    /// The time of day; given before other inputs of a batch.
    case wallTime(WallTime)
    /// Given once at the start, and again when something of it changed.
    case machine(MachineFacts)
    /// Whether the runtime answers; the message says why not, or what its network is missing,
    /// which only Pods with the machine's own network do without.
    case runtimeReady(Bool, message: String)
    /// Whether this machine holds its lease (DESIGN §6). Without it the kubelet stops the Pods
    /// that the leader may soon start elsewhere, and starts none.
    case leaseHeld(Bool)

    /// Pods bound to this Node, with nil for one that is gone. The first one carries all of them
    /// and may be empty; until then nothing found in the runtime is taken for an orphan.
    case podsChanged([(ObjectKey, JSON?)])
    /// All manifests of static Pods that a source has; at first, also when there are none, and
    /// at each change.
    case staticPods(StaticPodSource, [JSON])
    /// ConfigMaps and Secrets that ``KubeletEffect/observe(documents:serviceNamespaces:)`` asked
    /// for; nil says that there is none. Each key is answered at first and at each change.
    case documentsChanged([(ObjectKey, JSON?)])
    /// All Services of a namespace that was asked for; at first and at each change.
    case servicesChanged(namespace: String, [JSON])
    /// PersistentVolumes; all of them at first, then each that changed, nil for one that is gone.
    case volumesChanged([(ObjectKey, JSON?)])
    /// This machine's own Node, nil when it does not exist; at first and at each change.
    case nodeChanged(JSON?)

    /// The answer to a runtime request, or to ``KubeletEffect/configureNetwork(_:podCIDR:)``.
    case finished(Ticket, Result<RuntimeResponse, RuntimeError>)
    case written(Ticket, WriteResult)
    case token(Ticket, Result<ServiceAccountToken, StatusError>)

    /// A hint that a container ended, from the runtime's own events. The kubelet looks at once;
    /// without hints it looks every ``KubeletLimits/relistPeriod``.
    case containerExited(id: String)
    case wake
}

/// A token for the projected volume of a Pod (`authentication.k8s.io/v1` TokenRequest).
package struct ServiceAccountToken: Sendable, Equatable {
    package var text: String
    package var expiresAt: WallTime

    package init(text: String, expiresAt: WallTime) {
        self.text = text
        self.expiresAt = expiresAt
    }
}
