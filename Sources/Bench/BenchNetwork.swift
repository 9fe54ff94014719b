import Foundation

/// Machines made of network namespaces, joined by a bridge in one more: nothing of it touches the
/// network of the machine that measures. Removed at the end.
package struct BenchNetwork: Sendable {
    /// The name of each namespace, in the order of the addresses.
    package let namespaces: [String]
    /// The namespace of the switch between them.
    private let bridge: String

    /// Out of the range that RFC 2544 sets aside for benchmarks.
    package static func address(_ number: Int) -> String { "198.18.77.\(11 + number)" }

    /// Makes `count` namespaces that reach each other, with names that begin with `prefix`.
    package init(count: Int, prefix: String) throws(BenchError) {
        guard getuid() == 0 else {
            throw BenchError("network namespaces need root; run it with sudo")
        }
        bridge = "\(prefix)-switch"
        let names = (0..<count).map { "\(prefix)-\($0)" }
        for name in [bridge] + names {
            // One that an interrupted run left behind goes first.
            _ = try? ChildProcess.run(Self.ip, ["netns", "delete", name])
            try ChildProcess.run(Self.ip, ["netns", "add", name])
            Cleanup.add(.namespace(name)) {
                _ = try? ChildProcess.run(Self.ip, ["netns", "delete", name])
            }
            try Self.run(in: name, "link set lo up")
        }
        try Self.run(in: bridge, "link add bridge0 type bridge")
        try Self.run(in: bridge, "link set bridge0 up")
        for (number, name) in names.enumerated() {
            try Self.run(
                in: name, "link add eth0 type veth peer name port\(number) netns \(bridge)")
            try Self.run(in: bridge, "link set port\(number) master bridge0 up")
            try Self.run(in: name, "addr add \(Self.address(number))/24 dev eth0")
            try Self.run(in: name, "link set eth0 up")
        }
        namespaces = names
    }

    /// Removes the namespaces before the end, to make room for others of the same names.
    package func remove() {
        for name in namespaces + [bridge] {
            _ = try? ChildProcess.run(Self.ip, ["netns", "delete", name])
            Cleanup.remove(.namespace(name))
        }
    }

    /// The program and arguments that run a command inside of a machine.
    package func command(
        _ number: Int, _ program: String, _ arguments: [String]
    ) -> (program: String, arguments: [String]) {
        (Self.ip, ["netns", "exec", namespaces[number], program] + arguments)
    }

    /// Runs the load client in the last namespace, behind the servers'.
    package func load(_ settings: LoadSettings, in folder: String) throws -> LoadResult {
        let path = "\(folder)/load.json"
        try JSONEncoder().encode(settings).write(to: URL(fileURLWithPath: path))
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let command = command(namespaces.count - 1, program, ["bench", "load", path])
        let text = try ChildProcess.run(command.program, command.arguments)
        return try JSONDecoder().decode(LoadResult.self, from: Data(text.utf8))
    }

    private static let ip = "/usr/sbin/ip"

    private static func run(in namespace: String, _ words: String) throws(BenchError) {
        try ChildProcess.run(
            ip, ["-n", namespace] + words.split(separator: " ").map(String.init))
    }
}
