/// Why bytes are no JSON document. The wording is that of Go's `encoding/json`, which users of
/// Kubernetes know.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Such as `invalid character '}' after object key`.
    public let message: String
    /// The position of the offending byte, counted from zero.
    public let offset: Int

    public init(_ message: String, offset: Int) {
        self.message = message
        self.offset = offset
    }

    public var description: String { "\(message) (at byte \(offset))" }
}

/// What a document from outside may cost.
public struct JSONLimits: Sendable, Equatable {
    /// How deep arrays and objects may nest. Kubernetes refuses 10,000; no manifest comes near
    /// this, and the parser recurses.
    public var depthMax: Int
    /// The size of a whole document; the default is that of a Kubernetes request body.
    public var bytesMax: Int
    /// How many duplicate names are reported; more are passed over.
    public var duplicatesMax: Int

    public init(
        depthMax: Int = 512, bytesMax: Int = 3 * 1_024 * 1_024, duplicatesMax: Int = 100
    ) {
        self.depthMax = min(depthMax, 512)
        self.bytesMax = bytesMax
        self.duplicatesMax = duplicatesMax
    }

    /// For documents that this cluster made itself, such as a stored object or a list of them.
    public static let trusted = JSONLimits(bytesMax: .max)
}
