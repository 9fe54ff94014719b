import ArgumentParser
import Foundation
import Shell

/// How a command shows what it found.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case table
    case wide
    case json

    var form: ClusterAdministration.Form {
        switch self {
        case .table: .table
        case .wide: .wide
        case .json: .json
        }
    }
}

struct MembersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "members", abstract: "List or remove the machines of the mesh.",
        subcommands: [List.self, Remove.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the machines of the mesh as this one sees them.")

        @OptionGroup var machine: ConfigurationOption

        @Option(name: [.short, .long], help: "table, wide or json.")
        var output = OutputFormat.table

        func run() async throws {
            print(
                try await ClusterAdministration(configuration: machine.read())
                    .members(as: output.form))
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a machine from the cluster and bar it.",
            discussion: """
                Every machine refuses the removed one's datagrams, connections and certificates \
                from now on, and its Node and its Pods are deleted. It comes back only with an \
                empty data folder and a token made after its removal. A machine that is alive is \
                removed only with --yes. A voter that the others need for their quorum is not \
                removed.

                A machine that may be in wrong hands knows the authority's private keys. Remove \
                it, then replace the authority: podmesh keyring rotate --now
                """)

        @OptionGroup var machine: ConfigurationOption

        @Argument(help: "The machine's name, as \"podmesh members\" shows it.")
        var name: String

        @Flag(name: [.short, .long], help: "Remove the machine even if it is alive.")
        var yes = false

        func run() async throws {
            try await ClusterAdministration(configuration: machine.read())
                .removeMember(name, evenIfAlive: yes)
            print("removed \(name)")
        }
    }
}

struct KeyringCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keyring",
        abstract: "Show or replace the authority that certifies machines and users.",
        subcommands: [Show.self, Rotate.self], defaultSubcommand: Show.self)

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the authorities and every machine's certificates.")

        @OptionGroup var machine: ConfigurationOption

        @Option(name: [.short, .long], help: "table, wide or json.")
        var output = OutputFormat.table

        func run() async throws {
            print(
                try await ClusterAdministration(configuration: machine.read())
                    .keyring(as: output.form))
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace the authority without a stop.",
            discussion: """
                Makes a new authority. When every machine trusts both, every machine gets \
                certificates of the new one; when all have, and the old one was kept long enough \
                for clients to get new kubeconfigs ("podmesh kubeconfig"), the old one is dropped. \
                The cluster goes on by itself wherever it was interrupted; "podmesh keyring" shows \
                how far it is.
                """)

        @OptionGroup var machine: ConfigurationOption

        @Option(help: "How many hours the old authority stays trusted for clients.")
        var keepHours = 24

        @Flag(
            help: """
                Wait neither for clients nor for machines that are away; also for a change that is \
                under way. Machines that are away must join again.
                """)
        var now = false

        @Option(name: [.short, .long], help: "table, wide or json.")
        var output = OutputFormat.table

        func validate() throws {
            guard (0...8_760).contains(keepHours) else {
                throw ValidationError("--keep-hours must be from 0 to 8760")
            }
        }

        func run() async throws {
            print(
                try await ClusterAdministration(configuration: machine.read()).rotateKeyring(
                    keepOldSeconds: Int64(keepHours) * 3_600, isHurried: now, as: output.form))
        }
    }
}
