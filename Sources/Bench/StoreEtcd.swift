import Foundation
import Glibc

/// etcd as Debian packages it, filled with the same documents through its JSON gateway.
final class EtcdStore {
    private(set) var process: ChildProcess
    private let program: String
    private let folder: String

    private static let port: UInt16 = 12_379
    private static let peerPort = 12_380
    /// Below etcd's limit of operations in a transaction.
    private static let operationsMax = 100
    private static let readyTimeout = 30.0

    init(program: String, folder: String) throws {
        self.program = program
        self.folder = folder
        process = try Self.start(program, folder)
        _ = try wait(for: "ready")
    }

    private static func start(_ program: String, _ folder: String) throws -> ChildProcess {
        let client = "http://127.0.0.1:\(port)"
        return try ChildProcess(
            program,
            [
                "--data-dir", "\(folder)/etcd", "--listen-client-urls", client,
                "--advertise-client-urls", client, "--listen-peer-urls",
                "http://127.0.0.1:\(peerPort)",
            ], log: "\(folder)/etcd.log")
    }

    /// Each document under the key that Kubernetes would give it.
    func fill(_ documents: StoreDocuments) throws {
        let connection = try PlainConnection(port: Self.port)
        for first in stride(from: 0, to: documents.count, by: Self.operationsMax) {
            let last = min(documents.count, first + Self.operationsMax)
            let puts = (first..<last).map { number in
                let value = Data(documents.document(number)).base64EncodedString()
                let name = key(documents.name(number))
                return #"{"requestPut":{"key":"\#(name)","value":"\#(value)"}}"#
            }
            let body = #"{"success":["# + puts.joined(separator: ",") + "]}"
            try connection.send("POST", "/v3/kv/txn", body: Array(body.utf8))
            let answer = try connection.answer()
            guard answer.code == 200 else {
                throw BenchError(
                    "etcd refused a transaction: \(String(decoding: answer.body, as: UTF8.self))")
            }
        }
    }

    /// Seconds from the start to the first linearizable read.
    func restart(until name: String) throws -> Double {
        process.waitAfterTerminating()
        let watch = Stopwatch()
        process = try Self.start(program, folder)
        _ = try wait(for: name)
        return watch.elapsedSeconds
    }

    private func key(_ name: String) -> String {
        Data("/registry/pods/\(name)".utf8).base64EncodedString()
    }

    private func wait(for name: String) throws -> [UInt8] {
        let watch = Stopwatch()
        while watch.elapsedSeconds < Self.readyTimeout {
            if let connection = try? PlainConnection(port: Self.port) {
                let body = Array(#"{"key":"\#(key(name))"}"#.utf8)
                try? connection.send("POST", "/v3/kv/range", body: body)
                if let answer = try? connection.answer(), answer.code == 200 {
                    return answer.body
                }
            }
            usleep(5_000)
        }
        throw BenchError("etcd was not ready (see \(folder)/etcd.log)")
    }
}
