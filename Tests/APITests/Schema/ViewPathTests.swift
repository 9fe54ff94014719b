import API
import Foundation
import JSON
import Objects
import Testing

/// The typed views of `Sources/Objects` read documents by field name; this test reads the names
/// from the sources and finds each in the declarations.
@Suite struct ViewPathTests {
    private static let sources = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/Objects").resolvingSymlinksInPath()

    /// The schema at a path of a resource; `*` stands for a list's element.
    private static func schema(_ resource: Resource, _ path: [String]) -> Schema? {
        guard let definition = ResourceRegistry.builtIn[resource] else { return nil }
        return path.reduce(.object(definition.schema)) { schema, name in
            switch schema {
            case .object(let type)?: type.field(name)?.schema
            case .list(let element, _)?: name == "*" ? element : nil
            case .map(let element, _)?: element
            default: nil
            }
        }
    }

    /// What each view is a view of.
    private static let views: [String: (Resource, [String])] = [
        "KubernetesObject": (.pods, []), "ObjectMeta": (.pods, ["metadata"]),
        "OwnerReference": (.pods, ["metadata", "ownerReferences", "*"]),
        "Condition": (.pods, ["status", "conditions", "*"]), "Pod": (.pods, []),
        "Container": (.pods, ["spec", "containers", "*"]), "Node": (.nodes, []),
        "Taint": (.nodes, ["spec", "taints", "*"]),
        "Toleration": (.pods, ["spec", "tolerations", "*"]),
        "LabelSelector": (.deployments, ["spec", "selector"]),
    ]

    /// The member names that a line reads in a row from `json`, `spec` or `status`.
    private static func paths(in line: Substring) -> [[String]] {
        line.matches(of: /\b(json|spec|status)((?:\??\["[A-Za-z]+"\])+)/).map { match in
            let names = match.2.matches(of: /\["([A-Za-z]+)"\]/).map { String($0.1) }
            return (match.1 == "json" ? [] : [String(match.1)]) + names
        }
    }

    @Test func everyFieldThatAViewReadsIsDeclared() throws {
        let files = try FileManager.default.contentsOfDirectory(
            at: Self.sources, includingPropertiesForKeys: nil)
        var found = 0
        for file in files.sorted(by: { $0.path < $1.path }) where file.pathExtension == "swift" {
            var view = ""
            let text = try String(contentsOf: file, encoding: .utf8)
            for line in text.split(separator: "\n") {
                let declaration =
                    line.firstMatch(of: /^(?:package |public )?(?:struct|extension) ([A-Za-z]+)/)
                if let declaration { view = String(declaration.1) }
                guard let (resource, root) = Self.views[view] else { continue }
                for path in Self.paths(in: line) {
                    found += 1
                    #expect(
                        Self.schema(resource, root + path) != nil,
                        "\(view) reads \(path.joined(separator: "."))")
                }
            }
        }
        #expect(found > 40)
    }
}
