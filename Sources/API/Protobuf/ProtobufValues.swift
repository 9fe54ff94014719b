import Base
import JSON

/// The messages that JSON writes as one value.
enum ProtobufValues {
    /// A double: eight bytes.
    static func number(_ part: ProtobufField) throws(DecodeError) -> JSON {
        guard case .fixed(let bits) = part.value, Double(bitPattern: bits).isFinite else {
            throw DecodeError(expected: "a number in field \(part.number)", offset: part.offset)
        }
        return .number(Double(bitPattern: bits))
    }

    /// `resource.Quantity`: its text in field 1.
    static func quantity(_ message: ArraySlice<UInt8>) throws(DecodeError) -> JSON {
        var text = "0"
        var reader = ProtobufReader(message)
        while let part = try reader.next() {
            if part.number == 1 { text = try part.text }
        }
        return .string(text)
    }

    /// `intstr.IntOrString`: which of both in field 1, the number in 2, the text in 3.
    static func intOrString(_ message: ArraySlice<UInt8>) throws(DecodeError) -> JSON {
        var isText = false
        var number: Int64 = 0
        var text = ""
        var reader = ProtobufReader(message)
        while let part = try reader.next() {
            switch part.number {
            case 1: isText = try part.varint == 1
            case 2: number = Int64(Int32(truncatingIfNeeded: try part.varint))
            case 3: text = try part.text
            default: break
            }
        }
        return isText ? .string(text) : .integer(number)
    }

    /// `metav1.Time` and `metav1.MicroTime`: seconds in field 1, nanoseconds in 2. An empty message
    /// is a time that is not set.
    static func time(
        _ message: ArraySlice<UInt8>, isMicro: Bool
    ) throws(DecodeError) -> JSON? {
        guard !message.isEmpty else { return nil }
        var time = WallTime(seconds: 0)
        var reader = ProtobufReader(message)
        while let part = try reader.next() {
            switch part.number {
            case 1: time.seconds = Int64(bitPattern: try part.varint)
            case 2: time.nanoseconds = Int32(truncatingIfNeeded: try part.varint)
            default: break
            }
        }
        // The years 1 to 9999, which RFC 3339 can write.
        guard (-62_135_596_800..<253_402_300_800).contains(time.seconds),
            (0..<1_000_000_000).contains(time.nanoseconds)
        else { throw DecodeError(expected: "a time", offset: message.startIndex) }
        return .string(isMicro ? time.rfc3339Micro : time.rfc3339)
    }

    /// `metav1.FieldsV1`: a JSON text in field 1.
    static func json(_ message: ArraySlice<UInt8>) throws(DecodeError) -> JSON {
        var value: JSON = [:]
        var reader = ProtobufReader(message)
        while let part = try reader.next() {
            guard part.number == 1 else { continue }
            do {
                value = try JSON(parsing: part.bytes)
            } catch {
                throw DecodeError(expected: "a JSON text", offset: part.offset)
            }
        }
        return value
    }
}
