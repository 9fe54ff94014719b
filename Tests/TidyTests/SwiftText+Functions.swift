import Foundation

extension SwiftText {
    struct Function: Equatable {
        /// Where it is declared, from 1.
        var line: Int
        /// From the line of its opening brace to that of its closing one.
        var lines: Int
    }

    /// The functions and initialisers that have bodies.
    func functions() throws -> [Function] {
        let declaration = try NSRegularExpression(
            pattern: #"(?<![.\w`])(func\s+[^\s(<]+|init[?!]?)\s*(?=[(<])"#)
        let range = NSRange(location: 0, length: code.count)
        return declaration.matches(in: text, range: range).compactMap { match in
            let end = match.range.location + match.range.length
            let start = match.range.location
            return bodyLines(from: end).map { Function(line: line(at: start), lines: $0) }
        }
    }

    /// Lines from the brace behind a signature to its partner; nil when there is no body.
    private func bodyLines(from start: Int) -> Int? {
        var depth = 0
        var braces = 0
        var lines = 0
        for byte in code[start...] {
            switch Character(UnicodeScalar(byte)) {
            case "(", "[": depth += 1
            case ")", "]":
                depth -= 1
                if depth < 0, braces == 0 { return nil }
            case "{" where depth == 0 || braces > 0:
                if braces == 0 { lines = 1 }
                braces += 1
            case "}" where braces > 0:
                braces -= 1
                if braces == 0 { return lines }
            case "}" where depth == 0, ";" where depth == 0 && braces == 0: return nil
            case "\n": lines += 1
            default: break
            }
        }
        return nil
    }
}
