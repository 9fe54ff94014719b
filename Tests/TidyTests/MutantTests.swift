import Foundation
import Testing

/// The mutants of `docker-compose-free-scripts/mutate` fit the code as it is now. Whether a test
/// catches each of them takes an hour to see, and is seen by hand.
@Suite struct MutantTests {
    private struct Mutant: Sendable {
        var fields: [String: String]

        subscript(field: String) -> String { fields[field] ?? "" }
    }

    private static let mutants = Repository.files(under: "Tests/Mutants", endings: [".txt"])
        .flatMap { $0.text.components(separatedBy: "\n\n") }
        .map { stanza in
            stanza.split(separator: "\n").reduce(into: Mutant(fields: [:])) { mutant, line in
                guard let colon = line.firstIndex(of: ":") else { return }
                let value = line[line.index(after: colon)...].drop(while: { $0 == " " })
                mutant.fields[String(line[..<colon])] = String(value)
            }
        }
        .filter { !$0["mutant"].isEmpty }

    @Test func `there are at least 30 mutants, each with a name of its own`() {
        #expect(Self.mutants.count >= 30)
        #expect(Set(Self.mutants.map { $0["mutant"] }).count == Self.mutants.count)
    }

    @Test(arguments: mutants.indices)
    func `what a mutant changes stands in its file once`(_ index: Int) throws {
        let mutant = Self.mutants[index]
        let file = try #require(Repository.file(mutant["file"]), "\(mutant)")
        let (old, new) = (mutant["old"], mutant["new"])
        #expect(!old.isEmpty && old != new, "\(mutant)")
        #expect(file.text.components(separatedBy: old).count == 2, "\(mutant)")
        #expect(!mutant["breaks"].isEmpty, "\(mutant)")
    }

    @Test(arguments: mutants.indices)
    func `the tests that are to catch it are there`(_ index: Int) throws {
        let mutant = Self.mutants[index]
        let target = try #require(mutant["test"].split(separator: ".").first)
        #expect(Repository.tests.contains { $0.path.hasPrefix("Tests/\(target)/") }, "\(mutant)")
    }
}
