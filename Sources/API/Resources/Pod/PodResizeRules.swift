import JSON
import Objects

/// The subresource `resize`: CPU and memory of running containers (KEP-1287), and of their Pod as a
/// whole (KEP-5419).
enum PodResizeRules {
    private static let lists = ["containers", "initContainers"]

    /// Takes from a request what a resize may change, and keeps the rest as it is.
    static func prepare(_ document: inout JSON, from old: JSON) {
        var spec = old["spec"] ?? [:]
        spec["resources"] = document["spec"]?["resources"] ?? spec["resources"]
        for list in lists {
            let wanted = document["spec"]?.list(list) ?? []
            spec.updateEach(list) { container in
                let name = container.text("name")
                guard let same = wanted.first(where: { $0.text("name") == name }) else { return }
                container["resources"] = same["resources"] ?? [:]
                container["resizePolicy"] = same["resizePolicy"]
            }
        }
        PodDefaults.apply(&spec)
        let metadata = old["metadata"] ?? [:]
        document["metadata"] = metadata
        document["spec"] = spec
        document["status"] = old["status"]
    }

    /// `ValidatePodResize`.
    static func validate(_ document: JSON, _ old: JSON, _ v: inout Validation) {
        let spec = document["spec"] ?? [:]
        let before = old["spec"] ?? [:]
        let annotations = old["metadata"]?["annotations"]
        if annotations?["kubernetes.io/config.mirror"] != nil {
            return v.forbidden("static pods cannot be resized")
        }
        if spec["os"]?.text("name") == "windows" {
            return v.forbidden("windows pods cannot be resized")
        }
        v.at("spec") { v in
            for list in lists {
                let earlier = before.list(list)
                v.each(list, of: spec) { v, container in
                    let name = container.text("name")
                    guard let same = earlier.first(where: { $0.text("name") == name }),
                        same["resources"] != container["resources"]
                    else { return }
                    let isStoppedLater = list == "containers"
                        || container.text("restartPolicy") == "Always"
                    guard isStoppedLater else {
                        return v.forbidden(
                            "resources for non-sidecar init containers are immutable")
                    }
                    judge(container["resources"] ?? [:], same["resources"] ?? [:], &v)
                }
            }
            if spec["resources"] != before["resources"] {
                judge(spec["resources"] ?? [:], before["resources"] ?? [:], &v)
            }
            let held = old["status"]?.text("qosClass") ?? ""
            if !held.isEmpty, PodDefaults.qosClass(spec) != held {
                v.invalid(
                    .string(held), "Pod QOS Class may not change as a result of resizing")
            }
        }
    }

    private static func judge(_ resources: JSON, _ old: JSON, _ v: inout Validation) {
        v.at("resources") { v in
            if !old.list("claims").isEmpty {
                v.forbidden("cannot resize containers with resource claims")
            }
            for (list, words) in [("limits", "resource limits"), ("requests", "resource requests")]
            {
                let now = resources[list] ?? [:]
                let then = old[list] ?? [:]
                v.at(list) { v in
                    for name in then.members.map(\.name) where now[name] == nil {
                        if ["cpu", "memory"].contains(name) {
                            v.forbidden("\(words) cannot be removed")
                        } else {
                            v.forbidden("only cpu and memory resources are mutable")
                        }
                    }
                    for (name, amount) in now.members
                    where !["cpu", "memory"].contains(name) && amount != then[name] {
                        v.forbidden("only cpu and memory resources are mutable")
                    }
                }
            }
        }
    }
}
