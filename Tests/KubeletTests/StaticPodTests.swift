import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct StaticPodTests {
    private let key = ObjectKey(.pods, namespace: "default", name: "etcd-machine-1")

    private func manifest(_ image: String = "busybox:1", name: String = "etcd") -> JSON {
        [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name)],
            "spec": ["containers": [["name": "main", "image": .string(image)]]],
        ]
    }

    private func world(knowsAPI: Bool = true) -> World {
        let world = World(hasAPI: knowsAPI) { $0.staticPodSources = [.file] }
        world.runtime.images = ["busybox", "busybox:1", "busybox:2"]
        return world
    }

    private func running(_ world: World) -> Int {
        world.runtime.containers.values.count { $0.state.phase == .running }
    }

    @Test func aStaticPodRunsWithoutAnyAPIAndIsMirroredWhenThereIsOne() {
        let world = world(knowsAPI: false)
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .minutes(1))
        #expect(running(world) == 1)
        #expect(world.objects[key] == nil)
        world.tellPods()
        world.run(for: .seconds(2))
        let mirror = world.objects[key].map(Pod.init)
        let hash = mirror?.metadata.annotations["kubernetes.io/config.hash"]
        #expect(hash != nil)
        #expect(mirror?.metadata.annotations["kubernetes.io/config.mirror"] == hash)
        #expect(mirror?.metadata.annotations["kubernetes.io/config.source"] == "file")
        #expect(mirror?.nodeName == "machine-1")
        #expect(mirror?.json["metadata"]?["ownerReferences"]?[0]?["kind"] == "Node")
        #expect(mirror?.phase == "Running")
        #expect(mirror?.isReady == true)
        #expect(world.runtime.trace.count { $0.hasPrefix("start main") } == 1)
    }

    @Test func onlyPodsWithTheMachinesNetworkStartWithoutTheRuntimes() {
        let world = world(knowsAPI: false)
        world.send(.runtimeReady(true, message: "container runtime network not ready"))
        var own = manifest(name: "own")
        own["spec"]?["hostNetwork"] = true
        world.send(.staticPods(.file, [manifest(), own]))
        world.run(for: .seconds(5))
        #expect(world.sandboxes.map(\.podName) == ["own-machine-1"])
        world.send(.runtimeReady(true, message: ""))
        world.run(for: .seconds(5))
        #expect(running(world) == 2)
    }

    @Test func aStaticPodKeepsRunningWhenTheLeaseIsLost() {
        let world = world()
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(2))
        world.send(.leaseHeld(false))
        world.run(for: .minutes(1))
        #expect(running(world) == 1)
    }

    @Test func aDeletedMirrorComesBackAndItsPodRunsOn() {
        let world = world()
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(2))
        let before = world.objects[key].map(Pod.init)?.uid
        world.delete("etcd-machine-1")
        world.run(for: .seconds(5))
        let after = world.objects[key].map(Pod.init)
        #expect(after != nil)
        #expect(after?.uid != before)
        #expect(after?.isReady == true)
        world.forceDelete("etcd-machine-1")
        world.run(for: .seconds(5))
        #expect(world.objects[key].map(Pod.init)?.isReady == true)
        #expect(world.runtime.trace.count { $0.hasPrefix("start main") } == 1)
    }

    @Test func aChangedManifestReplacesThePodAndItsMirror() {
        let world = world()
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(2))
        let before = world.objects[key].map(Pod.init)?.mirrorHash
        world.send(.staticPods(.file, [manifest("busybox:2")]))
        world.run(for: .seconds(10))
        let after = world.objects[key].map(Pod.init)
        #expect(after?.mirrorHash != before)
        #expect(after?.isReady == true)
        #expect(after?.containers.first?.image == "busybox:2")
        #expect(running(world) == 1)
        #expect(world.runtime.sandboxes.count == 1)
        #expect(world.illegal.isEmpty)
    }

    @Test func theSameManifestToldAgainChangesNothing() {
        let world = world()
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(2))
        let count = world.runtime.trace.count
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(2))
        #expect(world.runtime.trace.count == count)
    }

    @Test func aManifestThatIsGoneEndsThePodThenItsMirror() {
        let world = world()
        world.send(.staticPods(.file, [manifest(), manifest(name: "other")]))
        world.run(for: .seconds(2))
        #expect(running(world) == 2)
        world.send(.staticPods(.file, [manifest(name: "other")]))
        world.run(for: .seconds(5))
        #expect(running(world) == 1)
        #expect(world.objects[key] == nil)
    }

    @Test func aRestartedDaemonAdoptsItsStaticPods() {
        let world = world()
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(2))
        let count = world.runtime.trace.count { $0.hasPrefix("start") }
        world.restartDaemon()
        world.run(for: .seconds(5))
        #expect(running(world) == 1, "nothing is an orphan before the manifests are known")
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(5))
        #expect(world.runtime.trace.count { $0.hasPrefix("start") } == count)
        #expect(world.objects[key].map(Pod.init)?.isReady == true)
    }

    @Test func aMirrorLeftByAnEarlierLifeIsDeleted() {
        let world = world()
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(2))
        world.restartDaemon()
        world.send(.staticPods(.file, []))
        world.run(for: .seconds(10))
        #expect(world.objects[key] == nil)
        #expect(world.runtime.containers.isEmpty)
    }

    @Test func aManifestThatNeedsTheAPIIsRefused() {
        let world = world()
        var needy = manifest()
        needy["spec"]?["volumes"] = [["name": "c", "configMap": ["name": "settings"]]]
        world.send(.staticPods(.file, [needy, ["kind": "Service"]]))
        world.run(for: .seconds(2))
        #expect(world.marks.contains("static pod refused"))
        #expect(running(world) == 0)
    }

    @Test func theStreamsOfAMirrorAreThoseOfItsPod() {
        let world = world()
        world.send(.staticPods(.file, [manifest()]))
        world.run(for: .seconds(2))
        let uid = world.objects[key].map(Pod.init)?.uid ?? ""
        let target = world.core.streamTarget(podUID: uid, container: "main", isPrevious: false)
        #expect(target?.containerID == "c2")
    }
}

extension Pod {
    fileprivate var mirrorHash: String? {
        metadata.annotations["kubernetes.io/config.mirror"]
    }
}
