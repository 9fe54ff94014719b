/// The types of `k8s.io/api/core/v1`.
enum CoreV1 {}

/// The types of `k8s.io/api/apps/v1`.
enum AppsV1 {}

/// The types of `k8s.io/api/discovery/v1`.
enum DiscoveryV1 {}

/// The types of `k8s.io/api/coordination/v1`.
enum CoordinationV1 {}

/// The types of `k8s.io/api/autoscaling/v1`.
enum AutoscalingV1 {}

/// The types of `k8s.io/api/policy/v1`.
enum PolicyV1 {}

extension ResourceRegistry {
    /// The resources that are part of podmesh itself.
    package static let builtIn = ResourceRegistry([
        .configMaps, .endpoints, .events, .namespaces, .nodes, .pods, .secrets,
        .serviceAccounts, .services, .deployments, .replicaSets, .leases, .endpointSlices,
    ])
}
