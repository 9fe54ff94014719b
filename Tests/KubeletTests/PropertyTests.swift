import Base
import JSON
import Kubelet
import Objects
import Testing

/// Random Pods on a runtime in which every request may fail, take effect without saying so, or
/// be slow, with deletions, power cuts and daemon restarts in between.
@Suite struct PropertyTests {
    @Test(arguments: 1...100)
    func noContainerOutlivesItsPodAndEverythingEndsWhenDeleted(seed: Int) {
        var random = Random(seed: UInt64(seed))
        let world = World { $0.limits.relistPeriod = .seconds(20) }
        world.faults = World.Faults(random: Random(seed: UInt64(seed) + 1_000), chance: 0.15)
        let names = ["a", "b", "c"]
        var policies: [String: String] = [:]
        for name in names {
            let policy = ["Always", "OnFailure", "Never"][random.below(3)]
            policies[name] = policy
            world.apply(randomPod(name, policy, world, &random))
        }
        for _ in 0..<10 {
            world.run(for: random.span(from: .milliseconds(1), to: .seconds(12)))
            switch random.below(12) {
            case 0: world.restartDaemon()
            case 1: world.cutPower()
            case 2: world.delete(names[random.below(names.count)], grace: Int64(random.below(31)))
            case 3: world.forceDelete(names[random.below(names.count)])
            case 4: world.send(.leaseHeld(random.chance(0.5)))
            default: break
            }
            checkAtMostOne(world, seed)
        }
        world.send(.leaseHeld(true))
        world.faults = nil
        world.run(for: .minutes(6))
        checkPolicies(world, policies, seed)
        for name in names { world.delete(name) }
        world.run(for: .minutes(2))
        #expect(names.allSatisfy { world.pod($0) == nil }, "seed \(seed)")
        // About 550 s with 12 containers: no answer may lead straight to the same request.
        #expect(world.requests < 1_500, "seed \(seed)")
        #expect(world.runtime.sandboxes.isEmpty, "seed \(seed)")
        #expect(world.runtime.containers.isEmpty, "seed \(seed)")
        #expect(world.illegal.isEmpty, "seed \(seed)")
    }

    private func randomPod(
        _ name: String, _ policy: String, _ world: World, _ random: inout Random
    ) -> JSON {
        var initial: [JSON] = []
        if random.chance(0.5) {
            initial.append(["name": "init", "image": "busybox"])
            world.runtime.behaviours["init"] = .init(runsFor: .seconds(1))
        }
        if random.chance(0.3) {
            initial.append(["name": "proxy", "image": "busybox", "restartPolicy": "Always"])
        }
        let main = "main-\(name)"
        world.runtime.behaviours[main] = .init(
            runsFor: random.chance(0.5) ? .seconds(Int64(random.below(40))) : nil,
            exitCode: random.chance(0.5) ? 1 : 0, ignoresTerm: random.chance(0.3))
        return makePod(
            name,
            spec: [
                "restartPolicy": .string(policy), "initContainers": .array(initial),
                "containers": [
                    ["name": .string(main), "image": "busybox"],
                    ["name": .string("side-\(name)"), "image": "busybox"],
                ],
            ])
    }

    private func checkAtMostOne(_ world: World, _ seed: Int) {
        var running: [String: Int] = [:]
        for container in world.runtime.containers.values where container.state.phase == .running {
            running["\(container.podUID)/\(container.state.name)", default: 0] += 1
        }
        #expect(running.values.allSatisfy { $0 == 1 }, "seed \(seed)")
    }

    /// Once nothing fails any more: what must run runs, and what must not restart has not.
    private func checkPolicies(_ world: World, _ policies: [String: String], _ seed: Int) {
        for (name, policy) in policies {
            guard let pod = world.pod(name) else { continue }
            let main = world.status(of: "main-\(name)", in: name)
            switch policy {
            case "Never":
                #expect(main?["restartCount"] == 0, "seed \(seed)")
            case "Always":
                #expect(pod.phase == "Running", "seed \(seed): \(pod.status)")
            default: break
            }
        }
    }
}
