import Base
import Control
import JSON
import Objects
import Testing

@Suite struct ReportPacerTests {
    private static func item(_ number: Int) -> WorkItem {
        WorkItem(.scheduler, ObjectKey(.pods, namespace: "default", name: "pod-\(number)"))
    }

    private static func at(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

    /// Which of these items may report now.
    private static func admitted(
        _ numbers: Range<Int>, _ pacer: inout ReportPacer, at now: Instant
    ) -> [Int] {
        numbers.filter { pacer.admits(item($0), at: now) }
    }

    private static func due(_ pacer: inout ReportPacer, at now: Instant) -> WorkItem? {
        pacer.popDue(at: now)
    }

    @Test func aBurstIsAdmittedAndTheRestAtTheRateInItsOrder() {
        var pacer = ReportPacer(perSecond: 100, burst: 3)
        #expect(Self.admitted(0..<6, &pacer, at: Self.at(50)) == [0, 1, 2])
        #expect(pacer.deadline == Self.at(60))
        #expect(Self.due(&pacer, at: Self.at(59)) == nil)
        #expect(Self.due(&pacer, at: Self.at(60)) == Self.item(3))
        #expect(Self.due(&pacer, at: Self.at(60)) == nil)
        #expect(Self.admitted(3..<4, &pacer, at: Self.at(60)) == [3])
        #expect(pacer.deadline == Self.at(70))
    }

    @Test func whoComesLaterWaitsBehindTheLine() {
        var pacer = ReportPacer(perSecond: 100, burst: 1)
        #expect(Self.admitted(0..<2, &pacer, at: .zero) == [0])
        #expect(Self.admitted(1..<3, &pacer, at: Self.at(10)) == [])
        #expect(Self.due(&pacer, at: Self.at(10)) == Self.item(1))
        #expect(Self.due(&pacer, at: Self.at(20)) == Self.item(2))
        #expect(pacer.deadline == nil)
    }

    @Test func whoLeavesTheLineCostsNoTokenAndNoRoom() {
        var pacer = ReportPacer(perSecond: 100, burst: 1)
        #expect(Self.admitted(0..<10_001, &pacer, at: .zero) == [0])
        for number in 1...9_999 { pacer.leave(Self.item(number)) }
        #expect(pacer.waitingCount == 1)
        #expect(Self.due(&pacer, at: Self.at(10)) == Self.item(10_000))
    }

    @Test func afterAPauseThereIsABurstAgainAndNoMore() {
        var pacer = ReportPacer(perSecond: 100, burst: 2)
        #expect(Self.admitted(0..<4, &pacer, at: .zero) == [0, 1])
        pacer.leave(Self.item(2))
        pacer.leave(Self.item(3))
        #expect(Self.admitted(4..<9, &pacer, at: Self.at(60_000)) == [4, 5])
    }

    // MARK: The scheduler's reports

    private static func core(pods: Int, now: Instant) -> (ControlCore, [ObjectWrite]) {
        var core = ControlCore(
            configuration: ControlHarness.configuration(), random: Random(seed: 1))
        var out = Outbox<ControlEffect>()
        core.step(.wallTime(WallTime(seconds: 1_700_000_000)), at: now, into: &out)
        let objects = (0..<pods).map { number in
            var pod = SchedulerTests.pod("pod-\(number)", cpu: "1")
            pod["metadata"]?["resourceVersion"] = .string(String(number + 1))
            pod["metadata"]?["uid"] = .string("uid-\(number)")
            return (ObjectKey(.pods, namespace: "default", name: "pod-\(number)"), pod)
        }
        core.lead(objects, at: now, into: &out)
        return (core, Self.writes(&out))
    }

    private static func writes(_ out: inout Outbox<ControlEffect>) -> [ObjectWrite] {
        out.take().compactMap {
            guard case .write(_, let write) = $0 else { return nil }
            return write
        }
    }

    private static func refusals(_ writes: [ObjectWrite]) -> Int {
        writes.count { write in
            guard case .patch(let key, _, "status") = write else { return false }
            return key.resource == .pods
        }
    }

    @Test func manyPodsThatFitNowhereAreReportedAtAPaceEachOnce() {
        var (core, first) = Self.core(pods: 300, now: .zero)
        #expect(Self.refusals(first) == 100)
        var out = Outbox<ControlEffect>()
        core.step(.wake, at: Self.at(9), into: &out)
        #expect(Self.refusals(Self.writes(&out)) == 0)
        core.step(.wake, at: Self.at(100), into: &out)
        #expect(Self.refusals(Self.writes(&out)) == 10)
        core.checkInvariants()
        core.step(.wake, at: Self.at(10_000), into: &out)
        #expect(Self.refusals(Self.writes(&out)) == 100)
    }

    @Test func aPodThatFitsDoesNotWaitForTheReportsOfOthers() {
        var (core, _) = Self.core(pods: 300, now: .zero)
        var out = Outbox<ControlEffect>()
        var node = SchedulerTests.node("machine-1", cpu: "2")
        node["metadata"]?["resourceVersion"] = "1000"
        node["metadata"]?["uid"] = "node"
        core.step(.peerStatus(MachineName("machine-1")!, .alive), at: Self.at(1), into: &out)
        core.step(
            .changed([(ObjectKey(.nodes, name: "machine-1"), StoredObject(node))]), at: Self.at(1),
            into: &out)
        let bound = Self.writes(&out).count { if case .bind = $0 { true } else { false } }
        #expect(bound == 2)
    }
}
