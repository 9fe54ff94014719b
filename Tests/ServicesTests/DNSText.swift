import Services
import Testing

/// Records and questions in the syntax of zone files, so that tables of them can be read.
enum DNSText {
    static let types: [String: DNSType] = [
        "A": .a, "AAAA": .aaaa, "SRV": .srv, "PTR": .ptr, "TXT": .txt, "NS": .ns, "SOA": .soa,
        "CNAME": .cname, "ANY": .any, "MX": DNSType(rawValue: 15),
    ]

    static func text(_ record: DNSRecord) -> String {
        let (type, data) =
            switch record.data {
            case .a(let octets): ("A", octets.map(String.init).joined(separator: "."))
            case .aaaa(let octets): ("AAAA", octets.map(String.init).joined(separator: " "))
            case .cname(let name): ("CNAME", name + ".")
            case .ptr(let name): ("PTR", name + ".")
            case .ns(let name): ("NS", name + ".")
            case .txt(let text): ("TXT", "\"\(text)\"")
            case .srv(let priority, let weight, let port, let target):
                ("SRV", "\(priority) \(weight) \(port) \(target).")
            case .soa(let primary, let mailbox, let serial, let minimum):
                ("SOA", "\(primary). \(mailbox). \(serial) \(minimum)")
            }
        return "\(record.name). \(record.timeToLive) \(type) \(data)"
    }

    static func code(_ code: DNSResponseCode) -> String {
        switch code {
        case .noError: "NOERROR"
        case .formatError: "FORMERR"
        case .serverFailure: "SERVFAIL"
        case .nameError: "NXDOMAIN"
        case .notImplemented: "NOTIMP"
        case .refused: "REFUSED"
        }
    }
}

/// One row of a table: what is asked, and the whole of what must be said.
struct DNSCase: Sendable, CustomTestStringConvertible {
    var question: String
    var code: String
    var answers: [String]
    var additional: [String]

    /// `question` is a name and a type; an answer with `@` in front repeats the name asked for.
    init(
        _ question: String, _ code: String = "NOERROR", _ answers: String...,
        additional: [String] = []
    ) {
        self.question = question
        self.code = code
        self.answers = answers
        self.additional = additional
    }

    var words: [String] { question.split(separator: " ").map(String.init) }
    var testDescription: String { "\(question) → \(code) \(answers.count)" }
}
