package import Base

/// What an operator may set, and every bound of ``ControlCore``.
package struct ControlConfiguration: Sendable, Equatable {
    /// The network of all Pods; each Node gets a part of it.
    package var clusterCIDR: IPv4Network
    /// The prefix length of a Node's part, 24 for 254 Pods.
    package var nodePrefix: Int
    /// The network of Service addresses; its first address is the Service `default/kubernetes`.
    package var serviceCIDR: IPv4Network
    /// The port on which every machine serves the API.
    package var apiPort: Int
    /// The certificate of the cluster's authority; goes into every namespace's `kube-root-ca.crt`.
    package var authorityPEM: String
    /// How long a Pod that says nothing about it stays on a Node that is not ready or unreachable.
    /// Kubernetes' admission makes it 300 s.
    package var defaultTolerationSeconds: Int64
    /// In which CronJobs may name their schedules.
    package var zones: TimeZones

    /// How many keys are reconciled in one step; more wait for the next, which is due at once.
    package var reconcilesPerStepMax: Int
    /// How many writes may be under way; reconciling pauses at this number.
    package var writesInFlightMax: Int
    /// How many creates or deletes one reconciliation of one object may ask for.
    package var burstMax: Int
    /// How many distinct Events are remembered so that repetitions are counted, not created anew.
    package var rememberedEventsMax: Int
    /// The span in which a repeated Event is passed over.
    package var eventRepeatIntervalMin: Span
    /// How many reports of what could not be done are written in a second, after a burst.
    package var reportsPerSecondMax: Int
    package var reportsBurstMax: Int
    /// A write without an answer for so long counts as failed.
    package var writeTimeout: Span
    /// The first pause after a refused write; it doubles with each further refusal.
    package var retryDelayMin: Span
    package var retryDelayMax: Span
    /// How long a Pod may name a Node that does not exist before it is collected.
    package var orphanedPodDelay: Span
    /// How long after it was made a daemon's Pod that failed stays before it is made anew.
    package var daemonRetryDelay: Span
    /// How many Pods that have ended stay (`terminated-pod-gc-threshold`); zero for all.
    package var terminatedPodsMax: Int

    package init(
        clusterCIDR: IPv4Network, serviceCIDR: IPv4Network, authorityPEM: String,
        apiPort: Int = 6443, nodePrefix: Int = 24, defaultTolerationSeconds: Int64 = 0,
        zones: TimeZones = .utc
    ) {
        self.clusterCIDR = clusterCIDR
        self.nodePrefix = nodePrefix
        self.serviceCIDR = serviceCIDR
        self.apiPort = apiPort
        self.authorityPEM = authorityPEM
        self.defaultTolerationSeconds = defaultTolerationSeconds
        self.zones = zones
        reconcilesPerStepMax = 1_024
        writesInFlightMax = 2_048
        burstMax = 500
        rememberedEventsMax = 4_096
        eventRepeatIntervalMin = .minutes(10)
        reportsPerSecondMax = 100
        reportsBurstMax = 100
        writeTimeout = .seconds(15)
        retryDelayMin = .milliseconds(20)
        retryDelayMax = .seconds(30)
        orphanedPodDelay = .seconds(10)
        daemonRetryDelay = .seconds(3)
        terminatedPodsMax = 12_500
    }
}
