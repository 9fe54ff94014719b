extension MessageNumbers {
    /// The field numbers of policies, roles, classes, quotas and certificates.
    @MessageListBuilder static var policies: [MessageNumbers] {
        MessageNumbers(.rbac, "AggregationRule", ["clusterRoleSelectors": 1])
        MessageNumbers(
            .certificates, "CertificateSigningRequest", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .certificates, "CertificateSigningRequestCondition",
            [
                "type": 1, "reason": 2, "message": 3, "lastUpdateTime": 4, "lastTransitionTime": 5,
                "status": 6,
            ])
        MessageNumbers(
            .certificates, "CertificateSigningRequestSpec",
            [
                "request": 1, "username": 2, "uid": 3, "groups": 4, "usages": 5, "extra": 6,
                "signerName": 7, "expirationSeconds": .kept(8),
            ])
        MessageNumbers(
            .certificates, "CertificateSigningRequestStatus", ["conditions": 1, "certificate": 2])
        MessageNumbers(.rbac, "ClusterRole", ["metadata": 1, "rules": 2, "aggregationRule": 3])
        MessageNumbers(.rbac, "ClusterRoleBinding", ["metadata": 1, "subjects": 2, "roleRef": 3])
        MessageNumbers(.core, "LimitRange", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .core, "LimitRangeItem",
            [
                "type": 1, "max": 2, "min": 3, "default": 4, "defaultRequest": 5,
                "maxLimitRequestRatio": 6,
            ])
        MessageNumbers(.core, "LimitRangeSpec", ["limits": 1])
        MessageNumbers(.node, "Overhead", ["podFixed": 1])
        MessageNumbers(.policy, "PodDisruptionBudget", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(
            .policy, "PodDisruptionBudgetSpec",
            [
                "minAvailable": 1, "selector": 2, "maxUnavailable": 3,
                "unhealthyPodEvictionPolicy": .kept(4),
            ])
        MessageNumbers(
            .policy, "PodDisruptionBudgetStatus",
            [
                "observedGeneration": 1, "disruptedPods": 2, "disruptionsAllowed": 3,
                "currentHealthy": 4, "desiredHealthy": 5, "expectedPods": 6, "conditions": 7,
            ])
        MessageNumbers(
            .rbac, "PolicyRule",
            ["verbs": 1, "apiGroups": 2, "resources": 3, "resourceNames": 4, "nonResourceURLs": 5])
        MessageNumbers(
            .scheduling, "PriorityClass",
            [
                "metadata": 1, "value": 2, "globalDefault": 3, "description": 4,
                "preemptionPolicy": .kept(5),
            ])
        MessageNumbers(.core, "ResourceQuota", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(.core, "ResourceQuotaSpec", ["hard": 1, "scopes": 2, "scopeSelector": 3])
        MessageNumbers(.core, "ResourceQuotaStatus", ["hard": 1, "used": 2])
        MessageNumbers(.rbac, "Role", ["metadata": 1, "rules": 2])
        MessageNumbers(.rbac, "RoleBinding", ["metadata": 1, "subjects": 2, "roleRef": 3])
        MessageNumbers(.rbac, "RoleRef", ["apiGroup": 1, "kind": 2, "name": 3])
        MessageNumbers(
            .node, "RuntimeClass", ["metadata": 1, "handler": 2, "overhead": 3, "scheduling": 4])
        MessageNumbers(.node, "Scheduling", ["nodeSelector": 1, "tolerations": 2])
        MessageNumbers(.core, "ScopeSelector", ["matchExpressions": 1])
        MessageNumbers(
            .core, "ScopedResourceSelectorRequirement",
            ["scopeName": 1, "operator": 2, "values": 3])
        MessageNumbers(.rbac, "Subject", ["kind": 1, "apiGroup": 2, "name": 3, "namespace": 4])
    }
}
