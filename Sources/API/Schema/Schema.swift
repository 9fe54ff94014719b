package import JSON

/// The shape of a value in a document: what OpenAPI, strict decoding, defaulting, validation and
/// the merging of patches are all made from. A schema is plain data, built once.
package indirect enum Schema: Sendable {
    /// A named type with declared fields.
    case object(ObjectSchema)
    case list(of: Schema, ListMerge)
    /// An object whose names are free; `keys` says what a name looks like.
    case map(of: Schema, keys: StringFormat)
    case string(StringFormat)
    /// A string that is one of the given values.
    case choice([String])
    case integer(IntegerWidth, bounds: ClosedRange<Int64>?)
    case boolean
    case number
    /// A `resource.Quantity`: a string such as `500m`, or a number.
    case quantity
    /// A number or a string: a port, or a count that may be a percentage.
    case intOrString
    /// Base64 text.
    case bytes
    /// `metav1.Time` and `metav1.MicroTime`.
    case time(isMicro: Bool)
    /// An object that is kept as it is, whatever it holds.
    case any
}

/// Which integers Go's type of a field holds; it decides the text of decoding errors and OpenAPI's
/// `format`.
package enum IntegerWidth: String, Sendable {
    case int32, int64
}

/// How two lists are merged (`x-kubernetes-list-type` and the older patch strategies).
package struct ListMerge: Sendable, Equatable {
    /// For server-side apply.
    package var type: ListType
    /// The one field that strategic merge patches identify an element by.
    package var patchMergeKey: String?
    /// Whether a strategic merge patch merges the list; otherwise it replaces it.
    package var isPatchMerged: Bool
    /// Whether fields that a patch does not name are cleared in the merged element
    /// (the strategy `retainKeys`).
    package var retainsKeys: Bool

    package init(
        _ type: ListType, patchMergeKey: String? = nil, isPatchMerged: Bool = false,
        retainsKeys: Bool = false
    ) {
        self.type = type
        self.patchMergeKey = patchMergeKey
        self.isPatchMerged = isPatchMerged
        self.retainsKeys = retainsKeys
    }

    package static let atomic = ListMerge(.atomic)
}

extension Schema {
    static let string = Schema.string(.plain)
    static let int32 = Schema.integer(.int32, bounds: nil)
    static let int64 = Schema.integer(.int64, bounds: nil)
    static let time = Schema.time(isMicro: false)
    static let microTime = Schema.time(isMicro: true)
    static let stringMap = Schema.map(of: .string(.plain), keys: .plain)
    static let quantities = Schema.map(of: .quantity, keys: .plain)
    static let strings = Schema.list(of: .string(.plain), .atomic)
    /// A port number, 1 to 65535.
    static let port = Schema.integer(.int32, bounds: 1...65_535)
    /// A count or a span that may not be negative.
    static let count32 = Schema.integer(.int32, bounds: 0...Int64(Int32.max))
    static let count64 = Schema.integer(.int64, bounds: 0...Int64.max)

    static func atomicList(_ type: ObjectSchema) -> Schema { .list(of: .object(type), .atomic) }

    /// A list whose elements have an identity: for server-side apply the given keys, for
    /// strategic merge patches the first of them.
    static func list(
        _ type: ObjectSchema, by keys: String..., retainsKeys: Bool = false
    ) -> Schema {
        .list(
            of: .object(type),
            ListMerge(
                .map(keys: keys), patchMergeKey: keys.first, isPatchMerged: true,
                retainsKeys: retainsKeys))
    }

    static func integer32(_ bounds: ClosedRange<Int64>) -> Schema {
        .integer(.int32, bounds: bounds)
    }

    static func integer64(_ bounds: ClosedRange<Int64>) -> Schema {
        .integer(.int64, bounds: bounds)
    }
}
