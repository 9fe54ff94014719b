import API
import JSON
import Objects
import Testing

@Suite struct OpenAPITests {
    private static let documents = OpenAPIDocuments(.builtIn)

    private static func v3(_ path: String) throws -> JSON {
        try JSON(parsing: try #require(documents.document(path)))
    }

    private func references(in value: JSON) -> [String] {
        switch value {
        case .object(let members):
            return members.flatMap { name, member in
                name == "$ref" ? [member.string].compactMap { $0 } : references(in: member)
            }
        case .array(let elements): return elements.flatMap(references)
        default: return []
        }
    }

    @Test func everyReferenceIsResolved() throws {
        for groupVersion in ResourceRegistry.builtIn.groupVersions {
            let path = (groupVersion.contains("/") ? "apis/" : "api/") + groupVersion
            let document = try Self.v3(path)
            let schemas = try #require(document["components"]?["schemas"]?.object)
            let all = references(in: document)
            #expect(!all.isEmpty)
            for reference in Set(all) {
                let name = String(reference.dropFirst("#/components/schemas/".count))
                #expect(schemas[name] != nil, "\(reference)")
            }
        }
        let swagger = try JSON(parsing: Self.documents.swagger())
        let definitions = try #require(swagger["definitions"]?.object)
        for reference in Set(references(in: swagger)) {
            let name = String(reference.dropFirst("#/definitions/".count))
            #expect(definitions[name] != nil, "\(reference)")
        }
    }

    @Test func everyFieldHasADescriptionThatIsASentence() throws {
        func check(_ type: ObjectSchema) {
            #expect(type.description.hasSuffix("."), "\(type.name)")
            for field in type.fields {
                #expect(field.description.hasSuffix("."), "\(type.name).\(field.name)")
                check(field.schema)
            }
        }
        func check(_ schema: Schema) {
            switch schema {
            case .object(let type): check(type)
            case .list(let element, _), .map(let element, _): check(element)
            default: break
            }
        }
        for definition in ResourceRegistry.builtIn.definitions { check(definition.schema) }
    }

    @Test func theIndexNamesEachGroupVersionWithTheHashOfItsDocument() throws {
        let index = try JSON(parsing: Self.documents.index())
        let hash = try #require(Self.documents.hash("apis/apps/v1"))
        #expect(
            index["paths"]?["apis/apps/v1"]?["serverRelativeURL"]
                == .string("/openapi/v3/apis/apps/v1?hash=\(hash)"))
        #expect(index["paths"]?.object?.count == ResourceRegistry.builtIn.groupVersions.count)
        #expect(Self.documents.document("apis/none/v1") == nil)
    }

    @Test func clientsLearnThatTheServerValidatesFields() throws {
        let document = try Self.v3("apis/apps/v1")
        let path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
        let patch = try #require(document["paths"]?[path]?["patch"])
        let names = (patch["parameters"]?.array ?? []).compactMap { $0["name"]?.string }
        #expect(names.contains("fieldValidation"))
        #expect(names.contains("dryRun"))
        #expect(patch["x-kubernetes-action"] == "patch")
        #expect(
            patch["x-kubernetes-group-version-kind"]
                == ["group": "apps", "kind": "Deployment", "version": "v1"])
        #expect(
            patch["requestBody"]?["content"]?["application/strategic-merge-patch+json"] != nil)
    }

    @Test func definitionsSayHowListsMerge() throws {
        let schemas = try #require(try Self.v3("api/v1")["components"]?["schemas"])
        let containers = schemas["io.k8s.api.core.v1.PodSpec"]?["properties"]?["containers"]
        #expect(containers?["x-kubernetes-patch-merge-key"] == "name")
        #expect(containers?["x-kubernetes-patch-strategy"] == "merge")
        #expect(containers?["x-kubernetes-list-type"] == "map")
        #expect(containers?["x-kubernetes-list-map-keys"] == ["name"])
        let volumes = schemas["io.k8s.api.core.v1.PodSpec"]?["properties"]?["volumes"]
        #expect(volumes?["x-kubernetes-patch-strategy"] == "merge,retainKeys")
        let pod = schemas["io.k8s.api.core.v1.Pod"]
        #expect(
            pod?["x-kubernetes-group-version-kind"]
                == [["group": "", "kind": "Pod", "version": "v1"]])
    }
}

@Suite("The Swagger document as protobuf")
struct SwaggerProtobufTests {
    @Test("Definitions, their properties and extensions stand under gnostic's numbers")
    func bytes() throws {
        let swagger: JSON = [
            "swagger": "2.0",
            "definitions": ["A": ["type": "object", "x-a": true]],
        ]
        // Document: swagger, info, paths, definitions of one NamedSchema "A".
        #expect(
            SwaggerProtobuf.bytes(of: swagger) == [
                0x0A, 3, 0x32, 0x2E, 0x30, 0x12, 0, 0x42, 0, 0x4A, 34,
                0x0A, 32, 0x0A, 1, 0x41, 0x12, 27,
                // Schema: TypeItem "object", then the extension as NamedAny with YAML.
                0xB2, 1, 8, 0x0A, 6, 0x6F, 0x62, 0x6A, 0x65, 0x63, 0x74,
                0xFA, 1, 13, 0x0A, 3, 0x78, 0x2D, 0x61, 0x12, 6, 0x12, 4, 0x74, 0x72, 0x75, 0x65,
            ])
    }
}
