import JSON
import Objects
import Store

/// PodSecurity: what Pods of a namespace may be like, by the labels of the namespace
/// (`k8s.io/pod-security-admission`).
extension Evaluation {
    /// Refuses a Pod that the namespace does not allow, and warns of one, or of a workload whose
    /// Pods would be.
    mutating func checkPodSecurity(
        _ document: JSON, _ target: ResourceTarget
    ) throws(StatusError) {
        guard let template = Self.podTemplate(of: document, target.resource) else { return }
        let namespace = stored(.namespaces, name: target.namespace)
        // Most namespaces say nothing about it, and need not be parsed.
        guard let namespace, namespace.mentions(PodSecurityPolicy.prefix) else { return }
        let policy = PodSecurityPolicy(labels: namespace.json["metadata"]?["labels"])
        func faults(_ level: PodSecurityLevel) -> [PodSecurityFault] {
            PodSecurityCheck.faults(
                of: template["spec"] ?? [:],
                annotations: template["metadata"]?["annotations"] ?? [:], level)
        }
        let isPod = target.resource == .pods
        if isPod {
            annotateAudit("enforce-policy", policy.enforce.description)
        }
        let audited = faults(policy.audit)
        if !audited.isEmpty {
            annotateAudit(
                "audit-violations",
                "would violate PodSecurity \"\(policy.audit)\": \(audited.text)")
        }
        let broken = isPod ? faults(policy.enforce) : []
        guard broken.isEmpty else {
            throw StatusError.forbidden(
                target.resource, target.name ?? "",
                "violates PodSecurity \"\(policy.enforce)\": \(broken.text)")
        }
        let doubtful = faults(policy.warn)
        if !doubtful.isEmpty {
            admissionWarnings.append(
                "would violate PodSecurity \"\(policy.warn)\": \(doubtful.text)")
        }
    }

    private mutating func annotateAudit(_ name: String, _ value: String) {
        auditAnnotations.append(
            AuditAnnotation(name: PodSecurityPolicy.prefix + name, value: value))
    }

    /// A changed Pod is judged again only when its images, or its ephemeral containers, changed.
    static func isSignificantForSecurity(_ document: JSON, _ old: JSON) -> Bool {
        func images(_ document: JSON) -> [String] {
            PodRules.containerLists.flatMap { list in
                (document["spec"]?.list(list) ?? []).map { "\(list)/\($0.text("image"))" }
            }
        }
        return images(document) != images(old)
    }

    /// The Pod, or what a workload makes Pods of.
    private static func podTemplate(of document: JSON, _ resource: Resource) -> JSON? {
        switch resource {
        case .pods:
            document
        case .podTemplates:
            document["template"]
        case .deployments, .replicaSets, .statefulSets, .daemonSets, .jobs,
            .replicationControllers:
            document["spec"]?["template"]
        case .cronJobs:
            document["spec"]?["jobTemplate"]?["spec"]?["template"]
        default:
            nil
        }
    }

    /// A namespace's labels must mean something; those that forbid more than before bring warnings
    /// about the Pods that are there.
    mutating func checkSecurityLabels(
        _ document: JSON, replacing old: JSON?, _ target: ResourceTarget
    ) throws(StatusError) {
        let policy = PodSecurityPolicy(labels: document["metadata"]?["labels"])
        let before = PodSecurityPolicy(labels: old?["metadata"]?["labels"])
        guard policy.faults.isEmpty || (old != nil && policy.faults == before.faults) else {
            throw StatusError.invalid(.namespaces, name: target.name ?? "", policy.faults)
        }
        guard old != nil, policy.enforce != before.enforce,
            policy.enforce.level != .privileged,
            policy.enforce.minor != before.enforce.minor
                || policy.enforce.level.rank > before.enforce.level.rank
        else { return }
        admissionWarnings += violations(of: policy.enforce, in: target.name ?? "")
    }

    private static let podsCheckedMax = 3_000

    private func violations(of level: PodSecurityLevel, in namespace: String) -> [String] {
        let range = KeyRange.namespace(group: "", resource: "pods", namespace: namespace)
        var counts: [String: (first: String, count: Int)] = [:]
        for (key, document) in snapshot.list(range, limit: Self.podsCheckedMax) {
            let pod = document.json
            let faults = PodSecurityCheck.faults(
                of: pod["spec"] ?? [:], annotations: pod["metadata"]?["annotations"] ?? [:], level)
            guard !faults.isEmpty else { continue }
            let reasons = faults.map(\.reason).joined(separator: ", ")
            counts[reasons, default: (key.name, 0)].count += 1
        }
        var result: [String] = []
        let total = snapshot.count(range)
        if total > Self.podsCheckedMax {
            result.append(
                "new PodSecurity enforce level only checked against the first "
                    + "\(Self.podsCheckedMax) of \(total) existing pods")
        }
        guard !counts.isEmpty else { return result }
        result.append(
            "existing pods in namespace \(quotedText(namespace)) violate the new PodSecurity "
                + "enforce level \(quotedText(level.description))")
        return result + counts.map { reasons, found in
            switch found.count {
            case 1: "\(found.first): \(reasons)"
            case 2: "\(found.first) (and 1 other pod): \(reasons)"
            default: "\(found.first) (and \(found.count - 1) other pods): \(reasons)"
            }
        }.sorted()
    }
}

extension Document {
    /// Whether the text holds these bytes somewhere: a look that needs no parsing.
    func mentions(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        guard let first = wanted.first, bytes.count >= wanted.count else { return false }
        let last = bytes.count - wanted.count
        return bytes.withUnsafeBufferPointer { bytes in
            var index = 0
            while index <= last {
                if bytes[index] == first,
                    wanted.indices.allSatisfy({ bytes[index + $0] == wanted[$0] })
                {
                    return true
                }
                index += 1
            }
            return false
        }
    }
}
