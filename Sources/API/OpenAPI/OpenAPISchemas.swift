import JSON
import Objects

/// Turns declared types into the definitions of OpenAPI documents.
struct OpenAPISchemas {
    /// The two versions of OpenAPI differ in where definitions stand and in what they may say.
    enum Dialect {
        case v2, v3

        var referencePrefix: String {
            switch self {
            case .v2: "#/definitions/"
            case .v3: "#/components/schemas/"
            }
        }
    }

    let dialect: Dialect
    private var definitions: [String: JSON] = [:]

    init(_ dialect: Dialect) { self.dialect = dialect }

    /// Definitions sorted by name.
    var json: JSON {
        .object(
            JSONObject(definitions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    }

    func reference(_ name: String) -> JSON {
        ["$ref": .string(dialect.referencePrefix + name)]
    }

    /// Adds a type and all that it is made of.
    ///
    /// - Parameter resources: which resources documents of this type are; clients find the type
    ///   by them.
    mutating func add(_ type: ObjectSchema, kinds: [Resource] = []) {
        let name = type.definitionName
        if definitions[name] == nil {
            definitions[name] = .null  // Types that hold themselves would not end otherwise.
            definitions[name] = definition(of: type)
        }
        guard !kinds.isEmpty else { return }
        definitions[name]?["x-kubernetes-group-version-kind"] = .array(kinds.map(\.kindJSON))
    }

    /// Adds the list of a resource, and returns its name.
    mutating func addList(of type: ObjectSchema, _ resource: Resource) -> String {
        add(MetaV1.listMeta)
        let name = type.definitionName + "List"
        let properties: JSON = [
            "apiVersion": ["type": "string", "description": "Group and version of the list."],
            "items": [
                "type": "array", "description": "The objects.",
                "items": referenceWithDefault(type),
            ],
            "kind": ["type": "string", "description": "The type of the list."],
            "metadata": described(
                referenceWithDefault(MetaV1.listMeta), "Version and rest of the list."),
        ]
        definitions[name] = [
            "type": "object", "required": ["items"],
            "description": .string("A list of \(resource.plural)."), "properties": properties,
            "x-kubernetes-group-version-kind": [
                [
                    "group": .string(resource.group), "kind": .string(resource.kind + "List"),
                    "version": .string(resource.version),
                ]
            ],
        ]
        return name
    }

    private mutating func definition(of type: ObjectSchema) -> JSON {
        var properties = JSONObject()
        for field in type.fields.sorted(by: { $0.name < $1.name }) {
            properties[field.name] = property(of: field)
        }
        var json: JSON = ["type": "object", "description": .string(type.description)]
        json["properties"] = .object(properties)
        let required = type.fields.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { json["required"] = .array(required) }
        if type.isAtomic { json["x-kubernetes-map-type"] = "atomic" }
        return json
    }

    private mutating func property(of field: Field) -> JSON {
        var json = described(schema(field.schema), field.description)
        if case .object(let type) = field.schema, type.retainsKeys {
            json["x-kubernetes-patch-strategy"] = "retainKeys"
        }
        if dialect == .v3, let value = field.default { json["default"] = value }
        return json
    }

    /// A reference may have no siblings in OpenAPI v3, so a description wraps it.
    private func described(_ schema: JSON, _ description: String) -> JSON {
        var json = schema
        if dialect == .v3, let reference = schema["$ref"] {
            json = ["allOf": [["$ref": reference]]]
        }
        json["description"] = .string(description)
        return json
    }

    private func referenceWithDefault(_ type: ObjectSchema) -> JSON {
        let reference = reference(type.definitionName)
        guard dialect == .v3 else { return reference }
        return ["allOf": [reference], "default": [:]]
    }

    private mutating func schema(_ schema: Schema) -> JSON {
        switch schema {
        case .object(let type):
            add(type)
            return reference(type.definitionName)
        case .list(let element, let merge):
            var json: JSON = ["type": "array"]
            json["items"] = items(element)
            merge.describe(in: &json)
            return json
        case .map(let element, _):
            var json: JSON = ["type": "object"]
            json["additionalProperties"] = items(element)
            return json
        case .string: return ["type": "string"]
        case .choice(let choices):
            return ["type": "string", "enum": .array(choices.map(JSON.string))]
        case .integer(let width, _):
            return ["type": "integer", "format": .string(width.rawValue)]
        case .boolean: return ["type": "boolean"]
        case .number: return ["type": "number", "format": "double"]
        case .bytes: return ["type": "string", "format": "byte"]
        case .quantity: return addScalar(.quantity, "Quantity")
        case .intOrString: return addScalar(.util, "IntOrString")
        case .time(let isMicro): return addScalar(.meta, isMicro ? "MicroTime" : "Time")
        case .any: return addScalar(.meta, "FieldsV1")
        }
    }

    private mutating func items(_ element: Schema) -> JSON {
        if case .object(let type) = element {
            add(type)
            return referenceWithDefault(type)
        }
        return schema(element)
    }

    /// Scalars that have a definition of their own, as in Kubernetes.
    private mutating func addScalar(_ package: APIPackage, _ name: String) -> JSON {
        let fullName = package.definitionPrefix + name
        if definitions[fullName] == nil {
            definitions[fullName] = switch name {
            case "Quantity": quantity
            case "IntOrString": intOrString
            case "FieldsV1":
                ["type": "object", "description": "Any document; its fields are not declared."]
            default:
                [
                    "type": "string", "format": "date-time",
                    "description": "A moment, as RFC 3339 writes it.",
                ]
            }
        }
        return reference(fullName)
    }

    private var quantity: JSON {
        let text = "An amount: a number with a suffix such as m, k, Ki, M or Gi."
        guard dialect == .v3 else { return ["type": "string", "description": .string(text)] }
        return [
            "description": .string(text), "oneOf": [["type": "string"], ["type": "number"]],
        ]
    }

    private var intOrString: JSON {
        let text = "A number, or a text such as a name or a percentage."
        guard dialect == .v3 else {
            return ["type": "string", "format": "int-or-string", "description": .string(text)]
        }
        return [
            "description": .string(text), "format": "int-or-string",
            "oneOf": [["type": "integer"], ["type": "string"]],
        ]
    }
}

extension ListMerge {
    /// Writes the extensions that say how a list merges.
    fileprivate func describe(in json: inout JSON) {
        switch type {
        case .atomic: json["x-kubernetes-list-type"] = "atomic"
        case .set: json["x-kubernetes-list-type"] = "set"
        case .map(let keys):
            json["x-kubernetes-list-type"] = "map"
            json["x-kubernetes-list-map-keys"] = .array(keys.map(JSON.string))
        }
        if let patchMergeKey { json["x-kubernetes-patch-merge-key"] = .string(patchMergeKey) }
        if isPatchMerged {
            json["x-kubernetes-patch-strategy"] = .string(
                retainsKeys ? "merge,retainKeys" : "merge")
        }
    }
}

extension Resource {
    /// The entry of `x-kubernetes-group-version-kind`.
    var kindJSON: JSON {
        ["group": .string(group), "kind": .string(kind), "version": .string(version)]
    }
}
