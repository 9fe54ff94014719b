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

    @Test func `watches of one audience hear the same, others what they asked for`() throws {
        var machine = try OneMachine()
        func write(_ app: String, _ method: APIRequest.Method, _ path: String) {
            machine.request(
                method, path, body: OneMachine.configMap("a").replacing(
                    #""metadata":{"#, with: #""metadata":{"labels":{"app":"\#(app)"},"#))
        }
        func watch(_ selector: String) -> Ticket {
            let revision = machine.core.store.snapshot.revision.number
            return machine.request(
                .get, Self.path, query: "watch=1&resourceVersion=\(revision)\(selector)")
        }
        func told(_ ticket: Ticket) throws -> [String] {
            let bytes = (machine.watchBytes[ticket] ?? []).flatMap { $0 }
            return try bytes.split(separator: UInt8(ascii: "\n")).map {
                try JSON(parsing: Array($0))["type"]?.string ?? ""
            }
        }
        write("x", .post, Self.path)
        let one = (0..<2).map { _ in watch("&fieldSelector=metadata.name%3Da") }
        let all = watch("")
        let (x, y) = (watch("&labelSelector=app%3Dx"), watch("&labelSelector=app%3Dy"))
        write("y", .put, "\(Self.path)/a")
        #expect(try one.map(told) == [["MODIFIED"], ["MODIFIED"]])
        #expect(try [all, x, y].map(told) == [["MODIFIED"], ["DELETED"], ["ADDED"]])
        machine.give(.cancelled(one[0]))
        write("z", .put, "\(Self.path)/a")
        #expect(try one.map(told) == [["MODIFIED"], ["MODIFIED", "MODIFIED"]])
        #expect(try [x, y].map(told) == [["DELETED"], ["ADDED", "DELETED"]])
        machine.give(.cancelled(one[1]))
        let late = watch("&fieldSelector=metadata.name%3Da")
        machine.request(.delete, "\(Self.path)/a")
        #expect(try told(late) == ["DELETED"])
        #expect(try told(one[1]).count == 2)
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
