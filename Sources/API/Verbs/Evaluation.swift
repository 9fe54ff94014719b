import Base
import JSON
import Objects
import Store

/// One evaluation of one request or write: what it may look at, and the choices that its query
/// makes. Each verb is an extension in a file of its own.
struct Evaluation: Sendable {
    let registry: ResourceRegistry
    let configuration: APIConfiguration
    let snapshot: Snapshot
    let wall: WallTime
    var random: Random
    var user = UserInfo.anonymous
    var authorizer = Authorizer()
    /// Whether a machine asks over the API. What the daemon's own kubelet writes is its business.
    var isRestrictedToNode = false
    var options = WriteOptions(manager: "")
    var format = ResponseFormat.json
    var contacts = MachineContacts()
    /// What admission tells the client besides the answer.
    var admissionWarnings: [String] = []
    /// What admission notes for the audit log.
    var auditAnnotations: [AuditAnnotation] = []

    init(
        registry: ResourceRegistry, configuration: APIConfiguration, snapshot: Snapshot,
        wall: WallTime, random: Random
    ) {
        self.registry = registry
        self.configuration = configuration
        self.snapshot = snapshot
        self.wall = wall
        self.random = random
    }

    var now: String { wall.rfc3339 }

    /// Five characters of the alphabet that Kubernetes draws names from: no vowels, so no words,
    /// and no digits that look like letters.
    mutating func nameSuffix() -> String {
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)
        var bytes: [UInt8] = []
        for _ in 0..<5 { bytes.append(alphabet[random.below(alphabet.count)]) }
        return String(decoding: bytes, as: UTF8.self)
    }

    mutating func uuid() -> String { random.uuid() }

    func stored(_ resource: Resource, namespace: String = "", name: String) -> Document? {
        snapshot[
            Key(
                group: resource.group, resource: resource.plural, namespace: namespace,
                name: name)]
    }

    /// The document of a target with a name, or 404.
    func existing(_ target: ResourceTarget) throws(StatusError) -> Document {
        guard let document = current(target) else {
            throw .notFound(target.resource, target.name ?? "")
        }
        return document
    }

    /// The document of a target with a name, in the version that the target names.
    func current(_ target: ResourceTarget) -> Document? {
        let definition = target.definition
        guard definition.constants.isEmpty else {
            return definition.constantSnapshot(at: snapshot.revision)
                .first { $0.key.name == target.name }?.document
        }
        return snapshot[target.key].map(definition.served)
    }

    func pending(
        _ document: JSON, _ definition: ResourceDefinition, code: Int = 200,
        warnings: [String] = [], text: [UInt8]? = nil
    ) -> PendingResponse {
        PendingResponse(
            code: code, body: .document(document, definition), format: format,
            warnings: warnings + admissionWarnings, written: nil, wall: wall,
            text: definition.conversion == nil ? text : nil)
    }

    func pending(
        plain document: JSON, code: Int = 200, warnings: [String] = []
    ) -> PendingResponse {
        PendingResponse(
            code: code, body: .plain(document), format: format, warnings: warnings,
            written: nil, wall: wall)
    }
}

/// A remark on a request for the audit log, such as which policy a Pod was judged by.
package struct AuditAnnotation: Sendable, Equatable {
    package var name: String
    package var value: String
}

/// What a verb comes to before it is worded for HTTP or for a controller.
enum Planned: Sendable {
    /// Nothing is to be written; the document's revision is given.
    case answer(PendingResponse, Revision)
    case commit(Commit)
}

/// The query of a write.
struct WriteOptions: Sendable, Equatable {
    /// Who will own the fields that change.
    var manager: String
    var isDryRun = false
    var force = false
    var validation = FieldValidation.ignore

    init(manager: String) { self.manager = manager }

    /// Reads the query of a create, update or patch.
    init(_ query: QueryParameters, userAgent: String, kind: String) throws(StatusError) {
        var faults: [FieldError] = []
        let name = query.first("fieldManager") ?? ""
        if name.utf8.count > 128 {
            faults.append(FieldError(.tooLong, "fieldManager", "may not be more than 128 bytes"))
        }
        manager = name.isEmpty ? Self.manager(of: userAgent) : name
        for value in query.all("dryRun") where value != "All" {
            faults.append(
                FieldError(
                    .notSupported, "dryRun", value: .string(value), "supported values: \"All\""))
        }
        isDryRun = query.first("dryRun") != nil
        switch query.first("fieldValidation") ?? "" {
        case "": validation = .warn
        case let text:
            if let known = FieldValidation(rawValue: text) {
                validation = known
            } else {
                faults.append(
                    FieldError(
                        .notSupported, "fieldValidation", value: .string(text),
                        "supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""))
            }
        }
        force = query.bool("force")
        if !faults.isEmpty { throw ReadOptions.invalid(faults, kind: kind) }
    }

    /// `kubectl/v1.32.0 (linux/amd64)` is the manager `kubectl`.
    private static func manager(of userAgent: String) -> String {
        let end = userAgent.utf8.firstIndex(of: UInt8(ascii: "/")) ?? userAgent.endIndex
        let name = userAgent[..<end]
        let isPlain = name.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        if isPlain, (1...128).contains(name.utf8.count) {
            return String(name)
        }
        let printable = name.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }
        let bounded = String(String.UnicodeScalarView(printable.prefix(128)))
        return bounded.isEmpty ? "unknown" : bounded
    }
}

extension ResourceTarget {
    var key: Key { definition.key(namespace: namespace, name: name ?? "") }

    /// How messages name what is written: `pods/binding`, or `deployments.apps`.
    var resourceName: String {
        guard let subresource else { return resource.description }
        return resource.group.isEmpty
            ? "\(resource.plural)/\(subresource.name)"
            : "\(resource.plural).\(resource.group)/\(subresource.name)"
    }
}

extension StatusError {
    /// `pods "web" is forbidden: why`
    static func forbidden(
        _ resource: Resource, _ name: String, _ why: String, causes: [Cause] = []
    ) -> StatusError {
        let subject = name.isEmpty ? "\(resource)" : "\(resource) \"\(name)\""
        return StatusError(
            .forbidden, "\(subject) is forbidden: \(why)", name: name, group: resource.group,
            kind: resource.plural, causes: causes)
    }

    static let methodNotAllowed = StatusError(
        .methodNotAllowed, "the server does not allow this method on the requested resource")

    static let unknownPath = StatusError(
        .notFound, "the server could not find the requested resource")
}
