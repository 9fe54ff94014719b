import API
import Base
import Control
import Daemon
import Foundation
import Gossip
import Kubelet
import Raft
import Services

/// Turns an operator's configuration into the settings of every core.
struct DaemonSettings {
    let daemon: DaemonConfiguration

    init(
        _ machine: MachineConfiguration, identity: IdentityDirectory.Contents,
        certificate: GossipCertificate
    ) {
        let pods = Self.network(machine.network.podCIDR)
        let services = Self.network(machine.network.serviceCIDR)
        var gossip = GossipConfiguration()
        gossip.probeInterval = .milliseconds(Int64(machine.mesh.probeIntervalMilliseconds))
        gossip.probeTimeout = .milliseconds(Int64(machine.mesh.probeTimeoutMilliseconds))
        var raft = RaftConfiguration(name: machine.name)
        raft.heartbeatInterval = .milliseconds(Int64(machine.raft.heartbeatIntervalMilliseconds))
        raft.electionTimeoutMin = .milliseconds(Int64(machine.raft.electionTimeoutMilliseconds))
        raft.electionTimeoutMax = raft.electionTimeoutMin * 2
        raft.reads = machine.raft.reads
        raft.clockDriftMaxPercent = machine.raft.clockDriftMaxPercent
        let toleration = Int64(machine.control.defaultTolerationSeconds)
        let zones = ZoneFolder.read(from: .now)
        daemon = DaemonConfiguration(
            name: machine.name, address: machine.address, apiPort: UInt16(machine.api.port),
            meshPort: UInt16(machine.mesh.port), raftPort: UInt16(machine.raft.port),
            votersWanted: machine.raft.voters, epoch: .random(in: 0 ... .max),
            certificate: certificate, gossip: gossip, raft: raft,
            api: APIConfiguration(
                serviceNetwork: services, clusterDomain: machine.dns.clusterDomain,
                defaultTolerationSeconds: toleration, zones: zones),
            control: ControlConfiguration(
                clusterCIDR: pods, serviceCIDR: services, authorityPEM: identity.trustedPEM,
                apiPort: machine.api.port, defaultTolerationSeconds: toleration, zones: zones),
            kubelet: Self.kubelet(machine),
            proxy: ServiceProxy.Configuration(clusterCIDR: pods, serviceCIDR: services),
            clusterDomain: machine.dns.clusterDomain)
    }

    private static func kubelet(_ machine: MachineConfiguration) -> KubeletConfiguration {
        var kubelet = KubeletConfiguration(
            nodeName: machine.name.text, addresses: [machine.address])
        kubelet.clusterDNS = [machine.address]
        kubelet.clusterDomain = machine.dns.clusterDomain
        kubelet.podRoot = machine.kubelet.podDirectory
        kubelet.podLogRoot = machine.kubelet.logDirectory
        kubelet.cgroupRoot = "/kubepods"
        kubelet.acceptsPresentImages = machine.kubelet.acceptPresentImages
        kubelet.staticPodSources = machine.kubelet.staticPodURL.isEmpty
            ? [.file] : [.file, .http]
        kubelet.version = Version.kubernetes
        kubelet.limits.podsMax = machine.kubelet.maxPods
        kubelet.limits.parallelPullsMax = machine.kubelet.parallelPulls
        kubelet.limits.containerLogBytesMax = Int64(machine.kubelet.logMegabytes) << 20
        kubelet.limits.containerLogFilesMax = machine.kubelet.logFiles
        kubelet.podProcessesMax =
            machine.kubelet.podProcesses == 0 ? nil : Int64(machine.kubelet.podProcesses)
        kubelet.allowedUnsafeSysctls = machine.kubelet.allowedUnsafeSysctls
        let text = (try? String(contentsOfFile: "/etc/resolv.conf", encoding: .utf8)) ?? ""
        kubelet.resolver = DNSConfiguration(resolvConf: text)
        kubelet.hostsFile = (try? String(contentsOfFile: "/etc/hosts", encoding: .utf8)) ?? ""
        return kubelet
    }

    /// The reader of the configuration has checked the text.
    private static func network(_ text: String) -> IPv4Network {
        guard let network = IPv4Network(text) else {
            preconditionFailure("an unchecked network reached the settings: \(text)")
        }
        return network
    }
}
