import JSON

/// Probes and lifecycle hooks of containers.
extension CoreV1 {
    static let probe = ObjectSchema(
        .core, "Probe", "A check of a container, repeated while it runs."
    ) {
        handlerFields
        Field(
            "failureThreshold", .integer32(1...2_147_483_647),
            "How many failures in a row count as failed.", default: 3)
        Field("grpc", grpcAction, "Asks the container's gRPC health service.")
        Field(
            "initialDelaySeconds", .count32,
            "Seconds from the container's start to the first check.")
        Field(
            "periodSeconds", .integer32(1...2_147_483_647),
            "Seconds from one check to the next.", default: 10)
        Field(
            "successThreshold", .integer32(1...2_147_483_647),
            "How many successes in a row count as good again; 1 for liveness and startup.",
            default: 1)
        Field(
            "terminationGracePeriodSeconds", .int64,
            "Overrides the Pod's grace period when this probe ends the container.")
        Field(
            "timeoutSeconds", .integer32(1...2_147_483_647),
            "Seconds after which a check counts as failed.", default: 1)
    }

    /// The ways to act that probes and hooks share.
    static let handlerFields: [Field] = [
        Field("exec", execAction, "Runs a command in the container; exit code 0 is success."),
        Field(
            "httpGet", httpGetAction,
            "Sends an HTTP request; a status from 200 to 399 is success."),
        Field("tcpSocket", tcpSocketAction, "Opens a TCP connection."),
    ]

    static let execAction = ObjectSchema(.core, "ExecAction", "A command to run in a container.") {
        Field("command", .strings, "The program and its arguments; no shell is involved.")
    }

    static let httpGetAction = ObjectSchema(
        .core, "HTTPGetAction", "An HTTP request to a container."
    ) {
        Field("host", .string, "Host to connect to; the Pod's address when left out.")
        Field("httpHeaders", .atomicList(httpHeader), "Headers to send.")
        Field("path", .string, "Path to ask for.", default: "/")
        Field("port", .intOrString, "Number or name of the container's port.", required: true)
        Field(
            "scheme", .choice(["HTTP", "HTTPS"]),
            "HTTP or HTTPS; certificates are not checked.", default: "HTTP")
    }

    static let httpHeader = ObjectSchema(.core, "HTTPHeader", "A header of a request.") {
        Field("name", .string, "Name of the header.", required: true)
        Field("value", .string, "Value of the header.")
    }

    static let tcpSocketAction = ObjectSchema(
        .core, "TCPSocketAction", "A TCP connection to a container."
    ) {
        Field("host", .string, "Host to connect to; the Pod's address when left out.")
        Field("port", .intOrString, "Number or name of the container's port.", required: true)
    }

    static let grpcAction = ObjectSchema(
        .core, "GRPCAction", "A call of the gRPC health service."
    ) {
        Field("port", .port, "Number of the service's port.", required: true)
        Field("service", .string, "Name of the service to ask about.", default: "")
    }

    static let lifecycle = ObjectSchema(
        .core, "Lifecycle", "What happens at the ends of a container's life."
    ) {
        Field(
            "postStart", lifecycleHandler,
            "Runs right after the container starts; it restarts when this fails.")
        Field(
            "preStop", lifecycleHandler,
            "Runs before the container is told to end, within the grace period.")
        Field(
            "stopSignal", .string,
            "The signal that tells the container to end; the image's own when left out.")
    }

    static let lifecycleHandler = ObjectSchema(
        .core, "LifecycleHandler", "An action at one end of a container's life."
    ) {
        handlerFields
        Field("sleep", sleepAction, "Waits.")
    }

    static let sleepAction = ObjectSchema(.core, "SleepAction", "A pause.") {
        Field("seconds", .int64, "How many seconds to wait.", required: true)
    }
}
