import Base
import Foundation
import Glibc

/// Lets many clients watch one ConfigMap through a daemon's administration socket, and changes it.
struct WatchRounds {
    private let socket: String
    private let count: Int
    private static let path = "/api/v1/namespaces/default/configmaps"

    init(_ count: Int, socket: String) {
        self.count = count
        self.socket = socket
    }

    /// For each round the seconds from the beginning of the write until each watch had the change,
    /// rising.
    func measure(rounds: Int = 5) throws -> [[Double]] {
        let name = "watched-\(String(UInt32.random(in: 0 ... .max), radix: 16))"
        let writer = try PlainConnection(socket: socket)
        func document(_ round: Int) -> [UInt8] {
            Array(
                #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)"},"#.utf8)
                + Array(#""data":{"round":"round-\#(round)-ends"}}"#.utf8)
        }
        try writer.send("POST", Self.path, body: document(0))
        guard try writer.answer().code == 201 else {
            throw BenchError("the ConfigMap to watch could not be made")
        }
        let watch = "\(Self.path)?watch=1&fieldSelector=metadata.name%3D\(name)"
        let connections = try (0..<count).map { _ in
            let connection = try PlainConnection(socket: socket)
            try connection.send("GET", watch)
            return connection
        }
        for connection in connections { try connection.read(until: "round-0-ends") }
        return try (1...rounds).map { round in
            let arrivals = WatchArrivals(connections, awaiting: "round-\(round)-ends")
            let started = Stopwatch()
            try writer.send("PUT", "\(Self.path)/\(name)", body: document(round))
            let times = try arrivals.wait(since: started)
            guard try writer.answer().code == 200 else {
                throw BenchError("the watched ConfigMap could not be changed")
            }
            return times
        }
    }
}

/// Waits until each of many connections has received a text.
struct WatchArrivals {
    private let connections: [PlainConnection]
    private let wanted: [UInt8]
    /// Between two looks, so that each finds many and most of the time is the server's.
    private static let pauseMicroseconds: UInt32 = 100
    private static let timeout = 5.0

    init(_ connections: [PlainConnection], awaiting text: String) {
        self.connections = connections
        wanted = Array(text.utf8)
    }

    /// Seconds until each was seen to have it, rising. They are looked at in one order, in which
    /// the server tells them too: asking the system which of ten thousand have something would cost
    /// more than the server does.
    func wait(since watch: Stopwatch) throws -> [Double] {
        var piece = [UInt8](repeating: 0, count: 8_192)
        return try connections.map { connection in
            while true {
                let length = recv(
                    connection.descriptor, &piece, piece.count, CInt(MSG_DONTWAIT))
                guard length > 0 else {
                    guard length < 0, errno == EAGAIN else {
                        throw BenchError("a watch was closed")
                    }
                    guard watch.elapsedSeconds < Self.timeout else {
                        throw BenchError("a watch was not told")
                    }
                    usleep(Self.pauseMicroseconds)
                    continue
                }
                // Events are small and come in one piece.
                if contains(piece, length) { return watch.elapsedSeconds }
            }
        }
    }

    private func contains(_ piece: [UInt8], _ count: Int) -> Bool {
        guard count >= wanted.count else { return false }
        return (0...(count - wanted.count)).contains { start in
            piece[start] == wanted[0]
                && piece[start..<(start + wanted.count)].elementsEqual(wanted)
        }
    }
}
