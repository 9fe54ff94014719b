package import Base
import JSON

/// What the audit log holds of one request: one line of `audit.k8s.io/v1` Event for each stage.
package struct AuditTrail: Sendable {
    /// What the transport knows of a request.
    package struct Origin: Sendable {
        /// The id that all events of the request have, and the header `Audit-Id` of its answer.
        package var id: String
        package var sourceIPs: [String]
        /// `bearer`, `x509`: how somebody tried to prove who he is.
        package var attempted: [String]

        package init(id: String, sourceIPs: [String] = [], attempted: [String] = []) {
            self.id = id
            self.sourceIPs = sourceIPs
            self.attempted = attempted
        }
    }

    private let origin: Origin
    private let request: AuditedRequest
    private let decision: AuditDecision
    private let receivedAt: WallTime

    init(
        _ request: AuditedRequest, _ decision: AuditDecision, from origin: Origin,
        at now: WallTime
    ) {
        self.request = request
        self.decision = decision
        self.origin = origin
        receivedAt = now
    }

    package var isLongRunning: Bool { request.isLongRunning }

    /// When the request came. Who cannot prove who he is gets only a line with the refusal.
    package func received() -> [UInt8]? {
        request.user == nil ? nil : line(.requestReceived, at: receivedAt, nil)
    }

    /// When an answer that goes on has begun.
    package func started(code: Int, at now: WallTime) -> [UInt8]? {
        line(.responseStarted, at: now, APIResponse(code: code, body: []))
    }

    /// When the answer is out: the whole of it, or the code of one that went on.
    package func completed(_ response: APIResponse, at now: WallTime) -> [UInt8]? {
        line(request.user == nil ? .responseStarted : .responseComplete, at: now, response)
    }

    package func completed(code: Int, at now: WallTime) -> [UInt8]? {
        line(.responseComplete, at: now, APIResponse(code: code, body: []))
    }

    // MARK: The event

    private func line(
        _ stage: AuditStage, at now: WallTime, _ response: APIResponse?
    ) -> [UInt8]? {
        guard !decision.omittedStages.contains(stage) else { return nil }
        var event: JSON = [
            "kind": "Event", "apiVersion": "audit.k8s.io/v1",
            "level": .string(decision.level.rawValue), "auditID": .string(origin.id),
            "stage": .string(stage.rawValue), "requestURI": .string(request.uri),
            "verb": .string(request.action.verb), "user": request.user?.json ?? [:],
        ]
        if let impersonated = request.impersonated { event["impersonatedUser"] = impersonated.json }
        if !origin.sourceIPs.isEmpty {
            event["sourceIPs"] = .array(origin.sourceIPs.map(JSON.string))
        }
        if !request.userAgent.isEmpty { event["userAgent"] = .string(request.userAgent) }
        if request.action.path == nil { event["objectRef"] = reference(response == nil) }
        if let response {
            let document = document(of: response)
            event["responseStatus"] = status(response, document)
            if decision.level >= .request, let body = request.body {
                event["requestObject"] = shown(body)
            }
            if decision.level >= .requestResponse, request.action.path == nil, let document {
                event["responseObject"] = shown(document)
            }
        }
        event["requestReceivedTimestamp"] = .string(receivedAt.rfc3339Micro)
        event["stageTimestamp"] = .string(now.rfc3339Micro)
        if response != nil, let verdict = request.decision {
            event["annotations"] = [
                "authorization.k8s.io/decision": verdict.isAllowed ? "allow" : "forbid",
                "authorization.k8s.io/reason": .string(verdict.reason),
            ]
        }
        return event.bytes + [UInt8(ascii: "\n")]
    }

    /// The object that the request is about; what the path leaves open, its body says, once that
    /// was read.
    private func reference(_ isPathOnly: Bool) -> JSON {
        let action = request.action
        let metadata = isPathOnly ? nil : request.body?["metadata"]
        var reference: JSON = ["resource": .string(action.resource)]
        func set(_ name: String, _ value: String, _ fallback: String? = nil) {
            let text = value.isEmpty ? fallback ?? "" : value
            if !text.isEmpty { reference[name] = .string(text) }
        }
        set("namespace", action.namespace, metadata?["namespace"]?.string)
        set("name", action.name, metadata?["name"]?.string)
        set("uid", "", metadata?["uid"]?.string)
        set("apiGroup", action.group)
        set("apiVersion", action.version)
        set("resourceVersion", "", metadata?["resourceVersion"]?.string)
        set("subresource", action.subresource)
        return reference
    }

    private func document(of response: APIResponse) -> JSON? {
        guard !response.body.isEmpty, response.contentType.hasPrefix("application/json") else {
            return nil
        }
        return try? JSON(parsing: response.body)
    }

    private func status(_ response: APIResponse, _ document: JSON?) -> JSON {
        var status: JSON = ["metadata": [:]]
        if request.user == nil, response.code == 401 {
            let ways = origin.attempted.joined(separator: ", ")
            status["message"] = .string(
                ways.isEmpty
                    ? "Authentication failed, no credentials provided"
                    : "Authentication failed, attempted: \(ways)")
        } else if let document, document["kind"]?.string == "Status" {
            for name in ["status", "message", "reason", "details"] {
                if let value = document[name] { status[name] = value }
            }
        }
        status["code"] = .integer(Int64(response.code))
        return status
    }

    /// A document as it is logged.
    private func shown(_ document: JSON) -> JSON {
        guard decision.omitsManagedFields else { return document }
        var shown = document
        shown[path: ["metadata", "managedFields"]] = nil
        if let items = document["items"]?.array {
            shown["items"] = .array(
                items.map { item in
                    var item = item
                    item[path: ["metadata", "managedFields"]] = nil
                    return item
                })
        }
        return shown
    }
}
