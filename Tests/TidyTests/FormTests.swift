import Foundation
import Testing

/// How files look: sizes, lines, words that must not stay.
@Suite struct FormTests {
    private static let code = (Repository.sources + Repository.tests).filter { !$0.isGenerated }
    private static let texts =
        code + Repository.scripts + Repository.configurations + Repository.documents
        + Repository.files(under: "examples", endings: [".yaml"])

    @Test func `the sources were found`() {
        #expect(Repository.sources.count > 100)
        #expect(Repository.tests.contains { $0.path == "Tests/TidyTests/FormTests.swift" })
    }

    @Test func `lines of code have at most 100 columns`() {
        for file in Self.code {
            for (number, line) in file.lines.enumerated()
            where line.utf8.count > 100 && line.count > 100 {
                Issue.record("\(file.path):\(number + 1): \(line.count) columns")
            }
        }
    }

    @Test func `files have at most 600 lines, tests 1,000`() {
        for file in Self.code {
            let limit = file.path.hasPrefix("Tests/") ? 1_000 : 600
            #expect(file.lines.count <= limit, "\(file.path)")
        }
    }

    @Test func `functions have at most 70 lines`() throws {
        for (file, code) in Repository.code {
            for function in try code.functions() where function.lines > 70 {
                Issue.record("\(file.path):\(function.line): \(function.lines) lines")
            }
        }
    }

    @Test func `there are no tabs and no white space at ends of lines`() {
        for file in Self.texts {
            for (number, line) in file.lines.enumerated() {
                let bytes = line.utf8
                guard bytes.contains(9) || bytes.last == 32 || bytes.last == 13 else { continue }
                Issue.record("\(file.path):\(number + 1): a tab, or space at the end")
            }
        }
    }

    @Test func `every text ends with one line break`() {
        for file in Self.texts {
            #expect(file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"), "\(file.path)")
        }
    }

    @Test func `nothing is left for later, and nothing names one computer's folders`() throws {
        let leftover = try NSRegularExpression(
            pattern: #"\b(TODO|FIXME|XXX)\b|(?<![\w)}])/(work|home)/"#)
        for file in Self.texts where !file.path.hasPrefix("Tests/TidyTests/") {
            let range = NSRange(file.text.startIndex..., in: file.text)
            for match in leftover.matches(in: file.text, range: range) {
                let place = Range(match.range, in: file.text).map { file.text[$0] } ?? ""
                Issue.record("\(file.path): \(place)")
            }
        }
    }

    @Test func `the lines of a function are those between its braces`() throws {
        let text = """
            protocol P { func required() -> Int; var a: Int { get } }
            func one(
                _ f: () -> Void = { print() }
            ) {
                two()
            }
            struct S { init() { } }
            """
        let functions = try SwiftText(text).functions()
        #expect(functions.map(\.line) == [2, 7])
        #expect(functions.map(\.lines) == [3, 1])
    }
}
