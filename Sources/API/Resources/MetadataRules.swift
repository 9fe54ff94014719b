import JSON
import Objects

/// The rules for `metadata`, the same for every resource
/// (`k8s.io/apimachinery/pkg/api/validation`).
extension ResourceDefinition {
    func validateMetadata(_ metadata: JSON, _ validation: inout Validation) {
        validation.at("metadata") { v in
            validateNames(metadata, &v)
            validateLabels(metadata["labels"], "labels", &v)
            validateAnnotations(metadata["annotations"], &v)
            validateOwners(metadata, &v)
            validateFinalizers(metadata, &v)
        }
    }

    private func validateNames(_ metadata: JSON, _ v: inout Validation) {
        let name = metadata["name"]?.string ?? ""
        let prefix = metadata["generateName"]?.string ?? ""
        if !prefix.isEmpty {
            // The server appends to the prefix, so a dash at its end is fine.
            let probe = prefix.hasSuffix("-") ? prefix.dropLast() + "a" : prefix[...]
            for fault in strategy.nameFormat.faults(of: String(probe)) {
                v.at("generateName") { $0.invalid(.string(prefix), fault) }
            }
        }
        if name.isEmpty {
            v.at("name") { $0.required("name or generateName is required") }
        } else {
            for fault in strategy.nameFormat.faults(of: name) {
                v.at("name") { $0.invalid(.string(name), fault) }
            }
        }
        let namespace = metadata["namespace"]?.string ?? ""
        if resource.isNamespaced {
            if namespace.isEmpty {
                v.at("namespace") { $0.required() }
            } else {
                for fault in StringFormat.dnsLabel.faults(of: namespace) {
                    v.at("namespace") { $0.invalid(.string(namespace), fault) }
                }
            }
        } else if !namespace.isEmpty {
            v.at("namespace") { $0.forbidden("not allowed on this type") }
        }
        if let generation = metadata["generation"]?.integer, generation < 0 {
            v.at("generation") {
                $0.invalid(.integer(generation), "must be greater than or equal to 0")
            }
        }
    }

    private func validateOwners(_ metadata: JSON, _ v: inout Validation) {
        var controllers: [String] = []
        v.each("ownerReferences", of: metadata) { v, owner in
            for name in ["apiVersion", "kind", "name", "uid"]
            where (owner[name]?.string ?? "").isEmpty {
                v.at(name) {
                    let subject = name == "apiVersion" ? "version " : ""
                    $0.invalid("", subject + "must not be empty")
                }
            }
            if owner["controller"]?.bool == true {
                controllers.append(owner["kind"]?.string ?? "")
            }
        }
        if let first = controllers.first, controllers.count > 1 {
            v.at("ownerReferences") {
                $0.invalid(
                    metadata["ownerReferences"],
                    "Only one reference can have Controller set to true. Found \"true\" in "
                        + "references for \(first)/\(controllers[1])")
            }
        }
    }

    private func validateFinalizers(_ metadata: JSON, _ v: inout Validation) {
        v.each("finalizers", of: metadata) { v, finalizer in
            for fault in StringFormat.qualifiedName.faults(of: finalizer.string ?? "") {
                v.invalid(finalizer, fault)
            }
        }
    }

    func validateMetadataUpdate(
        _ metadata: JSON, _ old: JSON, _ validation: inout Validation
    ) {
        validation.at("metadata") { v in
            for name in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"]
            where metadata[name] != old[name] {
                v.at(name) { $0.invalid(metadata[name] ?? "", "field is immutable") }
            }
        }
    }
}

/// Labels of an object or of a Pod template.
func validateLabels(_ labels: JSON?, _ name: String, _ v: inout Validation) {
    guard let members = labels?.object, !members.isEmpty else { return }
    v.at(name) { v in
        for (key, value) in members {
            for fault in StringFormat.qualifiedName.faults(of: key) {
                v.invalid(.string(key), fault)
            }
            for fault in StringFormat.labelValue.faults(of: value.string ?? "") {
                v.invalid(value, fault)
            }
        }
    }
}

/// Annotations: their keys are qualified names of any case, their sum is bounded.
func validateAnnotations(_ annotations: JSON?, _ v: inout Validation) {
    guard let members = annotations?.object, !members.isEmpty else { return }
    let limit = 256 * 1_024
    var size = 0
    v.at("annotations") { v in
        for (key, value) in members {
            for fault in StringFormat.qualifiedName.faults(of: key.lowercased()) {
                v.invalid(.string(key), fault)
            }
            size += key.utf8.count + (value.string ?? "").utf8.count
        }
        if size > limit { v.tooLong(limit: limit) }
    }
}
