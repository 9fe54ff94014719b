import Foundation
import Testing

/// What a core must not do, by the words that would do it.
@Suite struct CoreTests {
    private static let pureRooms = [
        "Base", "JSON", "Objects", "Gossip", "Raft", "Store", "API", "Control", "Kubelet",
        "Services", "Daemon", "Simulator",
    ]

    private struct Ban: Sendable {
        var pattern: String
        var reason: String
        /// Code that breaks it, to see that the pattern finds anything.
        var example: String
    }

    private static let bans = [
        Ban(
            pattern: #"\b(async|await)\b"#, reason: "a core is synchronous",
            example: "func f() async"),
        Ban(
            pattern: #"\bTask(\.detached)?\s*\{"#, reason: "a core starts no task",
            example: "Task { step() }"),
        Ban(
            pattern: #"\b(Date|UUID|ContinuousClock|SuspendingClock)\("#,
            reason: "time and identity come in as inputs", example: "let now = Date()"),
        Ban(
            pattern: #"\.(random|shuffled)\("#, reason: "randomness is a field of the core",
            example: "Int.random(in: 0..<3)"),
        Ban(
            pattern: #"(?<![.\w])(debugPrint|print|dump)\("#, reason: "a core has no output",
            example: "print(state)"),
        Ban(
            pattern: #"\bas!|\btry!|[\w)\]]!(?![=\w])"#,
            reason: "outside data must not trap the daemon", example: "table[key]!.count"),
        Ban(
            pattern: #"\bfatalError\b"#, reason: "our own bugs are preconditions with their state",
            example: "default: fatalError()"),
        Ban(
            pattern: #"@unchecked|nonisolated\(unsafe\)"#,
            reason: "values are Sendable by construction", example: "class A: @unchecked Sendable"),
    ]

    /// libsodium draws keys and nonces here; they are of no account to any decision.
    private static func isExempt(_ file: Repository.File) -> Bool {
        file.path.hasPrefix("Sources/Gossip/Sealing/")
    }

    @Test("cores stay pure", arguments: bans.indices)
    func purity(_ index: Int) throws {
        let ban = Self.bans[index]
        let pattern = try NSRegularExpression(pattern: ban.pattern)
        #expect(
            SwiftText(ban.example).lines(matching: pattern) == [1],
            "the pattern finds what it is for")
        for (file, code) in Repository.code
        where Self.pureRooms.contains(file.room) && !Self.isExempt(file) {
            for line in code.lines(matching: pattern) {
                Issue.record("\(file.path):\(line): \(ban.reason): \(ban.pattern)")
            }
        }
    }

    @Test func `words in comments and literals are no code, interpolations are`() {
        let text = ##"""
            // await
            /* Task { /* nested */ await */ let a = "print(\(await(")")) \" await" // x
            let b = """
                await "quoted"
                """
            let c = #"a "quoted" await \#(Date()) \(no)"#
            """##
        let lines = SwiftText(text).lines
        #expect(lines.count == 6)
        #expect(lines[0].allSatisfy { $0 == " " })
        #expect(
            lines[1].split(separator: " ").joined(separator: " ")
                == #"let a = " \(await(" ")) ""#)
        #expect(!lines[3].contains("await"))
        #expect(lines[5].contains("Date()") && !lines[5].contains("await"))
        #expect(!lines[5].contains("no"))
    }
}
