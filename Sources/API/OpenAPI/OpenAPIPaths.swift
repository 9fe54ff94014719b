import JSON
import Objects

/// The paths of a resource in OpenAPI documents: which requests there are, and for which kind.
/// Clients read from them whether the server validates fields, tries writes out (`dryRun`) and
/// takes server-side apply.
struct OpenAPIPaths {
    let dialect: OpenAPISchemas.Dialect
    let definition: ResourceDefinition
    let listName: String

    private var resource: Resource { definition.resource }

    private var root: String {
        resource.group.isEmpty
            ? "/api/\(resource.version)" : "/apis/\(resource.group)/\(resource.version)"
    }

    private var scope: String { resource.isNamespaced ? "/namespaces/{namespace}" : "" }

    /// Paths and what they offer, in order.
    func all() -> [(String, JSON)] {
        let collection = "\(root)\(scope)/\(resource.plural)"
        let object = "\(collection)/{name}"
        let type = definition.schema.definitionName
        var paths = [
            (collection, item(collectionOperations(type), hasName: false)),
            (object, item(objectOperations(type), hasName: true)),
        ]
        if resource.isNamespaced {
            paths.append(
                ("\(root)/\(resource.plural)", item([("get", "list", listName, nil)], all: true)))
        }
        for subresource in definition.subresources {
            paths.append(("\(object)/\(subresource.name)", item(of: subresource)))
        }
        return paths
    }

    /// HTTP method, action, type of the answer, type of the body.
    private typealias Operation = (method: String, action: String, type: String?, body: String?)

    private func collectionOperations(_ type: String) -> [Operation] {
        var operations: [Operation] = []
        for (verb, operation) in [
            ("list", ("get", "list", listName, nil)), ("create", ("post", "post", type, type)),
            ("deletecollection", ("delete", "deletecollection", nil, nil)),
        ] as [(String, Operation)] where definition.verbs.contains(verb) {
            operations.append(operation)
        }
        return operations
    }

    private func objectOperations(_ type: String) -> [Operation] {
        var operations: [Operation] = []
        for (verb, operation) in [
            ("get", ("get", "get", type, nil)), ("update", ("put", "put", type, type)),
            ("patch", ("patch", "patch", type, "patch")),
            ("delete", ("delete", "delete", nil, nil)),
        ] as [(String, Operation)] where definition.verbs.contains(verb) {
            operations.append(operation)
        }
        return operations
    }

    private func item(
        _ operations: [Operation], hasName: Bool = false, all: Bool = false
    ) -> JSON {
        var json: JSON = [:]
        for operation in operations {
            json[operation.method] = self.operation(operation, kind: resource.kindJSON, suffix: all)
        }
        json["parameters"] = pathParameters(hasName: hasName, isEverywhere: all)
        return json
    }

    private func item(of subresource: Subresource) -> JSON {
        let kind: JSON = [
            "group": .string(subresource.group ?? resource.group),
            "kind": .string(subresource.kind),
            "version": .string(subresource.version ?? resource.version),
        ]
        let type = OpenAPIDocuments.subresourceTypes[subresource.kind]
        let name = (type ?? definition.schema).definitionName
        let isKnown = type != nil || subresource.kind == resource.kind
        var json: JSON = [:]
        for verb in subresource.verbs {
            let method = ["create": "post", "update": "put"][verb] ?? verb
            let operation: Operation = (
                method, method == "get" && !isKnown ? "connect" : method, isKnown ? name : nil,
                method == "get" ? nil : (method == "patch" ? "patch" : (isKnown ? name : nil))
            )
            json[method] = self.operation(operation, kind: kind, subresource: subresource.name)
        }
        json["parameters"] = pathParameters(hasName: true, isEverywhere: false)
        return json
    }

    private func operation(
        _ operation: Operation, kind: JSON, suffix isEverywhere: Bool = false,
        subresource: String = ""
    ) -> JSON {
        let words = ["post": "create", "put": "replace"][operation.action] ?? operation.action
        let area = resource.isNamespaced && !isEverywhere ? "Namespaced" : ""
        let tag = (resource.group.isEmpty ? "core" : resource.group.split(separator: ".")[0])
        let tail = isEverywhere ? "ForAllNamespaces" : subresource.capitalizedFirst
        var json: JSON = [
            "description": .string(
                "\(words) \(resource.plural)" + (subresource.isEmpty ? "" : "/\(subresource)")),
            "operationId": .string(
                "\(words)\(String(tag).capitalizedFirst)\(resource.version.capitalizedFirst)\(area)"
                    + "\(resource.kind)\(tail)"),
            "tags": [.string("\(tag)_\(resource.version)")],
            "x-kubernetes-action": .string(operation.action),
            "x-kubernetes-group-version-kind": kind,
        ]
        var parameters = queryParameters(of: operation.action)
        switch dialect {
        case .v2:
            if let body = operation.body { parameters.append(bodyParameter(body)) }
            json["consumes"] = .array(operation.body == "patch" ? Self.patchTypes : ["*/*"])
            json["produces"] = ["application/json", "application/yaml"]
            json["schemes"] = ["https"]
        case .v3:
            if let body = operation.body { json["requestBody"] = requestBody(body) }
        }
        json["parameters"] = .array(parameters)
        json["responses"] = responses(operation.type)
        return json
    }
}

extension OpenAPIPaths {
    private static let patchTypes: [JSON] = [
        "application/apply-patch+yaml", "application/json-patch+json",
        "application/merge-patch+json", "application/strategic-merge-patch+json",
    ]

    private static let patchName = APIPackage.meta.definitionPrefix + "Patch"

    private func reference(_ name: String) -> JSON {
        ["$ref": .string(dialect.referencePrefix + (name == "patch" ? Self.patchName : name))]
    }

    private func bodyParameter(_ type: String) -> JSON {
        ["in": "body", "name": "body", "required": true, "schema": reference(type)]
    }

    private func requestBody(_ type: String) -> JSON {
        let contentTypes = type == "patch" ? Self.patchTypes : ["*/*"]
        var content = JSONObject()
        for contentType in contentTypes {
            content[contentType.string ?? ""] = ["schema": reference(type)]
        }
        return ["content": .object(content), "required": true]
    }

    private func responses(_ type: String?) -> JSON {
        var ok: JSON = ["description": "OK"]
        if let type {
            switch dialect {
            case .v2: ok["schema"] = reference(type)
            case .v3: ok["content"] = ["application/json": ["schema": reference(type)]]
            }
        }
        return ["200": ok, "401": ["description": "Unauthorized"]]
    }

    private func parameter(_ name: String, _ type: String, _ description: String) -> JSON {
        var json: JSON = [
            "name": .string(name), "in": "query", "description": .string(description),
        ]
        switch dialect {
        case .v2:
            json["type"] = .string(type)
            json["uniqueItems"] = true
        case .v3: json["schema"] = ["type": .string(type), "uniqueItems": true]
        }
        return json
    }

    private func queryParameters(of action: String) -> [JSON] {
        switch action {
        case "list", "deletecollection":
            return [
                parameter("continue", "string", "Asks for the rest of a list."),
                parameter("fieldSelector", "string", "Selects objects by fields."),
                parameter("labelSelector", "string", "Selects objects by labels."),
                parameter("limit", "integer", "The most objects that one answer may hold."),
                parameter("resourceVersion", "string", "The version to read at."),
                parameter("resourceVersionMatch", "string", "How the version is meant."),
                parameter("sendInitialEvents", "boolean", "Whether a watch begins with a list."),
                parameter("timeoutSeconds", "integer", "Seconds after which the request ends."),
                parameter("watch", "boolean", "Whether changes are sent as they happen."),
            ]
        case "post", "put", "patch":
            var parameters = [
                parameter("dryRun", "string", "All, to have the write tried and not done."),
                parameter("fieldManager", "string", "Who sets the fields."),
                parameter(
                    "fieldValidation", "string",
                    "What to do with unknown and duplicate fields: Ignore, Warn or Strict."),
            ]
            if action == "patch" {
                parameters.append(
                    parameter("force", "boolean", "Whether to take fields from other managers."))
            }
            return parameters
        case "delete":
            return [
                parameter("dryRun", "string", "All, to have the deletion tried and not done."),
                parameter("gracePeriodSeconds", "integer", "Seconds to end by itself."),
                parameter("propagationPolicy", "string", "What becomes of dependents."),
            ]
        default:
            return []
        }
    }

    private func pathParameters(hasName: Bool, isEverywhere: Bool) -> JSON {
        var parameters: [JSON] = []
        func append(_ name: String, _ description: String) {
            var json: JSON = [
                "name": .string(name), "in": "path", "required": true,
                "description": .string(description),
            ]
            switch dialect {
            case .v2:
                json["type"] = "string"
                json["uniqueItems"] = true
            case .v3: json["schema"] = ["type": "string", "uniqueItems": true]
            }
            parameters.append(json)
        }
        if hasName { append("name", "Name of the object.") }
        if resource.isNamespaced, !isEverywhere { append("namespace", "Namespace of the object.") }
        return .array(parameters)
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
