import JSON

/// CronJobs: Jobs by the clock.
extension BatchV1 {
    static let cronJob = ObjectSchema(.batch, "CronJob", "Makes Jobs at certain times.") {
        MetaV1.header
        Field("spec", cronJobSpec, "Which Jobs, and when.")
        Field("status", cronJobStatus, "What the CronJob has done.")
    }

    static let cronJobSpec = ObjectSchema(.batch, "CronJobSpec", "Which Jobs are made, and when.") {
        Field(
            "concurrencyPolicy", .choice(["Allow", "Forbid", "Replace"]),
            "What to do while the Job before still runs.", default: "Allow")
        Field("failedJobsHistoryLimit", .count32, "How many failed Jobs are kept.", default: 1)
        Field("jobTemplate", jobTemplateSpec, "The Job to make.", required: true)
        Field("schedule", .string, "When, in cron's five fields.", required: true)
        Field(
            "startingDeadlineSeconds", .count64,
            "Seconds after its time at which a Job is no longer made.")
        Field(
            "successfulJobsHistoryLimit", .count32, "How many Jobs that succeeded are kept.",
            default: 3)
        Field("suspend", .boolean, "Whether no Jobs are made for now.", default: false)
        Field("timeZone", .string, "The time zone of the schedule, such as Etc/UTC.")
    }

    static let jobTemplateSpec = ObjectSchema(
        .batch, "JobTemplateSpec", "The Job that a CronJob makes."
    ) {
        Field("metadata", MetaV1.objectMeta, "Labels and annotations of the Jobs.")
        Field("spec", jobSpec, "What the Jobs run.")
    }

    static let cronJobStatus = ObjectSchema(.batch, "CronJobStatus", "What a CronJob has done.") {
        Field("active", .atomicList(CoreV1.objectReference), "Jobs that are running.")
        Field("lastScheduleTime", .time, "When a Job was last made.")
        Field("lastSuccessfulTime", .time, "When a Job last succeeded.")
    }
}
