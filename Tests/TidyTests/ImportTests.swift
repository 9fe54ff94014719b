import Foundation
import Testing

/// DESIGN §3 as a table: what each room may import. An arrow only points to a row above.
@Suite struct ImportTests {
    private static let cores = [
        "Base", "JSON", "Objects", "Gossip", "Raft", "Store", "API", "Control", "Kubelet",
        "Services",
    ]

    private static let allowed: [String: [String]] = [
        "Base": [],
        "JSON": ["Base"],
        "Objects": ["Base", "JSON"],
        "Gossip": ["Base", "CSodium"],
        "Raft": ["Base"],
        "Store": ["Base"],
        // A Mutex keeps what is rendered once of the OpenAPI documents.
        "API": ["Base", "JSON", "Objects", "Store", "Synchronization"],
        "Control": ["Base", "JSON", "Objects"],
        "Kubelet": ["Base", "JSON", "Objects"],
        "Services": ["Base", "Gossip"],
        "Daemon": cores,
        "Simulator": cores + ["Daemon"],
        "Shell": cores + [
            "Daemon", "Foundation", "FoundationEssentials", "Glibc", "Dispatch",
            "Synchronization", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOHTTP2", "NIOWebSocket",
            "NIOTLS", "NIOSSL", "NIOConcurrencyHelpers", "X509", "SwiftASN1", "Crypto", "Logging",
            "SwiftProtobuf", "GRPCCore", "GRPCNIOTransportHTTP2Posix", "GRPCProtobuf", "Yams",
        ],
        "Bench": cores + [
            "Daemon", "Simulator", "Shell", "Foundation", "Glibc", "Dispatch", "Synchronization",
            "NIOCore", "NIOPosix", "NIOHTTP1", "NIOHTTP2", "NIOSSL", "NIOTLS",
            "NIOConcurrencyHelpers",
        ],
        "Fuzz": cores + [
            "Daemon", "Shell", "Glibc", "Synchronization", "NIOCore", "NIOEmbedded", "NIOWebSocket",
        ],
        "podmesh-fuzz": ["Base", "Fuzz", "Foundation", "ArgumentParser"],
        "podmesh": [
            "Base", "JSON", "Daemon", "Simulator", "Shell", "Bench", "Foundation", "ArgumentParser",
        ],
    ]

    @Test func `every room imports only what stands above it`() throws {
        let anywhere = try NSRegularExpression(pattern: #"\bimport\b"#)
        for (file, code) in Repository.code {
            guard let allowed = Self.allowed[file.room] else {
                Issue.record("\(file.path): the room \(file.room) is not in the table")
                continue
            }
            let lines = file.lines
            for number in code.lines(matching: anywhere) {
                guard let module = Self.module(importedBy: lines[number - 1]) else { continue }
                #expect(
                    allowed.contains(module),
                    "\(file.path):\(number): \(file.room) must not import \(module)")
            }
        }
    }

    @Test func `only the sealing of datagrams speaks to libsodium`() {
        for file in Repository.sources where file.text.contains("import CSodium") {
            #expect(file.path.hasPrefix("Sources/Gossip/Sealing/"), "\(file.path)")
        }
    }

    @Test func `the package declares no more than the table`() throws {
        let package = try #require(Repository.file("Package.swift"))
        let rooms = package.text.matches(of: /room\("(\w+)", uses: ([^)]*?)(?:, and: \w+)?\)/)
        #expect(rooms.count == Self.allowed.count - 2, "all rooms but the executables")
        for room in rooms {
            let name = String(room.1)
            var declared = room.2.matches(of: /"(\w+)"/).map { String($0.1) }
            if room.2.contains("cores") { declared += Self.cores }
            for module in declared {
                #expect(
                    Self.allowed[name]?.contains(module) == true,
                    "Package.swift: \(name) must not use \(module)")
            }
        }
    }

    @Test(
        "an import is found whatever stands before it",
        arguments: [
            ("import Base", "Base"), ("package import Base", "Base"),
            ("@preconcurrency import NIOCore", "NIOCore"),
            ("import struct Foundation.Date", "Foundation"),
            ("    import Base", "Base"), ("let important = 1", nil), ("important()", nil),
        ] as [(String, String?)])
    func importLines(_ line: String, _ module: String?) {
        #expect(Self.module(importedBy: line[...]) == module)
    }

    private static func module(importedBy line: Substring) -> String? {
        let kinds = ["struct", "class", "enum", "protocol", "func", "typealias", "let", "var"]
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"),
            words[..<position].allSatisfy({
                $0.hasPrefix("@") || ["package", "internal", "private", "public"].contains($0)
            })
        else { return nil }
        let path = words[(position + 1)...].first { !kinds.contains(String($0)) }
        return path?.split(separator: ".").first.map(String.init)
    }
}
