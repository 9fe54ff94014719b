import Base
import Gossip

/// Values that several tests use.
enum Samples {
    static func name(_ text: String) -> MachineName { MachineName(text)! }

    static func pod(_ number: Int) -> PodAssignment {
        PodAssignment(
            uid: "0b9c2d3e-0000-4000-8000-\(number)", node: name("machine-1"),
            addresses: ["10.244.\(number / 250).\(number % 250)"], hostname: "host-\(number)",
            subdomain: "default-subdomain", isReady: true, services: ["web"],
            ports: [AssignmentPort(name: "http", number: 8_080)])
    }

    static func entry(_ number: Int, revision: UInt64? = nil) -> AssignmentEntry {
        AssignmentEntry(
            key: .pod("default", "pod-\(number)"), revision: revision ?? UInt64(number + 1),
            value: .pod(pod(number)))
    }

    static func tombstone(_ number: Int, revision: UInt64) -> AssignmentEntry {
        AssignmentEntry(
            key: .pod("default", "pod-\(number)"), revision: revision, value: .tombstone)
    }

    static let service = AssignmentEntry(
        key: .service("default", "web"), revision: 7,
        value: .service(
            ServiceAssignment(
                clusterIP: "10.96.0.10",
                ports: [
                    ServiceAssignment.Port(name: "http", port: 80, targetPort: .name("http")),
                    ServiceAssignment.Port(name: "dns", port: 53, protocol: .udp),
                ],
                publishNotReadyAddresses: true, externalName: "example.org",
                clientIPAffinitySeconds: 10_800,
                manualEndpoints: [
                    ServiceAssignment.ManualEndpoint(
                        address: "192.0.2.1", hostname: "one", isReady: false,
                        ports: [AssignmentPort(name: "", number: 6_443, protocol: .sctp)])
                ])))
}
