/// The types of `k8s.io/api/core/v1`.
enum CoreV1 {}

/// The types of `k8s.io/api/apps/v1`.
enum AppsV1 {}

extension ResourceRegistry {
    /// The resources that are part of podmesh itself.
    package static let builtIn = ResourceRegistry([
        .configMaps,
    ])
}
