import Foundation
import Testing

/// The pages under `docs/` and the configurations that they describe.
@Suite struct DocumentTests {
    private static let links = Repository.documents.flatMap { page in
        page.text.matches(of: /\]\(([^)\s#]+)(?:#[^)]*)?\)/).map { (page, String($0.1)) }
    }

    /// Where a relative link of a page leads, from the root of the repository.
    private static func target(of link: String, on page: Repository.File) -> String {
        var parts = page.path.split(separator: "/").dropLast().map(String.init)
        for part in link.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }

    @Test func `every link inside the repository leads somewhere`() {
        for (page, link) in Self.links where !link.contains("://") {
            let target = Self.target(of: link, on: page)
            let path = Repository.root.appending(path: target).path(percentEncoded: false)
            #expect(FileManager.default.fileExists(atPath: path), "\(page.path): \(link)")
        }
    }

    @Test func `every page can be reached from another one`() {
        let reached = Set(
            Self.links.filter { !$0.1.contains("://") }
                .map { Self.target(of: $0.1, on: $0.0) })
        for page in Repository.documents
        where page.path != "README.md" {
            // A link to a folder shows the reader its README.
            let names = [page.path, page.path.replacing("/README.md", with: "")]
            #expect(names.contains(where: reached.contains), "no page links to \(page.path)")
        }
    }

    @Test func `every configuration is described`() {
        for file in Repository.configurations {
            // One sentence may speak of all machines: `machine-N.yaml`.
            let names = [file.name, file.name.replacing(/[0-9]+/, with: "N")]
            #expect(
                Repository.documents.contains { page in names.contains { page.text.contains($0) } },
                "no page speaks of \(file.path)")
        }
    }

    @Test func `a decision is a page of at most 40 lines with its three sections`() {
        let decisions = Repository.documents.filter {
            $0.path.hasPrefix("docs/decisions/") && $0.name != "README.md"
        }
        #expect(!decisions.isEmpty)
        for page in decisions {
            #expect(page.lines.count - 1 <= 40, "\(page.path)")
            for section in ["Context", "Choice", "Consequence"] {
                #expect(
                    ["\n## \(section)\n", "\n**\(section).**"].contains(where: page.text.contains),
                    "\(page.path): \(section)")
            }
        }
    }
}
