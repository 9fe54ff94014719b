import Base
import Foundation
import Gossip
import Services
import Testing

@Suite struct ServiceProxyTests {
    private static var configuration: ServiceProxy.Configuration {
        guard let pods = IPv4Network("10.244.0.0/16"), let services = IPv4Network("10.96.0.0/16")
        else { preconditionFailure("legal networks") }
        return ServiceProxy.Configuration(clusterCIDR: pods, serviceCIDR: services)
    }

    private static func proxy(_ entries: [AssignmentEntry]) -> ServiceProxy {
        var proxy = ServiceProxy(configuration: configuration)
        for entry in entries { _ = proxy.update(entry) }
        return proxy
    }

    private static let web = SampleZone.service(
        "web",
        ServiceAssignment(
            clusterIP: "10.96.0.10",
            ports: [
                .init(name: "http", port: 80, targetPort: .name("http")),
                .init(name: "lookup", port: 53, protocol: .udp),
            ]))
    private static let http = [AssignmentPort(name: "http", number: 8_080)]
    private static let pods = [
        SampleZone.pod("web-1", ["10.244.1.5"], services: ["web"], ports: http),
        SampleZone.pod("web-2", ["10.244.2.6"], services: ["web"], ports: http),
        // No port of this name: it takes part in the numbered port only.
        SampleZone.pod("web-3", ["10.244.3.7"], services: ["web"]),
        SampleZone.pod("web-4", ["10.244.3.8"], isReady: false, services: ["web"], ports: http),
    ]

    /// What surrounds the Services, whichever there are.
    private static func script(
        chains: [String], map: String?, hairpins: String?
    ) -> String {
        var lines = ["table ip podmesh", "delete table ip podmesh", "table ip podmesh {"]
        lines += chains
        lines += ["  chain services {"]
        if let map { lines.append("    ip daddr . meta l4proto . th dport vmap { \(map) }") }
        lines += [
            "  }",
            "  chain prerouting {",
            "    type nat hook prerouting priority dstnat; policy accept;",
            "    jump services",
            "  }",
            "  chain output {",
            "    type nat hook output priority -100; policy accept;",
            "    jump services",
            "  }",
            "  chain postrouting {",
            "    type nat hook postrouting priority srcnat; policy accept;",
        ]
        if let hairpins { lines.append("    ip saddr . ip daddr { \(hairpins) } masquerade") }
        lines.append(
            "    ip saddr 10.244.0.0/16 ip daddr != 10.244.0.0/16 "
                + "fib daddr type != local masquerade")
        lines.append("  }")
        for hook in ["forward", "output"] {
            lines += [
                "  chain refuse-\(hook) {",
                "    type filter hook \(hook) priority filter; policy accept;",
                "    ip daddr 10.96.0.0/16 reject with icmp port-unreachable",
                "  }",
            ]
        }
        return lines.joined(separator: "\n") + "\n}\n"
    }

    @Test func `without Services the rules still hide Pods and refuse unused addresses`() {
        #expect(Self.proxy([]).rules == Self.script(chains: [], map: nil, hairpins: nil))
    }

    @Test func `each port of a Service gets a chain that spreads over its ready endpoints`() {
        let expected = Self.script(
            chains: [
                "  chain service-0 {",
                "    meta l4proto tcp dnat ip addr . port to numgen random mod 2 "
                    + "map { 0 : 10.244.1.5 . 8080, 1 : 10.244.2.6 . 8080 }",
                "  }",
                "  chain service-1 {",
                "    meta l4proto udp dnat ip addr . port to numgen random mod 3 "
                    + "map { 0 : 10.244.1.5 . 53, 1 : 10.244.2.6 . 53, 2 : 10.244.3.7 . 53 }",
                "  }",
            ],
            map: "10.96.0.10 . tcp . 80 : goto service-0, "
                + "10.96.0.10 . udp . 53 : goto service-1",
            hairpins: "10.244.1.5 . 10.244.1.5, 10.244.2.6 . 10.244.2.6, "
                + "10.244.3.7 . 10.244.3.7")
        #expect(Self.proxy([Self.web] + Self.pods).rules == expected)
        #expect(
            Self.proxy(Self.pods.reversed() + [Self.web]).rules == expected,
            "the order of the rows does not matter")
    }

    @Test func `a node port leads to the same endpoints and back through the machine`() {
        let service = SampleZone.service(
            "open",
            ServiceAssignment(
                clusterIP: "10.96.0.12",
                ports: [.init(name: "", port: 80, nodePort: 30_080), .init(name: "b", port: 81)]))
        let pod = SampleZone.pod("a", ["10.244.1.1"], services: ["open"])
        let rules = Self.proxy([service, pod]).rules
        #expect(
            rules.contains(
                """
                  chain node-port-0 {
                    meta mark set meta mark or 0x4000
                    goto service-0
                  }
                """))
        #expect(
            rules.contains(
                "    fib daddr type local meta l4proto . th dport vmap "
                    + "{ tcp . 30080 : goto node-port-0 }\n"))
        #expect(rules.contains("    meta mark and 0x4000 == 0x4000 masquerade\n"))
        #expect(!rules.contains("node-port-1"))
        #expect(!Self.proxy([service]).rules.contains("30080"))
    }

    @Test func `one endpoint needs no choice, and affinity chooses by the client's address`() {
        let service = SampleZone.service(
            "sticky",
            ServiceAssignment(
                clusterIP: "10.96.0.11", ports: [.init(name: "", port: 80)],
                clientIPAffinitySeconds: 10_800))
        let one = SampleZone.pod("a", ["10.244.1.1"], services: ["sticky"])
        let two = SampleZone.pod("b", ["10.244.1.2"], services: ["sticky"])
        #expect(
            Self.proxy([service, one]).rules.contains(
                "    meta l4proto tcp dnat to 10.244.1.1:80\n"))
        #expect(
            Self.proxy([service, one, two]).rules.contains(
                "dnat ip addr . port to jhash ip saddr mod 2 "
                    + "map { 0 : 10.244.1.1 . 80, 1 : 10.244.1.2 . 80 }\n"))
    }

    @Test func `endpoints written by hand are endpoints too`() {
        let service = SampleZone.service(
            "kubernetes",
            ServiceAssignment(
                clusterIP: "10.96.0.1",
                ports: [.init(name: "https", port: 443, targetPort: .number(6_443))],
                manualEndpoints: [
                    .init(address: "192.0.2.1"), .init(address: "192.0.2.2", isReady: false),
                    .init(address: "fd00::1"),
                ]))
        #expect(
            Self.proxy([service]).rules.contains(
                "    meta l4proto tcp dnat to 192.0.2.1:6443\n"))
    }

    @Test func `two rows with one address share the map without a key twice`() {
        let twin = SampleZone.service(
            "wob", ServiceAssignment(clusterIP: "10.96.0.10", ports: [.init(name: "", port: 80)]))
        let pod = SampleZone.pod("wob-1", ["10.244.9.9"], services: ["wob"])
        let rules = Self.proxy([Self.web, twin, pod] + Self.pods).rules
        #expect(rules.split(separator: "10.96.0.10 . tcp . 80 : ").count == 2)
    }

    @Test func `headless Services and aliases need no rules`() {
        let headless = SampleZone.service(
            "db", ServiceAssignment(ports: [.init(name: "", port: 1)]))
        let alias = SampleZone.service("away", ServiceAssignment(externalName: "example.com"))
        let pod = SampleZone.pod("db-0", ["10.244.1.1"], services: ["db", "away"])
        #expect(Self.proxy([headless, alias, pod]).rules == Self.proxy([]).rules)
    }

    @Test func `an address that is none never reaches the script`() {
        let service = SampleZone.service(
            "evil",
            ServiceAssignment(clusterIP: "10.96.0.1; flush", ports: [.init(name: "", port: 80)]))
        let target = SampleZone.pod("p", ["10.244.1.1 }\nflush ruleset"], services: ["web"])
        let rules = Self.proxy([service, Self.web, target]).rules
        #expect(!rules.contains("flush"))
        #expect(rules == Self.proxy([]).rules)
    }

    @Test func `an update says whether the rules may have changed`() {
        var proxy = Self.proxy([])
        let rows: [(AssignmentEntry, Bool)] = [
            (Self.web, true), (Self.web, false), (Self.pods[0], true),
            (SampleZone.pod("lonely", ["10.244.5.5"]), false),
            (SampleZone.removal(Self.pods[0].key), true),
            (SampleZone.removal(Self.web.key), true),
        ]
        for (row, expected) in rows {
            let mayDiffer = proxy.update(row)
            #expect(mayDiffer == expected, "\(row.key)")
        }
        #expect(proxy.rules == Self.proxy([]).rules)
    }

    // MARK: The real program

    @Test("nft accepts the rules, in a network of its own", .enabled(if: Nft.isAvailable))
    func realRules() throws {
        let sticky = SampleZone.service(
            "sticky",
            ServiceAssignment(
                clusterIP: "10.96.0.11",
                ports: [.init(name: "", port: 80), .init(name: "s", port: 81, protocol: .sctp)],
                clientIPAffinitySeconds: 60))
        let more = Self.pods.enumerated().map {
            SampleZone.pod("s\($0.offset)", ["10.244.7.\($0.offset)"], services: ["sticky"])
        }
        for entries in [[], [Self.web] + Self.pods, [Self.web, sticky] + Self.pods + more] {
            try Nft.check(Self.proxy(entries).rules)
        }
        #expect(throws: Nft.Refusal.self, "the check itself can fail") {
            try Nft.check("table ip podmesh { nonsense }")
        }
    }
}

/// Runs `nft` twice over a script in a fresh network namespace, which vanishes with the process:
/// the second run replaces what the first one made.
private enum Nft {
    struct Refusal: Error { var message: String }

    static var isAvailable: Bool { (try? check("")) != nil }

    static func check(_ rules: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let load = "nft --file - <<END\n\(rules)END\n"
        process.arguments = ["unshare", "--net", "sh", "-e", "-c", load + load]
        let errors = Pipe()
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Refusal(message: String(decoding: text, as: UTF8.self))
        }
    }
}
