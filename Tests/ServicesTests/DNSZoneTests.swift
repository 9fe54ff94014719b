import Base
import Gossip
import Services
import Testing

@Suite struct DNSZoneTests {
    private static let authority =
        "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 1 5"

    private func check(_ row: DNSCase, in zone: DNSZone) throws {
        let words = row.words
        let type = try #require(DNSText.types[words[1]])
        let resolution = zone.resolve(DNSQuestion(name: words[0], type: type))
        guard case .answer(let answer) = resolution else {
            Issue.record("\(row.question) was not answered: \(resolution)")
            return
        }
        #expect(DNSText.code(answer.code) == row.code)
        #expect(
            answer.answers.map(DNSText.text)
                == row.answers.map { $0.replacing("@", with: words[0] + ". 5") })
        #expect(answer.additional.map(DNSText.text) == row.additional)
        #expect(
            answer.authority.map(DNSText.text) == (row.answers.isEmpty ? [Self.authority] : []),
            "an answer without records carries the zone's SOA (RFC 2308 §3), others do not")
        #expect(answer.isAuthoritative)
    }

    private static let clusterAddress = [
        DNSCase("web.default.svc.cluster.local A", "NOERROR", "@ A 10.96.0.10"),
        DNSCase("web.default.svc.cluster.local ANY", "NOERROR", "@ A 10.96.0.10"),
        DNSCase("web.default.svc.cluster.local AAAA"),
        DNSCase("web.default.svc.cluster.local MX"),
        DNSCase("WEB.Default.svc.CLUSTER.local A", "NOERROR", "@ A 10.96.0.10"),
        DNSCase(
            "_http._tcp.web.default.svc.cluster.local SRV", "NOERROR",
            "@ SRV 0 100 80 web.default.svc.cluster.local.",
            additional: ["web.default.svc.cluster.local. 5 A 10.96.0.10"]),
        DNSCase(
            "_lookup._udp.web.default.svc.cluster.local SRV", "NOERROR",
            "@ SRV 0 100 53 web.default.svc.cluster.local.",
            additional: ["web.default.svc.cluster.local. 5 A 10.96.0.10"]),
        DNSCase("_http._tcp.web.default.svc.cluster.local A"),
        DNSCase("_http._udp.web.default.svc.cluster.local SRV", "NXDOMAIN"),
        DNSCase("_ftp._tcp.web.default.svc.cluster.local SRV", "NXDOMAIN"),
        DNSCase("http.tcp.web.default.svc.cluster.local SRV", "NXDOMAIN"),
        DNSCase("10-244-1-5.web.default.svc.cluster.local A", "NXDOMAIN"),
        DNSCase("a.b.c.web.default.svc.cluster.local A", "NXDOMAIN"),
    ]

    @Test("a Service with an address has A and SRV records", arguments: clusterAddress)
    func serviceWithAddress(_ row: DNSCase) throws {
        try check(row, in: SampleZone.zone)
    }

    private static let headless = [
        DNSCase(
            "default-subdomain.default.svc.cluster.local A", "NOERROR", "@ A 10.244.1.5",
            "@ A 10.244.2.6", "@ A 10.244.1.7"),
        DNSCase("default-subdomain.default.svc.cluster.local AAAA"),
        DNSCase(
            "busybox-2.default-subdomain.default.svc.cluster.local A", "NOERROR",
            "@ A 10.244.2.6"),
        DNSCase("busybox-2.default-subdomain.default.svc.cluster.local AAAA"),
        DNSCase("busybox2.default-subdomain.default.svc.cluster.local A", "NXDOMAIN"),
        DNSCase("10-244-2-6.default-subdomain.default.svc.cluster.local A", "NXDOMAIN"),
        DNSCase("stray.default-subdomain.default.svc.cluster.local A", "NXDOMAIN"),
        DNSCase(
            "10-244-1-7.default-subdomain.default.svc.cluster.local A", "NOERROR",
            "@ A 10.244.1.7"),
        DNSCase("late.default-subdomain.default.svc.cluster.local A", "NXDOMAIN"),
        DNSCase(
            "_foo._tcp.default-subdomain.default.svc.cluster.local SRV", "NOERROR",
            "@ SRV 0 33 1234 busybox-1.default-subdomain.default.svc.cluster.local.",
            "@ SRV 0 33 1234 busybox-2.default-subdomain.default.svc.cluster.local.",
            "@ SRV 0 33 1234 10-244-1-7.default-subdomain.default.svc.cluster.local.",
            additional: [
                "busybox-1.default-subdomain.default.svc.cluster.local. 5 A 10.244.1.5",
                "busybox-2.default-subdomain.default.svc.cluster.local. 5 A 10.244.2.6",
                "10-244-1-7.default-subdomain.default.svc.cluster.local. 5 A 10.244.1.7",
            ]),
        DNSCase(
            "_http._tcp.named.default.svc.cluster.local SRV", "NOERROR",
            "@ SRV 0 100 8080 10-244-2-6.named.default.svc.cluster.local.",
            additional: ["10-244-2-6.named.default.svc.cluster.local. 5 A 10.244.2.6"]),
        DNSCase("db.default.svc.cluster.local A", "NOERROR", "@ A 10.244.1.9"),
        DNSCase("db-0.db.default.svc.cluster.local A", "NOERROR", "@ A 10.244.1.9"),
        DNSCase("empty.default.svc.cluster.local A"),
        DNSCase("_http._tcp.empty.default.svc.cluster.local SRV"),
        DNSCase(
            "legacy.default.svc.cluster.local A", "NOERROR", "@ A 192.0.2.7", "@ A 192.0.2.8"),
        DNSCase("old.legacy.default.svc.cluster.local A", "NOERROR", "@ A 192.0.2.7"),
        DNSCase("192-0-2-9.legacy.default.svc.cluster.local A", "NXDOMAIN"),
    ]

    @Test("a headless Service has the records of its ready endpoints", arguments: headless)
    func headlessService(_ row: DNSCase) throws {
        try check(row, in: SampleZone.zone)
    }

    private static let rest = [
        DNSCase("10-244-1-5.default.pod.cluster.local A", "NOERROR", "@ A 10.244.1.5"),
        DNSCase("10-9-8-7.any.pod.cluster.local A", "NOERROR", "@ A 10.9.8.7"),
        DNSCase("10-244-1-5.default.pod.cluster.local AAAA"),
        DNSCase("10-244-1-256.default.pod.cluster.local A", "NXDOMAIN"),
        DNSCase("10-244-1.default.pod.cluster.local A", "NXDOMAIN"),
        DNSCase("busybox1.default.pod.cluster.local A", "NXDOMAIN"),
        DNSCase("a.10-244-1-5.default.pod.cluster.local A", "NXDOMAIN"),
        DNSCase("default.pod.cluster.local A"),
        DNSCase(
            "10.0.96.10.IN-ADDR.arpa PTR", "NOERROR", "@ PTR web.default.svc.cluster.local."),
        DNSCase("10.0.96.10.in-addr.arpa A"),
        DNSCase(
            "6.2.244.10.in-addr.arpa PTR", "NOERROR",
            "@ PTR busybox-2.default-subdomain.default.svc.cluster.local.",
            "@ PTR 10-244-2-6.named.default.svc.cluster.local."),
        DNSCase(
            "8.1.244.10.in-addr.arpa PTR", "NOERROR",
            "@ PTR 10-244-1-8.default.pod.cluster.local."),
        DNSCase(
            "3.3.244.10.in-addr.arpa PTR", "NOERROR", "@ PTR 10-244-3-3.other.pod.cluster.local."),
        DNSCase("missing.default.svc.cluster.local A", "NXDOMAIN"),
        DNSCase("web.other.svc.cluster.local A", "NXDOMAIN"),
        DNSCase("www.example.com.default.svc.cluster.local A", "NXDOMAIN"),
        DNSCase("www.example.com.cluster.local A", "NXDOMAIN"),
        DNSCase("default.svc.cluster.local A"),
        DNSCase("nowhere.svc.cluster.local A", "NXDOMAIN"),
        DNSCase("svc.cluster.local A"),
        DNSCase("pod.cluster.local A"),
        DNSCase("cluster.local A"),
        DNSCase("cluster.local NS", "NOERROR", "@ NS ns.dns.cluster.local."),
        DNSCase("dns-version.cluster.local TXT", "NOERROR", "@ TXT \"1.1.0\""),
        DNSCase("dns-version.cluster.local A"),
        DNSCase("www.dns-version.cluster.local TXT", "NXDOMAIN"),
    ]

    @Test("Pods, reverse names and the zone itself answer too", arguments: rest)
    func otherNames(_ row: DNSCase) throws {
        try check(row, in: SampleZone.zone)
    }

    @Test func `the zone's own SOA is an answer`() {
        let resolution = SampleZone.zone.resolve(DNSQuestion(name: "cluster.local", type: .soa))
        guard case .answer(let answer) = resolution else {
            Issue.record("not answered")
            return
        }
        #expect(answer.answers.map(DNSText.text) == [Self.authority])
    }

    @Test(
        "names outside the zone are forwarded",
        arguments: [
            "www.example.com", "local", "", "cluster.locale", "xcluster.local",
            "1.0.0.127.in-addr.arpa", "in-addr.arpa", "9.9.244.10.in-addr.arpa",
        ])
    func foreignNames(_ name: String) {
        #expect(SampleZone.zone.resolve(DNSQuestion(name: name, type: .a)) == .forward)
    }

    // MARK: Aliases

    private static func alias(_ name: String, _ target: String) -> DNSRecord {
        DNSRecord(
            name: "\(name).default.svc.cluster.local", timeToLive: 5, data: .cname(target))
    }

    private static func zone(aliases: [(String, String)]) -> DNSZone {
        var zone = SampleZone.zone
        for (name, target) in aliases {
            zone.update(SampleZone.service(name, ServiceAssignment(externalName: target)))
        }
        return zone
    }

    private func resolve(_ name: String, _ type: DNSType, in zone: DNSZone) -> DNSZone.Resolution {
        zone.resolve(DNSQuestion(name: "\(name).default.svc.cluster.local", type: type))
    }

    @Test func `an ExternalName is an alias whose target an upstream server knows`() {
        for type in [DNSType.a, .aaaa, .txt] {
            #expect(
                resolve("outside", type, in: SampleZone.zone)
                    == .follow(
                        [Self.alias("outside", "www.example.com")],
                        DNSQuestion(name: "www.example.com", type: type)))
        }
    }

    @Test func `who asks for the alias itself gets it`() {
        let expected = DNSAnswer(answers: [Self.alias("outside", "www.example.com")])
        for type in [DNSType.cname, .any] {
            #expect(resolve("outside", type, in: SampleZone.zone) == .answer(expected))
        }
    }

    @Test func `an alias for a name of the zone is answered with the name's records`() {
        let target = "web.default.svc.cluster.local"
        let zone = Self.zone(aliases: [
            ("near", target), ("nearer", "near.default.svc.cluster.local."),
        ])
        let address = DNSRecord(name: target, timeToLive: 5, data: .a([10, 96, 0, 10]))
        #expect(
            resolve("near", .a, in: zone)
                == .answer(DNSAnswer(answers: [Self.alias("near", target), address])))
        #expect(
            resolve("nearer", .a, in: zone)
                == .answer(
                    DNSAnswer(answers: [
                        Self.alias("nearer", "near.default.svc.cluster.local."),
                        DNSRecord(
                            name: "near.default.svc.cluster.local.", timeToLive: 5,
                            data: .cname(target)),
                        address,
                    ])))
    }

    @Test func `an alias for a name that the zone lacks is NXDOMAIN with the alias`() {
        let target = "gone.default.svc.cluster.local"
        guard case .answer(let answer) = resolve(
            "stale", .a, in: Self.zone(aliases: [("stale", target)]))
        else {
            Issue.record("not answered")
            return
        }
        #expect(answer.code == .nameError)
        #expect(answer.answers == [Self.alias("stale", target)])
        #expect(answer.authority.map(DNSText.text) == [Self.authority])
    }

    @Test func `aliases in a circle end in SERVFAIL`() {
        let zone = Self.zone(aliases: [
            ("a", "b.default.svc.cluster.local"), ("b", "a.default.svc.cluster.local"),
        ])
        guard case .answer(let answer) = resolve("a", .a, in: zone) else {
            Issue.record("not answered")
            return
        }
        #expect(answer.code == .serverFailure)
    }

    @Test func `a Pod's short name may be an alias`() {
        let question = DNSQuestion(name: "outside", type: .a)
        let alias = DNSRecord(name: "outside", timeToLive: 5, data: .cname("www.example.com"))
        #expect(
            SampleZone.zone.resolve(question, client: "10.244.1.5")
                == .follow([alias], DNSQuestion(name: "www.example.com", type: .a)))
    }

    @Test func `another class than the Internet's is refused`() {
        let question = DNSQuestion(name: "version.bind", type: .txt, class: 3)
        #expect(
            SampleZone.zone.resolve(question)
                == .answer(DNSAnswer(code: .refused, isAuthoritative: false)))
    }

    @Test(
        "a Pod that asks for a short name is answered as if it had walked its search path",
        arguments: [
            ("busybox-2.default-subdomain", "10.244.2.6"), ("web", "10.96.0.10"),
            ("WEB.default", "10.96.0.10"), ("web.default.svc", "10.96.0.10"),
        ])
    func searchPath(_ name: String, _ address: String) throws {
        let octets = try #require(IPv4Address(address)).octets
        let record = DNSRecord(name: name, timeToLive: 5, data: .a(octets))
        let question = DNSQuestion(name: name, type: .a)
        #expect(
            SampleZone.zone.resolve(question, client: "10.244.1.5")
                == .answer(DNSAnswer(answers: [record])))
        #expect(SampleZone.zone.resolve(question) == .forward, "others ask for a foreign name")
        #expect(SampleZone.zone.resolve(question, client: "192.0.2.1") == .forward)
    }

    @Test(
        "a Pod's foreign names stay foreign",
        arguments: ["", "www.example.com", "web.other", "1.0.0.127.in-addr.arpa", "missing"])
    func searchPathEnds(_ name: String) {
        let question = DNSQuestion(name: name, type: .a)
        #expect(SampleZone.zone.resolve(question, client: "10.244.1.5") == .forward)
    }

    // MARK: Changes

    @Test func `a Pod that becomes ready appears, and one that is removed goes`() throws {
        var zone = SampleZone.zone
        let name = "default-subdomain.default.svc.cluster.local A"
        zone.update(
            SampleZone.pod(
                "late", ["10.244.1.8"], hostname: "late", subdomain: "default-subdomain",
                services: ["default-subdomain"]))
        zone.update(SampleZone.removal(.pod("default", "busybox1")))
        try check(
            DNSCase(name, "NOERROR", "@ A 10.244.2.6", "@ A 10.244.1.8", "@ A 10.244.1.7"),
            in: zone)
        try check(
            DNSCase("busybox-1.default-subdomain.default.svc.cluster.local A", "NXDOMAIN"),
            in: zone)
        #expect(
            zone.resolve(DNSQuestion(name: "5.1.244.10.in-addr.arpa", type: .ptr)) == .forward)
    }

    @Test func `a Pod with a new address is found under it only`() throws {
        var zone = SampleZone.zone
        zone.update(
            SampleZone.pod(
                "busybox1", ["10.244.9.9"], hostname: "busybox-1",
                subdomain: "default-subdomain", services: ["default-subdomain"]))
        try check(
            DNSCase(
                "busybox-1.default-subdomain.default.svc.cluster.local A", "NOERROR",
                "@ A 10.244.9.9"), in: zone)
        #expect(
            zone.resolve(DNSQuestion(name: "5.1.244.10.in-addr.arpa", type: .ptr)) == .forward)
    }

    @Test func `an address that passed to another Pod stays with it when the first goes`() throws {
        var zone = SampleZone.zone
        zone.update(SampleZone.pod("heir", ["10.244.1.5"], namespace: "other"))
        zone.update(SampleZone.removal(.pod("default", "busybox1")))
        try check(
            DNSCase(
                "5.1.244.10.in-addr.arpa PTR", "NOERROR",
                "@ PTR 10-244-1-5.other.pod.cluster.local."), in: zone)
    }

    @Test func `a Service that is removed takes its namespace with it when it was the last`() throws
    {
        var zone = SampleZone.zone
        for entry in SampleZone.services { zone.update(SampleZone.removal(entry.key)) }
        try check(DNSCase("web.default.svc.cluster.local A", "NXDOMAIN"), in: zone)
        try check(DNSCase("default.svc.cluster.local A", "NXDOMAIN"), in: zone)
        #expect(
            zone.resolve(DNSQuestion(name: "10.0.96.10.in-addr.arpa", type: .ptr)) == .forward)
    }

    @Test func `a Service seen before its Pods and one seen after them are the same`() throws {
        var zone = DNSZone(domain: SampleZone.domain)
        for entry in SampleZone.pods.reversed() + SampleZone.services.reversed() {
            zone.update(entry)
        }
        for row in Self.headless + Self.clusterAddress { try check(row, in: zone) }
    }
}
