import JSON
import Objects

extension PodRules {
    /// The members of a Volume that say where it comes from.
    static let volumeSources: [String] =
        CoreV1.volume.fields.map(\.name).filter { $0 != "name" }

    /// Judges `spec.volumes`; returns the names that containers may mount.
    static func validateVolumes(_ spec: JSON, _ v: inout Validation) -> Set<String> {
        var names: Set<String> = []
        v.each("volumes", of: spec) { v, volume in
            let name = volume.text("name")
            if !name.isEmpty, !names.insert(name).inserted {
                v.at("name") { $0.duplicate(.string(name)) }
            }
            let sources = volume.present(of: volumeSources)
            if sources.isEmpty { v.required("must specify a volume type") }
            for extra in sources.dropFirst() {
                v.at(extra) { $0.forbidden("may not specify more than 1 volume type") }
            }
            guard let source = sources.first, let content = volume[source] else { return }
            v.at(source) { validate(source: source, content, &$0) }
        }
        return names
    }

    private static func validate(source: String, _ content: JSON, _ v: inout Validation) {
        switch source {
        case "configMap":
            requireName("name", of: content, &v)
            validateItems(of: content, &v)
        case "secret":
            requireName("secretName", of: content, &v)
            validateItems(of: content, &v)
        case "downwardAPI":
            validateItems(of: content, &v)
        case "hostPath":
            if content.text("path").hasBackstep {
                v.at("path") { $0.invalid(content["path"], "must not contain '..'") }
            }
        case "emptyDir":
            if let limit = content["sizeLimit"]?.quantity, limit < .zero {
                v.at("sizeLimit") {
                    $0.forbidden("SizeLimit field must be a valid resource quantity")
                }
            }
            let medium = content.text("medium")
            if !medium.isEmpty, medium != "Memory", !medium.hasPrefix("HugePages") {
                v.at("medium") { $0.notSupported(.string(medium), ["", "HugePages", "Memory"]) }
            }
        case "projected":
            validateProjected(content, &v)
        case "nfs":
            if !content.text("path").hasPrefix("/"), !content.text("path").isEmpty {
                v.at("path") { $0.invalid(content["path"], "must be an absolute path") }
            }
        default:
            break
        }
    }

    private static func requireName(_ field: String, of content: JSON, _ v: inout Validation) {
        if content.text(field).isEmpty { v.at(field) { $0.required() } }
    }

    private static func validateItems(of content: JSON, _ v: inout Validation) {
        v.each("items", of: content) { v, item in
            let path = item.text("path")
            guard !path.isEmpty else { return }
            v.at("path") { validateRelativePath(path, &$0) }
        }
    }

    private static let projections = CoreV1.volumeProjection.fields.map(\.name)

    private static func validateProjected(_ content: JSON, _ v: inout Validation) {
        v.each("sources", of: content) { v, source in
            let present = source.present(of: projections)
            if present.isEmpty {
                v.required("must specify a projected volume source type")
            }
            for extra in present.dropFirst() {
                v.at(extra) { $0.forbidden("may not specify more than 1 volume type per source") }
            }
            guard let kind = present.first, let inner = source[kind] else { return }
            v.at(kind) { v in
                if kind == "configMap" || kind == "secret" { requireName("name", of: inner, &v) }
                validateItems(of: inner, &v)
                if kind == "serviceAccountToken" {
                    let seconds = inner["expirationSeconds"]?.integer ?? 3_600
                    if seconds < 600 {
                        v.at("expirationSeconds") {
                            $0.invalid(
                                .integer(seconds),
                                "may not specify a duration less than 10 minutes")
                        }
                    }
                    if !inner.text("path").isEmpty {
                        v.at("path") { validateRelativePath(inner.text("path"), &$0) }
                    }
                }
            }
        }
    }

    /// A path inside a volume: relative, and not out of it.
    static func validateRelativePath(_ path: String, _ v: inout Validation) {
        if path.hasPrefix("/") { v.invalid(.string(path), "must be a relative path") }
        if path.hasBackstep { v.invalid(.string(path), "must not contain '..'") }
        if path.hasPrefix(".."), !path.hasBackstep {
            v.invalid(.string(path), "must not start with '..'")
        }
    }
}

extension String {
    /// Whether one of the path's parts is `..`.
    fileprivate var hasBackstep: Bool {
        utf8.contains(UInt8(ascii: ".")) && split(separator: "/").contains("..")
    }
}
