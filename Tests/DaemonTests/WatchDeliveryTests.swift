import API
import Base
import Daemon
import Gossip
import JSON
import Store
import Testing

/// What watches are owed when they begin, and what follows from a write besides its answer.
@Suite struct WatchDeliveryTests {
    private static let path = "/api/v1/namespaces/default/configmaps"
    private static let range = KeyRange.resource(group: "", resource: "configmaps")

    /// The events that a watch from a revision is shown at once, as `TYPE name`.
    private func events(
        after revision: Revision, _ machine: inout OneMachine
    ) throws -> [String] {
        let ticket = machine.request(
            .get, Self.path, query: "watch=1&resourceVersion=\(revision.number)")
        let bytes = (machine.watchBytes[ticket] ?? []).flatMap { $0 }
        return try bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let event = try JSON(parsing: Array(line))
            let name = event["object"]?["metadata"]?["name"]?.string ?? ""
            return "\(event["type"]?.string ?? "") \(name)"
        }.filter { !$0.hasSuffix("kube-root-ca.crt") }
    }

    @Test func `a watch that goes on is shown what happened meanwhile`() throws {
        var machine = try OneMachine()
        machine.request(.post, Self.path, body: OneMachine.configMap("a"))
        let revision = machine.core.store.snapshot.revision
        machine.request(.put, "\(Self.path)/a", body: OneMachine.configMap("a", filling: 3))
        machine.request(.post, Self.path, body: OneMachine.configMap("b"))
        machine.request(.delete, "\(Self.path)/a")
        let shown = try events(after: revision, &machine)
        #expect(shown == ["MODIFIED a", "ADDED b", "DELETED a"])
    }

    @Test func `a watch that goes on at a revision with several changes is shown all of them`()
        throws
    {
        var machine = try OneMachine()
        for name in ["a", "b", "c"] {
            machine.request(
                .post, Self.path, body: OneMachine.configMap(name).replacing(
                    #""metadata":{"#, with: #""metadata":{"labels":{"app":"x"},"#))
        }
        let before = machine.core.store.snapshot.revision
        machine.request(.delete, Self.path, query: "labelSelector=app%3Dx")
        let found = machine.core.store.changes(after: before, in: Self.range, limit: .max)
        guard case .changes(let changes, _) = found else {
            Issue.record("the changes are gone")
            return
        }
        let revision = try #require(changes.first?.revision)
        #expect(changes.map(\.revision) == [revision, revision, revision])
        let shown = try events(after: revision, &machine)
        #expect(shown == ["DELETED a", "DELETED b", "DELETED c"])
    }

    @Test func `writes that follow each other all take effect`() throws {
        var machine = try OneMachine()
        let tickets = (0..<12).map { number in
            machine.request(.post, Self.path, body: OneMachine.configMap("map-\(number)"))
        }
        #expect(tickets.allSatisfy { machine.responses[$0]?.code == 201 })
        for number in 0..<12 {
            let key = Key(
                group: "", resource: "configmaps", namespace: "default", name: "map-\(number)")
            #expect(machine.core.store.snapshot[key] != nil, "map-\(number)")
        }
    }

    @Test func `a Service is gossiped as soon as it is there, and its end too`() throws {
        var machine = try OneMachine()
        let path = "/api/v1/namespaces/default/services"
        machine.request(
            .post, path,
            body: #"{"metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}}"#)
        let key = AssignmentKey.service("default", "web")
        let row = try #require(machine.core.gossip.table[key])
        #expect(row.value != .tombstone)
        machine.request(.delete, "\(path)/web")
        #expect(machine.core.gossip.table[key]?.value == .tombstone)
    }
}
