import JSON
import Objects

/// The downward API: fields and resources of a Pod as text for variables and files.
struct FieldReference {
    let pod: Pod
    let podAddresses: [String]
    let hostAddresses: [String]
    let nodeName: String
    let allocatable: (cpuMilli: Int64, memoryBytes: Int64, storageBytes: Int64)

    /// The value of a `fieldRef.fieldPath`; nil when the path is not supported.
    func value(of path: String) -> String? {
        if let key = subscripted(path, "metadata.labels") {
            return pod.metadata.labels[key] ?? ""
        }
        if let key = subscripted(path, "metadata.annotations") {
            return pod.metadata.annotations[key] ?? ""
        }
        switch path {
        case "metadata.name": return pod.name
        case "metadata.namespace": return pod.namespace
        case "metadata.uid": return pod.uid
        case "metadata.labels": return lines(pod.metadata.labels)
        case "metadata.annotations": return lines(pod.metadata.annotations)
        case "spec.nodeName": return nodeName
        case "spec.serviceAccountName": return pod.serviceAccountName
        case "status.hostIP": return hostAddresses.first ?? ""
        case "status.hostIPs": return hostAddresses.joined(separator: ",")
        case "status.podIP": return podAddresses.first ?? ""
        case "status.podIPs": return podAddresses.joined(separator: ",")
        default: return nil
        }
    }

    /// The value of a `resourceFieldRef` in units of its divisor, rounded up; a limit that is
    /// not set is what the Node can allocate. Nil when the resource is not supported.
    func value(ofResource reference: JSON, in container: Container) -> String? {
        guard let resource = reference["resource"]?.string else { return nil }
        let parts = resource.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let kind = parts.first, let name = parts.last.map(String.init)
        else { return nil }
        let fallback: Quantity
        switch name {
        case "cpu": fallback = Quantity(milli: allocatable.cpuMilli)
        case "memory": fallback = Quantity.zero + bytes(allocatable.memoryBytes)
        case "ephemeral-storage": fallback = bytes(allocatable.storageBytes)
        default: return nil
        }
        let amount: Quantity
        switch kind {
        case "limits": amount = container.limits[name] ?? fallback
        case "requests": amount = container.requests[name] ?? container.limits[name] ?? .zero
        default: return nil
        }
        let divisor = reference["divisor"]?.string.flatMap(Quantity.init) ?? .zero
        let unit = divisor == .zero ? 1_000 : divisor.milli
        return String(amount.milli / unit + (amount.milli % unit > 0 ? 1 : 0))
    }

    private func bytes(_ count: Int64) -> Quantity {
        let (product, overflow) = count.multipliedReportingOverflow(by: 1_000)
        return Quantity(milli: overflow ? .max : product)
    }

    private func subscripted(_ path: String, _ field: String) -> String? {
        guard path.hasPrefix(field + "['"), path.hasSuffix("']") else { return nil }
        return String(path.dropFirst(field.count + 2).dropLast(2))
    }

    /// `key="value"` lines in the order of keys, with Go's quoting.
    private func lines(_ map: [String: String]) -> String {
        map.keys.sorted().map { "\($0)=\(Self.quoted(map[$0] ?? ""))" }.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
