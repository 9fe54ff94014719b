import API
import Base
import Daemon
import JSON
import Store
import Testing

@Suite("requests evaluated beside the loop")
struct RequestViewTests {
    private static let wall = WallTime(seconds: 1_700_000_100)
    private static let configMaps = "/api/v1/namespaces/default/configmaps"

    private static var administrator: UserInfo {
        var user = UserInfo.system("kubernetes-admin")
        user.groups.append("system:masters")
        return user
    }

    private static func request(
        _ method: APIRequest.Method, _ path: String, query: String = "", body: String = ""
    ) -> APIRequest {
        APIRequest(
            method, path, query: query, contentType: "application/json", body: Array(body.utf8),
            credential: .user(administrator))
    }

    private static func create(_ name: String, _ ticket: Ticket, _ view: RequestView) throws
        -> (APIRequest, EvaluatedWrite)
    {
        let request = request(.post, configMaps, body: OneMachine.configMap(name))
        let verdict = view.evaluate(ticket, request, flow: nil, at: wall)
        guard case .write(let write) = verdict else {
            throw Failure()
        }
        return (request, write)
    }

    private struct Failure: Error {}

    @Test("what is acknowledged is in the next view")
    func acknowledged() throws {
        var machine = try OneMachine()
        let former = machine.core.view.number
        machine.request(.post, Self.configMaps, body: OneMachine.configMap("a"))
        let view = machine.core.view
        #expect(view.number > former)
        let get = Self.request(.get, Self.configMaps + "/a")
        let verdict = view.evaluate(Ticket(900), get, flow: nil, at: Self.wall)
        guard case .respond(let response) = verdict else {
            Issue.record("undecided")
            return
        }
        #expect(response.code == 200)
    }

    @Test("a write that was evaluated elsewhere is committed and answered")
    func write() throws {
        var machine = try OneMachine()
        let (request, write) = try Self.create("a", Ticket(900), machine.core.view)
        machine.give(.evaluated(Ticket(900), request, write))
        #expect(machine.responses[Ticket(900)]?.code == 201)
        machine.request(.get, Self.configMaps + "/a")
        #expect(machine.responses.values.contains { $0.code == 200 })
    }

    @Test("two writes of one view that exclude each other: the second is evaluated again")
    func conflict() throws {
        var machine = try OneMachine()
        let view = machine.core.view
        let (request, first) = try Self.create("a", Ticket(900), view)
        let (other, second) = try Self.create("a", Ticket(901), view)
        machine.give(.evaluated(Ticket(900), request, first))
        machine.give(.evaluated(Ticket(901), other, second))
        #expect(machine.responses[Ticket(900)]?.code == 201)
        #expect(machine.responses[Ticket(901)]?.code == 409)
    }

    @Test("UIDs of one view differ by their tickets")
    func identifiers() throws {
        var machine = try OneMachine()
        let view = machine.core.view
        var uids: Set<String> = []
        for (ticket, name) in [(Ticket(900), "a"), (Ticket(901), "b"), (Ticket(902), "c")] {
            let (request, write) = try Self.create(name, ticket, view)
            machine.give(.evaluated(ticket, request, write))
            let body = try #require(machine.responses[ticket]?.body)
            uids.insert(try JSON(parsing: body)["metadata"]?["uid"]?.string ?? "")
        }
        #expect(uids.count == 3)
    }

    @Test("watches, upgrades, health and other revisions are the loop's")
    func undecided() throws {
        let machine = try OneMachine()
        let revision = machine.core.store.revision.number
        let requests = [
            Self.request(.get, Self.configMaps, query: "watch=true"),
            Self.request(.get, "/livez"), Self.request(.get, "/readyz/ping"),
            Self.request(.get, "/metrics"),
            Self.request(
                .get, Self.configMaps,
                query: "resourceVersionMatch=Exact&resourceVersion=\(revision - 1)"),
        ]
        for request in requests {
            let verdict = machine.core.view.evaluate(
                Ticket(1), request, flow: nil, at: Self.wall)
            guard case .undecided = verdict else {
                Issue.record("\(request.path)?\(request.query) was decided")
                continue
            }
        }
    }

    @Test("what may be old is answered with what there is, also before others are asked")
    func oldReads() throws {
        let machine = try OneMachine()
        for query in ["resourceVersion=0", "resourceVersion=1"] {
            let request = Self.request(.get, Self.configMaps, query: query)
            let verdict = machine.core.view.evaluate(
                Ticket(1), request, flow: nil, at: Self.wall)
            guard case .respond(let response) = verdict else {
                Issue.record("\(query) was not decided")
                continue
            }
            #expect(response.code == 200)
        }
        let newest = machine.core.store.revision.number
        let newer = Self.request(.get, Self.configMaps, query: "resourceVersion=\(newest + 1)")
        let verdict = machine.core.view.evaluate(Ticket(1), newer, flow: nil, at: Self.wall)
        guard case .undecided = verdict else {
            Issue.record("decided about what is not there yet")
            return
        }
    }

    @Test("a machine that does not lead knows nothing for sure")
    func follower() throws {
        let machine = try OneMachine(isLeading: false)
        let get = Self.request(.get, Self.configMaps)
        let view = machine.core.view
        let verdict = view.evaluate(Ticket(1), get, flow: nil, at: Self.wall)
        guard case .undecided = verdict else {
            Issue.record("decided")
            return
        }
        // What may be old is answered all the same.
        let old = Self.request(.get, Self.configMaps, query: "resourceVersion=0")
        guard case .respond = view.evaluate(Ticket(1), old, flow: nil, at: Self.wall) else {
            Issue.record("undecided")
            return
        }
    }
}
