/// A request as it came from a client, with the transport taken off: the shell has read the whole
/// body, converted a YAML body to JSON, and checked signatures.
package struct APIRequest: Sendable, Equatable {
    package enum Method: String, Sendable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
        /// Any other; it is answered 405.
        case other
    }

    package var method: Method
    /// The path before the `?`, percent-encoded as it came.
    package var path: String
    /// What follows the `?`, or empty.
    package var query: String
    package var accept: String
    package var contentType: String
    package var userAgent: String
    package var body: [UInt8]
    package var credential: Credential
    package var impersonation: Impersonation?
    /// Whether the client asks to leave HTTP (WebSocket, SPDY), as exec, attach and port-forward
    /// must.
    package var isUpgrade: Bool
    /// For a TokenReview: the claims of the token in its body, once the shell has found the
    /// signature good; nil when it has not.
    package var reviewedClaims: [UInt8]?

    package init(
        _ method: Method, _ path: String, query: String = "", accept: String = "",
        contentType: String = "", userAgent: String = "", body: [UInt8] = [],
        credential: Credential, impersonation: Impersonation? = nil, isUpgrade: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.accept = accept
        self.contentType = contentType
        self.userAgent = userAgent
        self.body = body
        self.credential = credential
        self.impersonation = impersonation
        self.isUpgrade = isUpgrade
    }
}

/// A whole answer.
package struct APIResponse: Sendable, Equatable {
    package struct Header: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package var code: Int
    /// `application/yaml` may stand over JSON text, which is YAML too; the shell may rewrite it.
    package var contentType: String
    package var headers: [Header]
    package var body: [UInt8]

    package init(
        code: Int, contentType: String = "application/json", headers: [Header] = [],
        body: [UInt8]
    ) {
        self.code = code
        self.contentType = contentType
        self.headers = headers
        self.body = body
    }
}
