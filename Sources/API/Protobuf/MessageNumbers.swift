/// The field numbers of one Protocol Buffers message of Kubernetes. The schemas say which fields a
/// type has and of what shape they are; this adds the number by which a field goes over the wire
/// (`generated.proto` beside the Go types). Numbers never change, so the tables are plain data.
package struct MessageNumbers: Sendable {
    struct Entry: Sendable {
        /// As the schema, and so JSON, calls the field.
        let name: String
        let number: FieldNumber
    }

    /// The name of the type's OpenAPI definition, such as `io.k8s.api.core.v1.PodSpec`.
    let definitionName: String
    private let package: APIPackage
    private let entries: [UInt32: Entry]

    init(
        _ package: APIPackage, _ name: String, _ fields: KeyValuePairs<String, FieldNumber>
    ) {
        self.package = package
        definitionName = package.definitionPrefix + name
        var entries: [UInt32: Entry] = [:]
        for (name, number) in fields {
            entries[number.number] = Entry(name: name, number: number)
        }
        self.entries = entries
    }

    /// Nil for a number that is unknown here, as those of newer clients may be.
    func entry(_ number: UInt32) -> Entry? { entries[number] }

    /// The numbers of a message whose fields stand in this one's JSON object.
    func embedded(_ name: String) -> MessageNumbers? {
        Self.all[package.definitionPrefix + name]
    }

    /// The names of all fields, those of embedded messages included.
    package var names: Set<String> {
        var names: Set<String> = []
        for entry in entries.values {
            if case .embedded(_, let inner) = entry.number {
                names.formUnion(embedded(inner)?.names ?? [])
            } else {
                names.insert(entry.name)
            }
        }
        return names
    }

    /// Every message that may be part of a request's body, by ``definitionName``.
    package static let all: [String: MessageNumbers] = {
        var all: [String: MessageNumbers] = [:]
        for message in meta + core + pods + podStatus + volumes + groups
            + workloads + storage + networking + policies + flowControl + events
        {
            all[message.definitionName] = message
        }
        return all
    }()
}

/// A field's number, and what else the wire format does not tell.
enum FieldNumber: Sendable, ExpressibleByIntegerLiteral {
    /// A list, a map, a message, or a scalar whose zero Go's JSON leaves out (`omitempty`): clients
    /// send such a zero in Protocol Buffers all the same.
    case plain(UInt32)
    /// A scalar whose zero Go's JSON writes: nearly always one behind a pointer, which is sent only
    /// when it was set. The zeros of required fields are kept without this mark.
    case kept(UInt32)
    /// A message of that name whose fields stand in the owner's JSON object (Go's embedding).
    case embedded(UInt32, String)

    init(integerLiteral value: UInt32) { self = .plain(value) }

    var number: UInt32 {
        switch self {
        case .plain(let number), .kept(let number), .embedded(let number, _): number
        }
    }
}

/// Lets the compiler look at one message at a time; one literal of them all takes it long.
@resultBuilder
enum MessageListBuilder {
    static func buildBlock(_ messages: MessageNumbers...) -> [MessageNumbers] { messages }
}
