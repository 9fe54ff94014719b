import Base
import Simulator
import Testing

/// From the kill of a machine to its Deployment's replacements Running, in virtual time.
@Suite struct RecoveryTimeTests {
    #if DEBUG
        private static let runs: UInt64 = 4
    #else
        private static let runs: UInt64 = 25
    #endif

    @Test func `a member's Pods run elsewhere within three seconds`() {
        let times = recoveryTimes(of: .member)
        print("recovery from a member's death: \(Self.distribution(times))")
        #expect(times.count == Int(Self.runs))
        #expect(times.allSatisfy { $0 <= .seconds(3) })
    }

    @Test func `a leader's Pods run elsewhere within four seconds`() {
        let times = recoveryTimes(of: .leader)
        print("recovery from the leader's death: \(Self.distribution(times))")
        #expect(times.count == Int(Self.runs))
        #expect(times.allSatisfy { $0 <= .seconds(4) })
    }

    private func recoveryTimes(of selector: MachineSelector) -> [Span] {
        (0..<Self.runs).compactMap { run in
            guard let cluster = SimulatedCluster.formed(seed: 5_000 + run),
                cluster.deploy("web", replicas: 6)
            else { return nil }
            // The phases of probes and heartbeats at the kill differ from run to run.
            cluster.world.run(for: .milliseconds(Int64(300 + run * 37)))
            return cluster.recoveryTime { cluster.crash(selector) }
        }
    }

    private static func distribution(_ times: [Span]) -> String {
        let sorted = times.map(\.milliseconds).sorted()
        guard let least = sorted.first, let most = sorted.last else { return "none" }
        return "least \(least) ms, median \(sorted[sorted.count / 2]) ms, most \(most) ms"
            + " of \(sorted.count)"
    }
}
