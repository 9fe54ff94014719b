import JSON

/// The volumes of a Pod that hold what the cluster or the machine has.
extension CoreV1 {
    static let volume = ObjectSchema(
        .core, "Volume", "Storage under a name for the containers to mount; one source is given."
    ) {
        Field("name", .string(.dnsLabel), "Name of the volume, unique in the Pod.", required: true)
        remoteVolumeSources
        Field("configMap", configMapVolumeSource, "Keys of a ConfigMap as files.")
        Field("csi", csiVolumeSource, "A volume of a CSI driver that lives as long as the Pod.")
        Field("downwardAPI", downwardAPIVolumeSource, "Fields of the Pod as files.")
        Field("emptyDir", emptyDirVolumeSource, "An empty folder that lives as long as the Pod.")
        Field("ephemeral", ephemeralVolumeSource, "A volume claim that lives as long as the Pod.")
        Field("hostPath", hostPathVolumeSource, "A file or folder of the machine.")
        Field("image", imageVolumeSource, "The files of an image, read-only.")
        Field(
            "persistentVolumeClaim", persistentVolumeClaimVolumeSource,
            "A volume claim of the namespace.")
        Field("projected", projectedVolumeSource, "Several sources in one folder.")
        Field("secret", secretVolumeSource, "Keys of a Secret as files.")
    }

    static let configMapVolumeSource = ObjectSchema(
        .core, "ConfigMapVolumeSource", "Keys of a ConfigMap as files."
    ) {
        Field(
            "defaultMode", .integer32(0...511),
            "Permissions of files that have none of their own.", default: 420)
        Field(
            "items", .atomicList(keyToPath),
            "Keys to show and their paths; every key when left out.")
        Field("name", .string, "Name of the ConfigMap.")
        Field("optional", .boolean, "Whether the ConfigMap or its keys may be missing.")
    }

    static let secretVolumeSource = ObjectSchema(
        .core, "SecretVolumeSource", "Keys of a Secret as files."
    ) {
        Field(
            "defaultMode", .integer32(0...511),
            "Permissions of files that have none of their own.", default: 420)
        Field(
            "items", .atomicList(keyToPath),
            "Keys to show and their paths; every key when left out.")
        Field("optional", .boolean, "Whether the Secret or its keys may be missing.")
        Field("secretName", .string, "Name of the Secret.")
    }

    static let keyToPath = ObjectSchema(.core, "KeyToPath", "A key and the path of its file.") {
        Field("key", .string, "The key.", required: true)
        Field("mode", .integer32(0...511), "Permissions of the file.")
        Field("path", .string, "Path in the volume; it may not leave it.", required: true)
    }

    static let downwardAPIVolumeSource = ObjectSchema(
        .core, "DownwardAPIVolumeSource", "Fields of the Pod as files."
    ) {
        Field(
            "defaultMode", .integer32(0...511),
            "Permissions of files that have none of their own.", default: 420)
        Field("items", .atomicList(downwardAPIVolumeFile), "The files.")
    }

    static let downwardAPIVolumeFile = ObjectSchema(
        .core, "DownwardAPIVolumeFile", "A file that holds a field of the Pod."
    ) {
        Field(
            "fieldRef", objectFieldSelector,
            "The field: labels, annotations, name, namespace or UID.")
        Field("mode", .integer32(0...511), "Permissions of the file.")
        Field("path", .string, "Path in the volume; it may not leave it.", required: true)
        Field("resourceFieldRef", resourceFieldSelector, "A resource of a container.")
    }

    static let emptyDirVolumeSource = ObjectSchema(
        .core, "EmptyDirVolumeSource", "An empty folder that lives as long as the Pod."
    ) {
        Field(
            "medium", .string,
            "Memory for a file system in memory; the machine's disk when left out.")
        Field("sizeLimit", .quantity, "The most that the folder may hold.")
    }

    static let ephemeralVolumeSource = ObjectSchema(
        .core, "EphemeralVolumeSource", "A volume claim that lives as long as the Pod."
    ) {
        Field("volumeClaimTemplate", persistentVolumeClaimTemplate, "The claim to make.")
    }

    static let persistentVolumeClaimTemplate = ObjectSchema(
        .core, "PersistentVolumeClaimTemplate", "A volume claim to make for a Pod."
    ) {
        Field("metadata", MetaV1.objectMeta, "Labels and annotations of the claim.")
        Field("spec", persistentVolumeClaimSpec, "What is claimed.", required: true)
    }

    static let hostPathVolumeSource = ObjectSchema(
        .core, "HostPathVolumeSource", "A file or folder of the machine."
    ) {
        Field("path", .string, "Path on the machine.", required: true)
        Field(
            "type",
            .choice([
                "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File",
                "FileOrCreate", "Socket",
            ]),
            "What must be at the path; not checked when empty.", default: "")
    }

    static let imageVolumeSource = ObjectSchema(
        .core, "ImageVolumeSource", "The files of an image."
    ) {
        Field(
            "pullPolicy", .choice(["Always", "IfNotPresent", "Never"]),
            "When the image is pulled; Always for the tag latest, else IfNotPresent.")
        Field("reference", .string, "The image.")
    }

    static let persistentVolumeClaimVolumeSource = ObjectSchema(
        .core, "PersistentVolumeClaimVolumeSource", "A volume claim of the namespace."
    ) {
        Field("claimName", .string, "Name of the claim.", required: true)
        Field("readOnly", .boolean, "Whether the volume may only be read.")
    }

    static let csiVolumeSource = ObjectSchema(
        .core, "CSIVolumeSource", "A volume that a CSI driver makes for the Pod."
    ) {
        Field("driver", .string, "Name of the driver.", required: true)
        Field("fsType", .string, "Type of the file system.")
        Field("nodePublishSecretRef", localObjectReference, "Secret for the driver.")
        Field("readOnly", .boolean, "Whether the volume may only be read.")
        Field("volumeAttributes", .stringMap, "Settings for the driver.")
    }
}
