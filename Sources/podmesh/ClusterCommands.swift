import ArgumentParser
import Base
import Foundation
import Shell

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Create a cluster with this machine as its first member.",
        discussion: """
            Makes the cluster's authority, this machine's identity and an empty log in the \
            configuration's dataDirectory, prints the token with which other machines join, and \
            writes an administrator's kubeconfig.
            """)

    @OptionGroup var machine: ConfigurationOption

    @Option(help: "Where to write the administrator's kubeconfig.", completion: .file())
    var kubeconfig = "/etc/podmesh/kubeconfig"

    func run() async throws {
        let configuration = try machine.read()
        let result = try ClusterCreation(configuration: configuration).create(at: .now)
        let folder = URL(fileURLWithPath: kubeconfig).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try result.kubeconfig.write(to: kubeconfig)
        FileHandle.standardError.write(
            Data(
                """
                Created a cluster in \(configuration.dataDirectory). Start this machine with

                    podmesh run --config \(machine.path)

                The administrator's kubeconfig is \(kubeconfig). Other machines join with this \
                token, which is good for a day:

                """.utf8))
        print(result.joinToken)
    }
}

struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Enter this machine into a cluster.")

    @OptionGroup var machine: ConfigurationOption

    @Option(help: "A machine of the cluster, as ADDRESS or ADDRESS:PORT of its API.")
    var server: String

    @Option(help: "The join token that \"podmesh init\" or \"podmesh token create\" printed.")
    var token: String

    func run() async throws {
        let configuration = try machine.read()
        let join = try ClusterJoin(
            configuration: configuration, server: server, token: JoinToken(parsing: token))
        try await join.join()
        FileHandle.standardError.write(
            Data(
                """
                \(configuration.name) is a member of the cluster now. Start it with

                    podmesh run --config \(machine.path)

                """.utf8))
    }
}

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run this machine's daemon in the foreground.",
        discussion: "SIGTERM and SIGINT leave the mesh in order; Pods keep running.")

    @OptionGroup var machine: ConfigurationOption

    func run() async throws {
        try await DaemonRunner(configuration: machine.read()).run()
    }
}

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Manage the tokens with which machines join.",
        subcommands: [Create.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a join token and print it.")

        @OptionGroup var machine: ConfigurationOption

        @Option(help: "How many hours the token admits machines.")
        var hours = 24

        func validate() throws {
            guard (1...8_760).contains(hours) else {
                throw ValidationError("--hours must be from 1 to 8760")
            }
        }

        func run() async throws {
            let token = try await ClusterAdministration(configuration: machine.read())
                .createToken(lifetimeSeconds: Int64(hours) * 3_600)
            print(token)
        }
    }
}

struct KubeconfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubeconfig",
        abstract: "Print a new administrator's kubeconfig for this machine's API.")

    @OptionGroup var machine: ConfigurationOption

    func run() async throws {
        print(
            try await ClusterAdministration(configuration: machine.read()).kubeconfig(),
            terminator: "")
    }
}
