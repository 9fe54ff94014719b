import Base
import Daemon
import Gossip
import JSON
import Objects
import Testing

@Suite struct AssignmentPublisherTests {
    // MARK: Documents

    private static func pod(
        _ name: String, labels: JSON = ["app": "web"], spec: JSON = [:], status: JSON = [:],
        isReady: Bool = true
    ) -> (ObjectKey, JSON) {
        var document: JSON = [
            "metadata": [
                "name": .string(name), "namespace": "default", "uid": .string("uid-\(name)"),
                "labels": labels,
            ],
            "spec": ["nodeName": "machine-1"],
            "status": [
                "phase": "Running", "podIPs": [["ip": "10.244.1.5"]],
                "conditions": [["type": "Ready", "status": isReady ? "True" : "False"]],
            ],
        ]
        for (member, value) in spec.object ?? [:] { document["spec"]?[member] = value }
        for (member, value) in status.object ?? [:] { document["status"]?[member] = value }
        return (ObjectKey(.pods, namespace: "default", name: name), document)
    }

    private static func service(_ name: String, _ spec: JSON) -> (ObjectKey, JSON) {
        (
            ObjectKey(.services, namespace: "default", name: name),
            ["metadata": ["name": .string(name), "namespace": "default"], "spec": spec]
        )
    }

    private static let web = service("web", ["clusterIP": "10.96.0.10", "selector": ["app": "web"]])

    private static func assignment(
        _ name: String, services: [String] = [], change: (inout PodAssignment) -> Void = { _ in }
    ) throws -> AssignmentValue {
        var pod = PodAssignment(
            uid: "uid-\(name)", node: try #require(MachineName("machine-1")),
            addresses: ["10.244.1.5"], isReady: true, services: services)
        change(&pod)
        return .pod(pod)
    }

    private func row(_ key: AssignmentKey, _ revision: UInt64, _ value: AssignmentValue)
        -> AssignmentEntry
    {
        AssignmentEntry(key: key, revision: revision, value: value)
    }

    // MARK: Pods

    @Test func `a bound Pod's row has its addresses, name, ports and readiness`() throws {
        var publisher = AssignmentPublisher()
        let (key, document) = Self.pod(
            "a",
            spec: [
                "hostname": "busybox-2", "subdomain": "default-subdomain",
                "containers": [
                    [
                        "name": "one",
                        "ports": [
                            ["name": "http", "containerPort": 8_080],
                            ["containerPort": 9_999],
                            ["name": "dns", "containerPort": 53, "protocol": "UDP"],
                            ["name": "bad", "containerPort": 70_000],
                        ],
                    ],
                    ["name": "two", "ports": [["name": "admin", "containerPort": 81]]],
                ],
            ])
        let value = try Self.assignment("a") { pod in
            pod.hostname = "busybox-2"
            pod.subdomain = "default-subdomain"
            pod.ports = [
                AssignmentPort(name: "http", number: 8_080),
                AssignmentPort(name: "dns", number: 53, protocol: .udp),
                AssignmentPort(name: "admin", number: 81),
            ]
        }
        let rows = publisher.update(key, document, revision: 7)
        #expect(rows == [row(.pod("default", "a"), 7, value)])
    }

    private static let absent: [(String, JSON, JSON)] = [
        ("not bound", ["nodeName": ""], [:]),
        ("bound to what is no machine", ["nodeName": "Not A Name"], [:]),
        ("succeeded", [:], ["phase": "Succeeded"]),
        ("failed", [:], ["phase": "Failed"]),
    ]

    @Test("a Pod that runs nowhere has no row", arguments: absent.indices)
    func absentPods(_ index: Int) {
        var publisher = AssignmentPublisher()
        let (_, spec, status) = Self.absent[index]
        let (key, document) = Self.pod("a", spec: spec, status: status)
        let rows = publisher.update(key, document, revision: 3)
        #expect(rows == [row(.pod("default", "a"), 3, .tombstone)])
    }

    @Test func `a deleted Pod's row is a tombstone`() {
        var publisher = AssignmentPublisher()
        let (key, document) = Self.pod("a")
        _ = publisher.update(key, document, revision: 1)
        let rows = publisher.update(key, nil, revision: 2)
        #expect(rows == [row(.pod("default", "a"), 2, .tombstone)])
        #expect(publisher.entries(revision: 2) == [])
    }

    @Test func `a Pod that is being deleted is not ready, whatever its condition says`() throws {
        var publisher = AssignmentPublisher()
        var (key, document) = Self.pod("a")
        document["metadata"]?["deletionTimestamp"] = "2026-11-21T06:25:00Z"
        let rows = publisher.update(key, document, revision: 1)
        let value = try Self.assignment("a") { $0.isReady = false }
        #expect(rows == [row(.pod("default", "a"), 1, value)])
    }

    // MARK: Selection

    @Test func `a Pod names the Services that select it, in order`() throws {
        var publisher = AssignmentPublisher()
        for (name, selector) in [
            ("zebra", ["app": "web"]), ("apple", ["app": "web"]), ("other", ["app": "db"]),
            ("both", ["app": "web", "tier": "front"]), ("none", [:]),
        ] as [(String, JSON)] {
            let (key, document) = Self.service(name, ["selector": selector])
            _ = publisher.update(key, document, revision: 1)
        }
        let elsewhere = ObjectKey(.services, namespace: "other", name: "web")
        _ = publisher.update(elsewhere, ["spec": ["selector": ["app": "web"]]], revision: 1)
        let (key, document) = Self.pod("a")
        let rows = publisher.update(key, document, revision: 2)
        let value = try Self.assignment("a", services: ["apple", "zebra"])
        #expect(rows == [row(.pod("default", "a"), 2, value)])
    }

    @Test func `a Service that comes, changes its selector or goes renews the Pods' rows`() throws {
        var publisher = AssignmentPublisher()
        for name in ["b", "a"] {
            let (key, document) = Self.pod(name)
            _ = publisher.update(key, document, revision: 1)
        }
        let (key, document) = Self.web
        let value = AssignmentValue.service(ServiceAssignment(clusterIP: "10.96.0.10"))
        let added = publisher.update(key, document, revision: 2)
        #expect(
            added == [
                row(.service("default", "web"), 2, value),
                row(.pod("default", "a"), 2, try Self.assignment("a", services: ["web"])),
                row(.pod("default", "b"), 2, try Self.assignment("b", services: ["web"])),
            ])
        var other = document
        other["spec"]?["selector"] = ["app": "db"]
        let changed = publisher.update(key, other, revision: 3)
        #expect(
            changed == [
                row(.service("default", "web"), 3, value),
                row(.pod("default", "a"), 3, try Self.assignment("a")),
                row(.pod("default", "b"), 3, try Self.assignment("b")),
            ])
        let removed = publisher.update(key, nil, revision: 4)
        #expect(
            removed == [
                row(.service("default", "web"), 4, .tombstone),
                row(.pod("default", "a"), 4, try Self.assignment("a")),
                row(.pod("default", "b"), 4, try Self.assignment("b")),
            ])
    }

    @Test func `a Service that changes in other ways renews its own row only`() {
        var publisher = AssignmentPublisher()
        let (podKey, pod) = Self.pod("a")
        _ = publisher.update(podKey, pod, revision: 1)
        var (key, document) = Self.web
        _ = publisher.update(key, document, revision: 2)
        document["spec"]?["publishNotReadyAddresses"] = true
        let value = ServiceAssignment(clusterIP: "10.96.0.10", publishNotReadyAddresses: true)
        let rows = publisher.update(key, document, revision: 3)
        #expect(rows == [row(.service("default", "web"), 3, .service(value))])
    }

    // MARK: Services

    private static let services: [(String, JSON, ServiceAssignment)] = [
        ("headless", ["clusterIP": "None"], ServiceAssignment()),
        (
            "alias", ["type": "ExternalName", "externalName": "www.example.com"],
            ServiceAssignment(externalName: "www.example.com")
        ),
        ("a name of no ExternalName", ["externalName": "www.example.com"], ServiceAssignment()),
        (
            "affinity by default", ["sessionAffinity": "ClientIP"],
            ServiceAssignment(clientIPAffinitySeconds: 10_800)
        ),
        (
            "affinity",
            [
                "sessionAffinity": "ClientIP",
                "sessionAffinityConfig": ["clientIP": ["timeoutSeconds": 60]],
            ],
            ServiceAssignment(clientIPAffinitySeconds: 60)
        ),
        (
            "ports",
            [
                "ports": [
                    ["port": 80], ["name": "s", "port": 81, "targetPort": "named"],
                    ["name": "u", "port": 53, "targetPort": 5_353, "protocol": "UDP"],
                    ["port": 70_000], ["port": 80, "protocol": "ICMP"],
                ]
            ],
            ServiceAssignment(ports: [
                .init(name: "", port: 80),
                .init(name: "s", port: 81, targetPort: .name("named")),
                .init(name: "u", port: 53, targetPort: .number(5_353), protocol: .udp),
            ])
        ),
    ]

    @Test("a Service's row says what DNS and the proxy need", arguments: services.indices)
    func serviceRows(_ index: Int) {
        var publisher = AssignmentPublisher()
        let (title, spec, expected) = Self.services[index]
        let (key, document) = Self.service("s", spec)
        let rows = publisher.update(key, document, revision: 5)
        #expect(rows == [row(.service("default", "s"), 5, .service(expected))], "\(title)")
    }

    // MARK: Endpoints written by hand

    private static let endpoints: JSON = [
        "subsets": [
            [
                "addresses": [["ip": "192.0.2.1", "hostname": "one"], ["hostname": "no address"]],
                "notReadyAddresses": [["ip": "192.0.2.2"]],
                "ports": [["name": "https", "port": 6_443], ["port": -1]],
            ]
        ]
    ]

    private static let manual = ServiceAssignment(
        clusterIP: "10.96.0.1",
        manualEndpoints: [
            .init(
                address: "192.0.2.1", hostname: "one",
                ports: [AssignmentPort(name: "https", number: 6_443)]),
            .init(
                address: "192.0.2.2", isReady: false,
                ports: [AssignmentPort(name: "https", number: 6_443)]),
        ])

    @Test(
        "Endpoints count for a Service without selector, whichever came first",
        arguments: [true, false])
    func manualEndpoints(_ isServiceFirst: Bool) {
        var publisher = AssignmentPublisher()
        let (key, document) = Self.service("kubernetes", ["clusterIP": "10.96.0.1"])
        let endpointsKey = ObjectKey(.endpoints, namespace: "default", name: "kubernetes")
        let first = publisher.update(
            isServiceFirst ? key : endpointsKey, isServiceFirst ? document : Self.endpoints,
            revision: 1)
        #expect(first.count == (isServiceFirst ? 1 : 0))
        let rows = publisher.update(
            isServiceFirst ? endpointsKey : key, isServiceFirst ? Self.endpoints : document,
            revision: 2)
        #expect(rows == [row(.service("default", "kubernetes"), 2, .service(Self.manual))])
    }

    @Test func `Endpoints of a Service with a selector are not needed`() {
        var publisher = AssignmentPublisher()
        let (key, document) = Self.web
        _ = publisher.update(key, document, revision: 1)
        let rows = publisher.update(
            ObjectKey(.endpoints, namespace: "default", name: "web"), Self.endpoints, revision: 2)
        #expect(rows == [])
    }

    // MARK: All rows

    @Test func `a new leader's rows are all of them, in order, as of its revision`() throws {
        var publisher = AssignmentPublisher()
        for (key, document) in [Self.pod("b"), Self.web, Self.pod("a")] {
            _ = publisher.update(key, document, revision: 1)
        }
        #expect(
            publisher.entries(revision: 9) == [
                row(.pod("default", "a"), 9, try Self.assignment("a", services: ["web"])),
                row(.pod("default", "b"), 9, try Self.assignment("b", services: ["web"])),
                row(
                    .service("default", "web"), 9,
                    .service(ServiceAssignment(clusterIP: "10.96.0.10"))),
            ])
    }

    @Test func `documents of other types and odd shapes make no rows and no trouble`() {
        var publisher = AssignmentPublisher()
        let config = ObjectKey(.configMaps, namespace: "default", name: "c")
        let none = publisher.update(config, ["data": [:]], revision: 1)
        #expect(none == [])
        let odd = ObjectKey(.pods, namespace: "default", name: "odd")
        let rows = publisher.update(odd, ["spec": 3, "status": []], revision: 2)
        #expect(rows == [row(.pod("default", "odd"), 2, .tombstone)])
    }
}
