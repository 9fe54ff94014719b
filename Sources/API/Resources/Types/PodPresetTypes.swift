import JSON

/// PodPresets.
extension SettingsV1Alpha1 {
    static let podPreset = ObjectSchema(
        .settings, "PodPreset", "What Pods that a selector finds get when they are created."
    ) {
        MetaV1.header
        Field("spec", podPresetSpec, "The Pods, and what they get.")
    }

    static let podPresetSpec = ObjectSchema(
        .settings, "PodPresetSpec", "Which Pods get something, and what."
    ) {
        Field(
            "env", .list(CoreV1.envVar, by: "name"),
            "Environment variables for every container.")
        Field(
            "envFrom", .atomicList(CoreV1.envFromSource),
            "Sources of environment variables for every container.")
        Field("selector", MetaV1.labelSelector, "Selects Pods of the namespace by their labels.")
        Field(
            "volumeMounts", .list(CoreV1.volumeMount, by: "mountPath"),
            "Where every container sees the volumes.")
        Field(
            "volumes", .list(CoreV1.volume, by: "name", retainsKeys: true),
            "Volumes for the Pod.")
    }
}
