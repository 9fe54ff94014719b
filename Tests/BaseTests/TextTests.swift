import Base
import Testing

@Suite struct TextTests {
    @Test(
        "Base64 decodes",
        arguments: [
            ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9v\nYmFy\r\n", "foobar"),
        ])
    func base64(_ text: String, _ expected: String) {
        #expect(Base64.decode(text) == Array(expected.utf8))
    }

    @Test(
        "what is no Base64 is refused",
        arguments: [
            "Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zg==Zg==", "Zm9v=", "Zm 9v", "Zm-_",
        ])
    func noBase64(_ text: String) { #expect(Base64.decode(text) == nil) }

    @Test(
        "names of machines are RFC 1123 subdomains",
        arguments: [
            ("machine-1", true), ("a", true), ("1.example.com", true), ("", false), ("A", false),
            ("-a", false), ("a-", false), ("a..b", false), ("a.", false), (".a", false),
            ("a_b", false), ("ä", false), (String(repeating: "a", count: 253), true),
            (String(repeating: "a", count: 254), false),
        ])
    func machineNames(_ text: String, _ isLegal: Bool) {
        #expect((MachineName(text) != nil) == isLegal)
        #expect(DNSName.isSubdomain(text) == isLegal)
    }

    @Test(
        "a label has no dots and at most 63 bytes",
        arguments: [
            ("a", true), ("a-1", true), ("a.b", false), ("a-", false), ("", false),
            (String(repeating: "a", count: 63), true), (String(repeating: "a", count: 64), false),
        ])
    func labels(_ text: String, _ isLegal: Bool) { #expect(DNSName.isLabel(text) == isLegal) }

    @Test func `an outbox hands effects out once, in order, even when one is refused`() {
        struct Refusal: Error {}
        var out = Outbox<Int>()
        for effect in 1...3 { out.append(effect) }
        var seen: [Int] = []
        #expect(throws: Refusal.self) {
            try out.drain { effect in
                seen.append(effect)
                if effect == 2 { throw Refusal() }
            }
        }
        #expect(seen == [1, 2])
        #expect(out.isEmpty)
        out.append(4)
        let rest = out.take()
        #expect(rest == [4])
        #expect(out.isEmpty)
    }

    @Test func `tickets are unique and grow`() {
        var counter = TicketCounter()
        let tickets = (0..<5).map { _ in counter.next() }
        #expect(tickets == tickets.sorted() && Set(tickets).count == 5)
    }
}
