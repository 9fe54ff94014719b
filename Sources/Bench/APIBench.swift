import Foundation
import Shell

/// Requests through TLS to a real daemon of one voter, from a process of its own.
///
/// No Kubernetes API server can be had from Debian. So the bounds are multiples of what Kubernetes
/// 1.36.2 with etcd 3.6 reached on a machine of 2 cores with the same requests, measured once.
package struct APIBench: Sendable {
    private let isQuick: Bool
    private let directory: String

    package init(isQuick: Bool, directory: String) {
        self.isQuick = isQuick
        self.directory = directory
    }

    private static let listedPods = 500
    private static let watchers = 50

    /// One line of the report, before it is measured.
    private struct Line {
        var name: String
        var operation: LoadSettings.Operation
        var subject: LoadSettings.Subject
        var connections: Int
        /// At least so many a second.
        var least: Double
        /// The 99th percentile of Kubernetes in milliseconds, where it is known.
        var slowest: Double?
    }

    private static let lines = [
        Line(
            name: "GET of 1.7 KB, 32 connections", operation: .read, subject: .document,
            connections: 32, least: 6 * 5_560, slowest: 19),
        Line(
            name: "POST of a Pod, 16 connections", operation: .write, subject: .pod,
            connections: 16, least: 5 * 1_185),
        Line(
            name: "POST of a ConfigMap, 16 connections", operation: .write, subject: .configMap,
            connections: 16, least: 5 * 2_206),
        Line(
            name: "POST of a ConfigMap, one connection", operation: .write, subject: .configMap,
            connections: 1, least: 3 * 789),
        Line(
            name: "LIST of 500 Pods, 4 connections", operation: .read, subject: .podList,
            connections: 4, least: 5 * 88),
    ]

    /// Measures and prints; false when a bound is missed.
    package func run(print: (String) -> Void) async throws -> Bool {
        let folder = try Cleanup.temporaryFolder("api", in: directory)
        let network = try BenchNetwork(count: 2, prefix: "podmesh-bench")
        let server = try await PodmeshServers(count: 1, network: network, folder: folder)
        defer { server.stop() }
        let socket = "\(folder)/0/data/podmesh.sock"
        try fill(socket)
        var table = FigureTable()
        for line in Self.lines {
            FileHandle.standardError.write(Data("\(line.name)…\n".utf8))
            let result = try load(line, server, network, folder)
            if result.failures > 0 {
                FileHandle.standardError.write(Data("  \(result.failures) failed\n".utf8))
            }
            table.append(Figure(line.name, .perSecond, result.rate, bound: .atLeast(line.least)))
            table.append(Figure("    median", .milliseconds, result.median))
            table.append(
                Figure(
                    "    99th percentile", .milliseconds, result.percentile99,
                    bound: line.slowest.map(Figure.Bound.atMost)))
        }
        var told = Samples(
            try WatchRounds(Self.watchers, socket: socket).measure(rounds: isQuick ? 20 : 100)
                .flatMap { $0 }.map { $0 * 1_000 })
        table.append(
            Figure(
                "50 watches told of an update: median", .milliseconds, told.median(),
                bound: .atMost(5.4 / 5)))
        table.append(
            Figure(
                "    99th percentile", .milliseconds, told.percentile(99),
                bound: .atMost(18.0 / 5)))
        let memory = server.processes.first?.residentBytes.map(Double.init)
        table.append(Figure("resident memory", .bytes, memory, bound: .atMost(1_259e6 / 5)))
        print(table.text)
        return table.isEveryBoundMet
    }

    /// Makes the Pods that are listed.
    private func fill(_ socket: String) throws {
        let connection = try PlainConnection(socket: socket)
        func post(_ path: String, _ body: String) throws -> Int {
            try connection.send("POST", path, body: Array(body.utf8))
            return try connection.answer().code
        }
        let namespace = LoadContent.listed
        let body = #"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"\#(namespace)"}}"#
        guard try post("/api/v1/namespaces", body) == 201
        else { throw BenchError("the namespace \(namespace) could not be made") }
        for number in 0..<Self.listedPods {
            let body = KubernetesLoad.body(.podList, name: "listed-\(number)")
            let watch = Stopwatch()
            // The namespace's ServiceAccount comes a moment after it.
            while try post("/api/v1/namespaces/\(namespace)/pods", body) != 201 {
                guard watch.elapsedSeconds < 5 else {
                    throw BenchError("Pod listed-\(number) could not be made")
                }
                usleep(10_000)
            }
        }
    }

    private func load(
        _ line: Line, _ server: PodmeshServers, _ network: BenchNetwork, _ folder: String
    ) throws -> LoadResult {
        var settings = try server.settings(.kubernetes, line.operation)
        settings.subject = line.subject
        settings.clients = line.connections
        settings.connections = line.connections
        settings.seconds = isQuick ? 2 : 10
        settings.run = String(UInt32.random(in: 0 ... .max), radix: 16)
        return try network.load(settings, in: folder)
    }
}
