import Base
import JSON
import Objects
import Store

/// Addresses and node ports of Services. Each that is given out is claimed by a document of its
/// own, made in the same transaction under the condition that there is none yet, so two machines
/// cannot give out the same one.
enum ServiceClaim {
    static let group = "podmesh.io"

    static func address(_ address: String) -> Key {
        Key(group: group, resource: "clusterips", name: address)
    }

    static func port(_ port: Int64) -> Key {
        Key(group: group, resource: "nodeports", name: String(port))
    }
}

extension Evaluation {
    /// Gives a Service the address and the ports that its type asks for, keeps those it has, and
    /// gives back those it no longer needs.
    mutating func allocateAddresses(
        _ document: inout JSON, replacing old: JSON?, _ target: ResourceTarget,
        _ writes: inout Writes
    ) throws(StatusError) {
        let type = document["spec"]?["type"]?.string ?? "ClusterIP"
        if type == "ExternalName" {
            // An update to this type need not take away what the server gave before.
            for name in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]
            where document["spec"]?[name] == old?["spec"]?[name] {
                document[path: ["spec", name]] = nil
            }
        } else {
            try allocateAddress(&document, replacing: old, &writes)
        }
        let present = Set(Self.nodePorts(of: old))
        if type == "NodePort" || type == "LoadBalancer" {
            try allocatePorts(&document, replacing: old, present, &writes)
        } else if old != nil, let ports = document["spec"]?["ports"]?.array {
            document[path: ["spec", "ports"]] = .array(ports.map { port in
                var port = port
                port["nodePort"] = nil
                return port
            })
        }
        guard let old else { return }
        let kept = Set(Self.nodePorts(of: document))
        // One node port may serve two protocols, and is given back once.
        for port in present.subtracting(kept).sorted() {
            writes.operations.append(.delete(ServiceClaim.port(port)))
        }
        if let address = Self.address(of: old), Self.address(of: document) == nil {
            writes.operations.append(.delete(ServiceClaim.address(address)))
        }
    }

    /// Gives back all that a Service has, when it goes.
    func releaseAddresses(of old: JSON, _ writes: inout Writes) {
        if let address = Self.address(of: old) {
            writes.operations.append(.delete(ServiceClaim.address(address)))
        }
        for port in Set(Self.nodePorts(of: old)).sorted() {
            writes.operations.append(.delete(ServiceClaim.port(port)))
        }
    }

    private static func address(of document: JSON?) -> String? {
        let text = document?["spec"]?["clusterIP"]?.string ?? ""
        return text.isEmpty || text == "None" ? nil : text
    }

    private static func nodePorts(of document: JSON?) -> [Int64] {
        (document?["spec"]?["ports"]?.array ?? []).compactMap { $0["nodePort"]?.integer }
            .filter { $0 != 0 }
    }

    private mutating func allocateAddress(
        _ document: inout JSON, replacing old: JSON?, _ writes: inout Writes
    ) throws(StatusError) {
        var wanted = document["spec"]?["clusterIP"]?.string ?? ""
        if wanted.isEmpty { wanted = document["spec"]?["clusterIPs"].strings.first ?? "" }
        if wanted.isEmpty, let kept = old?["spec"]?["clusterIP"]?.string { wanted = kept }
        let address: String
        if wanted == "None" {
            address = wanted
        } else if !wanted.isEmpty, wanted == old?["spec"]?["clusterIP"]?.string {
            address = wanted
        } else {
            address = try claimAddress(wanted, of: document, &writes)
        }
        document[path: ["spec", "clusterIP"]] = .string(address)
        document[path: ["spec", "clusterIPs"]] = [.string(address)]
        if document["spec"]?["ipFamilies"] == nil {
            document[path: ["spec", "ipFamilies"]] = ["IPv4"]
        }
        if document["spec"]?["ipFamilyPolicy"] == nil {
            document[path: ["spec", "ipFamilyPolicy"]] = "SingleStack"
        }
    }

    /// Claims the address that is asked for, or a free one.
    private mutating func claimAddress(
        _ wanted: String, of document: JSON, _ writes: inout Writes
    ) throws(StatusError) -> String {
        func invalid(_ detail: String) -> StatusError {
            .invalid(
                .services, name: document["metadata"]?["name"]?.string ?? "",
                [
                    FieldError(
                        .invalid, "spec.clusterIPs",
                        value: .array(wanted.isEmpty ? [] : [.string(wanted)]), detail)
                ])
        }
        let network = configuration.serviceNetwork
        var chosen: String?
        if !wanted.isEmpty {
            guard let address = IPv4Address(wanted) else {
                throw StatusError.invalid(
                    .services, name: document["metadata"]?["name"]?.string ?? "",
                    [
                        FieldError(
                            .invalid, "spec.clusterIPs[0]", value: .string(wanted),
                            "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
                    ])
            }
            guard network.contains(address) else {
                throw invalid(
                    "failed to allocate IP \(wanted): the provided IP (\(wanted)) is not in the "
                        + "valid range. The range of valid IPs is \(network)")
            }
            guard snapshot[ServiceClaim.address(wanted)] == nil else {
                throw invalid("failed to allocate IP \(wanted): provided IP is already allocated")
            }
            chosen = wanted
        } else {
            chosen = freeAddress()
        }
        guard let chosen else {
            throw StatusError(
                .internalError, "failed to allocate a serviceIP: range is full")
        }
        claim(ServiceClaim.address(chosen), "ClusterIP", for: document, &writes)
        return chosen
    }

    /// Searches from a random offset, so that machines that search at once rarely meet. The first
    /// addresses are kept for Services that name theirs, as Kubernetes keeps them.
    private mutating func freeAddress() -> String? {
        let network = configuration.serviceNetwork
        let size = Int(clamping: network.size) - 2
        guard size > 0 else { return nil }
        let reserved = size < 32 ? 0 : min(256, max(16, size / 16))
        let offset = random.below(size - reserved)
        for step in 0..<(size - reserved) {
            let index = 1 + reserved + (offset + step) % (size - reserved)
            if let address = free(at: index) { return address }
        }
        for index in 1..<(1 + reserved) {
            if let address = free(at: index) { return address }
        }
        return nil
    }

    private func free(at index: Int) -> String? {
        guard let address = configuration.serviceNetwork.address(at: UInt64(index)) else {
            return nil
        }
        let text = address.description
        return snapshot[ServiceClaim.address(text)] == nil ? text : nil
    }

    private mutating func allocatePorts(
        _ document: inout JSON, replacing old: JSON?, _ present: Set<Int64>,
        _ writes: inout Writes
    ) throws(StatusError) {
        guard var ports = document["spec"]?["ports"]?.array else { return }
        var claimed = present
        let before = old?["spec"]?["ports"]?.array ?? []
        for index in ports.indices {
            var wanted = ports[index]["nodePort"]?.integer ?? 0
            if wanted == 0 {
                // An update that leaves the node port out keeps it, port by port.
                wanted =
                    before.first {
                        $0["port"] == ports[index]["port"]
                            && $0["protocol"] == ports[index]["protocol"]
                    }?["nodePort"]?.integer ?? 0
            }
            if wanted != 0, claimed.contains(wanted) {
                ports[index]["nodePort"] = .integer(wanted)
                continue
            }
            let port = try chosenPort(wanted, index, claimed, document)
            claimed.insert(port)
            claim(ServiceClaim.port(port), "NodePort", for: document, &writes)
            ports[index]["nodePort"] = .integer(port)
        }
        document[path: ["spec", "ports"]] = .array(ports)
    }

    private mutating func chosenPort(
        _ wanted: Int64, _ index: Int, _ claimed: Set<Int64>, _ document: JSON
    ) throws(StatusError) -> Int64 {
        let range = configuration.nodePorts
        func isFree(_ port: Int64) -> Bool {
            !claimed.contains(port) && snapshot[ServiceClaim.port(port)] == nil
        }
        if wanted != 0 {
            var fault: String?
            if !range.contains(Int(clamping: wanted)) {
                fault = "provided port is not in the valid range. The range of valid ports is "
                    + "\(range.lowerBound)-\(range.upperBound)"
            } else if !isFree(wanted) {
                fault = "provided port is already allocated"
            }
            guard let fault else { return wanted }
            throw StatusError.invalid(
                .services, name: document["metadata"]?["name"]?.string ?? "",
                [
                    FieldError(
                        .invalid, "spec.ports[\(index)].nodePort", value: .integer(wanted), fault)
                ])
        }
        let offset = random.below(range.count)
        for step in 0..<range.count {
            let port = Int64(range.lowerBound + (offset + step) % range.count)
            if isFree(port) { return port }
        }
        throw StatusError(.internalError, "failed to allocate a nodePort: range is full")
    }

    private func claim(
        _ key: Key, _ kind: String, for document: JSON, _ writes: inout Writes
    ) {
        let text: JSON = [
            "apiVersion": "podmesh.io/v1", "kind": .string(kind),
            "metadata": ["name": .string(key.name)],
            "service": [
                "namespace": document["metadata"]?["namespace"] ?? "",
                "name": document["metadata"]?["name"] ?? "",
                "uid": document["metadata"]?["uid"] ?? "",
            ],
        ]
        writes.preconditions.append(.absent(key))
        writes.operations.append(.put(key, text.bytes))
    }
}
