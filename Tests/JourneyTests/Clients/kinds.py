"""One small manifest of every kind that a client may create, by API version."""

TEMPLATE = {
    "metadata": {"labels": {"app": "kinds"}},
    "spec": {"containers": [{"name": "main", "image": "busybox"}]},
}
SELECTOR = {"matchLabels": {"app": "kinds"}}
RULE = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
ROLE = {"apiGroup": "rbac.authorization.k8s.io"}
LOCAL_PV = {
    "capacity": {"storage": "1Gi"},
    "accessModes": ["ReadWriteOnce"],
    "hostPath": {"path": "/tmp/kinds"},
}

#: API version, kind, whether it has a namespace, and everything but name and type.
KINDS = [
    ("v1", "ConfigMap", True, {"data": {"a": "b"}}),
    ("v1", "Endpoints", True, {"subsets": [
        {"addresses": [{"ip": "10.1.1.1"}], "ports": [{"port": 80}]}]}),
    ("v1", "LimitRange", True, {"spec": {"limits": [{"type": "Pod", "max": {"cpu": "100"}}]}}),
    ("v1", "Namespace", False, {}),
    ("v1", "Node", False, {}),
    ("v1", "PersistentVolume", False, {"spec": LOCAL_PV}),
    ("v1", "PersistentVolumeClaim", True, {"spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
    ("v1", "Pod", True, {"spec": {
        "nodeName": "nowhere", "containers": [{"name": "main", "image": "busybox"}]}}),
    ("v1", "PodTemplate", True, {"template": TEMPLATE}),
    ("v1", "ReplicationController", True, {"spec": {
        "replicas": 0, "selector": {"app": "kinds"}, "template": TEMPLATE}}),
    ("v1", "ResourceQuota", True, {"spec": {"hard": {"pods": "1000"}}}),
    ("v1", "Secret", True, {"stringData": {"a": "b"}}),
    ("v1", "Service", True, {"spec": {"ports": [{"port": 80}], "selector": {"app": "kinds"}}}),
    ("v1", "ServiceAccount", True, {}),
    ("apps/v1", "ControllerRevision", True, {"revision": 1, "data": {"a": "b"}}),
    ("apps/v1", "DaemonSet", True, {"spec": {"selector": SELECTOR, "template": {
        "metadata": TEMPLATE["metadata"],
        "spec": {**TEMPLATE["spec"], "nodeSelector": {"no": "where"}}}}}),
    ("apps/v1", "Deployment", True, {"spec": {
        "replicas": 0, "selector": SELECTOR, "template": TEMPLATE}}),
    ("apps/v1", "ReplicaSet", True, {"spec": {
        "replicas": 0, "selector": SELECTOR, "template": TEMPLATE}}),
    ("apps/v1", "StatefulSet", True, {"spec": {
        "replicas": 0, "serviceName": "kinds", "selector": SELECTOR, "template": TEMPLATE}}),
    ("autoscaling/v1", "HorizontalPodAutoscaler", True, {"spec": {
        "maxReplicas": 2, "scaleTargetRef": {"kind": "Deployment", "name": "kinds"}}}),
    ("autoscaling/v2", "HorizontalPodAutoscaler", True, {"spec": {
        "maxReplicas": 2, "scaleTargetRef": {"kind": "Deployment", "name": "kinds"}}}),
    ("batch/v1", "CronJob", True, {"spec": {
        "schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": {
            "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}}}}}),
    ("batch/v1", "Job", True, {"spec": {"suspend": True, "template": {
        "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}}}),
    ("coordination.k8s.io/v1", "Lease", True, {"spec": {"holderIdentity": "kinds"}}),
    ("discovery.k8s.io/v1", "EndpointSlice", True, {
        "addressType": "IPv4", "endpoints": [{"addresses": ["10.1.1.1"]}],
        "ports": [{"port": 80}]}),
    ("events.k8s.io/v1", "Event", True, {
        "eventTime": "2026-01-01T00:00:00.000000Z", "reportingController": "kinds.test/a",
        "reportingInstance": "a", "action": "Look", "reason": "Looked", "type": "Normal",
        "note": "seen", "regarding": {"kind": "Pod", "name": "kinds", "namespace": "kinds"}}),
    ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", False, {"spec": {
        "priorityLevelConfiguration": {"name": "kinds"}}}),
    ("flowcontrol.apiserver.k8s.io/v1", "PriorityLevelConfiguration", False, {"spec": {
        "type": "Limited", "limited": {"limitResponse": {"type": "Reject"}}}}),
    ("networking.k8s.io/v1", "Ingress", True, {"spec": {"defaultBackend": {
        "service": {"name": "kinds", "port": {"number": 80}}}}}),
    ("networking.k8s.io/v1", "IngressClass", False, {"spec": {"controller": "kinds.test/a"}}),
    ("networking.k8s.io/v1", "NetworkPolicy", True, {"spec": {"podSelector": {}}}),
    ("networking.k8s.io/v1", "ServiceCIDR", False, {"spec": {"cidrs": ["10.200.0.0/24"]}}),
    ("node.k8s.io/v1", "RuntimeClass", False, {"handler": "kinds"}),
    ("policy/v1", "PodDisruptionBudget", True, {"spec": {
        "minAvailable": 1, "selector": SELECTOR}}),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", False, {"rules": [RULE]}),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", False, {
        "roleRef": {**ROLE, "kind": "ClusterRole", "name": "view"},
        "subjects": [{**ROLE, "kind": "User", "name": "kinds"}]}),
    ("rbac.authorization.k8s.io/v1", "Role", True, {"rules": [RULE]}),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", True, {
        "roleRef": {**ROLE, "kind": "Role", "name": "kinds"},
        "subjects": [{"kind": "ServiceAccount", "name": "kinds", "namespace": "kinds"}]}),
    ("scheduling.k8s.io/v1", "PriorityClass", False, {"value": 5}),
    ("storage.k8s.io/v1", "CSIDriver", False, {"spec": {}}),
    ("storage.k8s.io/v1", "CSINode", False, {"spec": {"drivers": []}}),
    ("storage.k8s.io/v1", "CSIStorageCapacity", True, {"storageClassName": "kinds"}),
    ("storage.k8s.io/v1", "StorageClass", False, {"provisioner": "kinds.test/a"}),
    ("storage.k8s.io/v1", "VolumeAttachment", False, {"spec": {
        "attacher": "kinds.test", "nodeName": "nowhere",
        "source": {"persistentVolumeName": "kinds"}}}),
    ("storage.k8s.io/v1", "VolumeAttributesClass", False, {
        "driverName": "kinds.test", "parameters": {"a": "b"}}),
]


def manifest(version, kind, rest, name="kinds"):
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **rest}
