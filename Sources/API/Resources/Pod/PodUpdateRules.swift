import JSON
import Objects

extension PodRules {
    private static let refusal =
        "pod updates may not change fields other than `spec.containers[*].image`,"
        + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
        + "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
        + "set to 1 if it was previously negative)"

    /// Judges a change of a Pod: little of a running Pod's spec may change (`ValidatePodUpdate`).
    /// Subresources other than `ephemeralcontainers` and `resize` keep the spec, so nothing
    /// of it is judged.
    static func validateUpdate(
        _ document: JSON, _ old: JSON, _ subresource: String?, _ v: inout Validation
    ) {
        let spec = document["spec"] ?? [:]
        let oldSpec = old["spec"] ?? [:]
        switch subresource {
        case nil:
            v.at("spec") { validateSpecUpdate(spec, oldSpec, &$0) }
        case "resize":
            PodResizeRules.validate(document, old, &v)
        case "ephemeralcontainers":
            v.at("spec") { v in
                v.at("ephemeralContainers") {
                    validateEphemeral(
                        spec.list("ephemeralContainers"), oldSpec.list("ephemeralContainers"), &$0)
                }
            }
        default:
            break
        }
    }

    private static func validateSpecUpdate(_ spec: JSON, _ old: JSON, _ v: inout Validation) {
        for list in ["containers", "initContainers"]
        where spec.list(list).count != old.list(list).count {
            v.at(list) { $0.forbidden("pod updates may not add or remove containers") }
            return
        }
        validateDeadline(spec["activeDeadlineSeconds"], old["activeDeadlineSeconds"], &v)
        let tolerations = spec.list("tolerations")
        let isAddition = old.list("tolerations").allSatisfy { before in
            tolerations.contains { now in
                var now = now
                var before = before
                now["tolerationSeconds"] = nil
                before["tolerationSeconds"] = nil
                return now == before
            }
        }
        if !isAddition {
            v.at("tolerations") {
                $0.forbidden("existing toleration can not be modified except its tolerationSeconds")
            }
        }
        let gates = old.list("schedulingGates")
        if spec.list("schedulingGates").contains(where: { !gates.contains($0) }) {
            v.at("schedulingGates") {
                $0.forbidden("only deletion is allowed, but found new scheduling gates")
            }
        }
        if unchangeable(of: spec, gated: !gates.isEmpty)
            != unchangeable(of: old, gated: !gates.isEmpty)
        {
            v.forbidden(refusal)
        }
    }

    private static func validateDeadline(_ new: JSON?, _ old: JSON?, _ v: inout Validation) {
        guard let before = old?.integer else { return }
        v.at("activeDeadlineSeconds") { v in
            guard let now = new?.integer else {
                return v.invalid(.null, "must not update from a positive integer to nil value")
            }
            if now > before {
                v.invalid(.integer(now), "must be less than or equal to previous value")
            }
        }
    }

    /// The spec without what a client may change.
    private static func unchangeable(of spec: JSON, gated: Bool) -> JSON {
        var spec = spec
        for list in ["containers", "initContainers"] {
            spec.updateEach(list) { $0["image"] = nil }
        }
        for name in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
            spec[name] = nil
        }
        if gated {
            spec["nodeSelector"] = nil
            spec["affinity"] = nil
        }
        return spec
    }

    private static func validateEphemeral(
        _ new: [JSON], _ old: [JSON], _ v: inout Validation
    ) {
        for container in old {
            let name = container.text("name")
            guard let same = new.first(where: { $0.text("name") == name }) else {
                v.forbidden("existing ephemeral containers \"\(name)\" may not be removed")
                continue
            }
            if same != container {
                v.forbidden("existing ephemeral containers \"\(name)\" may not be changed")
            }
        }
    }
}
