import JSON
import Objects

extension ResourceDefinition {
    static let roles = ResourceDefinition(
        .roles, schema: RBACV1.role, columns: RoleTable.roleColumns,
        strategy: ResourceStrategy(
            nameFormat: .pathSegment,
            validate: { document, v in
                v.each("rules", of: document) { RoleRules.validate($1, isNamespaced: true, &$0) }
            },
            cells: RoleTable.roleCells))

    static let clusterRoles = ResourceDefinition(
        .clusterRoles, schema: RBACV1.clusterRole, columns: RoleTable.roleColumns,
        strategy: ResourceStrategy(
            nameFormat: .pathSegment,
            validate: { document, v in
                v.each("rules", of: document) { RoleRules.validate($1, isNamespaced: false, &$0) }
                guard let aggregation = document["aggregationRule"] else { return }
                v.at("aggregationRule") { v in
                    if aggregation.list("clusterRoleSelectors").isEmpty {
                        v.at("clusterRoleSelectors") {
                            $0.required("at least one clusterRoleSelector required if "
                                + "aggregationRule is non-nil")
                        }
                    }
                    v.each("clusterRoleSelectors", of: aggregation) {
                        validateLabelSelector($1, &$0)
                    }
                }
            },
            cells: RoleTable.roleCells))

    static let roleBindings = ResourceDefinition(
        .roleBindings, schema: RBACV1.roleBinding, columns: RoleTable.bindingColumns,
        strategy: ResourceStrategy(
            nameFormat: .pathSegment, defaults: RoleRules.applyBindingDefaults,
            validate: { RoleRules.validateBinding($0, kinds: ["ClusterRole", "Role"], &$1) },
            validateUpdate: RoleRules.validateBindingUpdate, cells: RoleTable.bindingCells))

    static let clusterRoleBindings = ResourceDefinition(
        .clusterRoleBindings, schema: RBACV1.clusterRoleBinding,
        columns: RoleTable.bindingColumns,
        strategy: ResourceStrategy(
            nameFormat: .pathSegment, defaults: RoleRules.applyBindingDefaults,
            validate: { RoleRules.validateBinding($0, kinds: ["ClusterRole"], &$1) },
            validateUpdate: RoleRules.validateBindingUpdate, cells: RoleTable.bindingCells))
}

/// What roles and bindings must look like beyond their schemas (`pkg/apis/rbac/validation`).
enum RoleRules {
    static let group = "rbac.authorization.k8s.io"

    static func validate(_ rule: JSON, isNamespaced: Bool, _ v: inout Validation) {
        let paths = rule.list("nonResourceURLs")
        if !paths.isEmpty {
            if isNamespaced {
                v.at("nonResourceURLs") {
                    $0.invalid(
                        .array(paths), "namespaced rules cannot apply to non-resource URLs")
                }
            }
            let isMixed = ["apiGroups", "resources", "resourceNames"].contains {
                !rule.list($0).isEmpty
            }
            if isMixed {
                v.at("nonResourceURLs") {
                    $0.invalid(
                        .array(paths),
                        "rules cannot apply to both regular resources and non-resource URLs")
                }
            }
            return
        }
        if rule.list("apiGroups").isEmpty {
            v.at("apiGroups") { $0.required("resource rules must supply at least one api group") }
        }
        if rule.list("resources").isEmpty {
            v.at("resources") { $0.required("resource rules must supply at least one resource") }
        }
    }

    @Sendable static func applyBindingDefaults(_ document: inout JSON) {
        document.update("roleRef") { reference in
            if reference.text("apiGroup").isEmpty { reference["apiGroup"] = .string(group) }
        }
        document.updateEach("subjects") { subject in
            guard subject.text("apiGroup").isEmpty else { return }
            let isAccount = subject.text("kind") == "ServiceAccount"
            subject["apiGroup"] = isAccount ? JSON?.none : .string(group)
        }
    }

    static func validateBinding(_ document: JSON, kinds: [String], _ v: inout Validation) {
        let reference = document["roleRef"] ?? [:]
        v.at("roleRef") { v in
            if reference.text("apiGroup") != group {
                v.at("apiGroup") {
                    $0.notSupported(.string(reference.text("apiGroup")), [group])
                }
            }
            if !kinds.contains(reference.text("kind")) {
                v.at("kind") { $0.notSupported(.string(reference.text("kind")), kinds) }
            }
        }
        v.each("subjects", of: document) { v, subject in
            switch subject.text("kind") {
            case "ServiceAccount":
                for fault in StringFormat.dnsSubdomain.faults(of: subject.text("name")) {
                    v.at("name") { $0.invalid(.string(subject.text("name")), fault) }
                }
                if subject.text("namespace").isEmpty { v.at("namespace") { $0.required() } }
            case "User", "Group":
                if subject.text("apiGroup") != group {
                    v.at("apiGroup") {
                        $0.notSupported(.string(subject.text("apiGroup")), [group])
                    }
                }
            default:
                v.at("kind") {
                    $0.notSupported(
                        .string(subject.text("kind")), ["Group", "ServiceAccount", "User"])
                }
            }
        }
    }

    @Sendable static func validateBindingUpdate(
        _ document: JSON, _ old: JSON, _ subresource: String?, _ v: inout Validation
    ) {
        guard document["roleRef"] != old["roleRef"] else { return }
        v.at("roleRef") { $0.invalid(document["roleRef"], "cannot change roleRef") }
    }
}
