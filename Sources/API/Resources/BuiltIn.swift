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

/// The types of `k8s.io/api/autoscaling/v2`.
enum AutoscalingV2 {}

/// The types of `k8s.io/api/batch/v1`.
enum BatchV1 {}

/// The types of `k8s.io/api/certificates/v1`.
enum CertificatesV1 {}

/// The types of `k8s.io/api/events/v1`.
enum EventsV1 {}

/// The types of `k8s.io/api/flowcontrol/v1`.
enum FlowcontrolV1 {}

/// The types of `k8s.io/api/networking/v1`.
enum NetworkingV1 {}

/// The types of `k8s.io/api/node/v1`.
enum NodeV1 {}

/// The types of `k8s.io/api/policy/v1`.
enum PolicyV1 {}

/// The types of `k8s.io/api/rbac/v1`.
enum RBACV1 {}

/// The types of `k8s.io/api/scheduling/v1`.
enum SchedulingV1 {}

/// The types of `k8s.io/api/settings/v1alpha1`, which Kubernetes had until 1.20.
enum SettingsV1Alpha1 {}

/// The types of `k8s.io/api/storage/v1`.
enum StorageV1 {}

extension ResourceRegistry {
    /// The resources that are part of podmesh itself.
    package static let builtIn = ResourceRegistry(
        core + workloads + policies + networking + storage)

    private static let core: [ResourceDefinition] = [
        .bindings, .componentStatuses, .configMaps, .endpoints, .events, .limitRanges,
        .namespaces, .nodes,
        .persistentVolumeClaims, .persistentVolumes, .pods, .podTemplates,
        .replicationControllers, .resourceQuotas, .secrets, .serviceAccounts, .services,
    ]

    private static let workloads: [ResourceDefinition] = [
        .controllerRevisions, .daemonSets, .deployments, .replicaSets, .statefulSets,
        .horizontalPodAutoscalers, .horizontalPodAutoscalersV1, .cronJobs, .jobs, .podPresets,
    ]

    private static let policies: [ResourceDefinition] = [
        .certificateSigningRequests, .leases, .eventsV1, .flowSchemas,
        .priorityLevelConfigurations, .podDisruptionBudgets, .clusterRoleBindings,
        .clusterRoles, .roleBindings, .roles, .priorityClasses, .runtimeClasses,
    ]

    private static let networking: [ResourceDefinition] = [
        .endpointSlices, .ingressClasses, .ingresses, .ipAddresses, .networkPolicies,
        .serviceCIDRs,
    ]

    private static let storage: [ResourceDefinition] = [
        .csiDrivers, .csiNodes, .csiStorageCapacities, .storageClasses, .volumeAttachments,
        .volumeAttributesClasses,
    ]
}
