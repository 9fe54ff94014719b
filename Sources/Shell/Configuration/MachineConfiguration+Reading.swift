import Base
import Foundation
import Raft
import Yams

extension MachineConfiguration {
    /// Reads and checks a configuration file.
    package init(contentsOf file: String) throws(ConfigurationError) {
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ConfigurationError(
                file: file, line: nil, column: nil,
                message: "cannot be read as UTF-8 text; does it exist?")
        }
        try self.init(yaml: text, file: file)
    }

    /// Reads and checks the text of a configuration; `file` is only named in errors.
    package init(yaml text: String, file: String) throws(ConfigurationError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.error(file, error)
        } catch {
            throw ConfigurationError(file: file, line: nil, column: nil, message: "\(error)")
        }
        let reader = try ConfigurationReader(file: file, node: root)
        let nameText = try reader.required("name")
        guard let name = MachineName(nameText) else {
            try reader.check(
                "name", false,
                "must be a DNS name: lower-case letters, digits, \"-\" and \".\"")
            throw ConfigurationError(file: file, line: nil, column: nil, message: "bad name")
        }
        self.name = name
        address = try reader.required("address")
        try reader.check("address", IPv4Address(address) != nil, "must be an IPv4 address")
        dataDirectory = try reader.string("dataDirectory", or: dataDirectory)
        logLevel = try reader.string("logLevel", or: logLevel)
        try reader.check(
            "logLevel", ["error", "warning", "info", "debug"].contains(logLevel),
            "must be error, warning, info or debug")
        try readSections(reader)
        try reader.finish()
    }

    private mutating func readSections(
        _ reader: ConfigurationReader
    ) throws(ConfigurationError) {
        let ports = 1...65_535
        try reader.section("api") { section throws(ConfigurationError) in
            api.port = try section.integer("port", or: api.port, in: ports)
            api.virtualAddress = try section.string("virtualAddress", or: api.virtualAddress)
            try section.check(
                "virtualAddress",
                IPv4Address(api.virtualAddress) != nil && api.virtualAddress != address,
                "must be an IPv4 address that no machine has")
        }
        try reader.section("mesh") { section throws(ConfigurationError) in
            mesh.port = try section.integer("port", or: mesh.port, in: ports)
            mesh.probeIntervalMilliseconds = try section.integer(
                "probeIntervalMilliseconds", or: mesh.probeIntervalMilliseconds, in: 20...60_000)
            mesh.probeTimeoutMilliseconds = try section.integer(
                "probeTimeoutMilliseconds", or: mesh.probeTimeoutMilliseconds, in: 10...30_000)
        }
        try reader.section("raft") { section throws(ConfigurationError) in
            raft.port = try section.integer("port", or: raft.port, in: ports)
            raft.voters = try section.integer("voters", or: raft.voters, in: 1...7)
            try section.check("voters", raft.voters % 2 == 1, "must be an odd number")
            raft.heartbeatIntervalMilliseconds = try section.integer(
                "heartbeatIntervalMilliseconds", or: raft.heartbeatIntervalMilliseconds,
                in: 10...10_000)
            raft.electionTimeoutMilliseconds = try section.integer(
                "electionTimeoutMilliseconds", or: raft.electionTimeoutMilliseconds,
                in: 50...60_000)
            let reads = try section.string("reads", or: raft.reads.rawValue)
            let modes = RaftReadMode.allCases.map(\.rawValue).joined(separator: " or ")
            try section.check("reads", RaftReadMode(rawValue: reads) != nil, "must be \(modes)")
            raft.reads = RaftReadMode(rawValue: reads) ?? raft.reads
            raft.clockDriftMaxPercent = try section.integer(
                "clockDriftMaxPercent", or: raft.clockDriftMaxPercent, in: 0...100)
        }
        try reader.section("dns") { section throws(ConfigurationError) in
            dns.port = try section.integer("port", or: dns.port, in: ports)
            dns.clusterDomain = try section.string("clusterDomain", or: dns.clusterDomain)
            try section.check(
                "clusterDomain", DNSName.isSubdomain(dns.clusterDomain), "must be a DNS name")
            dns.upstream = try section.strings("upstream")
            try section.check(
                "upstream", dns.upstream.allSatisfy { IPv4Address($0) != nil },
                "must be a list of IPv4 addresses")
        }
        try reader.section("containerRuntime") { section throws(ConfigurationError) in
            containerRuntime.endpoint = try section.string(
                "endpoint", or: containerRuntime.endpoint)
        }
        try readNetwork(reader)
        try reader.section("kubelet") { section throws(ConfigurationError) in
            kubelet.podDirectory = try section.string("podDirectory", or: kubelet.podDirectory)
            kubelet.logDirectory = try section.string("logDirectory", or: kubelet.logDirectory)
            kubelet.maxPods = try section.integer("maxPods", or: kubelet.maxPods, in: 1...10_000)
            kubelet.acceptPresentImages = try section.bool(
                "acceptPresentImages", or: kubelet.acceptPresentImages)
            try readPodLimits(section)
            try readStaticPods(section)
        }
        try reader.section("control") { section throws(ConfigurationError) in
            control.defaultTolerationSeconds = try section.integer(
                "defaultTolerationSeconds", or: control.defaultTolerationSeconds, in: 0...86_400)
        }
        try readAudit(reader)
    }

    private mutating func readAudit(_ reader: ConfigurationReader) throws(ConfigurationError) {
        try reader.section("audit") { section throws(ConfigurationError) in
            audit.policyFile = try section.string("policyFile", or: audit.policyFile)
            audit.logPath = try section.string("logPath", or: audit.logPath)
            try section.check("logPath", !audit.logPath.isEmpty, "must name a file, or be -")
            audit.maxSizeMegabytes = try section.integer(
                "maxSizeMegabytes", or: audit.maxSizeMegabytes, in: 1...100_000)
            audit.maxBackups = try section.integer(
                "maxBackups", or: audit.maxBackups, in: 0...100_000)
            audit.maxAgeDays = try section.integer(
                "maxAgeDays", or: audit.maxAgeDays, in: 0...100_000)
        }
    }

    private mutating func readPodLimits(
        _ section: ConfigurationReader
    ) throws(ConfigurationError) {
        kubelet.parallelPulls = try section.integer(
            "parallelPulls", or: kubelet.parallelPulls, in: 1...100)
        kubelet.logMegabytes = try section.integer(
            "logMegabytes", or: kubelet.logMegabytes, in: 1...100_000)
        kubelet.logFiles = try section.integer("logFiles", or: kubelet.logFiles, in: 2...1_000)
        kubelet.podProcesses = try section.integer(
            "podProcesses", or: kubelet.podProcesses, in: 0...4_194_304)
        kubelet.allowedUnsafeSysctls = try section.strings("allowedUnsafeSysctls")
    }

    private mutating func readStaticPods(
        _ section: ConfigurationReader
    ) throws(ConfigurationError) {
        kubelet.staticPodDirectory = try section.string(
            "staticPodDirectory", or: kubelet.staticPodDirectory)
        kubelet.staticPodURL = try section.string("staticPodURL", or: kubelet.staticPodURL)
        try section.check(
            "staticPodURL",
            kubelet.staticPodURL.isEmpty || StaticPodWatch.action(kubelet.staticPodURL) != nil,
            "must begin with http:// or https:// and name a host")
        kubelet.staticPodPeriodSeconds = try section.integer(
            "staticPodPeriodSeconds", or: kubelet.staticPodPeriodSeconds, in: 1...3_600)
    }

    private mutating func readNetwork(
        _ reader: ConfigurationReader
    ) throws(ConfigurationError) {
        try reader.section("network") { section throws(ConfigurationError) in
            network.podCIDR = try section.string("podCIDR", or: network.podCIDR)
            try section.check(
                "podCIDR", IPv4Network(network.podCIDR) != nil, "must be an IPv4 network")
            network.serviceCIDR = try section.string("serviceCIDR", or: network.serviceCIDR)
            try section.check(
                "serviceCIDR", IPv4Network(network.serviceCIDR) != nil,
                "must be an IPv4 network")
            network.bridge = try section.string("bridge", or: network.bridge)
            try section.check(
                "bridge", (1...15).contains(network.bridge.utf8.count),
                "must be an interface name of at most 15 characters")
            network.cniConfigurationDirectory = try section.string(
                "cniConfigurationDirectory", or: network.cniConfigurationDirectory)
            network.mtu = try section.integer("mtu", or: network.mtu, in: 576...65_535)
        }
    }

    private static func error(_ file: String, _ error: YamlError) -> ConfigurationError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            ConfigurationError(
                file: file, line: mark.line, column: mark.column, message: problem)
        default:
            ConfigurationError(file: file, line: nil, column: nil, message: "\(error)")
        }
    }
}
