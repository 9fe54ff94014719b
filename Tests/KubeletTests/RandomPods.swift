import Base
import JSON
import Kubelet
import Objects

/// Pods with any combination of what a Pod may have, and processes that behave as they like.
struct RandomPods {
    var random: Random

    private mutating func maybe(_ chance: Double) -> Bool { random.chance(chance) }

    /// Containers named after the Pod, so that each has a behaviour of its own.
    mutating func pod(_ name: String, policy: String, in world: World) -> JSON {
        var initial: [JSON] = []
        if maybe(0.5) {
            initial.append(["name": .string("init-\(name)"), "image": "busybox"])
            world.runtime.behaviours["init-\(name)"] = .init(runsFor: .seconds(1))
        }
        if maybe(0.3) {
            var sidecar = container("proxy-\(name)", world, ends: false)
            sidecar["restartPolicy"] = "Always"
            initial.append(sidecar)
        }
        var main = container("main-\(name)", world, ends: maybe(0.5))
        // A resize may not change the class of its Pod.
        main["resources"] = ["requests": ["cpu": "1m"]]
        if maybe(0.2) { main["restartPolicy"] = .string(anyPolicy()) }
        if maybe(0.2), main["restartPolicy"] != nil { main["restartPolicyRules"] = [rule()] }
        var spec: JSON = [
            "restartPolicy": .string(policy), "initContainers": .array(initial),
            "containers": [main, container("side-\(name)", world, ends: false)],
            "terminationGracePeriodSeconds": .integer(Int64(random.below(40))),
            "priority": .integer(Int64(random.below(3))),
        ]
        if maybe(0.1) { spec["activeDeadlineSeconds"] = .integer(Int64(1 + random.below(100))) }
        if maybe(0.1) { spec["hostNetwork"] = true }
        if maybe(0.1) {
            spec["volumes"] = [["name": "cache", "emptyDir": ["sizeLimit": "1Mi"]]]
        }
        return makePod(name, spec: spec)
    }

    /// What somebody does to a Pod while it runs.
    mutating func change(_ pod: JSON, _ world: World) -> JSON {
        var changed = pod
        let name = Pod(pod).name
        switch random.below(4) {
        case 0:
            changed["spec"]?["ephemeralContainers"] = [
                ["name": .string("look-\(name)"), "image": "busybox"]
            ]
            world.runtime.behaviours["look-\(name)"] = .init(runsFor: .seconds(3), exitCode: 1)
        case 1:
            var containers = pod["spec"]?["containers"]?.array ?? []
            guard !containers.isEmpty else { break }
            let cpu = "\(1 + random.below(3_000))m"
            containers[0]["resources"] = ["requests": ["cpu": .string(cpu)]]
            changed["spec"]?["containers"] = .array(containers)
        case 2:
            var containers = pod["spec"]?["containers"]?.array ?? []
            guard !containers.isEmpty else { break }
            containers[containers.count - 1]["image"] = "busybox:2"
            changed["spec"]?["containers"] = .array(containers)
        default:
            var initial = pod["spec"]?["initContainers"]?.array ?? []
            guard !initial.isEmpty else { break }
            initial[0]["image"] = "busybox:2"
            changed["spec"]?["initContainers"] = .array(initial)
        }
        return changed
    }

    private mutating func anyPolicy() -> String {
        ["Always", "OnFailure", "Never"][random.below(3)]
    }

    private mutating func rule() -> JSON {
        [
            "action": maybe(0.3) ? "RestartAllContainers" : "Restart",
            "exitCodes": ["operator": maybe(0.5) ? "In" : "NotIn", "values": [1]],
        ]
    }

    private mutating func container(_ name: String, _ world: World, ends: Bool) -> JSON {
        var json: JSON = ["name": .string(name), "image": "busybox"]
        world.runtime.behaviours[name] = .init(
            runsFor: ends ? .seconds(Int64(random.below(40))) : nil,
            exitCode: maybe(0.5) ? 1 : 0, ignoresTerm: maybe(0.3))
        if maybe(0.05) { world.runtime.behaviours[name]?.startError = "exec: not found" }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] where maybe(0.2) {
            json[probe] = self.probe()
        }
        if maybe(0.15) { json["lifecycle"] = ["postStart": hook()] }
        if maybe(0.15) { json["lifecycle"] = ["preStop": hook()] }
        if maybe(0.1) { json["lifecycle"] = ["stopSignal": "SIGUSR1"] }
        if maybe(0.2) { json["terminationMessagePolicy"] = "FallbackToLogsOnError" }
        return json
    }

    private mutating func hook() -> JSON {
        switch random.below(3) {
        case 0: ["sleep": ["seconds": .integer(Int64(random.below(10)))]]
        case 1: ["exec": ["command": [maybe(0.3) ? "fail" : "fine"]]]
        default: ["httpGet": ["path": "/", "port": 80]]
        }
    }

    private mutating func probe() -> JSON {
        var json: JSON = [
            "periodSeconds": .integer(Int64(1 + random.below(5))),
            "failureThreshold": .integer(Int64(1 + random.below(4))),
        ]
        switch random.below(4) {
        case 0: json["exec"] = ["command": [maybe(0.1) ? "fail" : "fine"]]
        case 1: json["httpGet"] = ["path": "/", "port": 80]
        case 2: json["tcpSocket"] = ["port": 80]
        default: json["grpc"] = ["port": 80]
        }
        return json
    }
}
