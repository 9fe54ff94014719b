import JSON
package import Objects

/// A label selector as a query gives it: `app=web,tier in (a,b),!canary`. All of it must hold.
package struct LabelExpression: Sendable, Hashable {
    enum Test: Sendable, Hashable {
        case isIn([String])
        case isNotIn([String])
        case exists
        case isAbsent
        case isGreater(than: Int64)
        case isLess(than: Int64)
    }

    struct Requirement: Sendable, Hashable {
        var name: String
        var test: Test
    }

    var requirements: [Requirement] = []

    var isEmpty: Bool { requirements.isEmpty }

    func matches(_ value: (String) -> String?) -> Bool {
        requirements.allSatisfy { requirement in
            let present = value(requirement.name)
            switch requirement.test {
            case .isIn(let values): return present.map(values.contains) ?? false
            case .isNotIn(let values): return !(present.map(values.contains) ?? false)
            case .exists: return present != nil
            case .isAbsent: return present == nil
            case .isGreater(let bound):
                return present.flatMap { Int64($0) }.map { $0 > bound } ?? false
            case .isLess(let bound):
                return present.flatMap { Int64($0) }.map { $0 < bound } ?? false
            }
        }
    }

    /// Reads a selector; the refusals are worded as `k8s.io/apimachinery/pkg/labels` words them.
    package init(parsing text: String) throws(StatusError) {
        var parser = Parser(text)
        requirements = try parser.parse()
    }

    private struct Parser {
        private var tokens: [Token]
        private var position = 0

        enum Token: Equatable {
            case word(String)
            case sign(String)
            case end

            var text: String {
                switch self {
                case .word(let text), .sign(let text): text
                case .end: ""
                }
            }
        }

        init(_ text: String) { tokens = Self.tokens(of: text) }

        private var next: Token { position < tokens.count ? tokens[position] : .end }

        private mutating func take() -> Token {
            defer { position += 1 }
            return next
        }

        mutating func parse() throws(StatusError) -> [Requirement] {
            var list: [Requirement] = []
            guard next != .end else { return list }
            while true {
                list.append(try requirement())
                let token = take()
                switch token {
                case .end: return list
                case .sign(","):
                    if next == .end || next == .sign(",") {
                        throw fault(
                            "found '\(next.text)', expected: identifier after ','")
                    }
                default:
                    throw fault("found '\(token.text)', expected: ',' or 'end of string'")
                }
            }
        }

        private mutating func requirement() throws(StatusError) -> Requirement {
            if next == .sign("!") {
                _ = take()
                return Requirement(name: try name(), test: .isAbsent)
            }
            let name = try name()
            switch next {
            case .end, .sign(","):
                return Requirement(name: name, test: .exists)
            case .sign("="), .sign("=="):
                _ = take()
                return Requirement(name: name, test: .isIn([try value()]))
            case .sign("!="):
                _ = take()
                return Requirement(name: name, test: .isNotIn([try value()]))
            case .word("in"):
                _ = take()
                return Requirement(name: name, test: .isIn(try values()))
            case .word("notin"):
                _ = take()
                return Requirement(name: name, test: .isNotIn(try values()))
            case .sign(">"), .sign("<"):
                let isGreater = take() == .sign(">")
                let text = try value()
                guard let bound = Int64(text) else {
                    throw fault(
                        "values[0][\(name)]: Invalid value: \(quotedText(text)): for 'Gt', 'Lt' "
                            + "operators, the value must be an integer")
                }
                let test: Test = isGreater ? .isGreater(than: bound) : .isLess(than: bound)
                return Requirement(name: name, test: test)
            default:
                throw fault(
                    "found '\(next.text)', expected: in, notin, =, ==, !=, gt, lt")
            }
        }

        private mutating func name() throws(StatusError) -> String {
            guard case .word(let text) = take() else {
                position -= 1
                throw fault("found '\(next.text)', expected: !, identifier, or 'end of string'")
            }
            guard LabelText.isKey(text) else {
                throw fault(
                    "key: Invalid value: \(quotedText(text)): name part must consist of "
                        + "alphanumeric characters, '-', '_' or '.', and must start and end with "
                        + "an alphanumeric character")
            }
            return text
        }

        private mutating func value() throws(StatusError) -> String {
            switch next {
            case .end, .sign(","): return ""
            case .word(let text):
                _ = take()
                return try checked(text)
            default: throw fault("found '\(next.text)', expected: identifier")
            }
        }

        private func checked(_ text: String) throws(StatusError) -> String {
            guard LabelText.isValue(text) else {
                throw fault(
                    "values[0]: Invalid value: \(quotedText(text)): a valid label must be an "
                        + "empty string or consist of alphanumeric characters, '-', '_' or '.', "
                        + "and must start and end with an alphanumeric character")
            }
            return text
        }

        private mutating func values() throws(StatusError) -> [String] {
            guard take() == .sign("(") else {
                position -= 1
                throw fault("found '\(next.text)' expected: '('")
            }
            var list: [String] = []
            var isAfterValue = false
            while true {
                switch take() {
                case .word(let text) where !isAfterValue:
                    list.append(try checked(text))
                    isAfterValue = true
                case .sign(","):
                    if !isAfterValue { list.append("") }
                    isAfterValue = false
                case .sign(")"):
                    if !isAfterValue { list.append("") }
                    return list.sorted()
                case let token:
                    throw fault("found '\(token.text)', expected: ',', or identifier")
                }
            }
        }

        private func fault(_ why: String) -> StatusError {
            StatusError(.badRequest, "unable to parse requirement: \(why)")
        }

        private static func tokens(of text: String) -> [Token] {
            var tokens: [Token] = []
            var word = ""
            func flush() {
                if !word.isEmpty { tokens.append(.word(word)) }
                word = ""
            }
            var scalars = text.unicodeScalars.makeIterator()
            var pending = scalars.next()
            while let scalar = pending {
                pending = scalars.next()
                switch scalar {
                case " ", "\t", "\r", "\n":
                    flush()
                case "=", "!":
                    flush()
                    if pending == "=" {
                        tokens.append(.sign(scalar == "=" ? "==" : "!="))
                        pending = scalars.next()
                    } else {
                        tokens.append(.sign(String(scalar)))
                    }
                case ",", "(", ")", ">", "<":
                    flush()
                    tokens.append(.sign(String(scalar)))
                default:
                    word.unicodeScalars.append(scalar)
                }
            }
            flush()
            return tokens
        }
    }
}

/// The rules for keys and values of labels.
enum LabelText {
    static func isKey(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last, !name.isEmpty, isWord(name) else {
            return false
        }
        return parts.count == 1 || isPrefix(parts[0])
    }

    static func isValue(_ text: String) -> Bool { text.isEmpty || isWord(text[...]) }

    private static func isWord(_ text: Substring) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= 63, let first = bytes.first, let last = bytes.last else {
            return false
        }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && bytes.allSatisfy { isAlphanumeric($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    }

    private static func isPrefix(_ text: Substring) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46
            }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
