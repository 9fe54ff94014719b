import Base
import Gossip
import Testing

struct AssignmentTableTests {
    @Test func `a newer revision wins, an equal or older one is ignored`() {
        var table = AssignmentTable()
        #expect(table.merge(Samples.entry(1, revision: 5)) == true)
        #expect(table.merge(Samples.tombstone(1, revision: 5)) == false)
        #expect(table.merge(Samples.entry(1, revision: 4)) == false)
        #expect(table.pod("default", "pod-1") == Samples.pod(1))
        #expect(table.merge(Samples.tombstone(1, revision: 6)) == true)
        #expect(table.pod("default", "pod-1") == nil)
        #expect(table.count == 1)
    }

    @Test func `tables that saw the same rows in any order are equal`() {
        var rows = (0..<60).flatMap { number in
            [
                Samples.entry(number, revision: 1), Samples.entry(number, revision: 3),
                Samples.tombstone(number, revision: number % 2 == 0 ? 2 : 4),
            ]
        }
        var random = Random(seed: 3)
        var tables: [AssignmentTable] = []
        for _ in 0..<5 {
            random.shuffle(&rows)
            var table = AssignmentTable()
            for row in rows { table.merge(row) }
            tables.append(table)
        }
        #expect(tables.allSatisfy { $0.sortedEntries == tables[0].sortedEntries })
        #expect(tables.allSatisfy { $0.digests == tables[0].digests })
        #expect(tables[0].sortedEntries.filter { !$0.isTombstone }.count == 30)
    }

    @Test func `digests tell tables apart and do not count tombstones`() {
        var table = AssignmentTable()
        let empty = table.digests
        table.merge(Samples.entry(1, revision: 1))
        let first = table.digests
        table.merge(Samples.entry(1, revision: 2))
        #expect(first != empty && table.digests != first && table.digests != empty)
        table.merge(Samples.tombstone(1, revision: 3))
        #expect(table.digests == empty)
    }

    @Test func `a tombstone is forgotten ten minutes after it was first swept`() {
        var table = AssignmentTable()
        table.merge(Samples.tombstone(1, revision: 3))
        let start = Instant(nanoseconds: 77)
        table.sweep(at: start)
        table.sweep(at: start + GossipLimits.tombstoneLifetime + Span(nanoseconds: -1))
        #expect(table.merge(Samples.entry(1, revision: 2)) == false)
        table.sweep(at: start + GossipLimits.tombstoneLifetime)
        #expect(table.count == 0)
        #expect(table.merge(Samples.entry(1, revision: 2)) == true)
    }

    @Test func `entries that no datagram holds and values of the wrong kind are refused`() {
        var table = AssignmentTable()
        var pod = Samples.pod(1)
        pod.uid = String(repeating: "u", count: 1_000)
        let large = AssignmentEntry(key: .pod("default", "a"), revision: 1, value: .pod(pod))
        guard case .tooLarge(let bytes) = table.verdict(on: large) else {
            Issue.record("a large entry passed")
            return
        }
        #expect(bytes > GossipLimits.entryBytesMax)
        #expect(table.merge(large) == false)
        let odd = AssignmentEntry(
            key: .service("default", "a"), revision: 1, value: .pod(Samples.pod(1)))
        #expect(table.verdict(on: odd) == .kindMismatch)
        #expect(table.count == 0)
    }

    @Test func `a full table refuses new keys and takes newer rows of known ones`() {
        var table = AssignmentTable()
        for number in 0..<GossipLimits.tableEntriesMax {
            table.merge(Samples.tombstone(number, revision: 1))
        }
        #expect(table.verdict(on: Samples.entry(-1, revision: 1)) == .tableFull)
        #expect(table.merge(Samples.entry(1, revision: 2)) == true)
    }

    @Test func `rows sort by kind, namespace and name`() {
        var table = AssignmentTable()
        table.merge(Samples.service)
        table.merge(Samples.entry(2))
        table.merge(Samples.entry(1))
        #expect(
            table.sortedEntries.map(\.key.description) == [
                "pod default/pod-1", "pod default/pod-2", "service default/web",
            ])
    }
}
