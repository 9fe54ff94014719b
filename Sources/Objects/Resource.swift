/// The identity of a resource type: what a client names in a path and what a document says of
/// itself. How documents of the type look and behave is declared in the target `API`.
///
/// It is copied and compared with every key of an object, so it is one reference.
package struct Resource: Hashable, Comparable, Sendable, CustomStringConvertible {
    private final class Identity: Sendable {
        let group: String
        let version: String
        let plural: String
        let kind: String
        let isNamespaced: Bool

        init(group: String, version: String, plural: String, kind: String, isNamespaced: Bool) {
            self.group = group
            self.version = version
            self.plural = plural
            self.kind = kind
            self.isNamespaced = isNamespaced
        }
    }

    private let identity: Identity

    package init(
        group: String, version: String, plural: String, kind: String, isNamespaced: Bool
    ) {
        identity = Identity(
            group: group, version: version, plural: plural, kind: kind,
            isNamespaced: isNamespaced)
    }

    /// The API group; empty for the core group.
    package var group: String { identity.group }
    package var version: String { identity.version }
    /// The plural name in paths, such as `pods`.
    package var plural: String { identity.plural }
    package var kind: String { identity.kind }
    package var isNamespaced: Bool { identity.isNamespaced }

    /// `v1` for the core group, otherwise `group/version`.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// `pods`, or `deployments.apps`: the form of Kubernetes' messages.
    package var description: String { group.isEmpty ? plural : "\(plural).\(group)" }

    package static func < (left: Resource, right: Resource) -> Bool {
        (left.group, left.plural, left.version) < (right.group, right.plural, right.version)
    }

    package static func == (left: Resource, right: Resource) -> Bool {
        left.identity === right.identity
            || (left.plural == right.plural && left.group == right.group
                && left.version == right.version)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(group)
        hasher.combine(plural)
    }
}

extension Resource {
    package static let namespaces = core("namespaces", "Namespace", isNamespaced: false)
    package static let nodes = core("nodes", "Node", isNamespaced: false)
    package static let pods = core("pods", "Pod")
    package static let services = core("services", "Service")
    package static let endpoints = core("endpoints", "Endpoints")
    package static let configMaps = core("configmaps", "ConfigMap")
    package static let secrets = core("secrets", "Secret")
    package static let serviceAccounts = core("serviceaccounts", "ServiceAccount")
    package static let events = core("events", "Event")
    package static let endpointSlices = Resource(
        group: "discovery.k8s.io", version: "v1", plural: "endpointslices",
        kind: "EndpointSlice", isNamespaced: true)
    package static let leases = Resource(
        group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease",
        isNamespaced: true)
    package static let deployments = apps("deployments", "Deployment")
    package static let replicaSets = apps("replicasets", "ReplicaSet")
    package static let statefulSets = apps("statefulsets", "StatefulSet")
    package static let daemonSets = apps("daemonsets", "DaemonSet")
    package static let controllerRevisions = apps("controllerrevisions", "ControllerRevision")
    package static let replicationControllers = core(
        "replicationcontrollers", "ReplicationController")
    package static let podTemplates = core("podtemplates", "PodTemplate")
    package static let resourceQuotas = core("resourcequotas", "ResourceQuota")
    package static let limitRanges = core("limitranges", "LimitRange")
    package static let persistentVolumes = core(
        "persistentvolumes", "PersistentVolume", isNamespaced: false)
    package static let persistentVolumeClaims = core(
        "persistentvolumeclaims", "PersistentVolumeClaim")
    package static let jobs = grouped("batch", "jobs", "Job")
    package static let cronJobs = grouped("batch", "cronjobs", "CronJob")
    package static let horizontalPodAutoscalers = Resource(
        group: "autoscaling", version: "v2", plural: "horizontalpodautoscalers",
        kind: "HorizontalPodAutoscaler", isNamespaced: true)
    package static let podDisruptionBudgets = grouped(
        "policy", "poddisruptionbudgets", "PodDisruptionBudget")
    package static let certificateSigningRequests = grouped(
        "certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest",
        isNamespaced: false)
    package static let bindings = core("bindings", "Binding")
    package static let componentStatuses = core(
        "componentstatuses", "ComponentStatus", isNamespaced: false)
    package static let flowSchemas = grouped(
        "flowcontrol.apiserver.k8s.io", "flowschemas", "FlowSchema", isNamespaced: false)
    package static let priorityLevelConfigurations = grouped(
        "flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations",
        "PriorityLevelConfiguration", isNamespaced: false)
    package static let podPresets = Resource(
        group: "settings.k8s.io", version: "v1alpha1", plural: "podpresets", kind: "PodPreset",
        isNamespaced: true)
    package static let priorityClasses = grouped(
        "scheduling.k8s.io", "priorityclasses", "PriorityClass", isNamespaced: false)
    package static let runtimeClasses = grouped(
        "node.k8s.io", "runtimeclasses", "RuntimeClass", isNamespaced: false)

    private static func core(
        _ plural: String, _ kind: String, isNamespaced: Bool = true
    ) -> Resource {
        Resource(
            group: "", version: "v1", plural: plural, kind: kind, isNamespaced: isNamespaced)
    }

    /// A resource of version v1 of a group.
    package static func grouped(
        _ group: String, _ plural: String, _ kind: String, isNamespaced: Bool = true
    ) -> Resource {
        Resource(
            group: group, version: "v1", plural: plural, kind: kind, isNamespaced: isNamespaced)
    }

    private static func apps(_ plural: String, _ kind: String) -> Resource {
        Resource(group: "apps", version: "v1", plural: plural, kind: kind, isNamespaced: true)
    }
}

/// Names one object: its type, namespace (empty for cluster-scoped types) and name.
package struct ObjectKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var resource: Resource
    package var namespace: String
    package var name: String

    package init(_ resource: Resource, namespace: String = "", name: String) {
        self.resource = resource
        self.namespace = namespace
        self.name = name
    }

    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        if left.resource != right.resource { return left.resource < right.resource }
        return (left.namespace, left.name) < (right.namespace, right.name)
    }

    package var description: String {
        namespace.isEmpty ? "\(resource)/\(name)" : "\(resource)/\(namespace)/\(name)"
    }
}
