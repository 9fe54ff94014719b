import JSON

/// Jobs: Pods that run to their end.
extension BatchV1 {
    static let job = ObjectSchema(.batch, "Job", "Runs Pods until enough of them have succeeded.") {
        MetaV1.header
        Field("spec", jobSpec, "Which Pods, and when the Job is done.")
        Field("status", jobStatus, "How far the Job is.")
    }

    static let jobSpec = ObjectSchema(
        .batch, "JobSpec", "Which Pods run, and when the Job is done."
    ) {
        Field("activeDeadlineSeconds", .int64, "Seconds after its start at which the Job is ended.")
        Field(
            "backoffLimit", .count32,
            "How often failed Pods are replaced before the Job has failed.")
        Field("backoffLimitPerIndex", .count32, "The same for each index by itself.")
        Field(
            "completionMode", .choice(["Indexed", "NonIndexed"]), "Whether the Pods have numbers.",
            default: "NonIndexed")
        Field("completions", .count32, "How many Pods must succeed; any one when left out.")
        Field(
            "managedBy", .string,
            "The controller in charge of the Job, if it is not the built-in one.")
        Field("manualSelector", .boolean, "Whether the selector is the user's own.")
        Field("maxFailedIndexes", .count32, "How many indexes may fail before the Job has failed.")
        Field("parallelism", .count32, "How many Pods may run at once.")
        Field(
            "podFailurePolicy", podFailurePolicy,
            "Which failures end the Job, and which do not count.")
        Field(
            "podReplacementPolicy", .choice(["Failed", "TerminatingOrFailed"]),
            "When a Pod is replaced.")
        Field("selector", MetaV1.labelSelector, "Selects the Pods; made by the server.")
        Field(
            "successPolicy", successPolicy,
            "When the Job counts as done before all have succeeded.")
        Field("suspend", .boolean, "Whether no Pods run for now.", default: false)
        Field("template", CoreV1.podTemplateSpec, "The Pod to run.", required: true)
        Field(
            "ttlSecondsAfterFinished", .count32,
            "Seconds after its end at which the Job is deleted.")
    }

    static let podFailurePolicy = ObjectSchema(
        .batch, "PodFailurePolicy", "Which failures end a Job, and which do not count."
    ) {
        Field(
            "rules", .atomicList(podFailurePolicyRule),
            "Looked at in order; the first that fits decides.", required: true)
    }

    static let podFailurePolicyRule = ObjectSchema(
        .batch, "PodFailurePolicyRule", "What to do when a Pod fails in a certain way."
    ) {
        Field(
            "action", .choice(["Count", "FailIndex", "FailJob", "Ignore"]),
            "What the failure leads to.", required: true)
        Field("onExitCodes", podFailurePolicyOnExitCodesRequirement, "Fits certain exit codes.")
        Field(
            "onPodConditions", .atomicList(podFailurePolicyOnPodConditionsPattern),
            "Fits certain conditions of the Pod.")
    }

    static let podFailurePolicyOnExitCodesRequirement = ObjectSchema(
        .batch, "PodFailurePolicyOnExitCodesRequirement", "Exit codes that a rule fits."
    ) {
        Field("containerName", .string, "The container that is meant; any when left out.")
        Field(
            "operator", .choice(["In", "NotIn"]),
            "Whether the code must be one of the values or none.", required: true)
        Field("values", .list(of: .int32, ListMerge(.set)), "Exit codes.", required: true)
    }

    static let podFailurePolicyOnPodConditionsPattern = ObjectSchema(
        .batch, "PodFailurePolicyOnPodConditionsPattern", "A condition of a Pod that a rule fits."
    ) {
        Field("status", .string, "The condition's status.", default: "True")
        Field("type", .string, "The condition's type.", required: true)
    }

    static let successPolicy = ObjectSchema(
        .batch, "SuccessPolicy", "When a Job counts as done before all indexes have succeeded."
    ) {
        Field(
            "rules", .atomicList(successPolicyRule),
            "Looked at in order; one that is met is enough.", required: true)
    }

    static let successPolicyRule = ObjectSchema(
        .batch, "SuccessPolicyRule", "Indexes that must succeed."
    ) {
        Field("succeededCount", .int32, "How many of them.")
        Field("succeededIndexes", .string, "Which of them, such as 1,3-5.")
    }

    static let jobStatus = ObjectSchema(.batch, "JobStatus", "How far a Job is.") {
        Field("active", .int32, "Pods that are waiting or running.")
        Field("completedIndexes", .string, "Indexes that have succeeded, such as 1,3-5.")
        Field("completionTime", .time, "When the Job was done.")
        Field("conditions", jobConditions, "What is true of the Job now.")
        Field("failed", .int32, "Pods that have failed.")
        Field("failedIndexes", .string, "Indexes that have failed, such as 1,3-5.")
        Field("ready", .int32, "Pods that are ready.")
        Field("startTime", .time, "When the controller first saw the Job, or saw it go on.")
        Field("succeeded", .int32, "Pods that have succeeded.")
        Field("terminating", .int32, "Pods that are being ended.")
        Field(
            "uncountedTerminatedPods", uncountedTerminatedPods,
            "Pods that have ended and are not counted yet.")
    }

    static let jobCondition = ObjectSchema(
        .batch, "JobCondition", "One thing that is true of a Job or not."
    ) {
        Field("lastProbeTime", .time, "When the condition was last looked at.")
        Field("lastTransitionTime", .time, "When the condition last changed.")
        Field("message", .string, "Why, for people.")
        Field("reason", .string, "Why, in one word.")
        Field("status", .string, "True, False or Unknown.", required: true)
        Field("type", .string, "Name of the condition.", required: true)
    }

    static let uncountedTerminatedPods = ObjectSchema(
        .batch, "UncountedTerminatedPods", "Pods that have ended and are not counted yet."
    ) {
        Field("failed", .list(of: .string, ListMerge(.set)), "UIDs of those that failed.")
        Field("succeeded", .list(of: .string, ListMerge(.set)), "UIDs of those that succeeded.")
    }
}
