/// Roles, and who has them.
extension RBACV1 {
    static let role = ObjectSchema(.rbac, "Role", "What may be done in a namespace.") {
        MetaV1.header
        Field("rules", .atomicList(policyRule), "What may be done.")
    }

    static let clusterRole = ObjectSchema(
        .rbac, "ClusterRole",
        "What may be done in the whole cluster, or in a namespace that a RoleBinding names."
    ) {
        Field("aggregationRule", aggregationRule, "Other roles whose rules make up this one's.")
        MetaV1.header
        Field("rules", .atomicList(policyRule), "What may be done.")
    }

    static let aggregationRule = ObjectSchema(
        .rbac, "AggregationRule", "Other roles whose rules make up a role's."
    ) {
        Field("clusterRoleSelectors", .atomicList(MetaV1.labelSelector), "Select the roles.")
    }

    static let policyRule = ObjectSchema(
        .rbac, "PolicyRule", "Verbs that may be used on some resources or paths."
    ) {
        Field("apiGroups", .strings, "Groups of the resources; * for all.")
        Field(
            "nonResourceURLs", .strings, "Paths that are no resources; * at the end for all below.")
        Field("resourceNames", .strings, "Names of the objects; all when left out.")
        Field("resources", .strings, "Resources, with subresource behind a slash; * for all.")
        Field("verbs", .strings, "What may be done; * for all.", required: true)
    }

    static let roleBinding = ObjectSchema(
        .rbac, "RoleBinding", "Gives a role to somebody in a namespace."
    ) {
        MetaV1.header
        Field("roleRef", roleRef, "The role; it never changes.", required: true)
        Field("subjects", .atomicList(subject), "Who has the role.")
    }

    static let clusterRoleBinding = ObjectSchema(
        .rbac, "ClusterRoleBinding", "Gives a ClusterRole to somebody in the whole cluster."
    ) {
        MetaV1.header
        Field("roleRef", roleRef, "The role; it never changes.", required: true)
        Field("subjects", .atomicList(subject), "Who has the role.")
    }

    static let roleRef = ObjectSchema(.rbac, "RoleRef", "Names a role.", isAtomic: true) {
        Field("apiGroup", .string, "Group of the role.")
        Field("kind", .string, "Role or ClusterRole.", required: true)
        Field("name", .string, "Name of the role.", required: true)
    }

    static let subject = ObjectSchema(
        .rbac, "Subject", "A user, group or service account.", isAtomic: true
    ) {
        Field("apiGroup", .string, "Group of users and groups; none for service accounts.")
        Field("kind", .string, "User, Group or ServiceAccount.", required: true)
        Field("name", .string, "Name of the subject.", required: true)
        Field("namespace", .string, "Namespace of a service account.")
    }
}
