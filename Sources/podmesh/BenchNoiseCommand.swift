import ArgumentParser
import Base
import Bench

struct BenchNoiseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "noise",
        abstract: "Flood a machine's mesh port with datagrams that it must refuse.",
        discussion: """
            Shows what noise costs: run it beside a mesh on this computer, and watch the daemon's \
            processor time, its metrics (podmesh_gossip_datagrams_dropped_total) and whether it \
            suspects anybody. Only directly attached networks are reached. \
            docs/gossip.md tells what a machine does with them.
            """)

    @Argument(help: "The machine's mesh, as ADDRESS or ADDRESS:PORT.")
    var target: String

    @Option(help: "random, stranger, forged or certificate: how much the sender knows.")
    var kind = NoiseFlood.Kind.random

    @Option(help: "Datagrams a second.")
    var rate = 100_000

    @Option(help: "How long, at most 60 seconds.")
    var seconds = 10

    @Option(help: "Bytes of a datagram.")
    var bytes = 200

    @Option(help: "The target's keyID of \"podmesh members --output json\".")
    var recipient = "0"

    @Option(help: "The keyID of the peer whom forged datagrams claim to be of.")
    var sender = "0"

    func validate() throws {
        guard (1...NoiseFlood.secondsMax).contains(seconds), rate > 0 else {
            throw ValidationError(
                "--seconds must be 1 to \(NoiseFlood.secondsMax), --rate positive")
        }
    }

    func run() async throws {
        let parts = target.split(separator: ":", omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPv4Address(String($0)) }), parts.count <= 2,
            let port = parts.count == 2 ? UInt16(parts[1]) : 7_946,
            let recipient = UInt64(recipient, radix: 16), let sender = UInt64(sender, radix: 16)
        else {
            throw ValidationError("give ADDRESS:PORT, and key ids in hexadecimal")
        }
        let flood = NoiseFlood(
            target: NoiseFlood.PeerTarget(address: address, port: port), kind: kind,
            perSecond: rate, seconds: seconds, bytes: bytes, recipient: recipient, sender: sender)
        let result = try flood.run()
        print(
            "sent \(result.sent) datagrams in \(Int(result.seconds.rounded())) s, "
                + "\(Int(Double(result.sent) / result.seconds)) a second")
    }
}

extension NoiseFlood.Kind: ExpressibleByArgument {}
