import Base
import Gossip
import Services

/// The rows that the tables of ``DNSZoneTests`` ask about.
enum SampleZone {
    static let domain = "cluster.local"

    static var zone: DNSZone {
        var zone = DNSZone(domain: domain)
        for entry in services + pods { zone.update(entry) }
        return zone
    }

    static func service(
        _ name: String, _ value: ServiceAssignment, namespace: String = "default"
    ) -> AssignmentEntry {
        AssignmentEntry(key: .service(namespace, name), revision: 1, value: .service(value))
    }

    static func pod(
        _ name: String, _ addresses: [String], namespace: String = "default",
        hostname: String? = nil, subdomain: String? = nil, isReady: Bool = true,
        services: [String] = [], ports: [AssignmentPort] = []
    ) -> AssignmentEntry {
        guard let node = MachineName("machine-1") else { preconditionFailure("a legal name") }
        return AssignmentEntry(
            key: .pod(namespace, name), revision: 1,
            value: .pod(
                PodAssignment(
                    uid: "uid-\(name)", node: node, addresses: addresses, hostname: hostname,
                    subdomain: subdomain, isReady: isReady, services: services, ports: ports)))
    }

    static func removal(_ key: AssignmentKey) -> AssignmentEntry {
        AssignmentEntry(key: key, revision: 2, value: .tombstone)
    }

    static let services: [AssignmentEntry] = [
        service(
            "web",
            ServiceAssignment(
                clusterIP: "10.96.0.10",
                ports: [
                    .init(name: "http", port: 80, targetPort: .number(8_080)),
                    .init(name: "metrics", port: 9_090, targetPort: .name("metrics")),
                    .init(name: "lookup", port: 53, protocol: .udp),
                ])),
        // Seed 001's headless Service.
        service("default-subdomain", ServiceAssignment(ports: [.init(name: "foo", port: 1_234)])),
        service(
            "named",
            ServiceAssignment(ports: [.init(name: "http", port: 80, targetPort: .name("http"))])),
        service(
            "db",
            ServiceAssignment(
                ports: [.init(name: "postgres", port: 5_432)], publishNotReadyAddresses: true)),
        service("empty", ServiceAssignment(ports: [.init(name: "http", port: 80)])),
        service("outside", ServiceAssignment(externalName: "www.example.com")),
        service(
            "legacy",
            ServiceAssignment(
                ports: [.init(name: "ldap", port: 389)],
                manualEndpoints: [
                    .init(
                        address: "192.0.2.7", hostname: "old",
                        ports: [.init(name: "ldap", number: 389)]),
                    .init(address: "192.0.2.8"),
                    .init(address: "192.0.2.9", isReady: false),
                ])),
        service("kubernetes", ServiceAssignment(clusterIP: "10.96.0.1"), namespace: "default"),
    ]

    static let pods: [AssignmentEntry] = [
        pod(
            "busybox1", ["10.244.1.5"], hostname: "busybox-1", subdomain: "default-subdomain",
            services: ["default-subdomain"]),
        pod(
            "busybox2", ["10.244.2.6"], hostname: "busybox-2", subdomain: "default-subdomain",
            services: ["default-subdomain", "named"], ports: [.init(name: "http", number: 8_080)]),
        // Selected, but its hostname belongs to another subdomain.
        pod(
            "stray", ["10.244.1.7"], hostname: "stray", subdomain: "elsewhere",
            services: ["default-subdomain"]),
        pod(
            "late", ["10.244.1.8"], hostname: "late", subdomain: "default-subdomain",
            isReady: false, services: ["default-subdomain"]),
        pod(
            "db-0", ["10.244.1.9"], hostname: "db-0", subdomain: "db", isReady: false,
            services: ["db"]),
        pod("lonely", ["10.244.3.3"], namespace: "other"),
        pod("starting", [], services: ["default-subdomain"]),
    ]
}
