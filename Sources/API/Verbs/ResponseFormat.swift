import Base
import JSON
import Objects

/// The form of an answer that the client asked for with `Accept`.
struct ResponseFormat: Sendable, Hashable {
    enum Shape: Sendable, Hashable {
        case document
        case table(TableObjectPolicy)
        case partialMetadata
        /// `apidiscovery.k8s.io/v2`
        case aggregatedDiscovery
    }

    var shape: Shape = .document
    var isYAML = false

    static let json = ResponseFormat()

    var contentType: String {
        switch shape {
        case .aggregatedDiscovery:
            "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
        default: isYAML ? "application/yaml" : "application/json"
        }
    }

    /// One object in this form.
    func rendered(_ document: JSON, _ definition: ResourceDefinition, now: WallTime) -> JSON {
        switch shape {
        case .document, .aggregatedDiscovery:
            return document
        case .partialMetadata:
            return ResourceDefinition.partialMetadata(document)
        case .table(let include):
            var metadata: JSON = [:]
            metadata["resourceVersion"] = document["metadata"]?["resourceVersion"]
            return definition.table(
                [document], listMetadata: metadata, include: include, now: now)
        }
    }
}

/// What an endpoint can answer with besides plain JSON and YAML.
enum ResponseOffer: Sendable {
    case plain
    case objects
    case discovery
}

extension ResponseFormat {
    /// Picks the first media type of `Accept`, by weight and then by order, that is on offer.
    /// Throws 406 when there is none. `application/vnd.kubernetes.protobuf` is not served, so a
    /// client that lists JSON behind it gets JSON.
    init(accept: String, offer: ResponseOffer, query: QueryParameters) throws(StatusError) {
        // What nearly all clients say.
        if accept == "application/json" || accept == "*/*" { return }
        let ranges = accept.split(separator: ",").map(MediaRange.init)
            .enumerated().sorted {
                ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset)
            }
        if ranges.isEmpty { return }
        for (_, range) in ranges {
            guard let format = Self.matching(range, offer: offer) else { continue }
            self = format
            if case .table = shape, let include = query.first("includeObject") {
                let name = include.isEmpty ? "Metadata" : include
                guard let policy = TableObjectPolicy(rawValue: name) else {
                    throw StatusError(
                        .badRequest, "unrecognized includeObject value: \(quotedText(include))")
                }
                shape = .table(policy)
            }
            return
        }
        throw StatusError(
            .notAcceptable,
            "only the following media types are accepted: application/json, application/yaml")
    }

    private static func matching(_ range: MediaRange, offer: ResponseOffer) -> ResponseFormat? {
        var format = ResponseFormat()
        switch range.type {
        case "application/json", "*/*", "application/*": break
        case "application/yaml": format.isYAML = true
        default: return nil
        }
        guard let target = range.parameters["as"] else { return format }
        let version = range.parameters["v"] ?? ""
        switch (offer, target, range.parameters["g"] ?? "", version) {
        case (.objects, "Table", "meta.k8s.io", "v1"):
            format.shape = .table(.metadata)
        case (.objects, "PartialObjectMetadata", "meta.k8s.io", "v1"),
            (.objects, "PartialObjectMetadataList", "meta.k8s.io", "v1"):
            format.shape = .partialMetadata
        case (.discovery, "APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2"):
            format.shape = .aggregatedDiscovery
        default:
            return nil
        }
        return format
    }
}

/// One entry of an `Accept` header.
private struct MediaRange {
    private static func weight(_ text: String) -> Double {
        guard let weight = Double(text), weight.isFinite else { return 0 }
        return weight
    }

    var type = ""
    var parameters: [String: String] = [:]
    var weight = 1.0

    init(_ text: Substring) {
        for (index, part) in text.split(separator: ";").enumerated() {
            let part = part.trimmedSpaces
            if index == 0 {
                type = part.lowercased()
                continue
            }
            let halves = part.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { continue }
            let name = halves[0].trimmedSpaces
            let value = halves[1].trimmedSpaces
            if name == "q" { weight = Self.weight(value) } else { parameters[name] = value }
        }
    }
}

extension Substring {
    var trimmedSpaces: String {
        var rest = self
        while rest.first == " " || rest.first == "\t" { rest = rest.dropFirst() }
        while rest.last == " " || rest.last == "\t" { rest = rest.dropLast() }
        return String(rest)
    }
}
