import Base
import Control
import JSON
import Objects
import Testing

/// How a new leader's controllers come to know what the Store holds.
@Suite struct LoadingTests {
    private let configuration = ControlHarness.configuration()

    private func pod(_ name: String, node: String, version: Int) -> (ObjectKey, StoredObject) {
        let json: JSON = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": [
                "name": .string(name), "namespace": "default", "uid": .string("uid-\(name)"),
                "resourceVersion": .string(String(version)),
            ],
            "spec": ["nodeName": .string(node), "containers": []],
        ]
        return (ObjectKey(.pods, namespace: "default", name: name), StoredObject(json))
    }

    @Test func nothingIsDecidedBeforeEverythingIsKnown() {
        var core = ControlCore(configuration: configuration, random: Random(seed: 1))
        var out = Outbox<ControlEffect>()
        core.step(.started, at: .zero, into: &out)
        core.step(.loaded([pod("a", node: "gone", version: 1)]), at: .zero, into: &out)
        core.step(.peerStatus(MachineName("gone")!, .failed), at: .zero, into: &out)
        core.step(.wake, at: .zero, into: &out)
        #expect(out.isEmpty)
        #expect(core.deadline == nil)
        core.step(.synced, at: .zero, into: &out)
        #expect(!out.isEmpty)
    }

    /// Changes are told as they come; what is loaded behind them may be older or newer.
    @Test func changesMeanwhileCount() {
        var core = ControlCore(configuration: configuration, random: Random(seed: 1))
        var out = Outbox<ControlEffect>()
        core.step(.started, at: .zero, into: &out)
        let (moved, later) = pod("moved", node: "b", version: 5)
        let (deleted, _) = pod("deleted", node: "a", version: 2)
        core.step(.loaded([pod("deleted", node: "a", version: 2)]), at: .zero, into: &out)
        core.step(.changed([(moved, later), (deleted, nil)]), at: .zero, into: &out)
        core.step(.loaded([pod("moved", node: "a", version: 3)]), at: .zero, into: &out)
        core.step(.synced, at: .zero, into: &out)
        #expect(core.state.pod(moved)?.nodeName == "b")
        #expect(core.state.pods(onNode: "a").isEmpty)
        #expect(core.state.pod(deleted) == nil)
        core.checkInvariants()
    }

    /// The value of a Pod is read from the text that the Store shares.
    @Test func aPodIsReadFromItsText() throws {
        let (key, object) = pod("a", node: "b", version: 7)
        var out = Outbox<ControlEffect>()
        var core = ControlCore(configuration: configuration, random: Random(seed: 1))
        core.step(.started, at: .zero, into: &out)
        core.step(.loaded([(key, object)]), at: .zero, into: &out)
        let record = try #require(core.state.record(key))
        #expect(record.json == object.json)
        #expect(core.state.pod(key)?.pod.json == object.json)
        #expect(record.resourceVersion == 7)
    }
}
