import JSON

/// Where environment variables of containers come from.
extension CoreV1 {
    static let envVar = ObjectSchema(.core, "EnvVar", "An environment variable.") {
        Field("name", .string(.environmentName), "Name of the variable.", required: true)
        Field("value", .string, "Its value, with $(NAME) replaced by variables defined before.")
        Field("valueFrom", envVarSource, "Where the value comes from when it is not given.")
    }

    static let envVarSource = ObjectSchema(
        .core, "EnvVarSource", "A source of a value; exactly one is given."
    ) {
        Field("configMapKeyRef", configMapKeySelector, "A key of a ConfigMap.")
        Field("fieldRef", objectFieldSelector, "A field of the Pod.")
        Field("fileKeyRef", fileKeySelector, "A key of a file of variables in a volume.")
        Field("resourceFieldRef", resourceFieldSelector, "A resource of a container.")
        Field("secretKeyRef", secretKeySelector, "A key of a Secret.")
    }

    static let configMapKeySelector = ObjectSchema(
        .core, "ConfigMapKeySelector", "Names a key of a ConfigMap.", isAtomic: true
    ) {
        Field("key", .string(.configKey), "The key.", required: true)
        Field("name", .string, "Name of the ConfigMap.")
        Field("optional", .boolean, "Whether the ConfigMap or the key may be missing.")
    }

    static let secretKeySelector = ObjectSchema(
        .core, "SecretKeySelector", "Names a key of a Secret.", isAtomic: true
    ) {
        Field("key", .string(.configKey), "The key.", required: true)
        Field("name", .string, "Name of the Secret.")
        Field("optional", .boolean, "Whether the Secret or the key may be missing.")
    }

    static let objectFieldSelector = ObjectSchema(
        .core, "ObjectFieldSelector", "Names a field of the Pod.", isAtomic: true
    ) {
        Field(
            "apiVersion", .string,
            "Version of the schema in which the path is written.", default: "v1")
        Field("fieldPath", .string, "Path of the field, such as metadata.name.", required: true)
    }

    static let fileKeySelector = ObjectSchema(
        .core, "FileKeySelector", "Names a key of a file of variables.", isAtomic: true
    ) {
        Field("key", .string(.environmentName), "The key in the file.", required: true)
        Field("optional", .boolean, "Whether the file or the key may be missing.", default: false)
        Field("path", .string, "Path of the file in the volume.", required: true)
        Field("volumeName", .string, "Name of the volume.", required: true)
    }

    static let resourceFieldSelector = ObjectSchema(
        .core, "ResourceFieldSelector", "Names a resource of a container.", isAtomic: true
    ) {
        Field(
            "containerName", .string,
            "The container; its own when used in a container's environment.")
        Field("divisor", .quantity, "The unit in which the value is given.", default: "0")
        Field("resource", .string, "The resource, such as limits.cpu.", required: true)
    }

    static let envFromSource = ObjectSchema(
        .core, "EnvFromSource", "A source whose keys become environment variables."
    ) {
        Field("configMapRef", configMapEnvSource, "The ConfigMap to read.")
        Field("prefix", .string, "Text put before each name.")
        Field("secretRef", secretEnvSource, "The Secret to read.")
    }

    static let configMapEnvSource = ObjectSchema(
        .core, "ConfigMapEnvSource", "A ConfigMap whose keys become environment variables."
    ) {
        Field("name", .string, "Name of the ConfigMap.")
        Field("optional", .boolean, "Whether the ConfigMap may be missing.")
    }

    static let secretEnvSource = ObjectSchema(
        .core, "SecretEnvSource", "A Secret whose keys become environment variables."
    ) {
        Field("name", .string, "Name of the Secret.")
        Field("optional", .boolean, "Whether the Secret may be missing.")
    }
}
