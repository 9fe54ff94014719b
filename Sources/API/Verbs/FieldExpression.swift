import JSON
package import Objects

/// A field selector as a query gives it: `spec.nodeName=machine-1,status.phase!=Running`.
package struct FieldExpression: Sendable, Hashable {
    struct Requirement: Sendable, Hashable {
        var field: String
        var value: String
        var isEqual: Bool
    }

    var requirements: [Requirement] = []

    var isEmpty: Bool { requirements.isEmpty }

    /// The value that `metadata.name` must have, where the selector says so.
    func required(_ field: String) -> String? {
        requirements.first { $0.field == field && $0.isEqual }?.value
    }

    /// Reads a selector (`k8s.io/apimachinery/pkg/fields`): requirements joined by commas, each
    /// `=`, `==` or `!=`; a backslash before `\`, `,` or `=` makes that character part of a value.
    package init(parsing text: String, for definition: ResourceDefinition) throws(StatusError) {
        for term in try Self.terms(of: text) where !term.isEmpty {
            requirements.append(try Self.requirement(term, text))
        }
        for requirement in requirements {
            guard definition.isSelectable(requirement.field) else {
                throw Self.unsupported(requirement.field, definition)
            }
        }
    }

    init() {}

    private static func unsupported(
        _ field: String, _ definition: ResourceDefinition
    ) -> StatusError {
        guard definition.selectableFields.isEmpty else {
            return StatusError(.badRequest, "field label not supported: \(field)")
        }
        return StatusError(
            .badRequest,
            "\(quotedText(field)) is not a known field selector: only \"metadata.name\", "
                + "\"metadata.namespace\"")
    }

    /// Splits at commas that no backslash stands before.
    private static func terms(of text: String) throws(StatusError) -> [[UInt8]] {
        var terms: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: ","), !isEscaped {
                terms.append([])
            } else {
                terms[terms.count - 1].append(byte)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return terms
    }

    private static func requirement(
        _ term: [UInt8], _ text: String
    ) throws(StatusError) -> Requirement {
        let equals = UInt8(ascii: "=")
        guard let index = term.firstIndex(of: equals) else {
            throw StatusError(
                .badRequest,
                "invalid selector: '\(text)'; can't understand "
                    + "'\(String(decoding: term, as: UTF8.self))'")
        }
        var fieldEnd = index
        var valueStart = index + 1
        var isEqual = true
        if index > 0, term[index - 1] == UInt8(ascii: "!") {
            isEqual = false
            fieldEnd = index - 1
        } else if valueStart < term.count, term[valueStart] == equals {
            valueStart += 1
        }
        return Requirement(
            field: String(decoding: term[..<fieldEnd], as: UTF8.self),
            value: try unescaped(term[valueStart...]), isEqual: isEqual)
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) throws(StatusError) -> String {
        var output: [UInt8] = []
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                guard byte == UInt8(ascii: "\\") || byte == UInt8(ascii: ",")
                    || byte == UInt8(ascii: "=")
                else {
                    throw StatusError(
                        .badRequest,
                        "invalid field selector: invalid escape sequence: \\"
                            + String(UnicodeScalar(byte)))
                }
                output.append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "=") || byte == UInt8(ascii: ",") {
                throw StatusError(
                    .badRequest,
                    "invalid field selector: unescaped character in value: "
                        + String(UnicodeScalar(byte)))
            } else {
                output.append(byte)
            }
        }
        guard !isEscaped else {
            throw StatusError(
                .badRequest, "invalid field selector: incomplete escape sequence at the end")
        }
        return String(decoding: output, as: UTF8.self)
    }
}

extension ResourceDefinition {
    func isSelectable(_ field: String) -> Bool {
        switch field {
        case "metadata.name": true
        case "metadata.namespace": resource.isNamespaced
        default: selectableFields.contains { $0.name == field }
        }
    }
}
