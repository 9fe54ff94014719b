/// A question of a DNS query (RFC 1035 §4.1.2).
package struct DNSQuestion: Hashable, Sendable {
    /// Labels joined by dots without a final dot, in the client's own case.
    package var name: String
    package var type: DNSType
    /// 1 is the Internet; anything else is refused.
    package var `class`: UInt16

    package init(name: String, type: DNSType, class: UInt16 = 1) {
        self.name = name
        self.type = type
        self.class = `class`
    }
}

/// A record type (RFC 1035 §3.2.2, RFC 2782, RFC 3596, RFC 6891).
package struct DNSType: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let a = DNSType(rawValue: 1)
    package static let ns = DNSType(rawValue: 2)
    package static let cname = DNSType(rawValue: 5)
    package static let soa = DNSType(rawValue: 6)
    package static let ptr = DNSType(rawValue: 12)
    package static let txt = DNSType(rawValue: 16)
    package static let aaaa = DNSType(rawValue: 28)
    package static let srv = DNSType(rawValue: 33)
    package static let opt = DNSType(rawValue: 41)
    package static let any = DNSType(rawValue: 255)
}

/// A response code (RFC 1035 §4.1.1).
package enum DNSResponseCode: UInt8, Sendable {
    case noError = 0
    case formatError = 1
    case serverFailure = 2
    case nameError = 3
    case notImplemented = 4
    case refused = 5
}

/// A resource record with its data in typed form.
package struct DNSRecord: Hashable, Sendable {
    package enum Data: Hashable, Sendable {
        case a([UInt8])
        /// Only from upstream servers: Pods and Services have no IPv6 addresses.
        case aaaa([UInt8])
        case cname(String)
        case ptr(String)
        case ns(String)
        case txt(String)
        case srv(priority: UInt16, weight: UInt16, port: UInt16, target: String)
        case soa(primary: String, mailbox: String, serial: UInt32, minimum: UInt32)

        var type: DNSType {
            switch self {
            case .a: .a
            case .aaaa: .aaaa
            case .cname: .cname
            case .ptr: .ptr
            case .ns: .ns
            case .txt: .txt
            case .srv: .srv
            case .soa: .soa
            }
        }
    }

    package var name: String
    /// Seconds that a resolver may keep the record.
    package var timeToLive: UInt32
    package var data: Data

    package init(name: String, timeToLive: UInt32, data: Data) {
        self.name = name
        self.timeToLive = timeToLive
        self.data = data
    }
}

/// A query as far as a responder reads it.
package struct DNSQuery: Sendable, Equatable {
    package var id: UInt16
    package var opcode: UInt8
    package var recursionDesired: Bool
    package var question: DNSQuestion
    /// The largest answer over UDP that the client takes: 512 unless its OPT record says more.
    package var payloadBytesMax: Int
    package var hasOPT: Bool

    package init(
        id: UInt16, opcode: UInt8 = 0, recursionDesired: Bool = true, question: DNSQuestion,
        payloadBytesMax: Int = 512, hasOPT: Bool = false
    ) {
        self.id = id
        self.opcode = opcode
        self.recursionDesired = recursionDesired
        self.question = question
        self.payloadBytesMax = payloadBytesMax
        self.hasOPT = hasOPT
    }
}

/// What a responder says to a query.
package struct DNSAnswer: Sendable, Equatable {
    package var code: DNSResponseCode
    package var answers: [DNSRecord]
    package var authority: [DNSRecord]
    package var additional: [DNSRecord]
    /// True when the responder owns the name, false for a refusal.
    package var isAuthoritative: Bool

    package init(
        code: DNSResponseCode = .noError, answers: [DNSRecord] = [], authority: [DNSRecord] = [],
        additional: [DNSRecord] = [], isAuthoritative: Bool = true
    ) {
        self.code = code
        self.answers = answers
        self.authority = authority
        self.additional = additional
        self.isAuthoritative = isAuthoritative
    }
}
