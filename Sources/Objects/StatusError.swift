package import JSON

/// A refusal that a client sees as a `metav1.Status` with its reason and HTTP status code.
package struct StatusError: Error, Equatable, Sendable {
    /// The values of `metav1.StatusReason` that podmesh answers with.
    package enum Reason: String, Sendable {
        case badRequest = "BadRequest"
        case unauthorized = "Unauthorized"
        case forbidden = "Forbidden"
        case notFound = "NotFound"
        case alreadyExists = "AlreadyExists"
        case conflict = "Conflict"
        case gone = "Gone"
        case expired = "Expired"
        case invalid = "Invalid"
        case methodNotAllowed = "MethodNotAllowed"
        case notAcceptable = "NotAcceptable"
        case unsupportedMediaType = "UnsupportedMediaType"
        case requestEntityTooLarge = "RequestEntityTooLarge"
        case tooManyRequests = "TooManyRequests"
        case internalError = "InternalError"
        case serviceUnavailable = "ServiceUnavailable"
        case timeout = "Timeout"
        case serverTimeout = "ServerTimeout"

        package var code: Int {
            switch self {
            case .badRequest: 400
            case .unauthorized: 401
            case .forbidden: 403
            case .notFound: 404
            case .methodNotAllowed: 405
            case .notAcceptable: 406
            case .alreadyExists, .conflict: 409
            case .gone, .expired: 410
            case .requestEntityTooLarge: 413
            case .unsupportedMediaType: 415
            case .invalid: 422
            case .tooManyRequests: 429
            case .internalError, .serverTimeout: 500
            case .serviceUnavailable: 503
            case .timeout: 504
            }
        }
    }

    /// One entry of `details.causes`.
    package struct Cause: Equatable, Sendable {
        /// A `metav1.CauseType`, such as `FieldValueRequired`.
        package var reason: String
        package var message: String
        /// The field's path, such as `spec.containers[0].name`.
        package var field: String

        package init(reason: String, message: String, field: String) {
            self.reason = reason
            self.message = message
            self.field = field
        }
    }

    package var reason: Reason
    package var message: String
    package var name: String
    package var group: String
    package var kind: String
    package var uid: String
    package var causes: [Cause]
    package var retryAfterSeconds: Int?
    /// With what a list that can no longer be consistent goes on (`metadata.continue`).
    package var continueToken = ""

    package init(
        _ reason: Reason, _ message: String, name: String = "", group: String = "",
        kind: String = "", uid: String = "", causes: [Cause] = [], retryAfterSeconds: Int? = nil
    ) {
        self.reason = reason
        self.message = message
        self.name = name
        self.group = group
        self.kind = kind
        self.uid = uid
        self.causes = causes
        self.retryAfterSeconds = retryAfterSeconds
    }

    package var code: Int { reason.code }

    /// `pods "web" not found`, as clients of Kubernetes expect it.
    package static func notFound(_ resource: Resource, _ name: String) -> StatusError {
        StatusError(
            .notFound, "\(resource) \"\(name)\" not found", name: name, group: resource.group,
            kind: resource.plural)
    }

    package static func alreadyExists(_ resource: Resource, _ name: String) -> StatusError {
        StatusError(
            .alreadyExists, "\(resource) \"\(name)\" already exists", name: name,
            group: resource.group, kind: resource.plural)
    }

    /// The answer to a write that is based on an older version of the object.
    package static func conflict(
        _ resource: Resource, _ name: String,
        _ why: String = "the object has been modified; please apply your changes to the latest "
            + "version and try again"
    ) -> StatusError {
        StatusError(
            .conflict, "Operation cannot be fulfilled on \(resource) \"\(name)\": \(why)",
            name: name, group: resource.group, kind: resource.plural)
    }

    /// The `metav1.Status` document that goes to the client.
    package var json: JSON {
        var details: JSON = .object([:])
        if !name.isEmpty { details["name"] = .string(name) }
        if !group.isEmpty { details["group"] = .string(group) }
        if !kind.isEmpty { details["kind"] = .string(kind) }
        if !uid.isEmpty { details["uid"] = .string(uid) }
        if !causes.isEmpty {
            details["causes"] = .array(
                causes.map { cause in
                    var json: JSON = [
                        "reason": .string(cause.reason), "message": .string(cause.message),
                    ]
                    if !cause.field.isEmpty { json["field"] = .string(cause.field) }
                    return json
                })
        }
        if let retryAfterSeconds {
            details["retryAfterSeconds"] = .integer(Int64(retryAfterSeconds))
        }
        var status: JSON = [
            "kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Failure",
            "message": .string(message), "reason": .string(reason.rawValue),
        ]
        if !continueToken.isEmpty {
            status[path: ["metadata", "continue"]] = .string(continueToken)
        }
        if details != .object([:]) { status["details"] = details }
        status["code"] = .integer(Int64(code))
        return status
    }
}
