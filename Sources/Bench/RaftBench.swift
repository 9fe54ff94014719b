import Foundation
import Shell

/// Writes and linearizable reads through the log, beside etcd.
///
/// Servers are processes of their own, in network namespaces; so is the load client. The rounds of
/// the two alternate, so that whatever else the machine does hits both, and what is told of each is
/// the median of its rounds.
package struct RaftBench: Sendable {
    private let isQuick: Bool
    private let mayInstallPeers: Bool
    private let directory: String

    /// `directory` takes the data of all servers; it must be on the disk that is to be measured.
    package init(isQuick: Bool, mayInstallPeers: Bool, directory: String) {
        self.isQuick = isQuick
        self.mayInstallPeers = mayInstallPeers
        self.directory = directory
    }

    private var rounds: Int { isQuick ? 1 : 3 }
    private var seconds: Double { isQuick ? 1 : 2.5 }
    private var warmUpSeconds: Double { isQuick ? 0.3 : 0.5 }

    /// Measures and prints; false when a bound is missed.
    package func run(print: (String) -> Void) async throws -> Bool {
        let etcd = try PeerProgram.etcd.locate(mayInstall: mayInstallPeers)
        let folder = try Cleanup.temporaryFolder("raft", in: directory)
        print(Self.explanation)
        print(try measureSync(folder).text + "\n")
        var isGood = true
        for count in [1, 3] {
            let table = try await measure(count, etcd, folder) {
                FileHandle.standardError.write(Data($0.utf8))
            }
            print(table.text + "\n")
            isGood = isGood && table.isEveryBoundMet
        }
        return isGood
    }

    private static let explanation = """
        Values of 512 B under 1,000 keys. Clients are operations under way at a time, ten on a
        connection; the client is a process of its own with one thread, of equal work for both.
        podmesh: calls to the Store over TLS 1.3 on the links between machines, a certificate on
        both sides; each write a transaction in the log. etcd: Put and Range over HTTP/2 without
        TLS, Debian's defaults. "API": ConfigMaps of 512 B through the Kubernetes API over TLS.


        """

    // MARK: The disk

    private func measureSync(_ folder: String) throws -> FigureTable {
        var table = FigureTable()
        for bytes in [512, 2_048] {
            var samples = try SyncRate.measure(
                appending: bytes, in: folder, seconds: isQuick ? 0.5 : 2)
            let name = "fdatasync of \(bytes) B appended"
            table.append(Figure(name, .perSecond, SyncRate.rate(of: samples)))
            table.append(Figure("    median", .milliseconds, samples.median()))
            table.append(Figure("    99th percentile", .milliseconds, samples.percentile(99)))
        }
        return table
    }

    // MARK: The log

    /// One line of the report, before it is measured.
    private struct Line {
        var name: String
        var operation: LoadSettings.Operation
        var clients: Int
        /// What podmesh is asked through.
        var server = LoadSettings.Server.store
        var bound: Figure.Bound?
        var boundOfSlowest: Figure.Bound?
        /// At least so many times the syncs in a second that the disk does between the rounds.
        var leastOfSyncs: Double?
    }

    private func lines(_ count: Int) -> [Line] {
        let writes: [Line] =
            count == 1
            ? [
                Line(name: "1 client", operation: .write, clients: 1, leastOfSyncs: 0.6),
                Line(
                    name: "64 clients", operation: .write, clients: 64,
                    bound: .atLeastTimesPeer(3)),
                Line(
                    name: "1,000 clients", operation: .write, clients: 1_000,
                    bound: .atLeastTimesPeer(3)),
            ]
            : [64, 1_000].map { clients in
                Line(
                    name: "\(FigureTable.grouped(Double(clients))) clients", operation: .write,
                    clients: clients, bound: .atLeastTimesPeer(2),
                    boundOfSlowest: .atMostTimesPeer(1))
            } + [Line(name: "1 client", operation: .write, clients: 1)]
        return writes + [
            Line(
                name: "64 clients", operation: .read, clients: 64, bound: .atLeastTimesPeer(5)),
            Line(
                name: "1,000 clients", operation: .read, clients: 1_000,
                bound: .atLeastTimesPeer(5)),
            Line(name: "API, 1 client", operation: .write, clients: 1, server: .kubernetes),
            Line(name: "API, 64 clients", operation: .write, clients: 64, server: .kubernetes),
            Line(name: "API, 64 clients", operation: .read, clients: 64, server: .kubernetes),
        ]
    }

    private func measure(
        _ count: Int, _ etcd: String, _ folder: String, progress: (String) -> Void
    ) async throws -> FigureTable {
        let voters = count == 1 ? "one voter" : "\(count) voters"
        let own = "\(folder)/\(count)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        let ours = try BenchNetwork(count: count + 1, prefix: "podmesh-bench")
        let theirs = try BenchNetwork(count: count + 1, prefix: "podmesh-bench-peer")
        let podmesh = try await PodmeshServers(count: count, network: ours, folder: own)
        defer { podmesh.stop() }
        let peer = try await EtcdServers(
            program: etcd, count: count, network: theirs, folder: own)
        defer { peer.stop() }
        try await Task.sleep(for: .seconds(3))

        var table = FigureTable(peer: "etcd")
        for line in lines(count) {
            let name = "\(voters), \(line.operation.rawValue)s, \(line.name)"
            progress("\(name)…\n")
            var mine = Rounds()
            var others = Rounds()
            var syncs = Samples()
            for _ in 0..<rounds {
                if line.leastOfSyncs != nil {
                    syncs.append(
                        try SyncRate.measure(
                            appending: LoadContent.valueBytes, in: own, seconds: seconds / 2))
                }
                mine.append(try load(line, line.server, podmesh, ours, own))
                if line.server == .store { others.append(try load(line, .etcd, peer, theirs, own)) }
            }
            let failures = mine.failures + others.failures
            if failures > 0 { progress("  \(failures) operations failed\n") }
            var bound = line.bound
            if let least = line.leastOfSyncs, let rate = SyncRate.rate(of: syncs) {
                bound = .atLeast(least * rate)
            }
            table.append(Figure(name, .perSecond, mine.rate, peer: others.rate, bound: bound))
            table.append(
                Figure("    median", .milliseconds, mine.median, peer: others.median))
            table.append(
                Figure(
                    "    99th percentile", .milliseconds, mine.percentile99,
                    peer: others.percentile99, bound: line.boundOfSlowest))
        }
        return table
    }

    /// Runs the load client in the namespace behind the servers'.
    private func load(
        _ line: Line, _ server: LoadSettings.Server, _ servers: any RaftServers,
        _ network: BenchNetwork, _ folder: String
    ) throws -> LoadResult {
        var settings = try servers.settings(server, line.operation)
        settings.clients = line.clients
        settings.connections = server == .kubernetes ? line.clients : (line.clients + 9) / 10
        settings.seconds = seconds
        settings.warmUpSeconds = warmUpSeconds
        settings.run = String(UInt32.random(in: 0 ... .max), radix: 16)
        let before = servers.processorSeconds
        var result = try network.load(settings, in: folder)
        result.serverProcessorSeconds = servers.processorSeconds - before
        return result
    }

    /// The rounds of one side of a line.
    private struct Rounds {
        private var results: [LoadResult] = []

        mutating func append(_ result: LoadResult) { results.append(result) }

        var failures: Int { results.reduce(0) { $0 + $1.failures } }
        var rate: Double? { middle(\.rate) }
        var median: Double? { middle(\.median) }
        var percentile99: Double? { middle(\.percentile99) }

        private func middle(_ value: (LoadResult) -> Double) -> Double? {
            var samples = Samples(results.map(value))
            return samples.median()
        }
    }
}
