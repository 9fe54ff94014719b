import JSON
import Objects

/// The priority levels and FlowSchemas that every cluster has, with the names and numbers of
/// Kubernetes (`k8s.io/apiserver/pkg/apis/flowcontrol/bootstrap`).
enum DefaultFlows {
    private static let version: JSON = "flowcontrol.apiserver.k8s.io/v1"

    static let levels: [JSON] = [
        level(
            "exempt",
            [
                "type": "Exempt",
                "exempt": ["nominalConcurrencyShares": 0, "lendablePercent": 0],
            ]),
        level("catch-all", limited(shares: 5, lendable: 0, ["type": "Reject"])),
        level("system", limited(shares: 30, lendable: 33, queuing(64, hand: 6))),
        level("node-high", limited(shares: 40, lendable: 25, queuing(64, hand: 6))),
        level("leader-election", limited(shares: 10, lendable: 0, queuing(16, hand: 4))),
        level("workload-high", limited(shares: 40, lendable: 50, queuing(128, hand: 6))),
        level("workload-low", limited(shares: 100, lendable: 90, queuing(128, hand: 6))),
        level("global-default", limited(shares: 20, lendable: 50, queuing(128, hand: 6))),
    ]

    private static let everybody = [group("system:unauthenticated"), group("system:authenticated")]
    private static let anything: JSON = [
        "resourceRules": [
            [
                "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"],
                "clusterScope": true,
            ]
        ],
        "nonResourceRules": [["verbs": ["*"], "nonResourceURLs": ["*"]]],
    ]

    static let schemas: [JSON] = [
        schema("exempt", "exempt", 1, nil, [group("system:masters")], anything),
        schema(
            "probes", "exempt", 2, nil, everybody,
            [
                "nonResourceRules": [
                    ["verbs": ["get"], "nonResourceURLs": ["/healthz", "/readyz", "/livez"]]
                ]
            ]),
        schema(
            "system-leader-election", "leader-election", 100, "ByUser",
            [
                user("system:kube-controller-manager"), user("system:kube-scheduler"),
                account("kube-system", "*"),
            ],
            [
                "resourceRules": [
                    rule(["get", "create", "update"], "coordination.k8s.io", ["leases"])
                ]
            ]),
        schema(
            "endpoint-controller", "workload-high", 150, "ByUser",
            [
                user("system:kube-controller-manager"),
                account("kube-system", "endpoint-controller"),
                account("kube-system", "endpointslicemirroring-controller"),
            ],
            ["resourceRules": [rule(["get", "create", "update"], "", ["endpoints"])]]),
        schema(
            "workload-leader-election", "leader-election", 200, "ByUser",
            [account("kube-system", "*")],
            [
                "resourceRules": [
                    rule(["get", "create", "update"], "", ["endpoints", "configmaps"]),
                    rule(["get", "create", "update"], "coordination.k8s.io", ["leases"]),
                ]
            ]),
        schema(
            "system-node-high", "node-high", 400, "ByUser", [group("system:nodes")],
            [
                "resourceRules": [
                    rule(["*"], "", ["nodes", "nodes/status"], isClusterWide: true),
                    rule(["*"], "coordination.k8s.io", ["leases"]),
                ]
            ]),
        schema("system-nodes", "system", 500, "ByUser", [group("system:nodes")], anything),
        schema(
            "kube-controller-manager", "workload-high", 800, "ByNamespace",
            [user("system:kube-controller-manager")], anything),
        schema(
            "kube-scheduler", "workload-high", 800, "ByNamespace",
            [user("system:kube-scheduler")], anything),
        schema(
            "kube-system-service-accounts", "workload-high", 900, "ByNamespace",
            [account("kube-system", "*")], anything),
        schema(
            "service-accounts", "workload-low", 9_000, "ByUser",
            [group("system:serviceaccounts")], anything),
        schema("global-default", "global-default", 9_900, "ByUser", everybody, anything),
        schema("catch-all", "catch-all", 10_000, "ByUser", everybody, anything),
    ]

    private static func metadata(_ name: String) -> JSON {
        [
            "name": .string(name),
            "annotations": ["apf.kubernetes.io/autoupdate-spec": "true"],
        ]
    }

    private static func level(_ name: String, _ spec: JSON) -> JSON {
        [
            "apiVersion": version, "kind": "PriorityLevelConfiguration",
            "metadata": metadata(name), "spec": spec,
        ]
    }

    private static func limited(shares: Int64, lendable: Int64, _ response: JSON) -> JSON {
        [
            "type": "Limited",
            "limited": [
                "nominalConcurrencyShares": .integer(shares),
                "lendablePercent": .integer(lendable), "limitResponse": response,
            ],
        ]
    }

    private static func queuing(_ queues: Int64, hand: Int64) -> JSON {
        [
            "type": "Queue",
            "queuing": [
                "queues": .integer(queues), "handSize": .integer(hand), "queueLengthLimit": 50,
            ],
        ]
    }

    private static func schema(
        _ name: String, _ level: String, _ precedence: Int64, _ distinguisher: String?,
        _ subjects: [JSON], _ rules: JSON
    ) -> JSON {
        var chosen = rules
        chosen["subjects"] = .array(subjects)
        var spec: JSON = [
            "matchingPrecedence": .integer(precedence),
            "priorityLevelConfiguration": ["name": .string(level)], "rules": [chosen],
        ]
        if let distinguisher { spec["distinguisherMethod"] = ["type": .string(distinguisher)] }
        return [
            "apiVersion": version, "kind": "FlowSchema", "metadata": metadata(name), "spec": spec,
        ]
    }

    private static func rule(
        _ verbs: [String], _ group: String, _ resources: [String], isClusterWide: Bool = false
    ) -> JSON {
        var rule: JSON = [
            "verbs": .array(verbs.map { .string($0) }), "apiGroups": [.string(group)],
            "resources": .array(resources.map { .string($0) }), "namespaces": ["*"],
        ]
        if isClusterWide { rule["clusterScope"] = true }
        return rule
    }

    private static func group(_ name: String) -> JSON {
        ["kind": "Group", "group": ["name": .string(name)]]
    }

    private static func user(_ name: String) -> JSON {
        ["kind": "User", "user": ["name": .string(name)]]
    }

    private static func account(_ namespace: String, _ name: String) -> JSON {
        [
            "kind": "ServiceAccount",
            "serviceAccount": ["namespace": .string(namespace), "name": .string(name)],
        ]
    }
}
