import Base
import Dispatch
import Foundation
package import Logging
import NIOConcurrencyHelpers

/// The file that audit events go to, one line each, written by a thread of its own. A file that is
/// large enough is set aside under the time of that moment, and old ones are removed.
///
/// What waits is bounded: when the disk is slower than the clients for so long, events are lost,
/// counted, and a line of the daemon's log says so. Requests never wait for the log.
package final class AuditLog: Sendable {
    private struct Queue {
        var waiting: [UInt8] = []
        var isDraining = false
        var lostCount: UInt64 = 0
        var writtenCount: UInt64 = 0
    }

    static let waitingBytesMax = 64 * 1_024 * 1_024

    private let settings: MachineConfiguration.Audit
    private let queue = NIOLockedValueBox(Queue())
    /// These are used on the thread only.
    private nonisolated(unsafe) var file: File?
    private nonisolated(unsafe) var size = 0
    private nonisolated(unsafe) var hasFailed = false
    private let thread = DispatchQueue(label: "podmesh.audit")
    private let logger: Logger

    package init(_ settings: MachineConfiguration.Audit, logger: Logger) throws(ShellError) {
        self.settings = settings
        self.logger = logger
        try open()
    }

    /// Events written, and events lost, since the start.
    package var counts: (written: UInt64, lost: UInt64) {
        queue.withLockedValue { ($0.writtenCount, $0.lostCount) }
    }

    /// Hands a line over and returns at once.
    package func write(_ line: [UInt8]) {
        let (mustStart, isFirstLoss) = queue.withLockedValue { queue -> (Bool, Bool) in
            guard queue.waiting.count + line.count <= Self.waitingBytesMax else {
                queue.lostCount += 1
                return (false, queue.lostCount == 1)
            }
            queue.waiting += line
            queue.writtenCount += 1
            defer { queue.isDraining = true }
            return (!queue.isDraining, false)
        }
        if isFirstLoss { logger.error("audit events are lost: the audit log's disk is too slow") }
        if mustStart { thread.async { self.drain() } }
    }

    /// Returns when everything handed over has been written.
    package func flush() { thread.sync {} }

    private func drain() {
        while true {
            let lines = queue.withLockedValue { queue -> [UInt8] in
                defer { queue.waiting = [] }
                if queue.waiting.isEmpty { queue.isDraining = false }
                return queue.waiting
            }
            guard !lines.isEmpty else { return }
            do {
                try append(lines)
                hasFailed = false
            } catch {
                if !hasFailed {
                    logger.error("audit events are lost", metadata: ["error": "\(error)"])
                }
                hasFailed = true
                file = nil
            }
        }
    }

    private func append(_ lines: [UInt8]) throws {
        guard settings.logPath != "-" else {
            try FileHandle.standardOutput.write(contentsOf: Data(lines))
            return
        }
        if file == nil { try open() }
        if size > 0, size + lines.count > settings.maxSizeMegabytes << 20 { try rotate() }
        try file?.write(lines)
        size += lines.count
    }

    // MARK: Files

    private func open() throws(ShellError) {
        guard settings.logPath != "-" else { return }
        let opened = try File(opening: settings.logPath, O_WRONLY | O_CREAT | O_APPEND)
        size = try opened.size()
        file = opened
    }

    private func rotate() throws(ShellError) {
        file = nil
        let (name, ending) = parts
        let stamp = Self.stamp(.now)
        guard rename(settings.logPath, "\(folder)/\(name)-\(stamp)\(ending)") == 0 else {
            throw .system("rename \(settings.logPath)")
        }
        try open()
        try removeOld(.now)
    }

    /// `2026-11-21T20-15-03.123`, so that names sort by time.
    private static func stamp(_ time: WallTime) -> String {
        let text = time.rfc3339Micro.replacingOccurrences(of: ":", with: "-")
        return String(text.prefix(23))
    }

    private func removeOld(_ now: WallTime) throws(ShellError) {
        let (name, ending) = parts
        let old = try Folder.list(folder).filter {
            $0.hasPrefix("\(name)-") && $0.hasSuffix(ending)
                && $0.utf8.count == name.utf8.count + 1 + 23 + ending.utf8.count
        }
        var doomed: [String] = []
        if settings.maxBackups > 0 { doomed += old.dropLast(settings.maxBackups) }
        if settings.maxAgeDays > 0 {
            let limit = Self.stamp(now + .seconds(-86_400 * Int64(settings.maxAgeDays)))
            doomed += old.filter { $0.dropFirst(name.count + 1).prefix(23) < limit }
        }
        for file in doomed { try Folder.remove("\(folder)/\(file)") }
    }

    private var folder: String {
        let path = settings.logPath
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// `audit` and `.log`.
    private var parts: (name: String, ending: String) {
        let file = settings.logPath.split(separator: "/").last.map(String.init) ?? ""
        guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return (file, "") }
        return (String(file[..<dot]), String(file[dot...]))
    }
}
