package import API
import Base
package import JSON
package import Kubelet
import Objects

/// The part of a kubelet's own API that people and tools look at, as documents.
package enum KubeletAPI {
    /// `/stats/summary` (`k8s.io/kubelet/pkg/apis/stats/v1alpha1`).
    ///
    /// - Parameters:
    ///   - pods: The Pods of this machine.
    ///   - rates: Processor time in a second, by Pod UID and container; nil before two readings.
    package static func summary(
        node: String, _ statistics: MachineStatistics, pods: [JSON], rates: UsageReport?
    ) -> JSON {
        let time = JSON.string(statistics.time.rfc3339)
        func cpu(_ total: UInt64, _ rate: Int64?) -> JSON {
            var json: JSON = [
                "time": time, "usageCoreNanoSeconds": .integer(Int64(clamping: total)),
            ]
            if let rate { json["usageNanoCores"] = .integer(rate) }
            return json
        }
        func files(_ system: MachineStatistics.FileSystem) -> JSON {
            [
                "time": time, "capacityBytes": .integer(system.capacityBytes),
                "availableBytes": .integer(system.availableBytes),
                "usedBytes": .integer(max(0, system.capacityBytes - system.availableBytes)),
                "inodes": .integer(system.inodes), "inodesFree": .integer(system.inodesFree),
            ]
        }
        let memory = statistics.memory
        let used = max(0, memory.capacityBytes - memory.availableBytes)
        let machine: JSON = [
            "nodeName": .string(node),
            "cpu": cpu(statistics.cpuNanoseconds, rates?.machine.cpu),
            "memory": [
                "time": time, "availableBytes": .integer(memory.availableBytes),
                "usageBytes": .integer(used), "workingSetBytes": .integer(used),
            ],
            "fs": files(statistics.nodeFileSystem),
            "runtime": ["imageFs": files(statistics.imageFileSystem)],
            "rlimit": [
                "time": time, "maxpid": .integer(statistics.processesMax),
                "curproc": .integer(statistics.processes),
            ],
        ]
        let reports = pods.compactMap { json -> JSON? in
            let metadata = ObjectMeta(json["metadata"] ?? [:])
            guard let containers = statistics.pods[metadata.uid] else { return nil }
            let parts = containers.sorted { $0.key < $1.key }.map { name, container -> JSON in
                let rate = rates?.pods[metadata.uid]?[name]?.cpu
                return [
                    "name": .string(name), "cpu": cpu(container.cpuNanoseconds, rate),
                    "memory": [
                        "time": time, "workingSetBytes": .integer(container.workingSetBytes),
                    ],
                    "rootfs": ["time": time, "usedBytes": .integer(container.writtenBytes)],
                ]
            }
            return [
                "podRef": [
                    "name": .string(metadata.name), "namespace": .string(metadata.namespace),
                    "uid": .string(metadata.uid),
                ],
                "containers": .array(parts),
            ]
        }
        return ["node": machine, "pods": .array(reports)]
    }

    /// `/configz`, with what podmesh's kubelet has settings for.
    package static func configuration(_ configuration: KubeletConfiguration) -> JSON {
        [
            "kubeletconfig": [
                "kind": "KubeletConfiguration", "apiVersion": "kubelet.config.k8s.io/v1beta1",
                "clusterDomain": .string(configuration.clusterDomain),
                "clusterDNS": .array(configuration.clusterDNS.map { .string($0) }),
                "podLogsDir": .string(configuration.podLogRoot),
                "allowedUnsafeSysctls": .array(
                    configuration.allowedUnsafeSysctls.map { .string($0) }),
            ]
        ]
    }
}
