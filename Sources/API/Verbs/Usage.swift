import Base
import JSON
import Objects
import Store

/// A resource of `metrics.k8s.io/v1beta1`: documents that are made of what the machines measure,
/// and stored nowhere.
struct UsageKind: Sendable, Equatable {
    static let group = "metrics.k8s.io"
    static let version = "v1beta1"

    var plural: String
    var kind: String
    var isNamespaced: Bool
    /// Whose usage it is.
    var subject: Resource

    static let nodes = UsageKind(
        plural: "nodes", kind: "NodeMetrics", isNamespaced: false, subject: .nodes)
    static let pods = UsageKind(
        plural: "pods", kind: "PodMetrics", isNamespaced: true, subject: .pods)
    static let all = [nodes, pods]

    static func kinds(_ group: String, _ version: String) -> [UsageKind] {
        group == Self.group && version == Self.version ? all : []
    }
}

/// The Nodes or Pods whose usage a client wants to know; the machines' reports complete the answer.
package struct UsageQuery: Sendable, Equatable {
    struct Subject: Sendable, Equatable {
        var name: String
        var namespace: String
        var uid: String
        /// The machine that measures it.
        var node: String
        var labels: JSON?
    }

    let kind: UsageKind
    /// Nil for a list.
    let name: String?
    let subjects: [Subject]
    let now: String

    package static func == (left: UsageQuery, right: UsageQuery) -> Bool {
        left.kind == right.kind && left.name == right.name && left.subjects == right.subjects
    }

    /// - Parameter reports: by the names of the machines that have answered.
    package func response(_ reports: [String: UsageReport]) -> APIResponse {
        let items = subjects.compactMap { subject in
            reports[subject.node].flatMap { item(subject, $0) }
        }
        let apiVersion = JSON.string("\(UsageKind.group)/\(UsageKind.version)")
        guard let name else {
            let list: JSON = [
                "kind": .string(kind.kind + "List"), "apiVersion": apiVersion, "metadata": [:],
                "items": .array(items),
            ]
            return APIResponse(code: 200, body: list.bytes)
        }
        guard let first = items.first else {
            let resource = Resource(
                group: UsageKind.group, version: UsageKind.version,
                plural: kind.kind.lowercased(), kind: kind.kind, isNamespaced: kind.isNamespaced)
            let place = subjects.first?.namespace ?? ""
            return .status(.notFound(resource, place.isEmpty ? name : "\(place)/\(name)"))
        }
        return APIResponse(code: 200, body: first.bytes)
    }

    private func item(_ subject: Subject, _ report: UsageReport) -> JSON? {
        var metadata: JSON = [
            "name": .string(subject.name), "creationTimestamp": .string(now),
        ]
        if kind.isNamespaced { metadata["namespace"] = .string(subject.namespace) }
        metadata["labels"] = subject.labels
        let milliseconds = report.windowMilliseconds
        var item: JSON = [
            "kind": .string(kind.kind),
            "apiVersion": .string("\(UsageKind.group)/\(UsageKind.version)"),
            "metadata": metadata, "timestamp": .string(report.time.rfc3339),
            "window": .string("\(milliseconds / 1_000).\(milliseconds % 1_000 / 100)s"),
        ]
        guard kind == .pods else {
            item["usage"] = report.machine.usage
            return item
        }
        guard let containers = report.pods[subject.uid] else { return nil }
        item["containers"] = .array(
            containers.sorted { $0.key < $1.key }.map {
                ["name": .string($0.key), "usage": $0.value.usage]
            })
        return item
    }
}

extension Evaluation {
    /// Finds whose usage is wanted; a Pod is measured where it runs.
    func usage(
        _ kind: UsageKind, _ target: ResourceTarget, _ query: QueryParameters
    ) throws(StatusError) -> UsageQuery {
        let filter = try ObjectFilter(target, query, limits: configuration.limits)
        var subjects: [UsageQuery.Subject] = []
        func add(_ document: Document) {
            let json = document.json
            let metadata = json["metadata"] ?? [:]
            let name = metadata.text("name")
            let node = kind == .nodes ? name : json["spec"]?.text("nodeName") ?? ""
            guard !node.isEmpty, json["status"]?["phase"] != "Succeeded",
                json["status"]?["phase"] != "Failed"
            else { return }
            subjects.append(
                UsageQuery.Subject(
                    name: name, namespace: metadata.text("namespace"),
                    uid: metadata.text("uid"), node: node, labels: metadata["labels"]))
        }
        if target.name != nil {
            add(try existing(target))
        } else {
            for (key, document) in snapshot.list(filter.range, after: nil, limit: .max)
            where filter.matches(key, document) { add(document) }
        }
        return UsageQuery(kind: kind, name: target.name, subjects: subjects, now: now)
    }
}
