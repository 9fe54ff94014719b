import Base
import Foundation
import Glibc
import Shell
import Store

/// A real daemon of one machine, without a container runtime, whose Store holds the documents
/// when it starts: they come from a snapshot file, as after a restart.
final class StoreServer {
    private(set) var process: ChildProcess
    private let folder: String
    private let program: String

    private var config: String { "\(folder)/config.yaml" }
    private var data: String { "\(folder)/data" }
    private var socket: String { "\(data)/podmesh.sock" }
    private static let readyTimeout = 30.0

    /// Makes a cluster, takes its snapshot, adds the documents, and restores that.
    init(in folder: String, holding documents: StoreDocuments) async throws {
        self.folder = folder
        program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let config = "\(folder)/config.yaml"
        try Self.configuration(folder).write(toFile: config, atomically: true, encoding: .utf8)
        _ = try ChildProcess.run(
            program, ["init", "--config", config, "--kubeconfig", "\(folder)/kubeconfig"])
        process = try ChildProcess(
            program, ["run", "--config", config], log: "\(folder)/console.log")
        _ = try waitForAnswer("/api/v1/namespaces/kube-system")
        _ = try ChildProcess.run(
            program, ["snapshot", "save", "\(folder)/empty", "--config", config])
        process.stop()
        let opener = try KeyEnvelope.Opener(dataDirectory: data)
        try FileManager.default.removeItem(atPath: data)
        try SnapshotArchive(opening: "\(folder)/empty", with: opener).write(
            to: "\(folder)/full", changing: documents.makeStore)
        _ = try ChildProcess.run(
            program, ["snapshot", "restore", "\(folder)/full", "--config", config])
    }

    /// Starts the daemon; seconds until its socket takes connections, and until it answers a
    /// linearizable read of a Pod.
    func start(until name: String) throws -> (open: Double, total: Double) {
        let watch = Stopwatch()
        process = try ChildProcess(
            program, ["run", "--config", config], log: "\(folder)/console.log")
        while (try? PlainConnection(socket: socket)) == nil {
            guard watch.elapsedSeconds < Self.readyTimeout else {
                throw BenchError("podmesh did not open its socket (see \(folder)/console.log)")
            }
            usleep(2_000)
        }
        let open = watch.elapsedSeconds
        let namespace = "team-\((Int(name.suffix(6)) ?? 0) / 1_000)"
        _ = try waitForAnswer("/api/v1/namespaces/\(namespace)/pods/\(name)")
        return (open, watch.elapsedSeconds)
    }

    private func waitForAnswer(_ path: String) throws -> [UInt8] {
        let watch = Stopwatch()
        var last = "no answer"
        while watch.elapsedSeconds < Self.readyTimeout {
            if let connection = try? PlainConnection(socket: socket) {
                try? connection.send("GET", path)
                if let answer = try? connection.answer() {
                    if answer.code == 200 { return answer.body }
                    last = "HTTP \(answer.code)"
                }
            }
            usleep(5_000)
        }
        throw BenchError("podmesh was not ready: \(last) (see \(folder)/console.log)")
    }

    /// Seconds after a write's beginning until half and all of so many watches had the change; the
    /// medians of the rounds.
    func tellWatchers(_ count: Int) throws -> (half: Double, all: Double) {
        let rounds = try WatchRounds(count, socket: socket).measure()
        var halves = Samples(rounds.map { $0[$0.count / 2] })
        var alls = Samples(rounds.compactMap(\.last))
        return (halves.median() ?? 0, alls.median() ?? 0)
    }

    private static func configuration(_ folder: String) -> String {
        """
        name: bench-machine
        address: 127.0.0.1
        dataDirectory: \(folder)/data
        logLevel: error
        api:
            port: 16443
        mesh:
            port: 17946
        raft:
            port: 17947
        dns:
            port: 10053
        containerRuntime:
            endpoint: \(folder)/no-runtime.sock
        network:
            cniConfigurationDirectory: \(folder)/cni
        kubelet:
            podDirectory: \(folder)/pods
            logDirectory: \(folder)/logs

        """
    }
}
