/// Roles and who has them.
extension Resource {
    package static let roles = rbac("roles", "Role")
    package static let roleBindings = rbac("rolebindings", "RoleBinding")
    package static let clusterRoles = rbac("clusterroles", "ClusterRole", isNamespaced: false)
    package static let clusterRoleBindings = rbac(
        "clusterrolebindings", "ClusterRoleBinding", isNamespaced: false)

    private static func rbac(
        _ plural: String, _ kind: String, isNamespaced: Bool = true
    ) -> Resource {
        grouped("rbac.authorization.k8s.io", plural, kind, isNamespaced: isNamespaced)
    }
}

/// What brings traffic to Pods, or keeps it away.
extension Resource {
    package static let ingresses = networking("ingresses", "Ingress")
    package static let ingressClasses = networking(
        "ingressclasses", "IngressClass", isNamespaced: false)
    package static let networkPolicies = networking("networkpolicies", "NetworkPolicy")
    package static let serviceCIDRs = networking(
        "servicecidrs", "ServiceCIDR", isNamespaced: false)
    package static let ipAddresses = networking("ipaddresses", "IPAddress", isNamespaced: false)

    private static func networking(
        _ plural: String, _ kind: String, isNamespaced: Bool = true
    ) -> Resource {
        grouped("networking.k8s.io", plural, kind, isNamespaced: isNamespaced)
    }
}

/// Kinds of storage and the drivers behind them.
extension Resource {
    package static let storageClasses = storage("storageclasses", "StorageClass")
    package static let volumeAttachments = storage("volumeattachments", "VolumeAttachment")
    package static let volumeAttributesClasses = storage(
        "volumeattributesclasses", "VolumeAttributesClass")
    package static let csiDrivers = storage("csidrivers", "CSIDriver")
    package static let csiNodes = storage("csinodes", "CSINode")
    package static let csiStorageCapacities = storage(
        "csistoragecapacities", "CSIStorageCapacity", isNamespaced: true)

    private static func storage(
        _ plural: String, _ kind: String, isNamespaced: Bool = false
    ) -> Resource {
        grouped("storage.k8s.io", plural, kind, isNamespaced: isNamespaced)
    }
}
