package import Base

/// What the mesh knows of one machine, itself included. Only the machine itself writes its
/// address, tags and certificate, and raises its incarnation with each change.
///
/// Precedence of claims about one member (SWIM 2002 §4.2, with `left`); a claim that does
/// not win is ignored:
///
///     alive(i)   overrides  anything(j)                    when i > j
///     suspect(i) overrides  alive(j)                       when i ≥ j
///     failed(i)  overrides  alive(j), suspect(j)           when i ≥ j
///     left(i)    overrides  alive(j), suspect(j), failed(j) when i ≥ j
package struct GossipMember: Hashable, Sendable {
    /// What the reader of the record believes.
    ///
    ///     alive ⇄ suspect → failed ─┐
    ///       └────────┴───────┴→ left │ higher incarnation
    ///       ↑─────────────────────┴──┘
    package enum Status: UInt8, Hashable, Sendable {
        case alive = 0
        case suspect = 1
        /// Did not answer and did not refute. Still asked now and then, as partitions heal.
        case failed = 2
        /// Said goodbye, or was expelled. Not asked any more.
        case left = 3
    }

    package let name: MachineName
    package var address: PeerAddress
    package var incarnation: UInt64
    /// The incarnation with which this run of the machine began. Of two live machines with one
    /// name the one of the later session is the newcomer.
    package var session: UInt64
    package var status: Status
    /// Nil only where datagrams are not sealed, as in the simulator.
    package var certificate: GossipCertificate?
    /// Facts for the parts above, such as the API port or the Pod CIDR. At most
    /// ``GossipLimits/tagsMax`` and ``GossipLimits/tagBytesMax`` when encoded.
    package var tags: [String: String]

    package init(
        name: MachineName, address: PeerAddress, incarnation: UInt64 = 0,
        session: UInt64 = 0, status: Status = .alive, certificate: GossipCertificate? = nil,
        tags: [String: String] = [:]
    ) {
        self.name = name
        self.address = address
        self.incarnation = incarnation
        self.session = session
        self.status = status
        self.certificate = certificate
        self.tags = tags
    }

    /// Alive or suspect: counted as a member by everything that needs one.
    package var isLive: Bool { status == .alive || status == .suspect }

    /// True when the records differ in what the machine says of itself.
    func differsInContent(from other: GossipMember) -> Bool {
        address != other.address || tags != other.tags || certificate != other.certificate
    }

    /// True when the tags are few and short enough to fit every datagram.
    static func mayCarry(_ tags: [String: String]) -> Bool {
        guard tags.count <= GossipLimits.tagsMax else { return false }
        var writer = ByteWriter()
        GossipCodec.write(tags, to: &writer)
        return writer.bytes.count <= GossipLimits.tagBytesMax
    }
}

extension GossipCodec {
    static func write(_ tags: [String: String], to writer: inout ByteWriter) {
        writer.writeCount(tags.count)
        for (key, value) in tags.sorted(by: { $0.key < $1.key }) {
            writer.writeString(key)
            writer.writeString(value)
        }
    }

    static func write(_ member: GossipMember, to writer: inout ByteWriter) {
        writer.writeString(member.name.text)
        writer.writeByte(member.status.rawValue)
        writer.writeVarint(member.incarnation)
        writer.writeVarint(member.session)
        write(member.address, to: &writer)
        writer.writeBool(member.certificate != nil)
        if let certificate = member.certificate { write(certificate, to: &writer) }
        write(member.tags, to: &writer)
    }

    static func readIncarnation(_ reader: inout ByteReader) throws(DecodeError) -> UInt64 {
        let start = reader.offset
        let value = try reader.readVarint()
        guard value <= GossipLimits.incarnationMax else {
            throw DecodeError(expected: "an incarnation", offset: start)
        }
        return value
    }

    static func readMember(_ reader: inout ByteReader) throws(DecodeError) -> GossipMember {
        let name = try reader.readMachineName()
        let statusOffset = reader.offset
        guard let status = GossipMember.Status(rawValue: try reader.readByte()) else {
            throw DecodeError(expected: "a member's status", offset: statusOffset)
        }
        let incarnation = try readIncarnation(&reader)
        let session = try readIncarnation(&reader)
        let address = try readAddress(&reader)
        let hasCertificate = try reader.readBool()
        let certificate = hasCertificate ? try readCertificate(of: name, &reader) : nil
        let tagsOffset = reader.offset
        var tags: [String: String] = [:]
        for _ in 0..<(try reader.readCount(atMost: GossipLimits.tagsMax)) {
            let key = try reader.readString(atMost: GossipLimits.tagBytesMax)
            tags[key] = try reader.readString(atMost: GossipLimits.tagBytesMax)
        }
        guard reader.offset - tagsOffset <= GossipLimits.tagBytesMax else {
            throw DecodeError(
                expected: "at most \(GossipLimits.tagBytesMax) bytes of tags", offset: tagsOffset)
        }
        return GossipMember(
            name: name, address: address, incarnation: incarnation, session: session,
            status: status, certificate: certificate, tags: tags)
    }
}
