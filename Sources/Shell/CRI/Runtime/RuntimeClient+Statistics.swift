import Base
import GRPCCore
import Glibc
import Kubelet
import SwiftProtobuf

extension RuntimeClient {
    /// What the machine, its containers and these folders use now.
    func statistics(
        podRoot: String, folders: [String], _ options: CallOptions
    ) async throws -> RuntimeResponse {
        let answer = try await connection.call(
            "runtime.v1.RuntimeService", "ListContainerStats", WireMessage(), options)
        let imageFolder = await imageFolder(options)
        var statistics = try await onBlockingThread {
            var statistics = MachineStatistics.ofThisMachine(
                pods: podRoot, images: imageFolder)
            for folder in folders { statistics.folders[folder] = DiskUsage.bytes(below: folder) }
            return statistics
        }
        for container in answer.messages(1) { statistics.add(container) }
        return .statistics(statistics)
    }

    /// Where the runtime keeps its images.
    private func imageFolder(_ options: CallOptions) async -> String {
        let answer = try? await connection.call(
            "runtime.v1.ImageService", "ImageFsInfo", WireMessage(), options)
        let path = answer?.message(1).message(2).text(1) ?? ""
        return path.isEmpty ? "/var/lib/containerd" : path
    }

    func listImages(_ options: CallOptions) async throws -> [ImageState] {
        let answer = try await connection.call(
            "runtime.v1.ImageService", "ListImages", WireMessage(), options)
        return answer.messages(1).map { image in
            var state = ImageState(
                id: image.text(1),
                repoDigests: image.messages(3).map { String(decoding: $0.bytes, as: UTF8.self) },
                sizeBytes: image.number(4))
            state.tags = image.messages(2).map { String(decoding: $0.bytes, as: UTF8.self) }
            state.isPinned = image.number(8) != 0
            return state
        }
    }

    func removeImage(_ id: String, _ options: CallOptions) async throws {
        try await ignoringNotFound {
            _ = try await images.removeImage(.with { $0.image.image = id }, options: options)
        }
    }
}

extension MachineStatistics {
    /// What the machine itself tells. A file that is missing leaves its field at zero.
    static func ofThisMachine(pods: String, images: String) -> MachineStatistics {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var result = MachineStatistics(
            time: WallTime(seconds: Int64(now.tv_sec), nanoseconds: Int32(now.tv_nsec)))
        let memory = fields("/proc/meminfo")
        result.memory.capacityBytes = (memory["MemTotal:"]?.first ?? 0) * 1_024
        result.memory.availableBytes = (memory["MemAvailable:"]?.first ?? 0) * 1_024
        // user, nice, system, (idle, iowait,) irq, softirq, steal, in hundredths of a second
        let ticks = fields("/proc/stat")["cpu"] ?? []
        let busy = ticks.enumerated().filter { [0, 1, 2, 5, 6, 7].contains($0.offset) }
        result.cpuNanoseconds = UInt64(max(0, busy.reduce(0) { $0 + $1.element })) * 10_000_000
        result.processesMax = [
            "/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max",
        ].compactMap { Int64(words($0).first ?? "") }.min() ?? 0
        let tasks = words("/proc/loadavg").dropFirst(3).first?.split(separator: "/").last
        result.processes = tasks.flatMap { Int64($0) } ?? 0
        result.nodeFileSystem = FileSystem(of: pods)
        result.imageFileSystem = FileSystem(of: images)
        return result
    }

    /// CRI `ContainerStats`.
    fileprivate mutating func add(_ message: WireMessage) {
        let labels = message.message(1).map(3)
        guard let uid = labels["io.kubernetes.pod.uid"],
            let name = labels["io.kubernetes.container.name"]
        else { return }
        func value(_ part: UInt64, _ field: UInt64) -> UInt64 {
            message.message(part).message(field).number(1)
        }
        pods[uid, default: [:]][name] = ContainerStatistics(
            cpuNanoseconds: value(2, 2), workingSetBytes: Int64(clamping: value(3, 2)),
            writtenBytes: Int64(clamping: value(4, 3)))
    }

    private static func words(_ path: String) -> [String] {
        let text = (try? PodFiles.contents(of: path)).map { String(decoding: $0, as: UTF8.self) }
        return (text ?? "").split { $0 == " " || $0 == "\n" }.map(String.init)
    }

    /// The numbers on each line, by the line's first word.
    private static func fields(_ path: String) -> [String: [Int64]] {
        let text = (try? PodFiles.contents(of: path)).map { String(decoding: $0, as: UTF8.self) }
        var result: [String: [Int64]] = [:]
        for line in (text ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let first = words.first else { continue }
            result[String(first)] = words.dropFirst().compactMap { Int64($0) }
        }
        return result
    }
}

extension MachineStatistics.FileSystem {
    fileprivate init(of path: String) {
        self.init()
        guard let found = DiskUsage.fileSystem(of: path) else { return }
        let unit = Int64(found.f_frsize)
        capacityBytes = Int64(clamping: found.f_blocks) * unit
        availableBytes = Int64(clamping: found.f_bavail) * unit
        inodes = Int64(clamping: found.f_files)
        inodesFree = Int64(clamping: found.f_ffree)
    }
}
