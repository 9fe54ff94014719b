import JSON
import Objects
import Store

/// RuntimeClass: a Pod's class must exist, and gives the Pod its overhead and the Nodes that have
/// the runtime (KEP-688, KEP-585).
extension Evaluation {
    func admitRuntimeClass(_ document: inout JSON, _ target: ResourceTarget) throws(StatusError) {
        // A mirror Pod shows what already runs.
        guard document["metadata"]?["annotations"]?["kubernetes.io/config.mirror"] == nil else {
            return
        }
        func refuse(_ why: String) -> StatusError {
            StatusError.forbidden(target.resource, target.name ?? "", "pod rejected: \(why)")
        }
        let name = document["spec"]?.text("runtimeClassName") ?? ""
        let stored = name.isEmpty ? nil : stored(.runtimeClasses, name: name)
        if !name.isEmpty, stored == nil { throw refuse("RuntimeClass \"\(name)\" not found") }
        let given = document["spec"]?["overhead"] ?? [:]
        let overhead = stored?.json["overhead"]?["podFixed"] ?? [:]
        guard given == [:] || given == overhead else {
            throw refuse(
                overhead == [:]
                    ? "Pod Overhead set without corresponding RuntimeClass defined Overhead"
                    : "Pod's Overhead doesn't match RuntimeClass's defined Overhead")
        }
        if overhead != [:] { document[path: ["spec", "overhead"]] = overhead }
        guard let scheduling = stored?.json["scheduling"] else { return }
        for (label, value) in scheduling["nodeSelector"]?.object ?? JSONObject() {
            let wanted = document["spec"]?["nodeSelector"]?[label]
            if let wanted, wanted != value {
                throw refuse(
                    "conflict: runtimeClass.scheduling.nodeSelector[\(label)] = "
                        + "\(value.string ?? ""); pod.spec.nodeSelector[\(label)] = "
                        + "\(wanted.string ?? "")")
            }
            document[path: ["spec", "nodeSelector", label]] = value
        }
        let tolerations = document["spec"]?["tolerations"]?.array ?? []
        let added = (scheduling["tolerations"]?.array ?? []).filter { !tolerations.contains($0) }
        if !added.isEmpty {
            document[path: ["spec", "tolerations"]] = .array(tolerations + added)
        }
    }
}
