import JSON
import Objects

/// Volumes that outlive Pods, and claims to them.
extension ResourceDefinition {
    static let persistentVolumes = ResourceDefinition(
        .persistentVolumes, shortNames: ["pv"], subresources: [.status("PersistentVolume")],
        schema: CoreV1.persistentVolume, columns: StorageTable.volumeColumns,
        strategy: ResourceStrategy(
            prepareForCreate: { $0["status"] = ["phase": "Pending"] },
            validate: StorageRules.validateVolume,
            validateUpdate: { document, old, subresource, v in
                guard subresource == nil else { return }
                v.at("spec") { v in
                    let source = StorageRules.source(of: document["spec"] ?? [:])
                    let before = StorageRules.source(of: old["spec"] ?? [:])
                    if source?.name != before?.name || source?.content != before?.content {
                        v.at("persistentvolumesource") {
                            $0.forbidden(
                                "spec.persistentvolumesource is immutable after creation")
                        }
                    }
                    if document["spec"]?["volumeMode"] != old["spec"]?["volumeMode"] {
                        v.at("volumeMode") {
                            $0.invalid(document["spec"]?["volumeMode"], "field is immutable")
                        }
                    }
                }
            },
            cells: StorageTable.volumeCells))

    static let persistentVolumeClaims = ResourceDefinition(
        .persistentVolumeClaims, shortNames: ["pvc"],
        subresources: [.status("PersistentVolumeClaim")], schema: CoreV1.persistentVolumeClaim,
        columns: StorageTable.claimColumns,
        strategy: ResourceStrategy(
            prepareForCreate: { $0["status"] = ["phase": "Pending"] },
            validate: { document, v in
                v.at("spec") { StorageRules.validateClaim(document["spec"] ?? [:], &$0) }
            },
            validateUpdate: StorageRules.validateClaimUpdate, cells: StorageTable.claimCells))
}

/// What volumes and claims must look like beyond their schemas (`pkg/apis/core/validation`).
enum StorageRules {
    private static let sources = CoreV1.persistentVolumeSources.map(\.name)

    /// Where a volume comes from: the first of the kinds of storage that its spec holds.
    static func source(of spec: JSON) -> (name: String, content: JSON)? {
        spec.present(of: sources).first.map { ($0, spec[$0] ?? [:]) }
    }

    /// A claim that stands in a StatefulSet has what one of its own would get.
    static func completeClaimTemplate(_ claim: inout JSON) {
        claim["apiVersion"] = "v1"
        claim["kind"] = "PersistentVolumeClaim"
        if claim["status"] == nil { claim["status"] = ["phase": "Pending"] }
    }

    @Sendable static func validateVolume(_ document: JSON, _ v: inout Validation) {
        let spec = document["spec"] ?? [:]
        v.at("spec") { v in
            if spec.list("accessModes").isEmpty { v.at("accessModes") { $0.required() } }
            if spec["capacity"] == nil || spec["capacity"] == [:] {
                v.at("capacity") { $0.required() }
            } else if spec["capacity"]?["storage"] == nil {
                v.at("capacity") { v in
                    v.notSupported(spec["capacity"] ?? [:], ["storage"])
                }
            }
            let found = spec.present(of: sources)
            if found.isEmpty { v.required("must specify a volume type") }
            for extra in found.dropFirst() {
                v.at(extra) { $0.forbidden("may not specify more than 1 volume type") }
            }
            validatePath(spec, &v)
            if spec["local"] != nil, spec["nodeAffinity"] == nil {
                v.at("nodeAffinity") { $0.required("Local volume requires node affinity") }
            }
        }
    }

    private static func validatePath(_ spec: JSON, _ v: inout Validation) {
        for name in ["hostPath", "local"] {
            guard let path = spec[name]?["path"]?.string,
                path.split(separator: "/").contains("..")
            else { continue }
            v.at(name) { v in
                v.at("path") { $0.invalid(.string(path), "must not contain '..'") }
            }
        }
        let isRoot = spec["hostPath"]?.text("path") == "/"
        if isRoot, spec.text("persistentVolumeReclaimPolicy") == "Recycle" {
            v.at("persistentVolumeReclaimPolicy") {
                $0.forbidden("may not be 'recycle' for a hostPath mount of '/'")
            }
        }
    }

    static func validateClaim(_ spec: JSON, _ v: inout Validation) {
        let modes = spec.list("accessModes")
        if modes.isEmpty {
            v.at("accessModes") { $0.required("at least 1 access mode is required") }
        }
        if modes.contains("ReadWriteOncePod"), modes.count > 1 {
            v.at("accessModes") {
                $0.forbidden("may not use ReadWriteOncePod with other access modes")
            }
        }
        if let selector = spec["selector"] {
            v.at("selector") { validateLabelSelector(selector, &$0) }
        }
        if spec["resources"]?["requests"]?["storage"] == nil {
            v.at("resources") { v in v.at(key: "storage") { $0.required() } }
        }
        if let name = spec["storageClassName"]?.string, !name.isEmpty {
            for fault in StringFormat.dnsSubdomain.faults(of: name) {
                v.at("storageClassName") { $0.invalid(.string(name), fault) }
            }
        }
    }

    /// Nothing but the size and the class of settings of a bound claim may change; one that waits
    /// may get its volume and a storage class.
    @Sendable static func validateClaimUpdate(
        _ document: JSON, _ old: JSON, _ subresource: String?, _ v: inout Validation
    ) {
        guard subresource == nil else { return }
        let oldSpec = old["spec"] ?? [:]
        var spec = document["spec"] ?? [:]
        spec["volumeAttributesClassName"] = oldSpec["volumeAttributesClassName"]
        if old["status"]?.text("phase") == "Bound" {
            spec[path: ["resources", "requests"]] = oldSpec["resources"]?["requests"]
        } else {
            for name in ["volumeName", "storageClassName"] where oldSpec[name] == nil {
                spec[name] = oldSpec[name]
            }
        }
        guard spec != oldSpec else { return }
        v.at("spec") {
            $0.forbidden(
                "spec is immutable after creation except resources.requests and "
                    + "volumeAttributesClassName for bound claims")
        }
    }
}
