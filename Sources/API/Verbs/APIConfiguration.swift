package import Base
import Store

/// What the API must know of the cluster that it serves.
package struct APIConfiguration: Sendable, Equatable {
    /// Where the addresses of Services come from.
    package var serviceNetwork: IPv4Network
    package var nodePorts: ClosedRange<Int>
    package var clusterDomain: String
    /// The issuer of service account tokens and the audience they are for by default.
    package var tokenIssuer: String
    package var version: VersionInfo
    /// What new Pods get as `tolerationSeconds` for Nodes that are not ready or unreachable.
    package var defaultTolerationSeconds: Int64
    package var limits: APILimits
    /// In which CronJobs may name their schedules.
    package var zones: TimeZones

    package init(
        serviceNetwork: IPv4Network, nodePorts: ClosedRange<Int> = 30_000...32_767,
        clusterDomain: String = "cluster.local",
        tokenIssuer: String = "https://kubernetes.default.svc.cluster.local",
        version: VersionInfo = VersionInfo(), defaultTolerationSeconds: Int64 = 0,
        limits: APILimits = APILimits(), zones: TimeZones = .utc
    ) {
        self.serviceNetwork = serviceNetwork
        self.nodePorts = nodePorts
        self.clusterDomain = clusterDomain
        self.tokenIssuer = tokenIssuer
        self.version = version
        self.defaultTolerationSeconds = defaultTolerationSeconds
        self.limits = limits
        self.zones = zones
    }
}

/// What `/version` says.
package struct VersionInfo: Sendable, Equatable {
    package var major = "1"
    package var minor = "36"
    package var gitVersion = "v1.36.0+podmesh"
    package var gitCommit = "unknown"
    package var buildDate = "1970-01-01T00:00:00Z"
    package var compiler = "swift"
    package var platform = "linux/amd64"

    package init() {}
}

/// The bounds of one request.
package struct APILimits: Sendable, Equatable {
    /// The longest request body; Kubernetes' own limit.
    package var bodyBytesMax = 3 * 1_024 * 1_024
    /// The longest object, as the Store's own limit.
    package var documentBytesMax = StoreLimits().documentBytesMax
    /// The longest selector text.
    package var selectorBytesMax = 65_536
    /// How often a generated name is drawn anew when it is taken.
    package var generatedNameTriesMax = 8
    /// How many objects a deletecollection may remove in one transaction, and how many writes and
    /// bytes that transaction may have.
    package var deletedAtOnceMax = 400
    package var writesAtOnceMax = 1_000
    package var bytesAtOnceMax = 4_194_304
    /// The shortest time after which a watch without `timeoutSeconds` ends; the longest is twice
    /// as long.
    package var watchSecondsMin: Int64 = 1_800
    /// How long the pages of a list show one state; Kubernetes compacts etcd so often.
    package var continueTokenLifetime = Span.minutes(5)

    package init() {}
}
