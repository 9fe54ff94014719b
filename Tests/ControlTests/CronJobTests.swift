import Base
import Control
import JSON
import Objects
import Testing

@Suite struct CronJobTests {
    private static let key = ObjectKey(.cronJobs, namespace: "default", name: "tick")

    @Test(arguments: [
        ("*/5 * * * *", "2026-11-21T20:02:30Z", "2026-11-21T20:05:00Z"),
        ("0 0 * * *", "2026-11-21T20:02:30Z", "2026-11-22T00:00:00Z"),
        ("@hourly", "2026-11-21T20:00:00Z", "2026-11-21T21:00:00Z"),
        ("30 4 29 2 *", "2026-11-21T20:00:00Z", "2028-02-29T04:30:00Z"),
        ("0 12 * * mon", "2026-11-21T20:00:00Z", "2026-11-23T12:00:00Z"),
        ("0 12 1 * 5", "2026-11-21T20:00:00Z", "2026-11-27T12:00:00Z"),
        ("15,45 1-3/2 * jan,dec ?", "2026-11-21T20:00:00Z", "2026-12-01T01:15:00Z"),
        ("@every 1h30m", "2026-11-21T20:00:00Z", "2026-11-21T21:30:00Z"),
    ])
    func schedulesAreDue(_ schedule: String, _ after: String, _ next: String) throws {
        let times = try #require(CronTimes(schedule))
        let start = try #require(WallTime(rfc3339: after))
        #expect(times.next(after: start)?.rfc3339 == next)
        let due = try #require(WallTime(rfc3339: next))
        #expect(times.latest(after: start, notAfter: due)?.rfc3339 == next)
        #expect(times.latest(after: start, notAfter: due + .seconds(-1)) == nil)
    }

    @Test func ofRunsThatWereMissedTheLastCounts() throws {
        let times = try #require(CronTimes("0 * * * *"))
        let start = try #require(WallTime(rfc3339: "2026-11-01T00:30:00Z"))
        let now = try #require(WallTime(rfc3339: "2026-11-21T20:59:00Z"))
        #expect(times.latest(after: start, notAfter: now)?.rfc3339 == "2026-11-21T20:00:00Z")
        #expect(CronTimes("61 * * * *") == nil)
        #expect(CronTimes("* * * *") == nil)
    }

    @Test(arguments: [
        ("30 9 * * *", "2026-07-01T08:00:00Z", "2026-07-02T07:30:00Z"),
        ("30 9 * * *", "2026-12-01T08:00:00Z", "2026-12-01T08:30:00Z"),
        ("0 0 1 * *", "2026-12-15T00:00:00Z", "2026-12-31T23:00:00Z"),
        // The clock goes from two to three o'clock, and back from three to two.
        ("30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z"),
        ("30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("30 2 * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
        ("30 2 * * *", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"),
    ])
    func schedulesKeepToTheirZone(_ schedule: String, _ after: String, _ next: String) throws {
        let times = try #require(CronTimes(schedule, in: Self.berlin))
        let start = try #require(WallTime(rfc3339: after))
        #expect(times.next(after: start)?.rfc3339 == next)
    }

    /// Winter time but from March to October, as the tz database has it.
    private static let berlin: ZoneRules = {
        var bytes = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 39)
        bytes += Array("TZif2".utf8) + [UInt8](repeating: 0, count: 34) + [1, 0, 0, 0, 0]
        bytes += [0, 0, 0x0e, 0x10, 0, 0] + Array("\nCET-1CEST,M3.5.0,M10.5.0/3\n".utf8)
        guard let zone = try? ZoneRules(bytes, from: 0) else { preconditionFailure("no zone") }
        return zone
    }()

    @Test func aJobIsNamedForTheTimeOfItsZone() throws {
        var configuration = ControlHarness.configuration()
        configuration.zones = TimeZones(["Europe/Berlin": Self.berlin])
        var cluster = Self.running([("timeZone", "Europe/Berlin")], configuration)
        cluster.run(for: .seconds(70))
        let job = try #require(Self.jobs(cluster).first)
        let scheduled = job["metadata"]?["annotations"]?[
            "batch.kubernetes.io/cronjob-scheduled-timestamp"]?.string
        #expect(scheduled == "2023-11-14T23:14:00+01:00")
    }

    @Test func aZoneThatNobodyKnowsMakesNoJob() {
        var cluster = Self.running([("timeZone", "Mars/Olympus")])
        cluster.run(for: .seconds(130))
        #expect(Self.jobs(cluster).isEmpty)
        #expect(cluster.api.all(.events).contains { $0["reason"] == "UnknownTimeZone" })
    }

    private static func running(
        _ extra: [(String, JSON)] = [],
        _ configuration: ControlConfiguration = ControlHarness.configuration()
    ) -> ControlHarness {
        var cluster = ControlHarness.cluster(configuration: configuration)
        let pod: JSON = ["restartPolicy": "Never", "containers": [["name": "c", "image": "1"]]]
        let template: JSON = ["metadata": ["labels": ["app": "tick"]], "spec": pod]
        let job: JSON = [
            "parallelism": 1, "completions": 1, "template": template,
            "selector": ["matchLabels": ["app": "tick"]],
        ]
        var document: JSON = [
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": ["name": "tick", "namespace": "default"],
            "spec": ["schedule": "* * * * *", "jobTemplate": ["spec": job]],
        ]
        for (name, value) in extra { document[path: ["spec", name]] = value }
        cluster.user { $0.must(.create(.cronJobs, document)) }
        cluster.settle()
        return cluster
    }

    private static func jobs(_ cluster: ControlHarness) -> [JSON] {
        cluster.api.all(.jobs).filter { $0["metadata"]?["deletionTimestamp"] == nil }
    }

    @Test func aJobIsMadeEachMinute() {
        var cluster = Self.running()
        cluster.run(for: .seconds(125))
        let names = Self.jobs(cluster).compactMap { $0["metadata"]?["name"]?.string }
        #expect(names.count == 2)
        #expect(names.allSatisfy { $0.hasPrefix("tick-") })
        let status = cluster.api[Self.key]?["status"] ?? [:]
        #expect(status["active"]?.array?.count == 2)
        #expect(status["lastScheduleTime"] != nil)
    }

    @Test func noJobIsMadeWhileOneRunsOrWhileItIsSuspended() {
        var cluster = Self.running([("concurrencyPolicy", "Forbid")])
        cluster.run(for: .seconds(200))
        #expect(Self.jobs(cluster).count == 1)
        var idle = Self.running([("suspend", true)])
        idle.run(for: .seconds(200))
        #expect(Self.jobs(idle).isEmpty)
    }

    @Test func aNewerRunTakesThePlaceOfAnOlder() {
        var cluster = Self.running([("concurrencyPolicy", "Replace")])
        cluster.run(for: .seconds(70))
        let first = Self.jobs(cluster).compactMap { $0["metadata"]?["name"]?.string }
        cluster.run(for: .seconds(60))
        let second = Self.jobs(cluster).compactMap { $0["metadata"]?["name"]?.string }
        #expect(first.count == 1)
        #expect(second.count == 1)
        #expect(first != second)
    }
}
