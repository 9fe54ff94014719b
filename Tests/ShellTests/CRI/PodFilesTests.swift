import Foundation
import Kubelet
import Shell
import Testing

/// What the kubelet has prepared on disk for a Pod.
@Suite struct PodFilesTests {
    private let folder: TestFolder
    /// Files need no runtime behind the socket.
    private let client: RuntimeClient

    init() throws {
        folder = try TestFolder()
        client = try RuntimeClient(endpoint: "\(folder.path)/none.sock")
    }

    private func prepare(_ steps: PreparationStep...) async throws {
        _ = try await client.perform(.prepare(steps)).get()
    }

    private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    private func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path(name))
        return attributes[.posixPermissions] as? Int ?? 0
    }

    private func code(_ steps: PreparationStep...) async -> RuntimeError.Code? {
        guard case .failure(let error) = await client.perform(.prepare(steps)) else { return nil }
        return error.code
    }

    @Test func `folders and files get their modes whatever the umask`() async throws {
        try await prepare(
            .directory(path: path("a/b"), mode: 0o777, group: nil),
            .file(path: path("a/hosts"), content: Array("one\n".utf8), mode: 0o644),
            .touch(path: path("a/termination-log"), mode: 0o666))
        #expect(try mode("a") == 0o755)
        #expect(try mode("a/b") == 0o777)
        #expect(try mode("a/termination-log") == 0o666)
        #expect(try text("a/hosts") == "one\n")
        let number = try FileManager.default.attributesOfItem(atPath: path("a/hosts"))
        try await prepare(
            .file(path: path("a/hosts"), content: Array("two\n".utf8), mode: 0o644),
            .touch(path: path("a/hosts"), mode: 0o644))
        #expect(try text("a/hosts") == "two\n")
        let again = try FileManager.default.attributesOfItem(atPath: path("a/hosts"))
        #expect(number[.systemFileNumber] as? Int == again[.systemFileNumber] as? Int)
    }

    @Test func `a file set is replaced as a whole`() async throws {
        func file(_ path: String, _ text: String) -> VolumeFile {
            VolumeFile(path: path, content: Array(text.utf8), mode: 0o600)
        }
        try await prepare(
            .fileSet(
                path: path("set"), files: [file("a", "1"), file("d/b", "2")], group: nil))
        #expect(try text("set/a") == "1")
        #expect(try text("set/d/b") == "2")
        #expect(try mode("set/..data/a") == 0o600)
        let first = try FileManager.default.destinationOfSymbolicLink(atPath: path("set/..data"))
        try await prepare(
            .fileSet(
                path: path("set"), files: [file("a", "1"), file("d/b", "2")], group: nil))
        let same = try FileManager.default.destinationOfSymbolicLink(atPath: path("set/..data"))
        #expect(first == same)
        try await prepare(
            .fileSet(path: path("set"), files: [file("a", "3"), file("c", "4")], group: nil))
        #expect(try text("set/a") == "3")
        #expect(try text("set/c") == "4")
        let left = try FileManager.default.contentsOfDirectory(atPath: path("set")).sorted()
        #expect(left.filter { !$0.hasPrefix("..") } == ["a", "c"])
        #expect(left.count == 4)
        #expect(!FileManager.default.fileExists(atPath: path("set/\(first)")))
    }

    @Test func `a group may read the files of a set`() async throws {
        let file = VolumeFile(path: "key", content: [1], mode: 0o400)
        try await prepare(.fileSet(path: path("set"), files: [file], group: 2_000))
        #expect(try mode("set/..data/key") == 0o440)
        let attributes = try FileManager.default.attributesOfItem(
            atPath: path("set/..data/key"))
        #expect(attributes[.groupOwnerAccountID] as? Int == 2_000)
    }

    @Test(arguments: ["../a", "/a", "a/../b", "", "a//b"])
    func `a file set stays inside its folder`(_ name: String) async {
        let file = VolumeFile(path: name, content: [], mode: 0o600)
        let refused = await code(.fileSet(path: path("set"), files: [file], group: nil))
        #expect(refused == .invalidArgument)
    }

    @Test func `hostPath types are checked in Kubernetes' words`() async throws {
        try await prepare(.hostPath(path: path("made/here"), type: "DirectoryOrCreate"))
        try await prepare(.hostPath(path: path("made/here"), type: "Directory"))
        try await prepare(.hostPath(path: path("made/file"), type: "FileOrCreate"))
        try await prepare(.hostPath(path: "/dev/null", type: "CharDevice"))
        try await prepare(.hostPath(path: path("absent"), type: ""))
        let step = PreparationStep.hostPath(path: path("made/file"), type: "Directory")
        let answer = await client.perform(.prepare([step]))
        #expect(
            answer
                == .failure(
                    RuntimeError(
                        .invalidArgument,
                        "hostPath type check failed: \(path("made/file")) is not a directory")))
        #expect(await code(.hostPath(path: path("absent"), type: "Socket")) == .invalidArgument)
    }

    private func subPath(_ part: String) -> PreparationStep {
        .subPath(
            volume: path("v"), path: part, target: path("pod/part"), reason: "failed to prepare")
    }

    @Test func `a subPath is bound from inside its volume and from nowhere else`() async throws {
        let manager = FileManager.default
        try await prepare(.emptyDirectory(path: path("v"), group: nil), subPath("x/y"))
        #expect(try mode("v/x/y") == 0o777)
        try await prepare(.touch(path: path("v/x/y/file"), mode: 0o644))
        #expect(manager.fileExists(atPath: path("pod/part/file")))
        try manager.createSymbolicLink(atPath: path("v/inside"), withDestinationPath: "x/./y")
        try await prepare(subPath("inside/z"))
        #expect(manager.fileExists(atPath: path("v/x/y/z")))
        #expect(!manager.fileExists(atPath: path("pod/part/file")))
        try await prepare(subPath("inside/file"))
        #expect(try mode("pod/part") == 0o644)
        let links = [("absolute", "/tmp"), ("up", "../.."), ("round", "round")]
        for (name, target) in links {
            try manager.createSymbolicLink(
                atPath: path("v/\(name)"), withDestinationPath: target)
        }
        for part in ["absolute/z", "up/z", "round", "../z", "x/y/file/z"] {
            #expect(
                await client.perform(.prepare([subPath(part)]))
                    == .failure(RuntimeError(.misconfigured, "failed to prepare")), "\(part)")
        }
        _ = try await client.perform(
            .removePodDirectory(path: path("pod"), logDirectory: nil)
        ).get()
        #expect(manager.fileExists(atPath: path("v/x/y/file")))
    }

    @Test func `a folder for everyone keeps what a container makes of its mode`() async throws {
        let step = PreparationStep.emptyDirectory(path: path("pod/cache"), group: 2_000)
        try await prepare(step)
        #expect(try mode("pod/cache") == 0o2777)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o700], ofItemAtPath: path("pod/cache"))
        try await prepare(step)
        #expect(try mode("pod/cache") == 0o700)
    }

    @Test func `a volume is given to a group with all that is in it`() async throws {
        try await prepare(
            .directory(path: path("v/sub"), mode: 0o700, group: nil),
            .touch(path: path("v/sub/file"), mode: 0o600),
            .group(path: path("v"), group: 3_000, onlyOnMismatch: false))
        #expect(try mode("v/sub") == 0o2770)
        #expect(try mode("v/sub/file") == 0o660)
        let attributes = try FileManager.default.attributesOfItem(atPath: path("v/sub/file"))
        #expect(attributes[.groupOwnerAccountID] as? Int == 3_000)
        try await prepare(
            .touch(path: path("v/new"), mode: 0o600),
            .group(path: path("v"), group: 3_000, onlyOnMismatch: true))
        #expect(try mode("v/new") == 0o600)
    }

    @Test func `only so many logs of a container are kept`() throws {
        let manager = FileManager.default
        let log = path("0.log")
        let files = LogFiles(log)
        for second in 0..<4 {
            manager.createFile(atPath: log, contents: Data("log \(second)".utf8))
            #expect(files.isLarger(than: 4))
            #expect(!files.isLarger(than: 5))
            _ = try files.setAside(at: 1_800_000_000 + second)
        }
        manager.createFile(atPath: path("1.log"), contents: nil)
        try files.removeOldest(keeping: 2)
        #expect(
            try files.setAside() == ["\(log).20270115-080002", "\(log).20270115-080003"])
        try files.removeAll()
        #expect(try manager.contentsOfDirectory(atPath: folder.path) == ["1.log"])
    }

    @Test func `memory is mounted once, and unmounted before a Pod's folder goes`() async throws {
        let step = PreparationStep.memoryDirectory(
            path: path("pod/shm"), sizeLimit: 1_048_576, group: 2_000)
        try await prepare(step, step)
        let table = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        let mounts = table.split(separator: "\n").filter { $0.contains(" \(path("pod/shm")) ") }
        #expect(mounts.count == 1)
        #expect(mounts.first?.contains("size=1024k") == true)
        #expect(try mode("pod/shm") == 0o2777)
        try await prepare(.touch(path: path("logs/0.log"), mode: 0o600))
        let removal = RuntimeRequest.removePodDirectory(
            path: path("pod"), logDirectory: path("logs"))
        _ = try await client.perform(removal).get()
        #expect(!FileManager.default.fileExists(atPath: path("pod")))
        #expect(!FileManager.default.fileExists(atPath: path("logs")))
        _ = try await client.perform(removal).get()
    }

    @Test func `removing a Pod's folder follows no links`() async throws {
        try await prepare(
            .touch(path: path("other/kept"), mode: 0o600),
            .directory(path: path("pod"), mode: 0o755, group: nil))
        try FileManager.default.createSymbolicLink(
            atPath: path("pod/link"), withDestinationPath: path("other"))
        _ = try await client.perform(
            .removePodDirectory(path: path("pod"), logDirectory: nil)
        ).get()
        #expect(!FileManager.default.fileExists(atPath: path("pod")))
        #expect(FileManager.default.fileExists(atPath: path("other/kept")))
    }

    @Test func `an empty control group goes, one in use stays`() throws {
        let group = "podmesh-\(UUID().uuidString)"
        let manager = FileManager.default
        let hierarchy = try #require(
            ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].first {
                manager.fileExists(atPath: "\($0)/cgroup.procs")
            })
        try manager.createDirectory(
            atPath: "\(hierarchy)/\(group)/pod", withIntermediateDirectories: true)
        try CgroupFolders.removeIfEmpty("/\(group)")
        #expect(manager.fileExists(atPath: "\(hierarchy)/\(group)/pod"))
        try CgroupFolders.removeIfEmpty("/\(group)/pod")
        #expect(!manager.fileExists(atPath: "\(hierarchy)/\(group)/pod"))
        try CgroupFolders.removeIfEmpty("/\(group)")
        #expect(!manager.fileExists(atPath: "\(hierarchy)/\(group)"))
    }

    @Test func `a Pod's control group limits what is in it together`() throws {
        let group = "podmesh-\(UUID().uuidString)"
        let manager = FileManager.default
        try #require(manager.fileExists(atPath: "/sys/fs/cgroup"))
        try CgroupFolders.make(
            CgroupSettings(
                path: "/\(group)", cpuShares: 512, cpuQuota: 50_000, cpuPeriod: 100_000,
                memoryLimitBytes: 64 << 20, processesMax: 100))
        defer { try? CgroupFolders.removeIfEmpty("/\(group)") }
        let values = [
            ("/sys/fs/cgroup/cpu/\(group)/cpu.shares", "512"),
            ("/sys/fs/cgroup/cpu/\(group)/cpu.cfs_quota_us", "50000"),
            ("/sys/fs/cgroup/memory/\(group)/memory.limit_in_bytes", "67108864"),
            ("/sys/fs/cgroup/pids/\(group)/pids.max", "100"),
            ("/sys/fs/cgroup/\(group)/cpu.max", "50000 100000"),
            ("/sys/fs/cgroup/\(group)/memory.max", "67108864"),
        ].filter { manager.fileExists(atPath: $0.0) }
        #expect(values.count >= 2)
        for (file, value) in values {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(text == "\(value)\n", "\(file)")
        }
    }

    @Test func `the tail of a file is its last bytes`() async throws {
        try await prepare(.file(path: path("f"), content: Array("0123456789".utf8), mode: 0o600))
        let tail = await client.perform(.readTail(path: path("f"), limit: 4))
        #expect(tail == .success(.bytes(Array("6789".utf8))))
        let all = await client.perform(.readTail(path: path("f"), limit: 99))
        #expect(all == .success(.bytes(Array("0123456789".utf8))))
        let none = await client.perform(.readTail(path: path("none"), limit: 4))
        guard case .failure(let error) = none else {
            Issue.record("\(none)")
            return
        }
        #expect(error.code == .notFound)
    }

    @Test func `a runtime that is not there is unavailable`() async throws {
        let runner = Task { try await client.run() }
        let answer = await client.perform(.listState)
        runner.cancel()
        guard case .failure(let error) = answer else {
            Issue.record("\(answer)")
            return
        }
        #expect(error.code == .unavailable)
        #expect(error.message.hasPrefix("rpc error: code = Unavailable desc = "))
    }

    @Test func `the CNI configuration names the machine's block and bridge`() throws {
        let text = CNIConfiguration.conflist(podCIDR: "10.244.3.0/24", bridge: "pods", mtu: 1_450)
        let parsed = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let plugin = (parsed?["plugins"] as? [[String: Any]])?.first
        #expect(plugin?["bridge"] as? String == "pods")
        #expect(plugin?["mtu"] as? Int == 1_450)
        let ipam = plugin?["ipam"] as? [String: Any]
        let ranges = ipam?["ranges"] as? [[[String: String]]]
        #expect(ranges == [[["subnet": "10.244.3.0/24"]]])
    }
}
