import Base
import JSON

/// The rows of `kubectl get jobs` and `kubectl get cronjobs`.
enum JobTable {
    static let jobColumns =
        [
            TableColumn.name,
            TableColumn("Status", "Whether the Job runs or has ended."),
            TableColumn("Completions", "Pods that succeeded, of all that must."),
            TableColumn("Duration", "Time that the Job ran."),
            TableColumn.age,
        ] + WorkloadTable.podColumns

    static let cronJobColumns =
        [
            TableColumn.name,
            TableColumn("Schedule", "When Jobs are made."),
            TableColumn("Timezone", "The time zone of the schedule."),
            TableColumn("Suspend", type: "boolean", "Whether no Jobs are made for now."),
            TableColumn("Active", type: "integer", "Jobs that are running."),
            TableColumn("Last Schedule", "Time since a Job was last made."),
            TableColumn.age,
        ] + WorkloadTable.podColumns

    @Sendable static func jobCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let status = document["status"] ?? [:]
        let succeeded = status.count("succeeded")
        let completions: String
        if let wanted = spec["completions"]?.integer {
            completions = "\(succeeded)/\(wanted)"
        } else if spec.count("parallelism") > 1 {
            completions = "\(succeeded)/1 of \(spec.count("parallelism"))"
        } else {
            completions = "\(succeeded)/1"
        }
        var duration = ""
        if let start = WallTime(rfc3339: status.text("startTime")) {
            let end = WallTime(rfc3339: status.text("completionTime")) ?? now
            duration = HumanDuration.describe(
                seconds: (end - start).nanoseconds / 1_000_000_000)
        }
        return [
            document.name, .string(jobState(document)), .string(completions),
            .string(duration), document.age(at: now),
        ] + WorkloadTable.podCells(spec)
    }

    private static func jobState(_ document: JSON) -> String {
        let held = (document["status"] ?? [:]).list("conditions")
            .filter { $0.text("status") == "True" }.map { $0.text("type") }
        for type in ["Complete", "Failed"] where held.contains(type) { return type }
        if document["metadata"]?["deletionTimestamp"] != nil { return "Terminating" }
        for type in ["Suspended", "FailureTarget", "SuccessCriteriaMet"]
        where held.contains(type) {
            return type
        }
        return "Running"
    }

    @Sendable static func cronJobCells(_ document: JSON, _ now: WallTime) -> [JSON] {
        let spec = document["spec"] ?? [:]
        let status = document["status"] ?? [:]
        let last =
            status["lastScheduleTime"] == nil
            ? "<none>" : HumanDuration.since(status["lastScheduleTime"], now: now)
        return [
            document.name, .string(spec.text("schedule")), spec.text("timeZone").orNone,
            .string(spec.flag("suspend") ? "True" : "False"),
            .integer(Int64(status.list("active").count)), .string(last),
            document.age(at: now),
        ] + WorkloadTable.podCells(spec["jobTemplate"]?["spec"] ?? [:])
    }
}
