import Foundation
import Glibc

/// What processes hold in memory.
enum Memory {
    /// Resident bytes of this process.
    static var ownBytes: Int {
        let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = text?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return (pages ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Resident bytes of a program once it no longer grows.
    static func settled(_ process: ChildProcess) throws -> Int {
        var last = 0
        for _ in 0..<20 {
            guard let bytes = process.residentBytes else {
                throw BenchError("the server ended while it was measured")
            }
            if abs(bytes - last) < 1_048_576 { return bytes }
            last = bytes
            usleep(500_000)
        }
        return last
    }
}

/// Lets this process and those it starts open as many files as the system allows.
enum FileLimit {
    static func raise() throws {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }
}

/// A blocking connection that speaks as little HTTP/1.1 as a bench needs.
final class PlainConnection {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    init(socket path: String) throws {
        descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw BenchError("the path \(path) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        try connect(&address, MemoryLayout<sockaddr_un>.size)
    }

    init(port: UInt16) throws {
        descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try connect(&address, MemoryLayout<sockaddr_in>.size)
    }

    deinit { close(descriptor) }

    private func connect<Address>(_ address: inout Address, _ size: Int) throws {
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(size))
            }
        }
        guard descriptor >= 0, result == 0 else {
            throw BenchError("cannot connect: \(String(cString: strerror(errno)))")
        }
    }

    func send(_ method: String, _ path: String, body: [UInt8] = []) throws {
        let head =
            "\(method) \(path) HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        let bytes = Array(head.utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError("the server closed the connection") }
            sent += count
        }
    }

    /// Reads until the text has come; returns everything up to and with it.
    @discardableResult
    func read(until text: String) throws -> [UInt8] {
        let wanted = Array(text.utf8)
        var from = 0
        while true {
            if let end = find(wanted, from: from) {
                defer { buffer.removeFirst(end) }
                return Array(buffer[..<end])
            }
            from = max(0, buffer.count - wanted.count)
            try fill()
        }
    }

    /// A whole answer with a length; its code and body.
    func answer() throws -> (code: Int, body: [UInt8]) {
        let head = String(decoding: try read(until: "\r\n\r\n"), as: UTF8.self).lowercased()
        let code = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let line = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.dropFirst(15).filter { $0 != " " }) }
        guard let length else {
            return (code, try read(until: "0\r\n\r\n"))
        }
        while buffer.count < length { try fill() }
        defer { buffer.removeFirst(length) }
        return (code, Array(buffer[..<length]))
    }

    private func find(_ wanted: [UInt8], from: Int) -> Int? {
        guard buffer.count >= wanted.count else { return nil }
        for start in from...(buffer.count - wanted.count)
        where buffer[start] == wanted[0] && buffer[start..<(start + wanted.count)]
            .elementsEqual(wanted)
        {
            return start + wanted.count
        }
        return nil
    }

    private func fill() throws {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { throw BenchError("the server closed the connection") }
        buffer += piece[..<count]
    }
}
