import Base
import JSON
import Objects

/// Reads a request body in `application/vnd.kubernetes.protobuf`, which kubectl and client-go use
/// for what they create: four magic bytes and a `runtime.Unknown` around the message.
///
/// The result is the JSON that the same client would have sent. Go's clients send every field that
/// is no pointer, zero or not, and leave out pointers that are nil; the text cannot tell the two
/// apart, so zeros are dropped except for the fields where Kubernetes has a pointer.
enum ProtobufBody {
    static let mediaType = "application/vnd.kubernetes.protobuf"
    private static let magic: [UInt8] = [0x6B, 0x38, 0x73, 0]
    private static let depthMax = 48

    static func decode(_ body: [UInt8]) throws(DecodeError) -> JSON {
        guard body.starts(with: magic) else {
            throw DecodeError(expected: "the magic bytes of Kubernetes", offset: 0)
        }
        var (apiVersion, kind) = ("", "")
        var message: [UInt8] = []
        for part in try parts(of: body[4...]) {
            guard case .bytes(let bytes) = part.value else { continue }
            switch part.number {
            case 1:
                for name in try parts(of: bytes) {
                    guard case .bytes(let text) = name.value else { continue }
                    if name.number == 1 { apiVersion = try string(text) }
                    if name.number == 2 { kind = try string(text) }
                }
            case 2: message = Array(bytes)
            default: break
            }
        }
        guard let name = messageName(apiVersion, kind),
            case .object(let members) = try object(message[...], name, depth: 0)
        else {
            throw DecodeError(expected: "a known kind, not \(kind) in \(apiVersion)", offset: 4)
        }
        var document: JSON = ["apiVersion": .string(apiVersion), "kind": .string(kind)]
        for (name, value) in members { document[name] = value }
        return document
    }

    /// `apps/v1` and `Deployment` make `apps.v1.Deployment`.
    private static func messageName(_ apiVersion: String, _ kind: String) -> String? {
        if kind == "DeleteOptions" { return "meta.v1.DeleteOptions" }
        let parts = apiVersion.split(separator: "/")
        let group = parts.count > 1 ? parts[0].split(separator: ".").first ?? "" : "core"
        let name = "\(group).\(parts.last ?? "").\(kind)"
        return ProtobufSchema.shared.fields(of: name) == nil ? nil : name
    }

    private enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private static func parts(
        of bytes: ArraySlice<UInt8>
    ) throws(DecodeError) -> [(number: UInt64, value: Value)] {
        var reader = ByteReader(bytes)
        var parts: [(number: UInt64, value: Value)] = []
        while !reader.isAtEnd {
            let start = reader.offset
            let tag = try reader.readVarint()
            let value: Value
            switch tag & 7 {
            case 0: value = .number(try reader.readVarint())
            case 1: value = .number(try reader.readInteger(UInt64.self))
            case 2: value = .bytes(try reader.readBytes(atMost: bytes.count)[...])
            case 5: value = .number(UInt64(try reader.readInteger(UInt32.self)))
            default: throw DecodeError(expected: "a wire type", offset: start)
            }
            parts.append((tag >> 3, value))
        }
        return parts
    }

    private static func string(_ bytes: ArraySlice<UInt8>) throws(DecodeError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DecodeError(expected: "UTF-8 text", offset: 0)
        }
        return text
    }

    private static func object(
        _ bytes: ArraySlice<UInt8>, _ message: String, depth: Int
    ) throws(DecodeError) -> JSON {
        guard depth < depthMax, let fields = ProtobufSchema.shared.fields(of: message) else {
            throw DecodeError(expected: "a known message of bounded depth", offset: 0)
        }
        var members = JSONObject()
        for part in try parts(of: bytes) {
            guard let field = fields[part.number] else { continue }
            switch (field.type, part.value) {
            case (.inline(let type), .bytes(let bytes)):
                guard case .object(let inner) = try object(bytes, type, depth: depth + 1)
                else { continue }
                for (name, value) in inner { members[name] = value }
            case (.list(let element), let value):
                let item = try self.value(value, element, depth: depth) ?? ""
                members[field.name] = .array((members[field.name]?.array ?? []) + [item])
            case (.map(let element), .bytes(let bytes)):
                let (key, value) = try entry(bytes, element, depth: depth)
                var map = members[field.name] ?? [:]
                map[key] = value
                members[field.name] = map
            case (let type, let value):
                guard let value = try self.value(value, type, depth: depth),
                    !isDroppedZero(value, field.name)
                else { continue }
                members[field.name] = value
            }
        }
        return .object(members)
    }

    private static func entry(
        _ bytes: ArraySlice<UInt8>, _ type: ProtobufSchema.FieldType, depth: Int
    ) throws(DecodeError) -> (String, JSON) {
        var key = ""
        var value: JSON = ""
        for part in try parts(of: bytes) {
            if part.number == 1, case .bytes(let text) = part.value { key = try string(text) }
            if part.number == 2 {
                value = try self.value(part.value, type, depth: depth) ?? ""
            }
        }
        return (key, value)
    }

    /// One value, or nil for a time that is not set.
    private static func value(
        _ value: Value, _ type: ProtobufSchema.FieldType, depth: Int
    ) throws(DecodeError) -> JSON? {
        switch (type, value) {
        case (.integer, .number(let number)):
            return .integer(Int64(bitPattern: number))
        case (.boolean, .number(let number)):
            return .bool(number != 0)
        case (.double, .number(let bits)):
            let number = Double(bitPattern: bits)
            return number.isFinite ? .number(number) : Optional.none
        case (.string, .bytes(let bytes)):
            return .string(try string(bytes))
        case (.bytes, .bytes(let bytes)):
            return .string(Base64Text.standard(Array(bytes)))
        case (.time(let isMicro), .bytes(let bytes)):
            return try time(bytes, isMicro: isMicro)
        case (.quantity, .bytes(let bytes)):
            for case (1, .bytes(let text)) in try parts(of: bytes) {
                return .string(try string(text))
            }
            return "0"
        case (.intOrString, .bytes(let bytes)):
            return try intOrString(bytes)
        case (.raw, .bytes(let bytes)):
            for case (1, .bytes(let text)) in try parts(of: bytes) {
                guard let json = try? JSON(parsing: Array(text)) else {
                    throw DecodeError(expected: "JSON text", offset: 0)
                }
                return json
            }
            return [:]
        case (.strings, .bytes(let bytes)):
            var list: [JSON] = []
            for case (1, .bytes(let text)) in try parts(of: bytes) {
                list.append(.string(try string(text)))
            }
            return .array(list)
        case (.message(let name), .bytes(let bytes)):
            return try object(bytes, name, depth: depth + 1)
        default:
            throw DecodeError(expected: "another wire type", offset: 0)
        }
    }

    private static func time(
        _ bytes: ArraySlice<UInt8>, isMicro: Bool
    ) throws(DecodeError) -> JSON? {
        guard !bytes.isEmpty else { return Optional.none }
        var time = WallTime(seconds: 0)
        for case (let number, .number(let value)) in try parts(of: bytes) {
            if number == 1 { time.seconds = Int64(bitPattern: value) }
            if number == 2 { time.nanoseconds = Int32(truncatingIfNeeded: value) }
        }
        // Years 0 to 9999, and a fraction below a second: what RFC 3339 can say.
        guard (-62_135_596_800..<253_402_300_800).contains(time.seconds),
            (0..<1_000_000_000).contains(time.nanoseconds)
        else { throw DecodeError(expected: "a time", offset: 0) }
        return .string(isMicro ? time.rfc3339Micro : time.rfc3339)
    }

    private static func intOrString(_ bytes: ArraySlice<UInt8>) throws(DecodeError) -> JSON {
        var (isText, number, text) = (false, Int64(0), "")
        for part in try parts(of: bytes) {
            switch (part.number, part.value) {
            case (1, .number(let kind)): isText = kind == 1
            case (2, .number(let value)): number = Int64(bitPattern: value)
            case (3, .bytes(let value)): text = try string(value)
            default: break
            }
        }
        return isText ? .string(text) : .integer(number)
    }

    private static func isDroppedZero(_ value: JSON, _ name: String) -> Bool {
        switch value {
        case .string(let text): text.isEmpty
        case .integer(0), .bool(false): !pointers.contains(name)
        default: false
        }
    }

    /// Fields that are pointers in Go and whose zero means something else than their absence.
    private static let pointers: Set<String> = [
        "activeDeadlineSeconds", "allocateLoadBalancerNodePorts", "allowPrivilegeEscalation",
        "automountServiceAccountToken", "blockOwnerDeletion", "controller", "defaultMode",
        "deletionGracePeriodSeconds", "enableServiceLinks", "expirationSeconds", "fsGroup",
        "gracePeriodSeconds", "hostUsers", "immutable", "leaseTransitions", "maxSurge",
        "maxUnavailable", "mode", "optional", "orphanDependents", "priority", "privileged",
        "procMount", "readOnlyRootFilesystem", "ready", "replicas", "revisionHistoryLimit",
        "runAsGroup", "runAsNonRoot", "runAsUser", "seconds", "serving", "setHostnameAsFQDN",
        "shareProcessNamespace", "stabilizationWindowSeconds", "terminating",
        "terminationGracePeriodSeconds", "tolerationSeconds",
    ]
}
