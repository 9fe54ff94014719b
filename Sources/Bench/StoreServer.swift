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
        try FileManager.default.removeItem(atPath: data)
        try SnapshotArchive(opening: "\(folder)/empty").write(
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

    // MARK: Watchers

    /// Opens watches of one ConfigMap, changes it a few times, and tells how long after the write's
    /// answer half and all of the watches had the change; the median of the rounds.
    func tellWatchers(_ count: Int) throws -> (half: Double, all: Double) {
        let path = "/api/v1/namespaces/default/configmaps"
        let writer = try PlainConnection(socket: socket)
        func document(_ round: Int) -> [UInt8] {
            Array(
                #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"watched"},"#.utf8)
                + Array(#""data":{"round":"round-\#(round)-ends"}}"#.utf8)
        }
        try writer.send("POST", path, body: document(0))
        guard try writer.answer().code == 201 else {
            throw BenchError("the ConfigMap to watch could not be made")
        }
        let watch = "\(path)?watch=1&fieldSelector=metadata.name%3Dwatched"
        let connections = try (0..<count).map { _ in
            let connection = try PlainConnection(socket: socket)
            try connection.send("GET", watch)
            return connection
        }
        for connection in connections { try connection.read(until: "round-0-ends") }
        var halves = Samples()
        var alls = Samples()
        for round in 1...5 {
            let arrivals = try WatchArrivals(connections, awaiting: "round-\(round)-ends")
            let started = Stopwatch()
            try writer.send("PUT", "\(path)/watched", body: document(round))
            let times = try arrivals.wait(since: started)
            guard try writer.answer().code == 200 else {
                throw BenchError("the watched ConfigMap could not be changed")
            }
            halves.append(times[times.count / 2])
            alls.append(times[times.count - 1])
        }
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

/// Waits until each of many connections has received a text.
final class WatchArrivals {
    private let poll: Int32
    private let count: Int
    private let wanted: [UInt8]

    init(_ connections: [PlainConnection], awaiting text: String) throws {
        poll = epoll_create1(0)
        count = connections.count
        wanted = Array(text.utf8)
        for connection in connections {
            var event = epoll_event(
                events: EPOLLIN.rawValue, data: epoll_data(fd: connection.descriptor))
            guard epoll_ctl(poll, EPOLL_CTL_ADD, connection.descriptor, &event) == 0 else {
                throw BenchError("epoll_ctl: errno \(errno)")
            }
        }
    }

    deinit { close(poll) }

    /// Seconds until each had it, rising. Events are small and come in one piece.
    func wait(since watch: Stopwatch) throws -> [Double] {
        var times: [Double] = []
        var ready = [epoll_event](repeating: epoll_event(), count: 512)
        var piece = [UInt8](repeating: 0, count: 8_192)
        while times.count < count {
            let found = epoll_wait(poll, &ready, Int32(ready.count), 5_000)
            guard found > 0 else {
                throw BenchError("only \(times.count) of \(count) watches were told")
            }
            for event in ready.prefix(Int(found)) {
                let length = recv(event.data.fd, &piece, piece.count, 0)
                guard length > 0 else { throw BenchError("a watch was closed") }
                if contains(piece, length) { times.append(watch.elapsedSeconds) }
            }
        }
        return times
    }

    private func contains(_ piece: [UInt8], _ count: Int) -> Bool {
        guard count >= wanted.count else { return false }
        return (0...(count - wanted.count)).contains { start in
            piece[start] == wanted[0]
                && piece[start..<(start + wanted.count)].elementsEqual(wanted)
        }
    }
}
