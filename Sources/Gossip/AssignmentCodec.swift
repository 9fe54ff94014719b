package import Base

/// The bytes of the gossip protocol: compact, versioned by the seal's first byte, and decoded
/// with a bound on every length, so that hostile input costs little and never traps.
package enum GossipCodec {
    /// No text or list of an entry can be longer than the entry, whose own bound the table
    /// keeps; a tighter bound here would let a row pass the table and fail at every peer.
    private static let textBytesMax = GossipLimits.entryBytesMax
    private static let listMax = GossipLimits.entryBytesMax

    package static func encode(_ entry: AssignmentEntry) -> [UInt8] {
        var writer = ByteWriter(capacity: 128)
        write(entry, to: &writer)
        return writer.bytes
    }

    package static func encodedSize(_ entry: AssignmentEntry) -> Int { encode(entry).count }

    package static func decodeEntry(_ bytes: [UInt8]) throws(DecodeError) -> AssignmentEntry {
        var reader = ByteReader(bytes)
        let entry = try readEntry(&reader)
        try reader.expectEnd()
        return entry
    }

    static func write(_ entry: AssignmentEntry, to writer: inout ByteWriter) {
        writer.writeByte(entry.key.kind.rawValue)
        writer.writeString(entry.key.namespace)
        writer.writeString(entry.key.name)
        writer.writeVarint(entry.revision)
        switch entry.value {
        case .tombstone:
            writer.writeByte(0)
        case .pod(let pod):
            writer.writeByte(1)
            write(pod, to: &writer)
        case .service(let service):
            writer.writeByte(2)
            write(service, to: &writer)
        }
    }

    static func readEntry(_ reader: inout ByteReader) throws(DecodeError) -> AssignmentEntry {
        let start = reader.offset
        guard let kind = AssignmentKey.Kind(rawValue: try reader.readByte()) else {
            throw DecodeError(expected: "a kind of assignment", offset: start)
        }
        let namespace = try reader.readString(atMost: textBytesMax)
        let name = try reader.readString(atMost: textBytesMax)
        let key = AssignmentKey(kind: kind, namespace: namespace, name: name)
        let revision = try reader.readVarint()
        let valueOffset = reader.offset
        let value: AssignmentValue
        switch (try reader.readByte(), kind) {
        case (0, _): value = .tombstone
        case (1, .pod): value = .pod(try readPod(&reader))
        case (2, .service): value = .service(try readService(&reader))
        default: throw DecodeError(expected: "a value of the key's kind", offset: valueOffset)
        }
        return AssignmentEntry(key: key, revision: revision, value: value)
    }

    // MARK: Pods

    private static func write(_ pod: PodAssignment, to writer: inout ByteWriter) {
        writer.writeString(pod.uid)
        writer.writeString(pod.node.text)
        writer.writeBool(pod.isReady)
        writer.writeCount(pod.addresses.count)
        for address in pod.addresses { writer.writeString(address) }
        writer.writeOptional(pod.hostname)
        writer.writeOptional(pod.subdomain)
        writer.writeCount(pod.services.count)
        for service in pod.services { writer.writeString(service) }
        write(pod.ports, to: &writer)
    }

    private static func readPod(_ reader: inout ByteReader) throws(DecodeError) -> PodAssignment {
        let uid = try reader.readString(atMost: textBytesMax)
        let node = try reader.readMachineName()
        let isReady = try reader.readBool()
        var addresses: [String] = []
        for _ in 0..<(try reader.readCount(atMost: listMax)) {
            addresses.append(try reader.readString(atMost: textBytesMax))
        }
        let hostname = try reader.readOptional(atMost: textBytesMax)
        let subdomain = try reader.readOptional(atMost: textBytesMax)
        var services: [String] = []
        for _ in 0..<(try reader.readCount(atMost: listMax)) {
            services.append(try reader.readString(atMost: textBytesMax))
        }
        return PodAssignment(
            uid: uid, node: node, addresses: addresses, hostname: hostname,
            subdomain: subdomain, isReady: isReady, services: services,
            ports: try readPorts(&reader))
    }

    private static func write(_ ports: [AssignmentPort], to writer: inout ByteWriter) {
        writer.writeCount(ports.count)
        for port in ports {
            writer.writeString(port.name)
            writer.writeInteger(port.number)
            writer.writeByte(port.protocol.rawValue)
        }
    }

    private static func readPorts(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> [AssignmentPort] {
        var ports: [AssignmentPort] = []
        for _ in 0..<(try reader.readCount(atMost: listMax)) {
            ports.append(
                AssignmentPort(
                    name: try reader.readString(atMost: textBytesMax),
                    number: try reader.readInteger(),
                    protocol: try readProtocol(&reader)))
        }
        return ports
    }

    private static func readProtocol(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> AssignmentProtocol {
        let start = reader.offset
        guard let value = AssignmentProtocol(rawValue: try reader.readByte()) else {
            throw DecodeError(expected: "a transport protocol", offset: start)
        }
        return value
    }

    // MARK: Services

    private static func write(_ service: ServiceAssignment, to writer: inout ByteWriter) {
        writer.writeOptional(service.clusterIP)
        writer.writeOptional(service.externalName)
        writer.writeBool(service.publishNotReadyAddresses)
        writer.writeBool(service.clientIPAffinitySeconds != nil)
        if let seconds = service.clientIPAffinitySeconds { writer.writeInteger(seconds) }
        writer.writeCount(service.ports.count)
        for port in service.ports {
            writer.writeString(port.name)
            writer.writeInteger(port.port)
            writer.writeByte(port.protocol.rawValue)
            switch port.targetPort {
            case .number(let number):
                writer.writeBool(false)
                writer.writeInteger(number)
            case .name(let name):
                writer.writeBool(true)
                writer.writeString(name)
            }
            writer.writeInteger(port.nodePort)
        }
        writer.writeCount(service.manualEndpoints.count)
        for endpoint in service.manualEndpoints {
            writer.writeString(endpoint.address)
            writer.writeOptional(endpoint.hostname)
            writer.writeBool(endpoint.isReady)
            write(endpoint.ports, to: &writer)
        }
    }

    private static func readService(
        _ reader: inout ByteReader
    ) throws(DecodeError) -> ServiceAssignment {
        let clusterIP = try reader.readOptional(atMost: textBytesMax)
        let externalName = try reader.readOptional(atMost: textBytesMax)
        let publishNotReadyAddresses = try reader.readBool()
        let hasAffinity = try reader.readBool()
        let seconds: Int32? = hasAffinity ? try reader.readInteger() : nil
        var ports: [ServiceAssignment.Port] = []
        for _ in 0..<(try reader.readCount(atMost: listMax)) {
            let name = try reader.readString(atMost: textBytesMax)
            let number: UInt16 = try reader.readInteger()
            let transport = try readProtocol(&reader)
            let isNamed = try reader.readBool()
            let target: ServiceAssignment.TargetPort =
                isNamed
                ? .name(try reader.readString(atMost: textBytesMax))
                : .number(try reader.readInteger())
            ports.append(
                ServiceAssignment.Port(
                    name: name, port: number, targetPort: target, protocol: transport,
                    nodePort: try reader.readInteger()))
        }
        var endpoints: [ServiceAssignment.ManualEndpoint] = []
        for _ in 0..<(try reader.readCount(atMost: listMax)) {
            endpoints.append(
                ServiceAssignment.ManualEndpoint(
                    address: try reader.readString(atMost: textBytesMax),
                    hostname: try reader.readOptional(atMost: textBytesMax),
                    isReady: try reader.readBool(),
                    ports: try readPorts(&reader)))
        }
        return ServiceAssignment(
            clusterIP: clusterIP, ports: ports,
            publishNotReadyAddresses: publishNotReadyAddresses, externalName: externalName,
            clientIPAffinitySeconds: seconds, manualEndpoints: endpoints)
    }
}

extension ByteWriter {
    mutating func writeOptional(_ text: String?) {
        writeBool(text != nil)
        if let text { writeString(text) }
    }
}

extension ByteReader {
    mutating func readOptional(atMost limit: Int) throws(DecodeError) -> String? {
        try readBool() ? try readString(atMost: limit) : nil
    }

    mutating func readMachineName() throws(DecodeError) -> MachineName {
        let start = offset
        guard let name = MachineName(try readString(atMost: 253)) else {
            throw DecodeError(expected: "a machine name", offset: start)
        }
        return name
    }
}
