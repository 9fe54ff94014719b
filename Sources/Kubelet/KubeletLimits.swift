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
    /// From so many different messages of one reason about one object within this time on, they
    /// are combined into one Event.
    package var eventSimilarMax = 10
    package var eventSimilarInterval = Span.minutes(10)

    /// How often all containers are listed. Exits are mostly told by hints before that.
    package var relistPeriod = Span.seconds(1)
    /// How often the Node is written when nothing has changed. Life itself is gossiped.
    package var nodeStatusPeriod = Span.minutes(5)
    /// The least time between two writes of the Node.
    package var nodeStatusSpacing = Span.milliseconds(500)
    /// How many images the Node's status lists.
    package var nodeImagesMax = 50
    /// How long a Node that was Ready must not be so before it says it, since that evicts its
    /// Pods, and containers run on while their runtime is away. Kubernetes gives it as long.
    package var nodeNotReadyDelay = Span.seconds(30)

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
    /// How often the machine's use of memory, disk and processes is read.
    package var statisticsPeriod = Span.seconds(10)
    /// Pods are evicted when less is left: bytes of memory, and percent of the rest. Kubernetes
    /// has no threshold for processes unless one is set.
    package var evictionMemoryAvailable: Int64 = 100 * 1_024 * 1_024
    package var evictionNodeDiskPercent: Int64 = 10
    package var evictionImageDiskPercent: Int64 = 15
    package var evictionInodesPercent: Int64 = 5
    package var evictionProcessesPercent: Int64 = 2
    /// How long a pressure is told after it was last seen.
    package var evictionPressureTransition = Span.minutes(5)
    package var evictionGraceSeconds: Int64 = 1
    /// Images are removed when their disk is this full, until it is only that full.
    package var imageCollectionHighPercent: Int64 = 85
    package var imageCollectionLowPercent: Int64 = 80
    package var imageCollectionPeriod = Span.minutes(5)
    package var imageAgeMin = Span.minutes(2)

    /// Bytes of a termination message from its file and from the log.
    package var terminationMessageMax = 4_096
    package var terminationLogFallbackMax = 2_048

    /// Bytes of a file of variables; a longer one is cut and so refused.
    package var environmentFileBytesMax = 64 * 1_024
    /// Bytes of a running container's log before it is set aside, and how many files of one
    /// container there are with the one that is written.
    package var containerLogBytesMax: Int64 = 10 * 1_024 * 1_024
    package var containerLogFilesMax = 5
    package var logRotationPeriod = Span.seconds(10)

    package init() {}
}
