package import Base
package import Raft

/// Everything that an operator sets for one machine; read from one YAML file.
///
/// Every field but `name` and `address` has a default, so the smallest configuration is two lines.
package struct MachineConfiguration: Sendable, Equatable {
    /// The machine's name in the mesh and the name of its Node object.
    package var name: MachineName
    /// The IPv4 address by which the other machines and clients reach this one.
    package var address: String
    /// Where the log, snapshots, keys and the administration socket live.
    package var dataDirectory = "/var/lib/podmesh"
    package var api = API()
    package var mesh = Mesh()
    package var raft = Raft()
    package var dns = DNS()
    package var containerRuntime = ContainerRuntime()
    package var network = Network()
    package var kubelet = Kubelet()
    package var control = Control()
    package var audit = Audit()
    /// `error`, `warning`, `info` or `debug`.
    package var logLevel = "info"

    package struct API: Sendable, Equatable {
        /// The HTTPS port of the Kubernetes API.
        package var port = 6443
        /// An address that moves to whichever machine leads the log, so that one address serves
        /// clients whatever machine dies; empty for none. Equal on all machines, free in their
        /// network segment.
        package var virtualAddress = ""
    }

    /// The address that clients outside of the cluster are given.
    package var clientAddress: String {
        api.virtualAddress.isEmpty ? address : api.virtualAddress
    }

    /// The folder of static Pods' manifests.
    package var staticPodDirectory: String {
        kubelet.staticPodDirectory.isEmpty
            ? "\(dataDirectory)/manifests" : kubelet.staticPodDirectory
    }

    package struct Mesh: Sendable, Equatable {
        /// The UDP port of the gossip protocol.
        package var port = 7946
        /// How often a peer is probed.
        package var probeIntervalMilliseconds = 200
        /// How long a probe waits for its acknowledgement before it is sent through others.
        package var probeTimeoutMilliseconds = 100
    }

    package struct Raft: Sendable, Equatable {
        /// The TCP port of the replicated log.
        package var port = 7947
        /// How many machines vote; the rest follow the log. An odd number.
        package var voters = 3
        package var heartbeatIntervalMilliseconds = 100
        package var electionTimeoutMilliseconds = 500
        /// How a leader knows that what it answers is current: `readIndex` asks a majority for
        /// each batch of reads, `lease` trusts the clocks of the voters for a while.
        package var reads = RaftReadMode.readIndex
        /// With `lease`: how much faster one voter's clock may run than another's, in percent.
        package var clockDriftMaxPercent = 10
    }

    package struct DNS: Sendable, Equatable {
        package var port = 53
        package var clusterDomain = "cluster.local"
        /// Servers that answer what the cluster does not know; empty means the machine's own.
        package var upstream: [String] = []
    }

    package struct ContainerRuntime: Sendable, Equatable {
        /// The path of the runtime's CRI socket.
        package var endpoint = "/run/containerd/containerd.sock"
    }

    package struct Network: Sendable, Equatable {
        /// The range out of which each machine receives a block of 256 Pod addresses.
        package var podCIDR = "10.244.0.0/16"
        /// The range of Service addresses.
        package var serviceCIDR = "10.96.0.0/16"
        package var bridge = "podmesh0"
        /// Where the CNI configuration is written for the container runtime.
        package var cniConfigurationDirectory = "/etc/cni/net.d"
        package var mtu = 1500
    }

    package struct Kubelet: Sendable, Equatable {
        package var podDirectory = "/var/lib/podmesh/pods"
        package var logDirectory = "/var/log/pods"
        package var maxPods = 110
        /// For machines without a registry: an image that is present is used as it is, even
        /// where the Pod's imagePullPolicy is Always.
        package var acceptPresentImages = false
        /// Images pulled at once; 1 pulls one after the other.
        package var parallelPulls = 4
        /// A container's log is set aside at this size, and the oldest beyond the number go.
        package var logMegabytes = 10
        package var logFiles = 5
        /// Processes and threads of one Pod; 0 is without limit.
        package var podProcesses = 0
        /// Kernel settings beyond the safe ones that Pods may change, such as `net.core.*`.
        package var allowedUnsafeSysctls: [String] = []
        /// The folder whose manifests of static Pods run on this machine; empty means `manifests`
        /// in the data folder.
        package var staticPodDirectory = ""
        /// Where more of them are read from; empty for nowhere.
        package var staticPodURL = ""
        /// How often that is read again.
        package var staticPodPeriodSeconds = 20
    }

    package struct Audit: Sendable, Equatable {
        /// A policy (`audit.k8s.io/v1`) that says what of requests is logged; empty for no log.
        package var policyFile = ""
        /// The file that events are written to, one a line; `-` is standard output.
        package var logPath = "/var/log/podmesh-audit.log"
        /// A larger file is set aside.
        package var maxSizeMegabytes = 100
        /// How many of those are kept; 0 keeps all.
        package var maxBackups = 10
        /// Those that are older go; 0 keeps all.
        package var maxAgeDays = 0

        package init() {}
    }

    package struct Control: Sendable, Equatable {
        /// How long a Pod without a toleration of its own stays bound to a machine that failed.
        package var defaultTolerationSeconds = 0
    }
}
