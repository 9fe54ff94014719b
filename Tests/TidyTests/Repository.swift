import Foundation

/// The files of the repository that this test is part of, as text.
enum Repository {
    struct File: Sendable {
        /// Relative to the repository's root, with `/` between the parts.
        let path: String
        let text: String

        var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
        var name: String { String(path.split(separator: "/").last ?? "") }
        var isGenerated: Bool { path.contains("/Generated/") }
        /// The room under `Sources/` that holds the file.
        var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    }

    /// This file is `Tests/TidyTests/Repository.swift`; a link to its folder is followed.
    static let root: URL = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let sources = files(under: "Sources", endings: [".swift"])
    /// The sources that people wrote, read as code once for all tests.
    static let code = sources.filter { !$0.isGenerated }.map { ($0, SwiftText($0.text)) }
    static let tests = files(under: "Tests", endings: [".swift"])
    static let scripts = files(under: "docker-compose-free-scripts", endings: [""])
    static let configurations = files(under: "cluster-configs", endings: [".yaml"])
    static let documents =
        files(under: "docs", endings: [".md"]) + [file("README.md")].compactMap(\.self)

    /// Files in order of their paths; none when the folder does not exist.
    static func files(under folder: String, endings: [String]) -> [File] {
        let start = root.appending(path: folder)
        let paths = FileManager.default.enumerator(atPath: start.path(percentEncoded: false))
        return (paths?.compactMap { $0 as? String } ?? []).sorted()
            .filter { path in endings.contains { path.hasSuffix($0) } }
            .compactMap { file("\(folder)/\($0)") }
    }

    /// Nil when there is no such file, or when it is not text.
    static func file(_ path: String) -> File? {
        let location = root.appending(path: path).path(percentEncoded: false)
        guard let text = try? String(contentsOfFile: location, encoding: .utf8) else { return nil }
        return File(path: path, text: text)
    }
}
