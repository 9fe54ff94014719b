import API
import Base
import Daemon
import JSON
import Kubelet
import Testing

@Suite struct KubeletAPITests {
    @Test func `the summary tells of the machine and of the Pods that were measured`() {
        var statistics = MachineStatistics(time: WallTime(seconds: 1_700_000_000))
        statistics.cpuNanoseconds = 5_000_000_000
        statistics.memory.capacityBytes = 1_000
        statistics.memory.availableBytes = 400
        statistics.pods = [
            "uid-a": [
                "c": ContainerStatistics(
                    cpuNanoseconds: 70, workingSetBytes: 30, writtenBytes: 20)
            ]
        ]
        let pods: [JSON] = [
            ["metadata": ["name": "a", "namespace": "default", "uid": "uid-a"]],
            ["metadata": ["name": "b", "namespace": "default", "uid": "uid-b"]],
        ]
        let rates = UsageReport(
            time: statistics.time, windowMilliseconds: 1_000,
            machine: UsageReport.Amount(cpu: 9, memoryBytes: 600),
            pods: ["uid-a": ["c": UsageReport.Amount(cpu: 7, memoryBytes: 30)]])
        let summary = KubeletAPI.summary(
            node: "machine-1", statistics, pods: pods, rates: rates)
        #expect(summary["node"]?["nodeName"]?.string == "machine-1")
        #expect(summary["node"]?["cpu"]?["usageNanoCores"]?.integer == 9)
        #expect(summary["node"]?["memory"]?["workingSetBytes"]?.integer == 600)
        #expect(summary["pods"]?.array?.count == 1)
        let pod = summary["pods"]?[0]
        #expect(pod?["podRef"]?["name"]?.string == "a")
        #expect(pod?["containers"]?[0]?["cpu"]?["usageCoreNanoSeconds"]?.integer == 70)
        #expect(pod?["containers"]?[0]?["cpu"]?["usageNanoCores"]?.integer == 7)
    }

    @Test func `the settings are told`() {
        var configuration = KubeletConfiguration(nodeName: "m", addresses: ["192.0.2.1"])
        configuration.clusterDomain = "cluster.local"
        let told = KubeletAPI.configuration(configuration)["kubeletconfig"]
        #expect(told?["kind"]?.string == "KubeletConfiguration")
        #expect(told?["clusterDomain"]?.string == "cluster.local")
    }
}
