package import Base

/// Every bound and every period of the kubelet. Values are those of Kubernetes v1.36 where it
/// has them.
package struct KubeletLimits: Sendable, Equatable {
    /// Pods on the machine; one more is rejected with `OutOfpods`.
    package var podsMax = 110
    /// Images pulled at once; further pulls wait their turn.
    package var parallelPullsMax = 4
    /// Runtime requests at once besides pulls; further ones wait their turn.
    package var operationsInFlightMax = 64
    /// Events that wait to be written; the newest are dropped beyond that.
    package var eventsWaitingMax = 256
    /// Events of one Pod in a burst, and the pace after it.
    package var eventBurst = 25
    package var eventRefill = Span.minutes(5)

    /// How often all containers are listed. Exits are mostly told by hints before that.
    package var relistPeriod = Span.seconds(1)
    /// How often the Node is written when nothing has changed. Life itself is gossiped.
    package var nodeStatusPeriod = Span.minutes(5)
    /// The least time between two writes of the Node.
    package var nodeStatusSpacing = Span.milliseconds(500)
    /// How long a Node that was Ready must not be so before it says it, since that evicts its
    /// Pods. Kubernetes gives the runtime 30 s.
    package var nodeNotReadyDelay = Span.seconds(5)

    /// The wait before the second restart of a container; it doubles up to the maximum and
    /// starts over after twice the maximum without a restart.
    package var restartBackOff = Span.seconds(10)
    package var restartBackOffMax = Span.minutes(5)
    package var imageBackOff = Span.seconds(10)
    package var imageBackOffMax = Span.minutes(5)
    /// The wait after a request that failed for the machine's or the runtime's sake.
    package var retryDelay = Span.seconds(1)
    package var retryDelayMax = Span.seconds(30)

    /// The least time that a container gets between TERM and KILL.
    package var gracePeriodMinSeconds: Int64 = 2
    /// Bytes of a termination message from its file and from the log.
    package var terminationMessageMax = 4_096
    package var terminationLogFallbackMax = 2_048

    package init() {}
}
