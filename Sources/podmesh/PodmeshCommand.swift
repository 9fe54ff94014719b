import ArgumentParser

@main
struct PodmeshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "podmesh",
        abstract: "Runs Pods on a mesh of equal machines and speaks the Kubernetes API.")
}
