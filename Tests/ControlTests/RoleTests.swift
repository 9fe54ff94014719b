import Base
import Control
import JSON
import Objects
import Testing

/// The roles that every cluster has, and those that are made of others.
@Suite struct RoleTests {
    private func rules(_ cluster: ControlHarness, _ name: String) -> [JSON] {
        cluster.api[ObjectKey(.clusterRoles, name: name)]?["rules"]?.array ?? []
    }

    @Test func everyClusterHasTheDefaultRoles() {
        let cluster = ControlHarness.cluster(machines: 1)
        for name in ["admin", "cluster-admin", "edit", "view", "system:discovery"] {
            #expect(!rules(cluster, name).isEmpty, "\(name)")
        }
        #expect(
            cluster.api[ObjectKey(.clusterRoleBindings, name: "cluster-admin")]?["roleRef"]?["name"]
                == "cluster-admin")
    }

    @Test func aRoleContainsThoseThatItIsMadeOf() {
        let cluster = ControlHarness.cluster(machines: 1)
        let view = rules(cluster, "view")
        let edit = rules(cluster, "edit")
        let admin = rules(cluster, "admin")
        #expect(view.allSatisfy { edit.contains($0) })
        #expect(edit.allSatisfy { admin.contains($0) })
        #expect(view.count < edit.count)
        #expect(edit.count < admin.count)
    }

    @Test func aRoleThatSomebodyAddsBecomesPartOfTheWhole() {
        var cluster = ControlHarness.cluster(machines: 1)
        let rule: JSON = ["verbs": ["get"], "apiGroups": ["example.com"], "resources": ["things"]]
        cluster.user {
            $0.must(
                .create(
                    .clusterRoles,
                    [
                        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                        "metadata": [
                            "name": "things",
                            "labels": ["rbac.authorization.k8s.io/aggregate-to-view": "true"],
                        ],
                        "rules": [rule],
                    ]))
        }
        cluster.settle()
        for name in ["admin", "edit", "view"] { #expect(rules(cluster, name).contains(rule)) }
        cluster.user { $0.must(.delete(ObjectKey(.clusterRoles, name: "things"))) }
        cluster.settle()
        for name in ["admin", "edit", "view"] { #expect(!rules(cluster, name).contains(rule)) }
    }

    @Test func aDefaultRoleThatIsDeletedComesBack() {
        var cluster = ControlHarness.cluster(machines: 1)
        cluster.user { $0.must(.delete(ObjectKey(.clusterRoles, name: "system:discovery"))) }
        cluster.settle()
        #expect(!rules(cluster, "system:discovery").isEmpty)
    }
}
