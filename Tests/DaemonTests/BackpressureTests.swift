import API
import Base
import Daemon
import Raft
import Testing

/// A disk that does not answer must show as 429 at the clients, and as nothing else.
@Suite struct BackpressureTests {
    private static let path = "/api/v1/namespaces/default/configmaps"

    private func headers(_ response: APIResponse?) -> [String] {
        response?.headers.map { "\($0.name.lowercased()): \($0.value)" } ?? []
    }

    @Test func `writes beyond the log's bound get 429 at once, the others their answer`() throws {
        var machine = try OneMachine {
            $0.raft.limits.pendingBytesMax = 300_000
        }
        machine.isDiskAnswering = false
        let tickets = (0..<50).map { number in
            machine.request(
                .post, Self.path, body: OneMachine.configMap("map-\(number)", filling: 20_000))
        }
        let refused = tickets.filter { machine.responses[$0]?.code == 429 }
        #expect(refused.count > 30, "the bound holds about 15 of them")
        #expect(machine.responses.count == refused.count)
        for ticket in refused {
            #expect(headers(machine.responses[ticket]).contains("retry-after: 1"))
        }
        machine.answerDisk()
        for _ in 0..<20 { machine.wake(after: .milliseconds(50)) }
        let answered = tickets.filter { machine.responses[$0]?.code == 201 }
        #expect(answered.count == tickets.count - refused.count)
        #expect(machine.request(.post, Self.path, body: OneMachine.configMap("later")).number > 0)
    }

    @Test func `requests beyond the table's count or bytes get 429`() throws {
        for (count, bytes) in [(10, 1 << 30), (1 << 20, 200_000)] {
            var machine = try OneMachine {
                $0.limits.pendingMax = count
                $0.limits.pendingBytesMax = bytes
            }
            machine.isDiskAnswering = false
            let tickets = (0..<60).map { number in
                machine.request(
                    .post, Self.path, body: OneMachine.configMap("map-\(number)", filling: 20_000))
            }
            let refused = tickets.filter { machine.responses[$0]?.code == 429 }
            #expect(refused.count >= 50 && refused.count < 60)
            machine.answerDisk()
            for _ in 0..<20 { machine.wake(after: .milliseconds(50)) }
            #expect(tickets.allSatisfy { [201, 429].contains(machine.responses[$0]?.code) })
            let late = machine.request(.post, Self.path, body: OneMachine.configMap("late"))
            #expect(machine.responses[late]?.code == 201, "there is room again")
        }
    }

    @Test func `ten thousand watches of one object are told in the step of its commit`() throws {
        var machine = try OneMachine()
        machine.request(.post, Self.path, body: OneMachine.configMap("watched"))
        machine.request(.post, Self.path, body: OneMachine.configMap("other"))
        let query = "watch=1&fieldSelector=metadata.name%3Dwatched"
        let watches = (0..<10_000).map { _ in
            machine.request(.get, Self.path, query: query)
        }
        #expect(watches.allSatisfy { machine.watchBytes[$0]?.count == 1 })
        machine.request(
            .put, "\(Self.path)/other", body: OneMachine.configMap("other", filling: 9))
        machine.request(
            .put, "\(Self.path)/watched", body: OneMachine.configMap("watched", filling: 9))
        let first = try #require(machine.watchBytes[watches[0]]?.last)
        #expect(String(decoding: first, as: UTF8.self).contains(#""type":"MODIFIED""#))
        #expect(watches.allSatisfy { machine.watchBytes[$0]?.count == 2 })
        #expect(watches.allSatisfy { machine.watchBytes[$0]?.last == first })
        for ticket in watches.dropFirst() { machine.give(.cancelled(ticket)) }
        machine.request(
            .put, "\(Self.path)/watched", body: OneMachine.configMap("watched", filling: 5))
        #expect(machine.watchBytes[watches[0]]?.count == 3)
        #expect(machine.watchBytes[watches[1]]?.count == 2)
    }
}
