import ArgumentParser
import Base
import Foundation
import Shell

struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Save, check and restore the cluster's objects.",
        discussion: """
            A snapshot file holds every object at one revision, Secrets too. It is sealed: the \
            data folder of any machine that was in the cluster opens it, and so does a \
            passphrase, if one was given when it was saved. docs/operations.md tells step by step \
            how a cluster that lost its machines comes back from one.
            """,
        subcommands: [Save.self, Status.self, Restore.self])

    struct Save: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Save the running cluster's objects into a file.",
            discussion: """
                Any machine of the cluster will do; the cluster goes on meanwhile. The file is \
                checked before it takes its name. It is sealed for the cluster's machines: with \
                the data folders of all of them lost, only a passphrase opens it.
                """)

        @OptionGroup var machine: ConfigurationOption

        @Argument(help: "The file to write; one of that name is replaced.", completion: .file())
        var file: String

        @Option(
            help: """
                A file whose first line is a passphrase that opens the snapshot, too. Keep both \
                apart.
                """,
            completion: .file())
        var passphraseFile: String?

        func run() async throws {
            let isTerminal = isatty(FileHandle.standardError.fileDescriptor) == 1
            let passphrase = try passphraseFile.map { try KeyEnvelope.Opener.passphrase(in: $0) }
            let (isCurrent, summary) = try await SnapshotDownload(configuration: machine.read())
                .save(to: file, passphrase: passphrase) { bytes in
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
            print(SnapshotText.table(summary))
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a snapshot file and tell what it holds.",
            discussion: """
                Reads every byte and every object; exits with 1 when one is damaged. On a machine \
                that the file is sealed for nothing else is needed.
                """)

        @OptionGroup var machine: ConfigurationOption

        @Argument(help: "The file.", completion: .file())
        var file: String

        @Option(
            help: "The data folder of a machine that the file is sealed for.",
            completion: .directory)
        var identity: String?

        @Option(
            help: "A file with the passphrase that the snapshot was saved with.",
            completion: .file())
        var passphraseFile: String?

        @Option(name: [.short, .long], help: "table or json.")
        var output = OutputFormat.table

        func run() async throws {
            let opener = try KeyEnvelope.Opener(
                identity: identity, passphraseFile: passphraseFile,
                fallback: (try? machine.read())?.dataDirectory)
            let summary = try SnapshotArchive(opening: file, with: opener).summary()
            print(try output == .json ? SnapshotText.json(summary) : SnapshotText.table(summary))
        }
    }

    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make this machine the first of a cluster that holds what the file does.",
            discussion: """
                Writes the configuration's dataDirectory, which must be empty or not there. Then \
                start the machine with \"podmesh run\" and let the others join anew with \
                \"podmesh join\"; their old folders must be gone. The file is opened by --identity \
                or --passphrase-file. Certificates and kubeconfigs of the cluster stay good with \
                --identity.
                """)

        @OptionGroup var machine: ConfigurationOption

        @Argument(help: "The file.", completion: .file())
        var file: String

        @Option(
            help: """
                The data folder of any machine of the old cluster, such as /var/lib/podmesh.old: \
                its key opens the file and the authority's keys. Without it the cluster gets a \
                new authority, and clients need new kubeconfigs.
                """,
            completion: .directory)
        var identity: String?

        @Option(
            help: "A file with the passphrase that the snapshot was saved with.",
            completion: .file())
        var passphraseFile: String?

        func run() async throws {
            let configuration = try machine.read()
            try SnapshotArchive.checkTarget(configuration)
            let archive = try SnapshotArchive(
                opening: file,
                with: KeyEnvelope.Opener(identity: identity, passphraseFile: passphraseFile))
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
            ("sealed", summary.sealedFor.map { "for " + $0 } ?? "no"),
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
