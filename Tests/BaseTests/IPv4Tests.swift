import Base
import Testing

@Suite struct IPv4Tests {
    @Test(
        "addresses read and write",
        arguments: [
            ("0.0.0.0", 0), ("255.255.255.255", UInt32.max), ("10.244.1.5", 0x0AF4_0105),
        ] as [(String, UInt32)])
    func addresses(_ text: String, _ number: UInt32) {
        #expect(IPv4Address(text)?.number == number)
        #expect(IPv4Address(number: number).description == text)
    }

    @Test(
        "what is no address is refused",
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.256", "01.2.3.4",
            "1.2.3.004", "+1.2.3.4", "-1.2.3.4", "1.2.3.4 ", "0x1.2.3.4", "1.2.3.٤", "::1",
        ])
    func noAddresses(_ text: String) { #expect(IPv4Address(text) == nil) }

    @Test func `octets are in the order of the text, and addresses sort as numbers`() throws {
        let address = try #require(IPv4Address("10.244.1.5"))
        #expect(address.octets == [10, 244, 1, 5])
        let next = try #require(IPv4Address("10.244.1.10"))
        #expect(address < next)
    }

    @Test(
        "what is no network is refused",
        arguments: [
            "", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
            "10.0.0.0/08", "10.0.0.0/8/8", "/8", "10.0.0/8",
        ])
    func noNetworks(_ text: String) { #expect(IPv4Network(text) == nil) }

    @Test func `bits behind the prefix are cleared`() {
        #expect(IPv4Network("10.244.1.5/24")?.description == "10.244.1.0/24")
        #expect(IPv4Network("10.244.1.5/32")?.description == "10.244.1.5/32")
        #expect(IPv4Network("10.244.1.5/0")?.description == "0.0.0.0/0")
    }

    @Test func `a network holds its addresses and no others`() throws {
        let network = try #require(IPv4Network("10.244.1.0/24"))
        #expect(network.size == 256)
        #expect(network.address(at: 0)?.description == "10.244.1.0")
        #expect(network.address(at: 255)?.description == "10.244.1.255")
        #expect(network.address(at: 256) == nil)
        for (text, isInside) in [
            ("10.244.1.0", true), ("10.244.1.255", true), ("10.244.0.255", false),
            ("10.244.2.0", false),
        ] {
            let address = try #require(IPv4Address(text))
            #expect(network.contains(address) == isInside, "\(text)")
        }
        let everything = try #require(IPv4Network("0.0.0.0/0"))
        #expect(everything.size == 1 << 32)
        #expect(everything.contains(IPv4Address(number: .max)))
        #expect(everything.address(at: 1 << 32 - 1)?.number == .max)
    }
}
