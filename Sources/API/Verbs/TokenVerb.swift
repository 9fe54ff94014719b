import Base
import JSON
import Objects
import Store

/// TokenRequest (`serviceaccounts/token`): which claims a token makes. The shell signs them.
extension Evaluation {
    mutating func token(
        _ target: ResourceTarget, _ body: JSON
    ) throws(StatusError) -> TokenIssue {
        let account = try existing(target).json
        let spec = body["spec"] ?? [:]
        var audiences = spec["audiences"].strings
        if audiences.isEmpty { audiences = [configuration.tokenIssuer] }
        let seconds = spec["expirationSeconds"]?.integer ?? 3_600
        guard (600...(1 << 32)).contains(seconds) else {
            let kind = Resource(
                group: "authentication.k8s.io", version: "v1", plural: "tokenrequests",
                kind: "TokenRequest", isNamespaced: true)
            throw StatusError.invalid(
                kind, name: target.name ?? "",
                [
                    FieldError(
                        .invalid, "spec.expirationSeconds", value: .integer(seconds),
                        seconds < 600
                            ? "may not specify a duration less than 10 minutes"
                            : "may not specify a duration larger than 2^32 seconds")
                ])
        }
        var kubernetes: JSON = [
            "namespace": .string(target.namespace),
            "serviceaccount": Self.reference(account),
        ]
        if let object = spec["boundObjectRef"], !object.isNull {
            let (name, bound) = try boundObject(object, target)
            kubernetes[name] = Self.reference(bound)
            if name == "pod", let node = Pod(bound).nodeName {
                var reference: JSON = ["name": .string(node)]
                if let document = stored(.nodes, name: node) {
                    reference = Self.reference(document.json)
                }
                kubernetes["node"] = reference
            }
        }
        let expiry = wall + .seconds(seconds)
        let claims: JSON = [
            "aud": .array(audiences.map(JSON.string)), "exp": .integer(expiry.seconds),
            "iat": .integer(wall.seconds), "iss": .string(configuration.tokenIssuer),
            "jti": .string(uuid()), "kubernetes.io": kubernetes, "nbf": .integer(wall.seconds),
            "sub": .string(
                "system:serviceaccount:\(target.namespace):\(target.name ?? "")"),
        ]
        var document: JSON = [
            "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
            "metadata": [
                "name": .string(target.name ?? ""), "namespace": .string(target.namespace),
                "creationTimestamp": .string(now),
            ],
        ]
        var filled = spec
        filled["audiences"] = .array(audiences.map(JSON.string))
        filled["expirationSeconds"] = .integer(seconds)
        if filled["boundObjectRef"] == nil { filled["boundObjectRef"] = .null }
        document["spec"] = filled
        document["status"] = ["expirationTimestamp": .string(expiry.rfc3339)]
        return TokenIssue(claims: claims, document: document)
    }

    private static func reference(_ document: JSON) -> JSON {
        [
            "name": document["metadata"]?["name"] ?? "",
            "uid": document["metadata"]?["uid"] ?? "",
        ]
    }

    /// A token may be bound to a Pod, Secret or Node: it dies with it.
    private func boundObject(
        _ object: JSON, _ target: ResourceTarget
    ) throws(StatusError) -> (claim: String, document: JSON) {
        let name = object["name"]?.string ?? ""
        let resource: Resource
        switch object["kind"]?.string {
        case "Pod": resource = .pods
        case "Secret": resource = .secrets
        case "Node": resource = .nodes
        case let kind:
            throw StatusError(
                .badRequest, "cannot bind token for serviceaccount to object of type "
                    + (object["apiVersion"]?.string ?? "") + ", Kind=\(kind ?? "")")
        }
        guard
            let document = stored(
                resource, namespace: resource.isNamespaced ? target.namespace : "", name: name)
        else { throw StatusError.notFound(resource, name) }
        let json = document.json
        let uid = json["metadata"]?["uid"]?.string ?? ""
        if let wanted = object["uid"]?.string, !wanted.isEmpty, wanted != uid {
            throw StatusError.conflict(
                resource, name,
                "the UID in the bound object reference (\(wanted)) does not match the UID in "
                    + "record. The object might have been deleted and then recreated")
        }
        if resource == .pods, Pod(json).serviceAccountName != target.name {
            throw StatusError(
                .badRequest,
                "cannot bind token for serviceaccount \(quotedText(target.name ?? "")) to pod "
                    + "running with different serviceaccount name.")
        }
        return (resource.kind.lowercased(), json)
    }
}
