import ArgumentParser
import Shell

@main
struct PodmeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "podmesh",
        abstract: "Runs Pods on a mesh of equal machines and speaks the Kubernetes API.",
        discussion: """
            The first machine:   podmesh init --config FILE && podmesh run --config FILE
            Every other machine: podmesh join --config FILE --server ADDRESS --token TOKEN
                                 podmesh run --config FILE
            """,
        version: Version.text,
        subcommands: [
            InitCommand.self, JoinCommand.self, RunCommand.self, MembersCommand.self,
            StatusCommand.self, KeyringCommand.self, SnapshotCommand.self, TokenCommand.self,
            KubeconfigCommand.self, SimulateCommand.self,
            BenchCommand.self, VersionCommand.self,
        ])
}

/// The option that every command about a machine has.
struct ConfigurationOption: ParsableArguments {
    @Option(
        name: [.customLong("config"), .customShort("c")],
        help: "The machine's configuration file.", completion: .file(extensions: ["yaml"]))
    var path = "/etc/podmesh/config.yaml"

    /// The checked configuration; a mistake in it ends the command with the place of the mistake.
    func read() throws -> MachineConfiguration {
        do throws(ConfigurationError) {
            return try MachineConfiguration(contentsOf: path)
        } catch {
            throw CleanExit.failure(error.description)
        }
    }
}

extension CleanExit {
    /// Ends the command with a message on standard error and exit code 1.
    static func failure(_ message: String) -> any Error { CommandFailure(message: message) }
}

/// An error whose text is all the user needs; the parser prints it behind `Error:`.
struct CommandFailure: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
