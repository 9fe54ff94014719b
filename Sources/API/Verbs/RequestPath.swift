import Base
import Objects

/// What a request's path names.
enum RequestTarget: Sendable {
    /// `/livez`, `/readyz` or `/healthz`, perhaps with one check's name behind it.
    case health(String, check: String?)
    case version
    /// `/`: the list of paths.
    case root
    /// `/openapi/v2`
    case openAPIv2
    /// `/openapi/v3`
    case openAPIv3Index
    /// `/openapi/v3/apis/apps/v1`: the group and version as in the path behind `v3/`.
    case openAPIv3(String)
    /// `/api`
    case coreVersions
    /// `/apis`
    case groups
    /// `/apis/apps`
    case group(String)
    /// `/api/v1`, `/apis/apps/v1`
    case resources(group: String, version: String)
    case resource(ResourceTarget)
    /// A review such as `selfsubjectaccessreviews`, which is created and never stored.
    case review(ReviewKind, namespace: String)
    /// What Nodes or Pods use (`metrics.k8s.io`), with them as the target.
    case usage(UsageKind, ResourceTarget)
    /// `/metrics`: the machine's counters.
    case metrics
    /// `/.well-known/openid-configuration`: where the keys are that tokens are checked with.
    case openIDConfiguration
    /// `/openid/v1/jwks`: those keys.
    case openIDKeys
    /// Below a group and version that are served, but no resource of theirs.
    case unknownResource
    /// No path of an API server.
    case unknown
}

/// A resource, one of its objects, or a subresource of one, as a path names it.
struct ResourceTarget: Sendable {
    var definition: ResourceDefinition
    /// Empty for cluster-scoped resources, and for lists over all namespaces.
    var namespace: String
    /// Nil for the collection.
    var name: String?
    var subresource: Subresource?
    /// Of a `proxy` subresource, what follows it, as it came; with its slash, or empty.
    var proxiedPath: String?

    var resource: Resource { definition.resource }
}

extension RequestTarget {
    init(path: String, registry: ResourceRegistry) {
        if let (base, rest) = Self.proxied(path),
            case .resource(var target) = RequestTarget(base: base, registry: registry),
            target.subresource?.name == "proxy"
        {
            target.proxiedPath = rest
            self = .resource(target)
        } else {
            self.init(base: path, registry: registry)
        }
    }

    private static let proxyMark = Array("/proxy".utf8)

    /// Cuts a path behind `/api/v1/nodes/NAME/proxy` or
    /// `/api/v1/namespaces/NAMESPACE/RESOURCE/NAME/proxy`: what follows belongs to somebody else,
    /// who may read escapes and slashes in his own way.
    private static func proxied(_ path: String) -> (base: String, rest: String)? {
        let start = "/api/v1/"
        guard holdsProxyMark(path), path.hasPrefix(start) else { return nil }
        let isNamespaced = path.dropFirst(start.count).hasPrefix("namespaces/")
        let depth = isNamespaced ? 7 : 5
        let parts = path.split(
            separator: "/", maxSplits: depth + 1, omittingEmptySubsequences: false)
        guard parts.count > depth, parts[depth] == "proxy" else { return nil }
        let base = parts[...depth].joined(separator: "/")
        return (base, String(path.dropFirst(base.count)))
    }

    /// Asked of every path, so it makes nothing.
    private static func holdsProxyMark(_ path: String) -> Bool {
        var matched = 0
        for byte in path.utf8 {
            matched = byte == proxyMark[matched] ? matched + 1 : byte == proxyMark[0] ? 1 : 0
            if matched == proxyMark.count { return true }
        }
        return false
    }

    private init(base path: String, registry: ResourceRegistry) {
        guard let segments = Self.segments(of: path) else {
            self = .unknown
            return
        }
        let first = segments.first ?? ""
        let rest = segments.dropFirst()
        switch first {
        case "":
            self = .root
        case "livez", "readyz", "healthz":
            self = rest.count > 1 ? .unknown : .health(first, check: rest.first)
        case "version":
            self = rest.isEmpty ? .version : .unknown
        case "metrics" where rest.isEmpty: self = .metrics
        case ".well-known" where Array(rest) == ["openid-configuration"]:
            self = .openIDConfiguration
        case "openid" where Array(rest) == ["v1", "jwks"]: self = .openIDKeys
        case "openapi":
            self = Self.openAPI(rest)
        case "api":
            if rest.isEmpty { self = .coreVersions; return }
            self = Self.api(group: "", version: segments[1], segments.dropFirst(2), registry)
        case "apis":
            switch rest.count {
            case 0: self = .groups
            case 1: self = .group(segments[1])
            default:
                self = Self.api(
                    group: segments[1], version: segments[2], segments.dropFirst(3), registry)
            }
        default:
            self = .unknown
        }
    }

    /// The decoded parts between slashes; a slash at the end is passed over.
    private static func segments(of path: String) -> [String]? {
        var path = path
        return path.withUTF8 { bytes in
            guard bytes.first == UInt8(ascii: "/") else { return nil }
            var segments: [String] = []
            segments.reserveCapacity(8)
            var start = 1
            while start <= bytes.count {
                var end = start
                // Names of Kubernetes need no escapes, so most parts are what they say.
                var isEscaped = false
                while end < bytes.count, bytes[end] != UInt8(ascii: "/") {
                    isEscaped = isEscaped || bytes[end] == UInt8(ascii: "%")
                    end += 1
                }
                let part = String(decoding: bytes[start..<end], as: UTF8.self)
                start = end + 1
                guard isEscaped else {
                    segments.append(part)
                    continue
                }
                guard let segment = QueryParameters.decoded(part[...].utf8, plusIsSpace: false)
                else { return nil }
                segments.append(segment)
            }
            if segments.count > 1, segments.last == "" { segments.removeLast() }
            return segments.dropFirst().contains("") ? nil : segments
        }
    }

    private static func openAPI(_ rest: ArraySlice<String>) -> RequestTarget {
        switch rest.first {
        case "v2": rest.count == 1 ? .openAPIv2 : .unknown
        case "v3":
            rest.count == 1
                ? .openAPIv3Index : .openAPIv3(rest.dropFirst().joined(separator: "/"))
        default: .unknown
        }
    }

    private static func api(
        group: String, version: String, _ rest: ArraySlice<String>, _ registry: ResourceRegistry
    ) -> RequestTarget {
        let isServed =
            registry.serves(group: group, version: version)
            || ReviewKind.all.contains { $0.group == group && $0.version == version }
            || !UsageKind.kinds(group, version).isEmpty
        guard isServed else { return .unknownResource }
        guard let first = rest.first else { return .resources(group: group, version: version) }

        var namespace = ""
        var rest = rest
        var plural = first
        // `namespaces/x/status` and `namespaces/x/finalize` belong to the Namespace itself.
        if first == "namespaces", rest.count >= 3, !(group.isEmpty && rest.count == 3
            && ["status", "finalize"].contains(rest[rest.startIndex + 2]))
        {
            namespace = rest[rest.startIndex + 1]
            rest = rest.dropFirst(2)
            plural = rest[rest.startIndex]
        }
        if let review = ReviewKind.all.first(where: {
            $0.group == group && $0.version == version && $0.plural == plural
        }) {
            guard rest.count == 1, review.isNamespaced != namespace.isEmpty else {
                return .unknownResource
            }
            return .review(review, namespace: namespace)
        }
        if let usage = UsageKind.kinds(group, version).first(where: { $0.plural == plural }) {
            return self.usage(usage, namespace: namespace, Array(rest.dropFirst()), registry)
        }
        guard
            let definition = registry.definition(
                group: group, version: version, plural: plural),
            definition.resource.isNamespaced || namespace.isEmpty,
            rest.count == 1 || !definition.resource.isNamespaced || !namespace.isEmpty,
            rest.count <= 3
        else { return .unknownResource }
        var target = ResourceTarget(definition: definition, namespace: namespace)
        if rest.count > 1 { target.name = rest[rest.startIndex + 1] }
        if rest.count > 2, let name = rest.last {
            guard let subresource = definition.subresource(name) else {
                return .unknownResource
            }
            target.subresource = subresource
        }
        return .resource(target)
    }

    private static func usage(
        _ kind: UsageKind, namespace: String, _ rest: [String], _ registry: ResourceRegistry
    ) -> RequestTarget {
        guard rest.count <= 1, let definition = registry[kind.subject],
            kind.isNamespaced || namespace.isEmpty,
            rest.isEmpty || !kind.isNamespaced || !namespace.isEmpty
        else { return .unknownResource }
        return .usage(
            kind,
            ResourceTarget(definition: definition, namespace: namespace, name: rest.first))
    }
}
