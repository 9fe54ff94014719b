import Base
import JSON
import Kubelet
import Objects
import Testing

@Suite struct EventTests {
    private func failing(_ world: World) {
        let probe: JSON = [
            "exec": ["command": ["check"]], "periodSeconds": 1, "failureThreshold": 1_000,
        ]
        world.apply(
            makePod(spec: [
                "containers": [["name": "web", "image": "busybox", "livenessProbe": probe]]
            ]))
    }

    @Test func repeatedEventsAreCountedAndPacedAfterABurst() {
        let world = World()
        world.runtime.execExitCodes["check"] = 1
        failing(world)
        world.run(for: .minutes(2))
        let unhealthy = world.eventDocuments.filter { $0["reason"] == "Unhealthy" }
        #expect(unhealthy.count == 1)
        // Three Events of the start came first out of the burst of 25.
        #expect(unhealthy.first?["count"] == 22)
        world.run(for: .minutes(20))
        let later = world.eventDocuments.first { $0["reason"] == "Unhealthy" }
        #expect(later?["count"] == 26)
    }

    @Test func theTenthMessageOfOneReasonIsCombinedWithThoseAfterIt() {
        let world = World()
        world.runtime.execExitCodes["check"] = 1
        failing(world)
        for number in 1...14 {
            world.runtime.execOutput = "trouble \(number)"
            world.run(for: .seconds(1))
        }
        let unhealthy = world.eventDocuments.filter { $0["reason"] == "Unhealthy" }
        #expect(unhealthy.count == 10)
        let combined = unhealthy.filter {
            $0["message"]?.string?.hasPrefix("(combined from similar events): ") ?? false
        }
        #expect(combined.count == 1)
        #expect(
            combined.first?["message"]
                == "(combined from similar events): Liveness probe failed: trouble 14")
    }
}
