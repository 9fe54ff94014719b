package import JSON
package import Objects

/// What is wrong with one field of a document, in the words of Kubernetes
/// (`k8s.io/apimachinery/pkg/util/validation/field`).
package struct FieldError: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case required = "FieldValueRequired"
        case invalid = "FieldValueInvalid"
        case notSupported = "FieldValueNotSupported"
        case duplicate = "FieldValueDuplicate"
        case forbidden = "FieldValueForbidden"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case notFound = "FieldValueNotFound"

        var text: String {
            switch self {
            case .required: "Required value"
            case .invalid: "Invalid value"
            case .notSupported: "Unsupported value"
            case .duplicate: "Duplicate value"
            case .forbidden: "Forbidden"
            case .tooLong: "Too long"
            case .tooMany: "Too many"
            case .notFound: "Not found"
            }
        }
    }

    package var kind: Kind
    /// The path of the field, such as `spec.containers[0].name`.
    package var field: String
    /// The offending value, where the message shows it.
    package var value: JSON?
    package var detail: String

    package init(_ kind: Kind, _ field: String, value: JSON? = nil, _ detail: String = "") {
        self.kind = kind
        self.field = field
        self.value = value
        self.detail = detail
    }

    /// The error without its path: `Invalid value: "a b": must …`.
    package var body: String {
        var text = kind.text
        switch kind {
        case .required, .forbidden, .tooLong:
            break
        case .invalid, .notSupported, .duplicate, .tooMany, .notFound:
            text += ": \((value ?? .null).quoted)"
        }
        return detail.isEmpty ? text : "\(text): \(detail)"
    }

    /// The whole sentence: `spec.containers[0].image: Required value`.
    package var message: String { "\(field): \(body)" }

    package var cause: StatusError.Cause {
        StatusError.Cause(reason: kind.rawValue, message: body, field: field)
    }
}

extension JSON {
    /// The value as an error message shows it: strings in quotes, anything else as JSON.
    var quoted: String {
        String(decoding: bytes, as: UTF8.self)
    }
}

extension StatusError {
    /// The 422 answer for a document with the given faults: `Pod "x" is invalid: [a, b]`.
    package static func invalid(
        _ resource: Resource, name: String, _ errors: [FieldError]
    ) -> StatusError {
        var sentences: [String] = []
        var causes: [StatusError.Cause] = []
        for error in errors where !sentences.contains(error.message) {
            sentences.append(error.message)
            causes.append(error.cause)
        }
        let list = sentences.joined(separator: ", ")
        let text = sentences.count == 1 ? list : "[\(list)]"
        let kind = resource.group.isEmpty ? resource.kind : "\(resource.kind).\(resource.group)"
        return StatusError(
            .invalid, "\(kind) \"\(name)\" is invalid: \(text)", name: name,
            group: resource.group, kind: resource.kind, causes: causes)
    }
}
