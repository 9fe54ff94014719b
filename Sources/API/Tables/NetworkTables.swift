import Base
import JSON

/// The rows of `kubectl get services`.
enum ServiceTable {
    static let columns = [
        TableColumn.name,
        TableColumn("Type", "How the Service is reached."),
        TableColumn("Cluster-IP", "Address of the Service in the cluster."),
        TableColumn("External-IP", "Addresses of the Service outside the cluster."),
        TableColumn("Port(s)", "Ports of the Service, with node ports where it has them."),
        TableColumn.age,
        TableColumn("Selector", "Labels of the Pods that serve.", priority: 1),
    ]

    @Sendable static func cells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let address = spec.list("clusterIPs").first?.string ?? spec.text("clusterIP")
        return [
            document.name, .string(spec.text("type")), address.orNone,
            externalAddress(document), ports(spec), document.age(at: now),
            (spec["selector"] ?? [:]).labelText,
        ]
    }

    private static func externalAddress(_ document: JSON) -> JSON {
        let spec = document["spec"] ?? [:]
        let external = spec.list("externalIPs").compactMap(\.string)
        switch spec.text("type") {
        case "ExternalName":
            return .string(spec.text("externalName"))
        case "LoadBalancer":
            let ingress = (document["status"]?["loadBalancer"]?.list("ingress") ?? []).map {
                $0.text("ip").isEmpty ? $0.text("hostname") : $0.text("ip")
            }
            let all = Array(Set(ingress)).sorted() + external
            return all.isEmpty ? "<pending>" : .string(all.joined(separator: ","))
        default:
            return external.joined(separator: ",").orNone
        }
    }

    private static func ports(_ spec: JSON) -> JSON {
        spec.list("ports").map { port in
            let node = port.count("nodePort")
            let number = node == 0 ? "\(port.count("port"))" : "\(port.count("port")):\(node)"
            return "\(number)/\(port.text("protocol"))"
        }.joined(separator: ",").orNone
    }
}

/// The rows of `kubectl get endpoints` and `kubectl get endpointslices`.
enum EndpointTable {
    static let endpointsColumns = [
        TableColumn.name,
        TableColumn("Endpoints", "Addresses that serve, the first three of them."),
        TableColumn.age,
    ]

    static let sliceColumns = [
        TableColumn.name,
        TableColumn("AddressType", "What the addresses are."),
        TableColumn("Ports", "Ports that the endpoints serve."),
        TableColumn("Endpoints", "Addresses of the endpoints, the first three of them."),
        TableColumn.age,
    ]

    @Sendable static func endpointsCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        var addresses: [String] = []
        for subset in document.list("subsets") {
            let hosts = subset.list("addresses").map { $0.text("ip") }
            let ports = subset.list("ports").map { String($0.count("port")) }
            if ports.isEmpty {
                addresses += hosts
            } else {
                for port in ports {
                    addresses += hosts.map {
                        $0.contains(":") ? "[\($0)]:\(port)" : "\($0):\(port)"
                    }
                }
            }
        }
        return [document.name, shortened(addresses, orElse: "<none>"), document.age(at: now)]
    }

    @Sendable static func sliceCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let ports = document.list("ports").map { port in
            port["port"]?.integer.map(String.init)
                ?? (port.text("name").isEmpty ? "*" : port.text("name"))
        }
        let addresses = document.list("endpoints").flatMap {
            $0.list("addresses").compactMap(\.string)
        }
        return [
            document.name, .string(document.text("addressType")),
            shortened(ports, orElse: "<unset>"), shortened(addresses, orElse: "<unset>"),
            document.age(at: now),
        ]
    }

    /// Three of a list, and how many more there are.
    private static func shortened(_ list: [String], orElse nothing: String) -> JSON {
        guard !list.isEmpty else { return .string(nothing) }
        let text = list.prefix(3).joined(separator: ",")
        return .string(list.count > 3 ? "\(text) + \(list.count - 3) more..." : text)
    }
}
