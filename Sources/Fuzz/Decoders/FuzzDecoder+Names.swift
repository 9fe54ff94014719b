import Base
import Services

/// What the DNS responder reads, from clients and from upstream servers.
extension FuzzDecoder {
    static let dns = FuzzDecoder(
        "dns", "DNS queries and upstream answers",
        seeds: { DNSSamples.queries + DNSSamples.answers },
        check: { bytes in
            var outcome = Outcome.refused
            if let query = try? DNSCodec.decodeQuery(bytes) {
                outcome = .accepted
                for answer in DNSSamples.replies {
                    let size = DNSCodec.encode(answer, to: query, bytesMax: 512).count
                    // An answer without records still repeats the question.
                    if size > max(512, bytes.count + 64) {
                        return .broken("an answer of \(size) bytes where 512 may be sent")
                    }
                }
            }
            _ = DNSCodec.formatError(for: bytes)
            let answer = DNSCodec.decodeAnswer(bytes)
            guard answer.answers.count <= bytes.count else {
                return .broken("\(answer.answers.count) records in \(bytes.count) bytes")
            }
            if !answer.answers.isEmpty { outcome = .accepted }
            return outcome
        })
}

private enum DNSSamples {
    static let replies = [
        DNSAnswer(
            answers: (0..<60).map { number in
                DNSRecord(
                    name: "web.default.svc.cluster.local", timeToLive: 5,
                    data: .a([10, 244, 0, UInt8(number)]))
            }),
        DNSAnswer(
            answers: [
                DNSRecord(name: "a.example", timeToLive: 5, data: .cname("b.example")),
                DNSRecord(
                    name: "_http._tcp.web", timeToLive: 5,
                    data: .srv(priority: 0, weight: 1, port: 80, target: "web.example")),
                DNSRecord(name: "t.example", timeToLive: 5, data: .txt("text")),
                DNSRecord(name: "6.example", timeToLive: 5, data: .aaaa(Array(0..<16))),
            ]),
        DNSAnswer(code: .nameError),
    ]

    private static let questions = [
        DNSQuestion(name: "web.default.svc.cluster.local", type: .a),
        DNSQuestion(name: "_http._tcp.web.default.svc.cluster.local", type: .srv),
        DNSQuestion(name: "2.0.244.10.in-addr.arpa", type: .ptr),
    ]

    static let queries: [[UInt8]] = questions.flatMap { question -> [[UInt8]] in
        guard let plain = DNSCodec.encodeQuery(question) else { return [] }
        // An OPT record: root name, type 41, 1,232 bytes, no flags, no data.
        var extended = plain
        extended[11] = 1
        extended += [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0]
        return [plain, extended]
    }

    static let answers: [[UInt8]] = questions.flatMap { question in
        replies.map { reply in
            DNSCodec.encode(reply, to: DNSQuery(id: 0, question: question), bytesMax: 4_096)
        }
    }
}
