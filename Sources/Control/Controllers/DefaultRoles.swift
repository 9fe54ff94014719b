import JSON
import Objects

/// The roles and bindings that every cluster has, under the names and with the permissions of
/// Kubernetes (`plugin/pkg/auth/authorizer/rbac/bootstrappolicy`).
enum DefaultRoles {
    private static let group = "rbac.authorization.k8s.io"
    private static let read = ["get", "list", "watch"]
    private static let write = ["create", "delete", "deletecollection", "patch", "update"]

    static let roles: [JSON] = [
        role("cluster-admin", rules: [
            rule(["*"], groups: ["*"], ["*"]), paths(["*"], ["*"]),
        ]),
        role("system:discovery", rules: [paths(["get"], discoveryPaths)]),
        role(
            "system:public-info-viewer",
            rules: [paths(["get"], ["/healthz", "/livez", "/readyz", "/version", "/version/"])]),
        role(
            "system:basic-user",
            rules: [
                rule(
                    ["create"], groups: ["authorization.k8s.io"],
                    ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
                rule(["create"], groups: ["authentication.k8s.io"], ["selfsubjectreviews"]),
            ]),
        role(
            "system:monitoring",
            rules: [
                paths(
                    ["get"],
                    [
                        "/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/metrics/slis",
                        "/readyz", "/readyz/*",
                    ])
            ]),
        role(
            "system:service-account-issuer-discovery",
            rules: [
                paths(
                    ["get"],
                    [
                        "/.well-known/openid-configuration", "/.well-known/openid-configuration/",
                        "/openid/v1/jwks", "/openid/v1/jwks/",
                    ])
            ]),
        aggregate("admin"), aggregate("edit", isPartOf: "admin"),
        aggregate("view", isPartOf: "edit"),
        role("system:aggregate-to-admin", isPartOf: "admin", rules: adminRules),
        role("system:aggregate-to-edit", isPartOf: "edit", rules: editRules),
        role("system:aggregate-to-view", isPartOf: "view", rules: viewRules),
    ]

    static let bindings: [JSON] = [
        binding("cluster-admin", groups: ["system:masters"]),
        binding("system:basic-user", groups: ["system:authenticated"]),
        binding("system:discovery", groups: ["system:authenticated"]),
        binding("system:monitoring", groups: ["system:monitoring"]),
        binding(
            "system:service-account-issuer-discovery", groups: ["system:serviceaccounts"]),
        binding(
            "system:public-info-viewer",
            groups: ["system:authenticated", "system:unauthenticated"]),
    ]

    private static let discoveryPaths = [
        "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*",
        "/readyz", "/version", "/version/",
    ]

    private static let adminRules: [JSON] = [
        rule(["create"], groups: ["authorization.k8s.io"], ["localsubjectaccessreviews"]),
        rule(write + read, groups: [group], ["rolebindings", "roles"]),
    ]

    private static let editRules: [JSON] = [
        rule(
            read, groups: [""],
            [
                "pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets",
                "services/proxy",
            ]),
        rule(["impersonate"], groups: [""], ["serviceaccounts"]),
        rule(
            write, groups: [""],
            ["pods", "pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]),
        rule(["create"], groups: [""], ["pods/eviction", "serviceaccounts/token"]),
        rule(
            write, groups: [""],
            [
                "configmaps", "events", "persistentvolumeclaims", "replicationcontrollers",
                "replicationcontrollers/scale", "secrets", "serviceaccounts", "services",
                "services/proxy",
            ]),
        rule(
            write, groups: ["apps"],
            [
                "daemonsets", "deployments", "deployments/rollback", "deployments/scale",
                "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale",
            ]),
        rule(write, groups: ["autoscaling"], ["horizontalpodautoscalers"]),
        rule(write, groups: ["batch"], ["cronjobs", "jobs"]),
        rule(write, groups: ["policy"], ["poddisruptionbudgets"]),
        rule(write, groups: ["networking.k8s.io"], ["ingresses", "networkpolicies"]),
        rule(write + read, groups: ["coordination.k8s.io"], ["leases"]),
    ]

    private static let viewRules: [JSON] = [
        rule(
            read, groups: [""],
            [
                "bindings", "configmaps", "endpoints", "events", "limitranges", "namespaces",
                "namespaces/status", "persistentvolumeclaims", "persistentvolumeclaims/status",
                "pods", "pods/log", "pods/status", "replicationcontrollers",
                "replicationcontrollers/scale", "replicationcontrollers/status",
                "resourcequotas", "resourcequotas/status", "serviceaccounts", "services",
                "services/status",
            ]),
        rule(read, groups: ["discovery.k8s.io"], ["endpointslices"]),
        rule(
            read, groups: ["apps"],
            [
                "controllerrevisions", "daemonsets", "daemonsets/status", "deployments",
                "deployments/scale", "deployments/status", "replicasets", "replicasets/scale",
                "replicasets/status", "statefulsets", "statefulsets/scale",
                "statefulsets/status",
            ]),
        rule(
            read, groups: ["autoscaling"],
            ["horizontalpodautoscalers", "horizontalpodautoscalers/status"]),
        rule(read, groups: ["batch"], ["cronjobs", "cronjobs/status", "jobs", "jobs/status"]),
        rule(
            read, groups: ["policy"],
            ["poddisruptionbudgets", "poddisruptionbudgets/status"]),
        rule(
            read, groups: ["networking.k8s.io"],
            ["ingresses", "ingresses/status", "networkpolicies"]),
        // What a cluster's metrics server adds to the role.
        rule(read, groups: ["metrics.k8s.io"], ["nodes", "pods"]),
    ]

    private static func rule(
        _ verbs: [String], groups: [String], _ resources: [String]
    ) -> JSON {
        ["verbs": list(verbs), "apiGroups": list(groups), "resources": list(resources)]
    }

    private static func paths(_ verbs: [String], _ paths: [String]) -> JSON {
        ["verbs": list(verbs), "nonResourceURLs": list(paths)]
    }

    private static func list(_ texts: [String]) -> JSON { .array(texts.map(JSON.string)) }

    private static func role(
        _ name: String, isPartOf whole: String? = nil, rules: [JSON]
    ) -> JSON {
        [
            "apiVersion": .string("\(group)/v1"), "kind": "ClusterRole",
            "metadata": metadata(name, isPartOf: whole), "rules": .array(rules),
        ]
    }

    /// A role whose rules are those of the roles with its label.
    private static func aggregate(_ name: String, isPartOf whole: String? = nil) -> JSON {
        var role = role(name, isPartOf: whole, rules: [])
        role["aggregationRule"] = [
            "clusterRoleSelectors": [["matchLabels": [aggregationLabel(name): "true"]]]
        ]
        return role
    }

    private static func aggregationLabel(_ role: String) -> String {
        "\(group)/aggregate-to-\(role)"
    }

    private static func binding(_ name: String, groups: [String]) -> JSON {
        [
            "apiVersion": .string("\(group)/v1"), "kind": "ClusterRoleBinding",
            "metadata": metadata(name),
            "roleRef": ["apiGroup": .string(group), "kind": "ClusterRole", "name": .string(name)],
            "subjects": .array(
                groups.map {
                    ["apiGroup": .string(group), "kind": "Group", "name": .string($0)]
                }),
        ]
    }

    private static func metadata(_ name: String, isPartOf whole: String? = nil) -> JSON {
        var labels: JSON = ["kubernetes.io/bootstrapping": "rbac-defaults"]
        if let whole { labels[aggregationLabel(whole)] = "true" }
        return [
            "name": .string(name), "labels": labels,
            "annotations": ["rbac.authorization.kubernetes.io/autoupdate": "true"],
        ]
    }
}
