import Base
import Foundation
import Fuzz
import Testing

struct FuzzTests {
    private static let corpora = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Corpora")

    @Test(arguments: FuzzDecoder.all.map(\.name))
    func `what the real encoders make is accepted, and its corpus breaks nothing`(
        name: String
    ) throws {
        let decoder = try #require(FuzzDecoder.all.first { $0.name == name })
        let seeds = decoder.seeds()
        #expect(!seeds.isEmpty)
        let outcomes = seeds.map(decoder.check)
        #expect(outcomes.contains(.accepted))
        let folder = Self.corpora.appendingPathComponent(name).path
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for file in files.sorted() {
            let input = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)")))
            if case .broken(let what) = decoder.check(input) {
                Issue.record("\(name)/\(file): \(what)")
            }
        }
        for (seed, outcome) in zip(seeds, outcomes) {
            if case .broken(let what) = outcome { Issue.record("\(seed): \(what)") }
        }
    }

    @Test(arguments: FuzzDecoder.all.map(\.name))
    func `a thousand nearly right inputs break no rule`(name: String) throws {
        let decoder = try #require(FuzzDecoder.all.first { $0.name == name })
        var run = FuzzRun(decoder, seed: 1)
        let summary = run.run(inputsMax: 1_000)
        #expect(summary.finding == nil)
        #expect(summary.inputs == 1_000)
    }

    @Test func `the same seed makes the same inputs, another one others`() {
        func inputs(seed: UInt64) -> [[UInt8]] {
            var mutator = Mutator(isText: true, tokens: [[1]], seed: seed)
            return (0..<200).map { _ in mutator.next(from: [[1, 2, 3, 4, 5], Array(0...255)]) }
        }
        #expect(inputs(seed: 4) == inputs(seed: 4))
        #expect(inputs(seed: 4) != inputs(seed: 5))
        #expect(inputs(seed: 4).allSatisfy { $0.count <= 600_000 })
    }

    @Test func `a mutator takes an empty corpus entry`() {
        for isText in [false, true] {
            var mutator = Mutator(isText: isText, tokens: [], seed: 9)
            for _ in 0..<5_000 { _ = mutator.next(from: [[]]) }
        }
    }

    @Test func `the journal keeps the last input`() throws {
        let path = NSTemporaryDirectory() + "/journal-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let journal = try #require(FuzzJournal(path: path))
        journal.note([1, 2, 3, 4], number: 7)
        journal.note([9, 8], number: 8)
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let last = try #require(FuzzJournal.last(in: bytes))
        #expect(last.number == 8 && last.input == [9, 8])
        #expect(FuzzJournal.last(in: []) == nil)
        #expect(FuzzJournal.last(in: [UInt8](repeating: 255, count: 16)) == nil)
    }
}
