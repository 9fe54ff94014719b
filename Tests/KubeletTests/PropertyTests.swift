import Base
import JSON
import Kubelet
import Objects
import Testing

/// Random Pods on a runtime in which every request may fail, take effect without saying so, or
/// be slow, with changes, deletions, power cuts, daemon restarts and shortages in between.
@Suite struct PropertyTests {
    private let names = ["a", "b", "c"]

    @Test(arguments: 1...100)
    func noContainerOutlivesItsPodAndEverythingEndsWhenDeleted(seed: Int) {
        var random = Random(seed: UInt64(seed))
        let world = World {
            $0.limits.relistPeriod = .seconds(20)
            $0.staticPodSources = [.file]
        }
        world.runtime.images.insert("busybox:2")
        world.runtime.execExitCodes["fail"] = 1
        world.faults = World.Faults(random: Random(seed: UInt64(seed) + 1_000), chance: 0.15)
        var makers = RandomPods(random: Random(seed: UInt64(seed) + 2_000))
        var manifests = staticManifests(&random)
        world.send(.staticPods(.file, manifests))
        var pods: [String: JSON] = [:]
        for name in names {
            let policy = ["Always", "OnFailure", "Never"][random.below(3)]
            pods[name] = makers.pod(name, policy: policy, in: world)
            world.apply(pods[name] ?? [:])
        }
        for _ in 0..<12 {
            world.run(for: random.span(from: .milliseconds(1), to: .seconds(12)))
            let name = names[random.below(names.count)]
            switch random.below(16) {
            case 0, 1:
                if random.chance(0.5) { world.cutPower() } else { world.restartDaemon() }
                world.send(.staticPods(.file, manifests))
            case 2: world.delete(name, grace: Int64(random.below(31)))
            case 3: world.forceDelete(name)
            case 4: world.send(.leaseHeld(random.chance(0.5)))
            case 5, 6:
                let key = ObjectKey(.pods, namespace: "default", name: name)
                guard let pod = world.objects[key] else { break }
                world.apply(makers.change(pod, world))
            case 7: shorten(world, to: random.chance(0.3) ? 10 : 4_000)
            case 8:
                manifests = staticManifests(&random)
                world.send(.staticPods(.file, manifests))
            default: break
            }
            checkAtMostOne(world, seed)
        }
        settle(world, seed, pods)
    }

    /// Nothing fails any more: what must run runs, and everything ends when it is deleted.
    private func settle(_ world: World, _ seed: Int, _ pods: [String: JSON]) {
        world.send(.leaseHeld(true))
        shorten(world, to: 4_000)
        world.faults = nil
        world.run(for: .minutes(6))
        checkPolicies(world, pods, seed)
        world.send(.staticPods(.file, []))
        for name in names { world.delete(name) }
        world.run(for: .minutes(2))
        #expect(names.allSatisfy { world.pod($0) == nil }, "seed \(seed)")
        #expect(world.objects.keys.allSatisfy { $0.resource != .pods }, "seed \(seed)")
        // About 550 s with 15 containers and their probes: no answer may lead straight to the
        // same request.
        #expect(world.requests < 6_000, "seed \(seed): \(world.requests)")
        #expect(world.runtime.sandboxes.isEmpty, "seed \(seed)")
        #expect(world.runtime.containers.isEmpty, "seed \(seed)")
        #expect(world.illegal.isEmpty, "seed \(seed): \(world.illegal)")
        #expect(world.brokenRules.isEmpty, "seed \(seed): \(Set(world.brokenRules))")
    }

    private func staticManifests(_ random: inout Random) -> [JSON] {
        guard random.chance(0.4) else { return [] }
        return [
            [
                "kind": "Pod", "metadata": ["name": "own"],
                "spec": [
                    "containers": [
                        [
                            "name": "own", "image": "busybox:2",
                            "args": [.string("\(random.below(3))")],
                        ]
                    ]
                ],
            ]
        ]
    }

    private func shorten(_ world: World, to mebibytes: Int64) {
        world.runtime.statistics.memory.capacityBytes = 8 << 30
        world.runtime.statistics.memory.availableBytes = mebibytes << 20
    }

    private func checkAtMostOne(_ world: World, _ seed: Int) {
        var running: [String: Int] = [:]
        for container in world.runtime.containers.values where container.state.phase == .running {
            running["\(container.podUID)/\(container.state.name)", default: 0] += 1
        }
        #expect(running.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    }

    /// What must not restart has not, and what must run does.
    private func checkPolicies(_ world: World, _ pods: [String: JSON], _ seed: Int) {
        for name in names {
            guard let pod = world.pod(name), let main = pod.containers.first,
                main.json["restartPolicy"] == nil,
                pod.spec["activeDeadlineSeconds"] == nil, pod.status["reason"] == nil
            else { continue }
            let status = world.status(of: main.name, in: name)
            let isStartedOver = world.marks.contains("pod started over for an init container")
            switch pod.restartPolicy {
            case "Never":
                guard !isStartedOver, main.image == "busybox" else { break }
                #expect(status?["restartCount"] == 0, "seed \(seed)")
            case "Always":
                let isStuck = pod.json.text.contains("\"fail\"")
                    || world.runtime.behaviours.values.contains { $0.startError != nil }
                guard !isStuck else { break }
                #expect(pod.phase == "Running", "seed \(seed): \(pod.status)")
            default: break
            }
        }
    }
}
