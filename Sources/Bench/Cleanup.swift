import Dispatch
import Foundation
import Glibc
import Synchronization

/// What must be undone when a bench ends, however it ends: child processes, network namespaces,
/// folders. Runs at exit and on SIGINT and SIGTERM, the newest first.
package enum Cleanup {
    /// Names one thing to undo.
    package enum Name: Hashable, Sendable {
        case process(Int32)
        case namespace(String)
        case folder(String)
        /// What a bench made in the machine's container runtime.
        case runtime
    }

    private struct Item {
        var name: Name
        var undo: @Sendable () -> Void
    }

    private static let items = Mutex<[Item]>([])

    /// Remembers what to do at the end.
    package static func add(_ name: Name, _ undo: @escaping @Sendable () -> Void) {
        install()
        items.withLock { $0.append(Item(name: name, undo: undo)) }
    }

    /// The thing is undone already.
    package static func remove(_ name: Name) {
        items.withLock { $0.removeAll { $0.name == name } }
    }

    /// Undoes everything that is left, the newest first.
    package static func run() {
        while let item = items.withLock({ $0.popLast() }) { item.undo() }
    }

    /// Makes a folder inside of `directory` that is removed at the end.
    package static func temporaryFolder(
        _ name: String, in directory: String = FileManager.default.temporaryDirectory.path
    ) throws(BenchError) -> String {
        let path = "\(directory)/podmesh-bench-\(name)-\(getpid())"
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true)
        } catch {
            throw BenchError("the folder \(path) cannot be made: \(error)")
        }
        add(.folder(path)) { try? FileManager.default.removeItem(atPath: path) }
        return path
    }

    /// Makes sure that the end is noticed; the first call does it.
    static func install() { _ = watch }

    /// Kept for as long as the process lives; made once and never changed.
    private nonisolated(unsafe) static let watch: [any DispatchSourceSignal] = {
        atexit { Cleanup.run() }
        return [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { exit(128 + number) }
            source.resume()
            return source
        }
    }()
}
