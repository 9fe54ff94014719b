import Base
import Gossip

/// One address behind a Service, as DNS and the proxy both see it.
struct ServiceEndpoint: Hashable, Sendable {
    var address: String
    /// The endpoint's own label under a headless Service: its hostname, or its address in dashes.
    var label: String
    /// Named ports that a Service's `targetPort` may refer to.
    var ports: [AssignmentPort]

    var addressData: DNSRecord.Data? { IPv4Address(address).map { .a($0.octets) } }

    /// The number behind a Service port here, or nil when the name means nothing to the endpoint.
    func number(of port: ServiceAssignment.Port) -> UInt16? {
        switch port.targetPort {
        case .number(let number):
            number
        case .name(let name):
            ports.first { $0.name == name && $0.protocol == port.protocol }?.number
        }
    }

    /// The ready endpoints of a Service: the given Pods, which it selects, and those written by
    /// hand. A Pod's hostname counts where its subdomain is the Service's name.
    static func endpoints(
        of service: ServiceAssignment, named name: String, pods: [PodAssignment]
    ) -> [ServiceEndpoint] {
        var endpoints: [ServiceEndpoint] = []
        for pod in pods where pod.isReady || service.publishNotReadyAddresses {
            let hostname = pod.subdomain == name ? pod.hostname : nil
            for address in pod.addresses {
                endpoints.append(
                    ServiceEndpoint(
                        address: address, label: hostname ?? address.replacingDots,
                        ports: pod.ports))
            }
        }
        for endpoint in service.manualEndpoints
        where endpoint.isReady || service.publishNotReadyAddresses {
            endpoints.append(
                ServiceEndpoint(
                    address: endpoint.address,
                    label: endpoint.hostname ?? endpoint.address.replacingDots,
                    ports: endpoint.ports))
        }
        return endpoints
    }
}
