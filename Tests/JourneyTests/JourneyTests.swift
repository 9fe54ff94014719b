import Testing

/// What a user does, on a cluster of three machines, with the real kubectl and dig.
///
/// All tests share the machines and run one after the other. Each makes what it needs, so that
/// any one can run alone.
@Suite(
    .serialized, .runningCluster,
    .enabled(
        if: Cluster.canRun, "needs root, and docker-compose-free-scripts/setup to have run before"))
struct JourneyTests {}

extension Trait where Self == RunningCluster {
    /// The machines run before the first test, and nothing of them is left after the last.
    static var runningCluster: Self { Self() }
}

struct RunningCluster: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing body: @Sendable () async throws -> Void
    ) async throws {
        let cluster = Cluster.shared
        do {
            try await cluster.up()
        } catch {
            _ = try await cluster.script("down")
            throw error
        }
        let before = try Leftovers(of: cluster)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        let down = try await cluster.script("down")
        #expect(down.succeeded, "\(down)")
        // What cannot be seen while the machines run would not be missed afterwards.
        #expect(!before.processes.isEmpty && !before.controlGroups.isEmpty)
        #expect(before.interfaces.count == 1 + Cluster.size && !before.files.isEmpty)
        let after = try Leftovers(of: cluster)
        #expect(after.isEmpty, "down left \(after)")
        try result.get()
    }
}
