/// Member names that are met in nearly every document of Kubernetes and are too long to lie in a
/// `String` itself. The parser hands these texts out, so reading them allocates nothing.
enum JSONNames {
    /// A number that equal names share; different ones seldom do.
    static func mark(of name: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let raw = UnsafeRawBufferPointer(name)
        var head: UInt64 = 0
        var tail: UInt64 = 0
        if raw.count >= 8 {
            head = raw.loadUnaligned(as: UInt64.self)
            tail = raw.loadUnaligned(fromByteOffset: raw.count - 8, as: UInt64.self)
        } else {
            for byte in raw { head = head << 8 | UInt64(byte) }
        }
        let mixed = (head ^ (tail << 23 | tail >> 41)) &* 0x9E37_79B9_7F4A_7C15
        return (mixed ^ mixed >> 29) &+ UInt64(raw.count)
    }

    static func mark(of name: String) -> UInt64 {
        var name = name
        return name.withUTF8 { mark(of: $0) }
    }

    /// The known name of these bytes.
    static func name(_ bytes: UnsafeBufferPointer<UInt8>, _ mark: UInt64) -> String? {
        guard bytes.count > 15 else { return nil }
        let slot = table[Int(truncatingIfNeeded: mark & slotMask)]
        guard slot.mark == mark else { return nil }
        // One mark is no proof.
        return slot.name.utf8.elementsEqual(bytes) ? slot.name : nil
    }

    private static let slotMask: UInt64 = 1_023

    /// A name whose place is taken by another one is read like any unknown one.
    private static let table: [(mark: UInt64, name: String)] = {
        var table = [(mark: UInt64, name: String)](
            repeating: (0, ""), count: Int(slotMask) + 1)
        for name in known {
            let mark = mark(of: name)
            table[Int(truncatingIfNeeded: mark & slotMask)] = (mark, name)
        }
        return table
    }()

    private static let known: [String] = [
        "creationTimestamp", "f:creationTimestamp", "deletionTimestamp", "f:deletionTimestamp",
        "deletionGracePeriodSeconds", "f:deletionGracePeriodSeconds", "blockOwnerDeletion",
        "f:blockOwnerDeletion", "terminationGracePeriodSeconds", "f:terminationGracePeriodSeconds",
        "automountServiceAccountToken", "f:automountServiceAccountToken", "serviceAccountName",
        "f:serviceAccountName", "deprecatedServiceAccount", "f:deprecatedServiceAccount",
        "imagePullSecrets", "f:imagePullSecrets", "terminationMessagePath",
        "f:terminationMessagePath", "terminationMessagePolicy", "f:terminationMessagePolicy",
        "ephemeralContainers", "f:ephemeralContainers", "enableServiceLinks",
        "f:enableServiceLinks", "preemptionPolicy", "f:preemptionPolicy", "tolerationSeconds",
        "f:tolerationSeconds", "activeDeadlineSeconds", "f:activeDeadlineSeconds",
        "initialDelaySeconds", "f:initialDelaySeconds", "successThreshold", "f:successThreshold",
        "failureThreshold", "f:failureThreshold", "lastTransitionTime", "f:lastTransitionTime",
        "containerStatuses", "f:containerStatuses", "initContainerStatuses",
        "f:initContainerStatuses", "ephemeralContainerStatuses", "f:ephemeralContainerStatuses",
        "persistentVolumeClaim", "f:persistentVolumeClaim", "volumeClaimTemplates",
        "f:volumeClaimTemplates", "progressDeadlineSeconds", "f:progressDeadlineSeconds",
        "revisionHistoryLimit", "f:revisionHistoryLimit", "observedGeneration",
        "f:observedGeneration", "availableReplicas", "f:availableReplicas", "unavailableReplicas",
        "f:unavailableReplicas", "fullyLabeledReplicas", "f:fullyLabeledReplicas",
        "allocatedResources", "f:allocatedResources", "topologySpreadConstraints",
        "f:topologySpreadConstraints", "whenUnsatisfiable", "f:whenUnsatisfiable",
        "matchExpressions", "f:matchExpressions", "nodeSelectorTerms", "f:nodeSelectorTerms",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "f:requiredDuringSchedulingIgnoredDuringExecution",
        "preferredDuringSchedulingIgnoredDuringExecution",
        "f:preferredDuringSchedulingIgnoredDuringExecution", "allowPrivilegeEscalation",
        "f:allowPrivilegeEscalation", "readOnlyRootFilesystem", "f:readOnlyRootFilesystem",
        "shareProcessNamespace", "f:shareProcessNamespace", "externalTrafficPolicy",
        "f:externalTrafficPolicy", "internalTrafficPolicy", "f:internalTrafficPolicy",
        "f:sessionAffinity", "publishNotReadyAddresses", "f:publishNotReadyAddresses",
        "f:holderIdentity", "leaseDurationSeconds", "f:leaseDurationSeconds", "reportingComponent",
        "f:reportingComponent", "reportingInstance", "f:reportingInstance", "reportingController",
        "f:reportingController", "f:ownerReferences", "f:resourceVersion", "f:imagePullPolicy",
        "f:securityContext", "f:readinessProbe", "f:initContainers", "f:updateStrategy",
        "f:firstTimestamp", "f:involvedObject", "podManagementPolicy", "f:podManagementPolicy",
        "serviceAccountToken", "f:serviceAccountToken", "expirationSeconds", "f:expirationSeconds",
        "kubernetes.io/metadata.name", "app.kubernetes.io/name", "app.kubernetes.io/instance",
        "kubectl.kubernetes.io/last-applied-configuration",
    ]
}
