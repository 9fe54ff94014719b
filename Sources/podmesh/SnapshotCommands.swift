import ArgumentParser
import Base
import Foundation
import Shell

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Save, check and restore the cluster's objects.",
        discussion: """
            A snapshot file holds every object at one revision, Secrets too: keep it where only \
            administrators read. The authority's private keys in it are sealed for the cluster's \
            machines. docs/operations.md tells step by \
            step how a cluster that lost its machines comes back from one.
            """,
        subcommands: [Save.self, Status.self, Restore.self])

    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Save the running cluster's objects into a file.",
            discussion: """
                Any machine of the cluster will do; the cluster goes on meanwhile. The file is \
                checked before it takes its name.
                """)

        @OptionGroup var machine: ConfigurationOption

        @Argument(help: "The file to write; one of that name is replaced.", completion: .file())
        var file: String

        func run() async throws {
            let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
            let isCurrent = try await SnapshotDownload(configuration: machine.read())
                .save(to: file) { bytes in
                    guard isTerminal else { return }
                    FileHandle.standardError.write(Data("\r\(bytes >> 20) MiB".utf8))
                }
            if isTerminal { FileHandle.standardError.write(Data("\r".utf8)) }
            if !isCurrent {
                FileHandle.standardError.write(
                    Data(
                        """
                        The cluster has no quorum now: the file holds what this machine knows, \
                        which may lack the last writes.

                        """.utf8))
            }
            print(try SnapshotText.table(SnapshotArchive(opening: file).summary()))
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a snapshot file and tell what it holds.",
            discussion: "Reads every byte and every object; exits with 1 when one is damaged.")

        @Argument(help: "The file.", completion: .file())
        var file: String

        @Option(name: [.short, .long], help: "table or json.")
        var output = OutputFormat.table

        func run() async throws {
            let summary = try SnapshotArchive(opening: file).summary()
            print(try output == .json ? SnapshotText.json(summary) : SnapshotText.table(summary))
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make this machine the first of a cluster that holds what the file does.",
            discussion: """
                Writes the configuration's dataDirectory, which must be empty or not there. Then \
                start the machine with \"podmesh run\" and let the others join anew with \
                \"podmesh join\"; their old folders must be gone. Certificates and kubeconfigs of \
                the cluster stay good with --identity.
                """)

        @OptionGroup var machine: ConfigurationOption

        @Argument(help: "The file.", completion: .file())
        var file: String

        @Option(
            help: """
                The data folder of any machine of the old cluster, such as /var/lib/podmesh.old: \
                its key opens the authority's. Without it the cluster gets a new authority, and \
                clients need new kubeconfigs.
                """,
            completion: .directory)
        var identity: String?

        func run() async throws {
            let configuration = try machine.read()
            let archive = try SnapshotArchive(opening: file)
            try archive.restore(configuration, oldFolder: identity, at: .now)
            let summary = try archive.summary()
            FileHandle.standardError.write(
                Data(
                    """
                    Restored \(summary.objects) objects into \(configuration.dataDirectory). Start \
                    this machine with

                        podmesh run --config \(machine.path)

                    Then make a token with "podmesh token create" and let the other machines join.

                    """.utf8))
        }
    }
}

/// What a snapshot file holds, for people and for programs.
enum SnapshotText {
    private static func fields(_ summary: SnapshotArchive.Summary) -> [(String, String)] {
        [
            ("cluster", summary.clusterID), ("revision", String(summary.revision)),
            ("term", String(summary.term)), ("index", String(summary.index)),
            ("objects", String(summary.objects)), ("bytes", String(summary.bytes)),
            ("sha256", summary.hash), ("saved", summary.savedAt.rfc3339),
        ]
    }

    static func table(_ summary: SnapshotArchive.Summary) -> String {
        fields(summary).map { name, value in
            name.padding(toLength: 10, withPad: " ", startingAt: 0) + value
        }.joined(separator: "\n")
    }

    static func json(_ summary: SnapshotArchive.Summary) throws -> String {
        let numbers: Set = ["revision", "term", "index", "objects", "bytes"]
        let members = fields(summary).map { name, value in
            "  \"\(name)\": " + (numbers.contains(name) ? value : "\"\(value)\"")
        }
        return "{\n" + members.joined(separator: ",\n") + "\n}"
    }
}
