import GRPCCore
import Kubelet
import SwiftProtobuf

/// Changes of containers that run.
extension RuntimeClient {
    func updateResources(
        _ id: String, _ resources: LinuxResources, _ options: CallOptions
    ) async throws {
        // The Pod's group makes room first; it shrinks last, when what is in it has.
        if let group = resources.ofPod {
            try? await onBlockingThread { try CgroupFolders.make(group) }
        }
        var request = WireMessage()
        request.append(1, id)
        let message = Runtime_V1_LinuxContainerResources(resources)
        request.append(2, [UInt8](try message.serializedData()))
        _ = try await connection.call(
            "runtime.v1.RuntimeService", "UpdateContainerResources", request, options)
        if let group = resources.ofPod {
            try await onBlockingThread { try CgroupFolders.make(group) }
        }
    }

    /// CRI knows no signals but the image's own; containerd's tasks take any.
    func signal(_ id: String, _ name: String, _ options: CallOptions) async throws {
        guard let number = Self.number(ofSignal: name) else {
            throw Kubelet.RuntimeError(.invalidArgument, "unknown signal \(name)")
        }
        var request = WireMessage()
        request.append(1, id)
        request.append(3, number)
        _ = try await connection.call(
            "containerd.services.tasks.v1.Tasks", "Kill", request,
            metadata: ["containerd-namespace": "k8s.io"], options)
    }

    /// Linux' numbers; `SIGRTMIN+3` and `SIGRTMAX-3` count from the ends of the real-time signals.
    package static func number(ofSignal name: String) -> UInt64? {
        if name.hasPrefix("SIGRTMIN") { return realTime(name.dropFirst(8), from: 34, sign: 1) }
        if name.hasPrefix("SIGRTMAX") { return realTime(name.dropFirst(8), from: 64, sign: -1) }
        return names.firstIndex(of: name).map { UInt64($0) + 1 }
    }

    private static func realTime(_ rest: Substring, from first: Int, sign: Int) -> UInt64? {
        guard !rest.isEmpty else { return UInt64(first) }
        guard let count = Int(rest.dropFirst()), rest.first == (sign > 0 ? "+" : "-") else {
            return nil
        }
        let number = first + sign * count
        return (34...64).contains(number) ? UInt64(number) : nil
    }

    private static let names = [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE",
        "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM",
        "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG",
        "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ]
}
