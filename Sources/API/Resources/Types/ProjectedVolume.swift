import JSON

/// Several sources in one folder, and volume claims.
extension CoreV1 {
    static let projectedVolumeSource = ObjectSchema(
        .core, "ProjectedVolumeSource", "Several sources in one folder."
    ) {
        Field(
            "defaultMode", .integer32(0...511),
            "Permissions of files that have none of their own.", default: 420)
        Field("sources", .atomicList(volumeProjection), "The sources.")
    }

    static let volumeProjection = ObjectSchema(
        .core, "VolumeProjection", "One source of a projected volume; exactly one is given."
    ) {
        Field("clusterTrustBundle", clusterTrustBundleProjection, "Certificates to trust.")
        Field("configMap", configMapProjection, "Keys of a ConfigMap.")
        Field("downwardAPI", downwardAPIProjection, "Fields of the Pod.")
        Field("podCertificate", podCertificateProjection, "A key and certificate of the Pod.")
        Field("secret", secretProjection, "Keys of a Secret.")
        Field(
            "serviceAccountToken", serviceAccountTokenProjection,
            "A token of the Pod's service account.")
    }

    static let clusterTrustBundleProjection = ObjectSchema(
        .core, "ClusterTrustBundleProjection", "Certificates to trust, in one file."
    ) {
        Field("labelSelector", MetaV1.labelSelector, "Selects bundles of the signer.")
        Field("name", .string, "Name of one bundle.")
        Field("optional", .boolean, "Whether the bundles may be missing.")
        Field("path", .string, "Path of the file in the volume.", required: true)
        Field("signerName", .string, "Signer whose bundles are taken.")
    }

    static let configMapProjection = ObjectSchema(
        .core, "ConfigMapProjection", "Keys of a ConfigMap."
    ) {
        Field(
            "items", .atomicList(keyToPath),
            "Keys to show and their paths; every key when left out.")
        Field("name", .string, "Name of the ConfigMap.")
        Field("optional", .boolean, "Whether the ConfigMap or its keys may be missing.")
    }

    static let downwardAPIProjection = ObjectSchema(
        .core, "DownwardAPIProjection", "Fields of the Pod."
    ) {
        Field("items", .atomicList(downwardAPIVolumeFile), "The files.")
    }

    static let podCertificateProjection = ObjectSchema(
        .core, "PodCertificateProjection",
        "A private key and a certificate for it, renewed in time."
    ) {
        Field("certificateChainPath", .string, "Path of the certificates.")
        Field("credentialBundlePath", .string, "Path of a file with both key and certificates.")
        Field("keyPath", .string, "Path of the key.")
        Field("keyType", .string, "Kind of key to make.", required: true)
        Field("maxExpirationSeconds", .int32, "The longest time that the certificate may be valid.")
        Field("signerName", .string, "Signer of the certificate.", required: true)
        Field("userAnnotations", .stringMap, "Settings for the signer.")
    }

    static let secretProjection = ObjectSchema(.core, "SecretProjection", "Keys of a Secret.") {
        Field(
            "items", .atomicList(keyToPath),
            "Keys to show and their paths; every key when left out.")
        Field("name", .string, "Name of the Secret.")
        Field("optional", .boolean, "Whether the Secret or its keys may be missing.")
    }

    static let serviceAccountTokenProjection = ObjectSchema(
        .core, "ServiceAccountTokenProjection",
        "A token of the Pod's service account, renewed in time."
    ) {
        Field("audience", .string, "Whom the token is for; the API server when left out.")
        Field("expirationSeconds", .int64, "Seconds that the token is valid.", default: 3_600)
        Field("path", .string, "Path of the file in the volume.", required: true)
    }

    static let persistentVolumeClaimSpec = ObjectSchema(
        .core, "PersistentVolumeClaimSpec", "The storage that is claimed."
    ) {
        Field("accessModes", accessModes, "How many may use the volume at once, and how.")
        Field(
            "dataSource", typedLocalObjectReference,
            "What the volume begins with, in the same namespace.")
        Field("dataSourceRef", typedObjectReference, "What the volume begins with.")
        Field("resources", volumeResourceRequirements, "How much storage is needed.")
        Field("selector", MetaV1.labelSelector, "Selects among volumes.")
        Field("storageClassName", .string, "The class of storage.")
        Field("volumeAttributesClassName", .string, "The class of the volume's settings.")
        Field(
            "volumeMode", .choice(["Block", "Filesystem"]),
            "Whether Pods see a file system or a device.", default: "Filesystem")
        Field("volumeName", .string, "Name of the volume that the claim is bound to.")
    }

    static let typedLocalObjectReference = ObjectSchema(
        .core, "TypedLocalObjectReference",
        "Names an object of some type in the same namespace.", isAtomic: true
    ) {
        Field("apiGroup", .string, "Group of the type; the core group when left out.")
        Field("kind", .string, "Kind of the object.", required: true)
        Field("name", .string, "Name of the object.", required: true)
    }

    static let typedObjectReference = ObjectSchema(
        .core, "TypedObjectReference", "Names an object of some type."
    ) {
        Field("apiGroup", .string, "Group of the type; the core group when left out.")
        Field("kind", .string, "Kind of the object.", required: true)
        Field("name", .string, "Name of the object.", required: true)
        Field("namespace", .string, "Namespace of the object; the same when left out.")
    }

    static let volumeResourceRequirements = ObjectSchema(
        .core, "VolumeResourceRequirements", "How much storage is needed."
    ) {
        Field("limits", .quantities, "The most storage.")
        Field("requests", .quantities, "The least storage.")
    }
}
