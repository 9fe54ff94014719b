/// The messages that clients may send in Protocol Buffers, by names such as `core.v1.Pod`.
struct ProtobufSchema: Sendable {
    indirect enum FieldType: Sendable {
        case string, bytes, integer, boolean, double
        /// `metav1.Time` and `metav1.MicroTime`.
        case time(isMicro: Bool)
        case quantity, intOrString
        /// JSON text in a message of its own.
        case raw
        /// A list of strings in a message of its own.
        case strings
        case message(String)
        case list(FieldType)
        case map(FieldType)
        /// A message whose fields belong to the object around it.
        case inline(String)
    }

    struct Field: Sendable {
        var name: String
        var type: FieldType
    }

    private var messages: [String: [UInt64: Field]] = [:]

    /// Read once, on first use.
    static let shared = ProtobufSchema(text: ProtobufFields.text)

    func fields(of message: String) -> [UInt64: Field]? { messages[message] }

    private init(text: String) {
        var message = ""
        for line in text.split(separator: "\n") {
            if line.hasSuffix(":") {
                message = String(line.dropLast())
                messages[message] = [:]
                continue
            }
            let parts = line.split(separator: " ")
            guard parts.count == 3, let number = UInt64(parts[0]) else { continue }
            messages[message]?[number] = Field(
                name: String(parts[1]), type: FieldType(parts[2]))
        }
    }
}

extension ProtobufSchema.FieldType {
    fileprivate init(_ text: Substring) {
        switch text {
        case "string": self = .string
        case "bytes": self = .bytes
        case "integer": self = .integer
        case "boolean": self = .boolean
        case "double": self = .double
        case "time": self = .time(isMicro: false)
        case "microTime": self = .time(isMicro: true)
        case "quantity": self = .quantity
        case "intOrString": self = .intOrString
        case "raw": self = .raw
        case "strings": self = .strings
        default:
            switch text.first {
            case "*": self = .list(Self(text.dropFirst()))
            case "%": self = .map(Self(text.dropFirst()))
            case "^": self = .inline(String(text.dropFirst()))
            default: self = .message(String(text))
            }
        }
    }
}
