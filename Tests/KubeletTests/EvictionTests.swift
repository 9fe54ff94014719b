import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct EvictionTests {
    private let mebibyte: Int64 = 1_024 * 1_024

    /// A Pod that asks for memory, at a priority.
    private func pod(_ name: String, request: String? = nil, priority: Int64 = 0) -> JSON {
        var container: JSON = ["name": "main", "image": "busybox"]
        if let request { container["resources"] = ["requests": ["memory": .string(request)]] }
        return makePod(
            name, spec: ["containers": [container], "priority": .integer(priority)])
    }

    private func use(_ world: World, _ uses: [String: Int64]) {
        for (name, bytes) in uses {
            world.runtime.statistics.pods["uid-\(name)"] = [
                "main": ContainerStatistics(
                    cpuNanoseconds: 0, workingSetBytes: bytes, writtenBytes: 0)
            ]
        }
    }

    private func shortenMemory(_ world: World, to mebibytes: Int64) {
        world.runtime.statistics.memory.capacityBytes = 8 << 30
        world.runtime.statistics.memory.availableBytes = mebibytes * mebibyte
    }

    private func node(_ world: World) -> Node? {
        world.objects[ObjectKey(.nodes, name: "machine-1")].map(Node.init)
    }

    @Test func underMemoryPressureThePodFurthestAboveItsRequestGoesAndTheNodeSaysSo() {
        let world = World()
        world.apply(pod("modest", request: "200Mi"))
        world.apply(pod("greedy", request: "100Mi"))
        world.apply(pod("greedier"))
        use(
            world,
            ["modest": 150 * mebibyte, "greedy": 300 * mebibyte, "greedier": 250 * mebibyte])
        shortenMemory(world, to: 500)
        world.run(for: .seconds(15))
        #expect(node(world)?.condition("MemoryPressure")?.isTrue == false)
        shortenMemory(world, to: 50)
        world.run(for: .seconds(9))
        let evicted = world.pod("greedier")
        #expect(evicted?.phase == "Failed")
        #expect(evicted?.status["reason"] == "Evicted")
        let message = "The node was low on resource: memory. Threshold quantity: 100Mi, "
            + "available: 50Mi. Container main was using 250Mi, request is 0, "
            + "has larger consumption of memory. "
        #expect(evicted?.status["message"] == .string(message))
        #expect(evicted?.condition("DisruptionTarget")?.isTrue == true)
        #expect(evicted?.condition("DisruptionTarget")?.reason == "TerminationByKubelet")
        #expect(world.events.contains { $0 == ("Evicted", message) })
        #expect(world.pod("greedy")?.phase == "Running", "one at a time")
        let condition = node(world)?.condition("MemoryPressure")
        #expect(condition?.isTrue == true)
        #expect(condition?.reason == "KubeletHasInsufficientMemory")
        shortenMemory(world, to: 500)
        world.run(for: .minutes(1))
        #expect(world.pod("greedy")?.phase == "Running")
        #expect(node(world)?.condition("MemoryPressure")?.isTrue == true, "for five minutes")
        world.run(for: .minutes(5))
        #expect(node(world)?.condition("MemoryPressure")?.isTrue == false)
    }

    @Test func theLessImportantGoesFirstAndTheSystemsOwnNever() {
        let world = World()
        world.apply(pod("high", priority: 1_000))
        world.apply(pod("low", priority: 10))
        world.apply(pod("system", priority: 2_000_000_000))
        use(world, ["high": 900 * mebibyte, "low": mebibyte, "system": 2_000 * mebibyte])
        world.run(for: .seconds(2))
        shortenMemory(world, to: 10)
        world.run(for: .seconds(10))
        #expect(world.pod("low")?.phase == "Failed")
        #expect(world.pod("high")?.phase == "Running")
        world.run(for: .seconds(10))
        #expect(world.pod("high")?.phase == "Failed")
        world.run(for: .seconds(30))
        #expect(world.pod("system")?.phase == "Running")
    }

    @Test func aMachineUnderPressureTakesNoPodsThatMaySufferFromIt() {
        let world = World()
        world.run(for: .seconds(1))
        shortenMemory(world, to: 10)
        world.run(for: .seconds(15))
        world.apply(pod("idle"))
        world.apply(pod("asking", request: "1Mi"))
        world.apply(pod("system", priority: 2_000_000_000))
        world.run(for: .seconds(2))
        #expect(world.pod("idle")?.phase == "Failed")
        #expect(world.pod("idle")?.status["reason"] == "Evicted")
        #expect(
            world.pod("idle")?.status["message"]
                == "The node had condition: [MemoryPressure]. ")
        #expect(world.pod("asking")?.phase == "Running")
        #expect(world.pod("system")?.phase == "Running")
    }

    @Test func aVolumeBeyondItsSizeLimitCostsThePodItsPlace() {
        let world = World()
        world.apply(
            makePod(spec: [
                "volumes": [["name": "cache", "emptyDir": ["sizeLimit": "1Mi"]]],
                "containers": [
                    [
                        "name": "web", "image": "busybox",
                        "volumeMounts": [["name": "cache", "mountPath": "/cache"]],
                    ]
                ],
            ]))
        let folder = "/var/lib/podmesh/pods/uid-web/volumes/kubernetes.io~empty-dir/cache"
        world.runtime.statistics.folders[folder] = mebibyte
        world.run(for: .seconds(15))
        #expect(world.pod("web")?.phase == "Running")
        world.runtime.statistics.folders[folder] = mebibyte + 1
        world.run(for: .seconds(15))
        #expect(world.pod("web")?.phase == "Failed")
        #expect(
            world.pod("web")?.status["message"]
                == "Usage of EmptyDir volume \"cache\" exceeds the limit \"1Mi\". ")
        #expect(world.pod("web")?.condition("DisruptionTarget") == nil)
    }

    @Test func aContainerBeyondItsStorageLimitCostsThePodItsPlace() {
        let world = World()
        let limit: JSON = ["limits": ["ephemeral-storage": "2Mi"]]
        world.apply(
            makePod(spec: [
                "containers": [
                    ["name": "main", "image": "busybox", "resources": limit],
                    ["name": "side", "image": "busybox"],
                ]
            ]))
        world.runtime.statistics.pods["uid-web"] = [
            "main": ContainerStatistics(
                cpuNanoseconds: 0, workingSetBytes: 0, writtenBytes: 3 * mebibyte)
        ]
        world.run(for: .seconds(15))
        #expect(
            world.pod("web")?.status["message"]
                == "Container main exceeded its local ephemeral storage limit \"2Mi\". ")
    }

    @Test func aShortageOfProcessesIsAPressureToo() {
        let world = World()
        world.apply(pod("web"))
        world.runtime.statistics.processesMax = 1_000
        world.runtime.statistics.processes = 990
        world.run(for: .seconds(15))
        #expect(node(world)?.condition("PIDPressure")?.reason == "KubeletHasInsufficientPID")
        #expect(world.pod("web")?.phase == "Failed")
    }

    @Test func aFullDiskIsMadeRoomOnFromIdleImagesBeforeAnyPodPays() {
        let world = World()
        world.runtime.images = ["busybox", "old", "registry.k8s.io/pause"]
        world.apply(pod("web"))
        func fill(_ percentFree: Int64) {
            for path in [
                \MachineStatistics.nodeFileSystem, \MachineStatistics.imageFileSystem,
            ] {
                world.runtime.statistics[keyPath: path].capacityBytes = 100_000
                world.runtime.statistics[keyPath: path].availableBytes = percentFree * 1_000
            }
        }
        fill(50)
        world.run(for: .seconds(15))
        fill(5)
        world.run(for: .seconds(10))
        #expect(world.runtime.images == ["busybox", "registry.k8s.io/pause"])
        #expect(world.pod("web")?.phase == "Running")
        #expect(node(world)?.condition("DiskPressure")?.isTrue == true)
        world.run(for: .seconds(25))
        #expect(world.pod("web")?.phase == "Failed")
        #expect(world.pod("web")?.status["reason"] == "Evicted")
    }

    @Test func idleImagesGoWhenTheirDiskIsNearlyFullTheOldestFirst() {
        let world = World()
        world.runtime.images = ["busybox", "a", "b", "c"]
        world.runtime.imageSize = 3_000
        world.runtime.statistics.imageFileSystem.capacityBytes = 100_000
        world.runtime.statistics.imageFileSystem.availableBytes = 60_000
        world.apply(pod("web"))
        world.run(for: .minutes(6))
        #expect(world.runtime.images.count == 4)
        world.runtime.statistics.imageFileSystem.availableBytes = 15_500
        world.run(for: .minutes(6))
        #expect(world.runtime.images.count == 4, "under the threshold")
        world.runtime.statistics.imageFileSystem.availableBytes = 15_000
        world.run(for: .minutes(5))
        #expect(world.runtime.images == ["busybox", "c"])
        #expect(world.pod("web")?.phase == "Running")
    }

    @Test func importedImagesAreKept() {
        let world = World { $0.acceptsPresentImages = true }
        world.runtime.images = ["busybox", "a"]
        world.runtime.statistics.imageFileSystem.capacityBytes = 100_000
        world.runtime.statistics.imageFileSystem.availableBytes = 14_000
        world.run(for: .minutes(20))
        #expect(world.runtime.images.count == 2)
    }
}
