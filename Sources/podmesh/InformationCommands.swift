import ArgumentParser
import Shell

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show this machine's part in the cluster, as JSON.")

    @OptionGroup var machine: ConfigurationOption

    func run() async throws {
        print(try await ClusterAdministration(configuration: machine.read()).status())
    }
}

struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version of podmesh and of the API it speaks.")

    func run() {
        print("podmesh \(Version.text)")
        print("Kubernetes API \(Version.kubernetes)")
    }
}
