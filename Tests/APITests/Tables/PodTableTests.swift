import API
import Base
import JSON
import Objects
import Testing

/// The words that `kubectl get pods` prints for a status.
@Suite struct PodTableTests {
    private static let now = WallTime(rfc3339: "2026-11-21T06:10:00Z")

    private func row(_ text: String) throws -> [String] {
        let definition = try #require(ResourceRegistry.builtIn[.pods])
        let cells = definition.cells(try JSON(parsing: text), now: try #require(Self.now))
        #expect(cells.count == definition.columns.count)
        return cells.compactMap(\.string)
    }

    /// A Pod of the containers a and b, made ten minutes ago, with the given status.
    private func row(
        status: String, spec: String = #""containers":[{"name":"a"},{"name":"b"}]"#,
        metadata: String = ""
    ) throws -> [String] {
        try row(
            #"{"metadata":{"name":"web","creationTimestamp":"2026-11-21T06:00:00Z"\#(metadata)},"#
                + #""spec":{\#(spec)},"status":{\#(status)}}"#)
    }

    private static let running =
        #"{"name":"a","ready":true,"restartCount":0,"state":{"running":{}}}"#

    @Test func aRunningPodShowsAllColumns() throws {
        #expect(
            try row(
                status: #""phase":"Running","podIPs":[{"ip":"10.244.1.5"}],"containerStatuses":["#
                    + Self.running + "," + Self.running + "]",
                spec: #""nodeName":"n1","containers":[{"name":"a"},{"name":"b"}]"#) == [
                    "web", "2/2", "Running", "0", "10m", "10.244.1.5", "n1", "<none>", "<none>",
                ])
    }

    @Test func aPodWithoutStatusIsPending() throws {
        #expect(
            try row(status: #""phase":"Pending""#) == [
                "web", "0/2", "Pending", "0", "10m", "<none>", "<none>", "<none>", "<none>",
            ])
    }

    @Test(arguments: [
        (#"{"waiting":{"reason":"CrashLoopBackOff"}}"#, "CrashLoopBackOff"),
        (#"{"waiting":{"reason":"ImagePullBackOff"}}"#, "ImagePullBackOff"),
        (#"{"terminated":{"exitCode":1,"reason":"Error"}}"#, "Error"),
        (#"{"terminated":{"exitCode":0,"reason":"Completed"}}"#, "Completed"),
        (#"{"terminated":{"exitCode":3}}"#, "ExitCode:3"),
        (#"{"terminated":{"exitCode":137,"signal":9}}"#, "Signal:9"),
    ])
    func aContainersStateIsTheStatus(_ state: String, _ status: String) throws {
        let cells = try row(
            status: #""phase":"Running","containerStatuses":"#
                + #"[{"name":"a","ready":false,"restartCount":0,"state":\#(state)}]"#,
            spec: #""containers":[{"name":"a"}]"#)
        #expect(cells[1] == "0/1")
        #expect(cells[2] == status)
    }

    @Test func restartsTellWhenTheLastWas() throws {
        let cells = try row(
            status: #""phase":"Running","containerStatuses":[{"name":"a","ready":true,"#
                + #""restartCount":2,"state":{"running":{}},"lastState":{"terminated":"#
                + #"{"exitCode":1,"finishedAt":"2026-11-21T06:05:00Z"}}}]"#,
            spec: #""containers":[{"name":"a"}]"#)
        #expect(cells[3] == "2 (5m ago)")
    }

    @Test func oneRunningContainerMakesACompletedPodRunOrNotReady() throws {
        let done = #"{"name":"b","restartCount":0,"state":{"terminated":{"reason":"Completed"}}}"#
        let statuses = #""containerStatuses":["# + done + "," + Self.running + "]"
        #expect(try row(status: #""phase":"Running","# + statuses)[2] == "NotReady")
        #expect(
            try row(
                status: #""phase":"Running","conditions":[{"type":"Ready","status":"True"}],"#
                    + statuses)[2] == "Running")
    }

    @Test(arguments: [
        (#"{"waiting":{}}"#, "Init:0/1"),
        (#"{"waiting":{"reason":"PodInitializing"}}"#, "Init:0/1"),
        (#"{"waiting":{"reason":"CrashLoopBackOff"}}"#, "Init:CrashLoopBackOff"),
        (#"{"terminated":{"exitCode":2}}"#, "Init:ExitCode:2"),
        (#"{"terminated":{"exitCode":2,"reason":"Error"}}"#, "Init:Error"),
        (#"{"running":{}}"#, "Init:0/1"),
    ])
    func anInitContainerComesFirst(_ state: String, _ status: String) throws {
        let cells = try row(
            status: #""phase":"Pending","initContainerStatuses":[{"name":"i","restartCount":0,"#
                + #""state":\#(state)}],"containerStatuses":[{"name":"a","restartCount":0,"#
                + #""state":{"waiting":{"reason":"PodInitializing"}}}]"#,
            spec: #""initContainers":[{"name":"i"}],"containers":[{"name":"a"}]"#)
        #expect(cells[2] == status)
    }

    @Test func aSidecarCountsAsAContainer() throws {
        let cells = try row(
            status: #""phase":"Running","initContainerStatuses":[{"name":"s","ready":true,"#
                + #""started":true,"restartCount":0,"state":{"running":{}}}],"#
                + #""containerStatuses":["# + Self.running + "]",
            spec: #""initContainers":[{"name":"s","restartPolicy":"Always"}],"#
                + #""containers":[{"name":"a"}]"#)
        #expect(cells[1...2] == ["2/2", "Running"])
    }

    @Test func aDeletedPodTerminatesUnlessItHasEnded() throws {
        let deleted = #","deletionTimestamp":"2026-11-21T06:09:00Z""#
        #expect(try row(status: #""phase":"Running""#, metadata: deleted)[2] == "Terminating")
        #expect(try row(status: #""phase":"Succeeded""#, metadata: deleted)[2] == "Succeeded")
        #expect(
            try row(status: #""phase":"Running","reason":"NodeLost""#, metadata: deleted)[2]
                == "Unknown")
    }

    @Test func theReasonOfThePodWinsOverItsPhase() throws {
        #expect(try row(status: #""phase":"Failed","reason":"Evicted""#)[2] == "Evicted")
        #expect(
            try row(
                status: #""phase":"Pending","conditions":[{"type":"PodScheduled","#
                    + #""reason":"SchedulingGated"}]"#)[2] == "SchedulingGated")
    }

    @Test func readinessGatesAreCounted() throws {
        let cells = try row(
            status: #""conditions":[{"type":"x/a","status":"True"}]"#,
            spec: #""readinessGates":[{"conditionType":"x/a"},{"conditionType":"x/b"}]"#)
        #expect(cells.last == "1/2")
    }
}
