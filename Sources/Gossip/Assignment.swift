package import Base

/// What an entry of the assignment table is about. Sorts by kind, namespace, name.
package struct AssignmentKey: Hashable, Comparable, Sendable, CustomStringConvertible {
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case pod = 0
        case service = 1
    }

    package let kind: Kind
    package let namespace: String
    package let name: String

    package init(kind: Kind, namespace: String, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    package static func pod(_ namespace: String, _ name: String) -> AssignmentKey {
        AssignmentKey(kind: .pod, namespace: namespace, name: name)
    }

    package static func service(_ namespace: String, _ name: String) -> AssignmentKey {
        AssignmentKey(kind: .service, namespace: namespace, name: name)
    }

    package static func < (left: AssignmentKey, right: AssignmentKey) -> Bool {
        if left.kind != right.kind { return left.kind.rawValue < right.kind.rawValue }
        if left.namespace != right.namespace { return left.namespace < right.namespace }
        return left.name < right.name
    }

    package var description: String { "\(kind) \(namespace)/\(name)" }
}

/// The transport protocol of a port, as `core/v1` names it.
package enum AssignmentProtocol: UInt8, Hashable, Sendable, CaseIterable {
    case tcp = 0
    case udp = 1
    case sctp = 2

    /// `TCP`, `UDP` or `SCTP`; nil for anything else.
    package init?(text: String) {
        switch text {
        case "TCP": self = .tcp
        case "UDP": self = .udp
        case "SCTP": self = .sctp
        default: return nil
        }
    }

    package var text: String {
        switch self {
        case .tcp: "TCP"
        case .udp: "UDP"
        case .sctp: "SCTP"
        }
    }
}

/// A numbered port with its name: a named container port, or a port of a manual endpoint.
/// The name is empty when the object gives none.
package struct AssignmentPort: Hashable, Sendable {
    package var name: String
    package var number: UInt16
    package var `protocol`: AssignmentProtocol

    package init(name: String, number: UInt16, protocol: AssignmentProtocol = .tcp) {
        self.name = name
        self.number = number
        self.protocol = `protocol`
    }
}

/// What DNS, the proxy and a machine without quorum need to know of a Pod.
package struct PodAssignment: Hashable, Sendable {
    package var uid: String
    /// The machine the Pod is bound to (`spec.nodeName`).
    package var node: MachineName
    /// `status.podIPs` as IPv4 text; empty until the sandbox has its address.
    package var addresses: [String]
    package var hostname: String?
    package var subdomain: String?
    /// The Pod's `Ready` condition.
    package var isReady: Bool
    /// Names of the Services of the Pod's namespace whose selector takes this Pod.
    package var services: [String]
    /// Named container ports only; a Service's `targetPort` may refer to them.
    package var ports: [AssignmentPort]

    package init(
        uid: String, node: MachineName, addresses: [String] = [], hostname: String? = nil,
        subdomain: String? = nil, isReady: Bool = false, services: [String] = [],
        ports: [AssignmentPort] = []
    ) {
        self.uid = uid
        self.node = node
        self.addresses = addresses
        self.hostname = hostname
        self.subdomain = subdomain
        self.isReady = isReady
        self.services = services
        self.ports = ports
    }
}

/// What DNS and the proxy need to know of a Service.
package struct ServiceAssignment: Hashable, Sendable {
    /// `targetPort` of a Service port: a number, or the name of a container port.
    package enum TargetPort: Hashable, Sendable {
        case number(UInt16)
        case name(String)
    }

    package struct Port: Hashable, Sendable {
        /// Empty when the Service's only port has no name.
        package var name: String
        package var port: UInt16
        package var targetPort: TargetPort
        package var `protocol`: AssignmentProtocol
        /// The port of every machine that leads to the Service, too; zero for none.
        package var nodePort: UInt16

        package init(
            name: String, port: UInt16, targetPort: TargetPort? = nil,
            protocol: AssignmentProtocol = .tcp, nodePort: UInt16 = 0
        ) {
            self.name = name
            self.port = port
            self.targetPort = targetPort ?? .number(port)
            self.protocol = `protocol`
            self.nodePort = nodePort
        }
    }

    /// An endpoint that no selector found, from an Endpoints object or EndpointSlice that
    /// a user or the API server itself wrote (`default/kubernetes`).
    package struct ManualEndpoint: Hashable, Sendable {
        package var address: String
        package var hostname: String?
        package var isReady: Bool
        package var ports: [AssignmentPort]

        package init(
            address: String, hostname: String? = nil, isReady: Bool = true,
            ports: [AssignmentPort] = []
        ) {
            self.address = address
            self.hostname = hostname
            self.isReady = isReady
            self.ports = ports
        }
    }

    /// `spec.clusterIP` as IPv4 text; nil for a headless Service and for an ExternalName.
    package var clusterIP: String?
    package var ports: [Port]
    package var publishNotReadyAddresses: Bool
    /// `spec.externalName` of a Service of that type.
    package var externalName: String?
    /// Seconds of `ClientIP` session affinity; nil for `None`.
    package var clientIPAffinitySeconds: Int32?
    package var manualEndpoints: [ManualEndpoint]

    package init(
        clusterIP: String? = nil, ports: [Port] = [], publishNotReadyAddresses: Bool = false,
        externalName: String? = nil, clientIPAffinitySeconds: Int32? = nil,
        manualEndpoints: [ManualEndpoint] = []
    ) {
        self.clusterIP = clusterIP
        self.ports = ports
        self.publishNotReadyAddresses = publishNotReadyAddresses
        self.externalName = externalName
        self.clientIPAffinitySeconds = clientIPAffinitySeconds
        self.manualEndpoints = manualEndpoints
    }
}

/// What the table says about a key. A tombstone says that the object is deleted.
package enum AssignmentValue: Hashable, Sendable {
    case pod(PodAssignment)
    case service(ServiceAssignment)
    case tombstone
}

/// One row of the gossiped assignment table.
///
/// `revision` is the Store revision that the row was made from, so it orders all versions of
/// a row. Whoever makes rows must raise it with every change of content, and take the highest
/// revision of all objects a row is made of: two rows of one revision are the same row.
package struct AssignmentEntry: Hashable, Sendable {
    package let key: AssignmentKey
    package let revision: UInt64
    package let value: AssignmentValue

    package init(key: AssignmentKey, revision: UInt64, value: AssignmentValue) {
        self.key = key
        self.revision = revision
        self.value = value
    }

    package var pod: PodAssignment? {
        guard case .pod(let pod) = value else { return nil }
        return pod
    }

    package var service: ServiceAssignment? {
        guard case .service(let service) = value else { return nil }
        return service
    }

    package var isTombstone: Bool { value == .tombstone }
}
