import Glibc
import Shell
import Synchronization
import Testing

/// A folder of its own for one test, removed when the test lets go of it.
final class DiskFolder {
    let path: String

    init() throws {
        var template = Array("\(P_tmpdir)/podmesh-disk-XXXXXX".utf8CString)
        let isMade = mkdtemp(&template) != nil
        try #require(isMade)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.removeAll(path) }

    var names: [String] { (try? Folder.list(path)) ?? [] }

    func read(_ name: String) throws -> [UInt8] {
        try File(opening: "\(path)/\(name)", O_RDONLY).read()
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try File(opening: "\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC).write(bytes)
    }

    private static func removeAll(_ path: String) {
        for name in (try? Folder.list(path)) ?? [] {
            if unlink("\(path)/\(name)") != 0 { removeAll("\(path)/\(name)") }
        }
        rmdir(path)
    }
}

/// A disk that refuses with an error number from some call on.
final class FaultyDisk: Sendable {
    private struct Plan {
        var callsLeft: Int
        var number: Int32
        var calls = 0
    }

    private let plan: Mutex<Plan>

    init(failingAfter calls: Int = .max, with number: Int32 = EIO) {
        plan = Mutex(Plan(callsLeft: calls, number: number))
    }

    /// Calls seen so far.
    var count: Int { plan.withLock { $0.calls } }

    func fail(after calls: Int = 0, with number: Int32 = EIO) {
        plan.withLock { ($0.callsLeft, $0.number) = (calls, number) }
    }

    var calls: DiskCalls {
        var calls = DiskCalls()
        calls.write = { descriptor, bytes in
            guard self.mayPass() else {
                // A disk that runs full takes a part first, until it has no byte left.
                let part = bytes.count / 2
                guard part > 0, self.isFull else { return -1 }
                return Glibc.write(descriptor, bytes.baseAddress, part)
            }
            return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        }
        calls.syncData = { self.mayPass() ? fdatasync($0) : -1 }
        calls.sync = { self.mayPass() ? fsync($0) : -1 }
        calls.allocate = { self.mayPass() ? DiskCalls().allocate($0, $1) : errno }
        calls.rename = { self.mayPass() ? Glibc.rename($0, $1) : -1 }
        return calls
    }

    private var isFull: Bool { plan.withLock { $0.number == ENOSPC } }

    private func mayPass() -> Bool {
        plan.withLock { plan in
            plan.calls += 1
            guard plan.callsLeft <= 0 else {
                plan.callsLeft -= 1
                return true
            }
            errno = plan.number
            return false
        }
    }
}
