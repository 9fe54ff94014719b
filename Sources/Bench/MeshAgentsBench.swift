import Base
import Foundation
import Shell

/// Real processes that die: agents of podmesh and of Serf beside each other, one of each in every
/// namespace.
struct MeshAgentsBench {
    static let explanation = """
        With real processes: in each network namespace an agent of the mesh (gossip and seal on a
        UDP socket, no daemon around them) and Debian's Serf agent (LAN profile). Both of one
        namespace are killed at once; the time runs until the logs of all others say so.


        """

    private let isQuick: Bool
    private let serf: String
    private let podmesh: String
    private let secret: String

    init(isQuick: Bool, mayInstallPeers: Bool) throws {
        self.isQuick = isQuick
        serf = try PeerProgram.serf.locate(mayInstall: mayInstallPeers)
        podmesh = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        secret = (0..<32).map { _ in UInt8.random(in: 0...255) }
            .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    func run() throws -> FigureTable {
        var table = FigureTable(peer: "serf")
        for (machines, kills) in isQuick ? [(3, 1)] : [(3, 7), (10, 5), (30, 3)] {
            try measure(machines, kills, into: &table)
        }
        return table
    }

    private func measure(_ machines: Int, _ kills: Int, into table: inout FigureTable) throws {
        let network = try BenchNetwork(count: machines, prefix: "podmesh-mesh")
        let folder = try Cleanup.temporaryFolder("mesh-\(machines)")
        var meshes = [
            AgentMesh(
                network: network, folder: folder, name: "podmesh", program: podmesh,
                failed: { "failed machine-\($0)\n" }, joined: { "alive machine-\($0)\n" },
                arguments: { ["bench", "mesh-agent", "\($0)", "--secret", secret] }),
            AgentMesh(
                network: network, folder: folder, name: "serf", program: serf,
                failed: { "EventMemberFailed: machine-\($0) " },
                joined: { "EventMemberJoin: machine-\($0) " },
                arguments: { index in
                    [
                        "agent", "-node=machine-\(index)", "-profile=lan", "-log-level=info",
                        "-bind=\(BenchNetwork.address(index)):7950",
                        "-rpc-addr=127.0.0.1:7373",
                    ] + Self.joining(index)
                }),
        ]
        var times = [Samples(), Samples()]
        for index in meshes.indices { try meshes[index].start(machines) }
        try waitUntilWhole(meshes)
        let memory = meshes.map(\.residentMedian)
        for kill in 0..<kills {
            // The first machine stays, as the others join through it.
            let victim = 1 + kill % (machines - 1)
            Thread.sleep(forTimeInterval: Double.random(in: 0.5...1.5))
            for (index, time) in try detect(victim, &meshes).enumerated() {
                times[index].append(time)
            }
            for index in meshes.indices { try meshes[index].restart(victim) }
            try waitUntilWhole(meshes)
        }
        for mesh in meshes { mesh.stop() }
        network.remove()
        table.append(
            Figure(
                "killed process of \(machines) known to all, median of \(kills)", .seconds,
                times[0].median(), peer: times[1].median(), bound: .atMost(1.5)))
        table.append(
            Figure(
                "memory of an agent of \(machines)", .bytes, memory[0], peer: memory[1]))
    }

    private static func joining(_ index: Int) -> [String] {
        guard index > 0 else { return [] }
        return ["-retry-join=\(BenchNetwork.address(0)):7950", "-retry-interval=1s"]
    }

    private func waitUntilWhole(_ meshes: [AgentMesh]) throws {
        let end = Instant.now + .seconds(60)
        while !meshes.allSatisfy(\.isWhole) {
            guard Instant.now < end else {
                throw BenchError("the agents did not find each other within a minute")
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// Kills one agent of each mesh; the seconds until each mesh knows.
    private func detect(_ victim: Int, _ meshes: inout [AgentMesh]) throws -> [Double] {
        var starts: [Instant] = []
        for index in meshes.indices {
            starts.append(.now)
            meshes[index].kill(victim)
        }
        var times = [Double?](repeating: nil, count: meshes.count)
        while times.contains(nil) {
            for index in meshes.indices where times[index] == nil {
                let time = (Instant.now - starts[index]).seconds
                if meshes[index].allSawFailure(of: victim) { times[index] = time }
                guard time < 120 else { throw BenchError("a killed agent was not missed") }
            }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return times.compactMap(\.self)
    }
}

/// The agents of one kind, which tell in their logs what they see.
struct AgentMesh {
    let network: BenchNetwork
    let folder: String
    let name: String
    let program: String
    /// What a log says when an agent fails, and when one appears.
    let failed: (Int) -> String
    let joined: (Int) -> String
    let arguments: (Int) -> [String]
    private var agents: [ChildProcess?] = []
    private var failuresBefore: [Int] = []
    private var generation: [Int] = []

    init(
        network: BenchNetwork, folder: String, name: String, program: String,
        failed: @escaping (Int) -> String, joined: @escaping (Int) -> String,
        arguments: @escaping (Int) -> [String]
    ) {
        self.network = network
        self.folder = folder
        self.name = name
        self.program = program
        self.failed = failed
        self.joined = joined
        self.arguments = arguments
    }

    mutating func start(_ count: Int) throws {
        agents = Array(repeating: nil, count: count)
        generation = Array(repeating: 0, count: count)
        for index in 0..<count { try restart(index) }
    }

    mutating func restart(_ index: Int) throws {
        generation[index] += 1
        let command = network.command(index, program, arguments(index))
        agents[index] = try ChildProcess(
            command.program, command.arguments, log: log(of: index))
    }

    /// With SIGKILL. Remembers what the logs said before.
    mutating func kill(_ victim: Int) {
        failuresBefore = agents.indices.map { occurrences(of: failed(victim), in: $0) }
        agents[victim]?.stop()
        agents[victim] = nil
    }

    func allSawFailure(of victim: Int) -> Bool {
        agents.indices.allSatisfy { index in
            index == victim || occurrences(of: failed(victim), in: index) > failuresBefore[index]
        }
    }

    /// Every agent has seen every other one since that started last, and holds none for failed.
    var isWhole: Bool {
        agents.indices.allSatisfy { observer in
            let text = (try? String(contentsOfFile: log(of: observer), encoding: .utf8)) ?? ""
            return agents.indices.allSatisfy { subject in
                guard observer != subject else { return true }
                guard let joined = text.range(of: joined(subject), options: .backwards) else {
                    return false
                }
                guard let failed = text.range(of: failed(subject), options: .backwards) else {
                    return true
                }
                return failed.lowerBound < joined.lowerBound
            }
        }
    }

    var residentMedian: Double? {
        var samples = Samples(agents.compactMap { $0?.residentBytes }.map(Double.init))
        return samples.median()
    }

    func stop() { for agent in agents { agent?.stop() } }

    private func log(of index: Int) -> String {
        "\(folder)/\(name)-\(index)-\(generation[index]).log"
    }

    private func occurrences(of text: String, in index: Int) -> Int {
        let log = (try? String(contentsOfFile: log(of: index), encoding: .utf8)) ?? ""
        return log.components(separatedBy: text).count - 1
    }
}
