import API
import JSON
import Objects
import Testing

@Suite struct DecodingTests {
    private func definition(_ resource: Resource) throws -> ResourceDefinition {
        try #require(ResourceRegistry.builtIn[resource])
    }

    private func refusal(
        _ resource: Resource, _ text: String, _ validation: FieldValidation = .strict
    ) throws -> StatusError? {
        let (document, duplicates) = try JSON.parseReportingDuplicates(Array(text.utf8))
        let definition = try definition(resource)
        do throws(StatusError) {
            _ = try definition.decode(document, duplicates: duplicates, validation)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (
            #"{"metadata":{"lables":{"a":"b"}}}"#,
            #"strict decoding error: unknown field "metadata.lables""#
        ),
        (
            #"{"spec":{"foo":1,"containers":[{"name":"a","imagee":"b"}]}}"#,
            #"strict decoding error: unknown field "spec.foo", "#
                + #"unknown field "spec.containers[0].imagee""#
        ),
        (
            #"{"spec":{"containers":[]},"spec":{"containers":[]}}"#,
            #"strict decoding error: duplicate field "spec""#
        ),
        (
            #"{"spec":{"containers":"x"}}"#,
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type "
                + "[]v1.Container"
        ),
        (
            #"{"spec":{"containers":[{"ports":[{"containerPort":"80"}]}]}}"#,
            "json: cannot unmarshal string into Go struct field "
                + "ContainerPort.spec.containers.ports.containerPort of type int32"
        ),
        (
            #"{"spec":{"priority":3000000000}}"#,
            "json: cannot unmarshal number 3000000000 into Go struct field PodSpec.spec.priority "
                + "of type int32"
        ),
        (
            #"{"metadata":{"labels":{"a":true}}}"#,
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type "
                + "string"
        ),
        (
            #"{"spec":{"containers":[{"resources":{"limits":{"cpu":"1 core"}}}]}}"#,
            "quantities must match the regular expression "
                + "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        ),
    ])
    func aDocumentOfTheWrongShapeIsRefused(_ text: String, _ why: String) throws {
        let error = try #require(try refusal(.pods, text))
        #expect(error.code == 400)
        #expect(error.message == "Pod in version \"v1\" cannot be handled as a Pod: " + why)
    }

    @Test func unknownFieldsAreWarnedOfOrPassedOver() throws {
        let pods = try definition(.pods)
        let document: JSON = ["metadata": ["lables": [:], "name": "a"], "spec": ["x": 1]]
        let warned = try pods.decode(document, duplicates: ["spec"], .warn)
        #expect(
            warned.warnings == [
                "unknown field \"metadata.lables\"", "unknown field \"spec.x\"",
                "duplicate field \"spec\"",
            ])
        let expected: JSON = [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "a"], "spec": [:],
        ]
        #expect(warned.document == expected)
        let ignored = try pods.decode(document, .ignore)
        #expect(ignored.document == expected)
        #expect(ignored.warnings == [])
    }

    @Test func aWrongTypeIsRefusedEvenWhenUnknownFieldsAreIgnored() throws {
        #expect(try refusal(.pods, #"{"spec":[]}"#, .ignore)?.code == 400)
        #expect(try refusal(.pods, #"[]"#, .ignore)?.code == 400)
    }

    @Test func nullsAreLeftOutAndTypeAndMetadataComeFirst() throws {
        let document: JSON = [
            "spec": ["nodeName": nil, "containers": [["name": "a", "image": nil]]],
            "metadata": ["creationTimestamp": nil, "name": "a"], "kind": "Pod",
        ]
        let decoded = try definition(.pods).decode(document, .strict).document
        #expect(
            String(decoding: decoded.bytes, as: UTF8.self)
                == #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"#
                + #""spec":{"containers":[{"name":"a"}]}}"#)
    }

    @Test func aDocumentOfAnotherTypeIsRefused() throws {
        #expect(
            try refusal(.deployments, #"{"apiVersion":"v1","kind":"Deployment"}"#)?.message
                == "the API version in the data (v1) does not match the expected API version "
                + "(apps/v1)")
        #expect(try refusal(.pods, #"{"apiVersion":"v1","kind":"Service"}"#)?.code == 400)
    }

    @Test func base64AndTimestampsAreChecked() throws {
        #expect(
            try refusal(.secrets, #"{"data":{"a":"%%%"}}"#)?.message
                == "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data "
                + "at input byte 0")
        #expect(try refusal(.secrets, #"{"data":{"a":"YQ=="}}"#) == nil)
        #expect(try refusal(.secrets, #"{"data":{"a":"YQ="}}"#)?.code == 400)
        #expect(try refusal(.leases, #"{"spec":{"renewTime":"yesterday"}}"#)?.code == 400)
        #expect(
            try refusal(.leases, #"{"spec":{"renewTime":"2026-11-21T06:25:00.000001Z"}}"#) == nil)
    }

    @Test func base64IsWrittenWithPadding() {
        #expect(Base64.encode("".utf8) == "")
        #expect(Base64.encode("f".utf8) == "Zg==")
        #expect(Base64.encode("fo".utf8) == "Zm8=")
        #expect(Base64.encode("foo".utf8) == "Zm9v")
        #expect(Base64.encode("foob".utf8) == "Zm9vYg==")
    }
}
