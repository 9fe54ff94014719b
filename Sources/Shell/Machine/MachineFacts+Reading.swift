import Glibc
package import Kubelet

extension MachineFacts {
    /// Reads what the Node object tells of the machine. A file that is missing leaves its
    /// field empty.
    ///
    /// - Parameters:
    ///   - disk: a folder on the disk that holds Pods' files and images.
    ///   - runtime: name and version, as ``RuntimeClient/version()`` gives them.
    package static func ofThisMachine(disk: String, runtime: String) -> MachineFacts {
        var facts = MachineFacts(
            cpuMilli: Int64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) * 1_000,
            memoryBytes: Int64(sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))),
            ephemeralStorageBytes: diskBytes(disk))
        facts.containerRuntimeVersion = runtime
        facts.osImage = osImage(file("/etc/os-release") ?? "")
        facts.machineID = line("/etc/machine-id")
        facts.bootID = line("/proc/sys/kernel/random/boot_id")
        facts.hasAppArmor = line("/sys/module/apparmor/parameters/enabled") == "Y"
        let product = line("/sys/class/dmi/id/product_uuid")
        facts.systemUUID = product.isEmpty ? facts.machineID : product
        var system = utsname()
        if uname(&system) == 0 {
            facts.kernelVersion = text(&system.release)
            facts.architecture = goArchitecture(text(&system.machine))
        }
        return facts
    }

    /// The value of PRETTY_NAME (os-release(5)).
    static func osImage(_ release: String) -> String {
        for line in release.split(separator: "\n") where line.hasPrefix("PRETTY_NAME=") {
            let value = line.dropFirst("PRETTY_NAME=".count)
            return value.filter { $0 != "\"" && $0 != "'" }
        }
        return "Linux"
    }

    static func goArchitecture(_ machine: String) -> String {
        switch machine {
        case "x86_64": "amd64"
        case "aarch64": "arm64"
        default: machine
        }
    }

    private static func diskBytes(_ path: String) -> Int64 {
        var found = statvfs()
        guard statvfs(path, &found) == 0 else { return 0 }
        return Int64(clamping: UInt64(found.f_blocks).multipliedReportingOverflow(
            by: UInt64(found.f_frsize)).partialValue)
    }

    private static func file(_ path: String) -> String? {
        (try? PodFiles.contents(of: path)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func line(_ path: String) -> String {
        file(path)?.split(separator: "\n").first.map(String.init) ?? ""
    }

    /// The text in a fixed field of a C structure.
    private static func text<Field>(_ field: inout Field) -> String {
        withUnsafeBytes(of: &field) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
