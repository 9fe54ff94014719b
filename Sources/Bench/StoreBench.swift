import Base
import Foundation
import Shell
import Store

/// The Store: in a process of its own kind, behind a real daemon, and beside etcd.
package struct StoreBench: Sendable {
    private let isQuick: Bool
    private let mayInstallPeers: Bool
    private let directory: String

    /// `directory` takes the data of all servers; it must be on the disk that is to be measured.
    package init(isQuick: Bool, mayInstallPeers: Bool, directory: String) {
        self.isQuick = isQuick
        self.mayInstallPeers = mayInstallPeers
        self.directory = directory
    }

    private var count: Int { isQuick ? 20_000 : 100_000 }
    private var watchers: Int { isQuick ? 1_000 : 10_000 }

    /// Measures and prints; false when a bound is missed.
    package func run(print: (String) -> Void) async throws -> Bool {
        let etcd = try PeerProgram.etcd.locate(mayInstall: mayInstallPeers)
        let folder = try Cleanup.temporaryFolder("store", in: directory)
        let documents = StoreDocuments(count: count)
        print("\(FigureTable.grouped(Double(count))) Pods of \(documents.documentBytes) B.\n\n")
        var tables: [FigureTable] = []
        tables.append(measureStore(documents))
        print(tables[0].text + "\n")
        tables.append(try await measureDaemon(documents, etcd, folder))
        print(tables[1].text + "\n")
        return tables.allSatisfy(\.isEveryBoundMet)
    }

    // MARK: The value itself

    private func measureStore(_ documents: StoreDocuments) -> FigureTable {
        var table = FigureTable()
        let before = Memory.ownBytes
        var watch = Stopwatch()
        var store = documents.makeStore()
        let putSeconds = watch.elapsedSeconds
        let perDocument = Double(Memory.ownBytes - before) / Double(count)
        table.append(
            Figure(
                "memory of a document of \(documents.documentBytes) B in the Store", .bytes,
                perDocument, bound: .atMost(Double(2 * documents.documentBytes + 200))))
        table.append(Figure("transactions applied", .perSecond, Double(count) / putSeconds))
        watch = Stopwatch()
        var found = 0
        for number in 0..<count {
            let key = documents.key(number &* 7_919 % count)
            if store.snapshot[key] != nil { found += 1 }
        }
        table.append(Figure("gets", .perSecond, Double(found) / watch.elapsedSeconds))
        watch = Stopwatch()
        let range = KeyRange.namespace(group: "", resource: "pods", namespace: "team-7")
        var listed = 0
        for _ in 0..<100 { listed += store.snapshot.list(range, limit: 500).count }
        table.append(
            Figure("documents listed, 500 at a time", .perSecond,
                Double(listed) / watch.elapsedSeconds))
        let held = store.snapshot
        watch = Stopwatch()
        for number in 0..<count / 4 { documents.update(number, in: &store) }
        table.append(
            Figure("updates while a snapshot is held", .perSecond,
                Double(count / 4) / watch.elapsedSeconds))
        withExtendedLifetime(held) {}
        watch = Stopwatch()
        var encoded = 0
        var longest = 0
        store.encodeBlocks { block in
            encoded += block.count
            longest = max(longest, block.count)
        }
        let seconds = watch.elapsedSeconds
        table.append(Figure("encode to blocks", .milliseconds, seconds * 1_000))
        table.append(Figure("bytes encoded", .bytes, Double(encoded)))
        table.append(Figure("longest block in memory", .bytes, Double(longest)))
        return table
    }

    // MARK: A real daemon

    private func measureDaemon(
        _ documents: StoreDocuments, _ etcd: String, _ folder: String
    ) async throws -> FigureTable {
        var table = FigureTable(peer: "etcd")
        try FileLimit.raise()
        let server = try await StoreServer(in: folder, holding: documents)
        let restart = try server.start(until: documents.name(count - 1))
        let podmeshBytes = try Memory.settled(server.process)
        let peer = try EtcdStore(program: etcd, folder: folder)
        try peer.fill(documents)
        let etcdBytes = try Memory.settled(peer.process)
        let etcdRestart = try peer.restart(until: documents.name(count - 1))
        table.append(
            Figure("start to the first linearizable read", .seconds, restart.total,
                peer: etcdRestart, bound: .atMost(isQuick ? 1 : 1)))
        table.append(Figure("of that, until its socket is open", .seconds, restart.open))
        table.append(
            Figure("resident memory", .bytes, Double(podmeshBytes), peer: Double(etcdBytes),
                bound: .atMost(600 * 1_048_576)))
        peer.process.stop()
        let delays = try server.tellWatchers(watchers)
        let name = "\(FigureTable.grouped(Double(watchers))) watchers of one key"
        table.append(
            Figure("\(name), all told after", .milliseconds, delays.all * 1_000,
                bound: .atMost(50)))
        table.append(Figure("\(name), half told after", .milliseconds, delays.half * 1_000))
        server.process.stop()
        return table
    }
}
