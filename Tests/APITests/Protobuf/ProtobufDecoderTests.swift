import API
import JSON
import Objects
import Testing

@Suite struct ProtobufDecoderTests {
    private typealias Message = ProtobufMessage

    private func decode(
        _ message: ProtobufMessage, _ apiVersion: String, _ kind: String
    ) throws -> JSON {
        try ProtobufEnvelope.document(in: message.body(apiVersion, kind), .builtIn)
    }

    private func refusal(_ body: [UInt8]) throws -> StatusError {
        try #require(throws: StatusError.self) {
            try ProtobufEnvelope.document(in: body, .builtIn)
        }
    }

    @Test func timesAreWrittenAsRFC3339AndUnsetTimesAreLeftOut() throws {
        let spec = Message().message(3, Message().varint(1, 1_795_241_100).varint(2, 123_456_789))
            .message(4)
        let fields = Message().text(1, "kubelet").text(2, "Update").text(3, "v1")
            .message(4, Message().varint(1, 0).varint(2, 0)).text(6, "FieldsV1")
            .message(7, Message().text(1, #"{"f:spec":{"f:renewTime":{}}}"#)).text(8, "")
        let metadata = Message().text(1, "machine").message(8)
            .message(9, Message().varint(1, -62_135_596_800).varint(2, 0)).message(17, fields)
        let lease = Message().message(1, metadata).message(2, spec)
        #expect(
            try decode(lease, "coordination.k8s.io/v1", "Lease") == [
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": [
                    "name": "machine", "deletionTimestamp": "0001-01-01T00:00:00Z",
                    "managedFields": [
                        [
                            "manager": "kubelet", "operation": "Update", "apiVersion": "v1",
                            "time": "1970-01-01T00:00:00Z", "fieldsType": "FieldsV1",
                            "fieldsV1": ["f:spec": ["f:renewTime": [:]]],
                        ]
                    ],
                ],
                "spec": ["acquireTime": "2026-11-21T06:05:00.123456Z"],
            ])
    }

    @Test(arguments: [Int64.min, -62_135_596_801, 253_402_300_800, Int64.max])
    func aTimeOutsideTheYearsOfRFC3339IsRefused(_ seconds: Int64) throws {
        let metadata = Message().message(8, Message().varint(1, seconds))
        let error = try refusal(Message().message(1, metadata).body("v1", "ConfigMap"))
        #expect(error.code == 400)
        #expect(error.message.contains("expected a time at byte"))
    }

    @Test func zerosStayWhereGoHasAPointerOrNoOmitempty() throws {
        let spec = Message().varint(1, 0).varint(5, 0).varint(6, 0).varint(7, 0)
        let deployment = Message().message(2, spec)
        #expect(
            try decode(deployment, "apps/v1", "Deployment")["spec"] == [
                "replicas": 0, "revisionHistoryLimit": 0,
            ])
        let account = Message().varint(4, 0)
        #expect(
            try decode(account, "v1", "ServiceAccount")["automountServiceAccountToken"] == false)
        let scale = Message().message(2, Message().varint(1, 0)).message(3, Message().varint(1, 0))
        let document = try decode(scale, "autoscaling/v1", "Scale")
        #expect(document["spec"] == [:])
        #expect(document["status"] == ["replicas": 0])
    }

    @Test func numbersMayBePackedOrNot() throws {
        func groups(_ context: ProtobufMessage) throws -> JSON? {
            let pod = Message().message(2, Message().message(14, context))
            let context = try decode(pod, "v1", "Pod")[path: ["spec", "securityContext"]]
            return context?["supplementalGroups"]
        }
        #expect(try groups(Message().varint(4, 0).varint(4, 300)) == [0, 300])
        #expect(try groups(Message().bytes(4, [0, 0xAC, 0x02])) == [0, 300])
        #expect(try groups(Message().bytes(4, [0]).varint(4, 300)) == [0, 300])
        #expect(throws: StatusError.self) { try groups(Message().bytes(4, [0xAC])) }
    }

    @Test func unknownFieldsOfEveryWireTypeArePassedOver() throws {
        let unknown = Message().varint(900, -1).text(901, "x")
            .raw([0xF1, 0x38, 1, 2, 3, 4, 5, 6, 7, 8])  // Field 910: eight bytes.
            .raw([0xFD, 0x38, 1, 2, 3, 4])  // Field 911: four bytes.
            .raw([0x83, 0x39, 0x08, 0x01, 0x0B, 0x0C, 0x84, 0x39])  // Field 912: nested groups.
        let namespace = Message().raw(unknown.bytes).message(1, Message().text(1, "shop"))
            .raw(unknown.bytes)
        #expect(
            try decode(namespace, "v1", "Namespace") == [
                "apiVersion": "v1", "kind": "Namespace", "metadata": ["name": "shop"],
            ])
    }

    @Test func ofAFieldSentTwiceTheLastScalarCountsAndMessagesAreMerged() throws {
        let labels = Message().message(11, Message().text(1, "a").text(2, "1"))
        let more = Message().text(1, "late")
            .message(11, Message().text(1, "b").text(2, "2"))
            .message(11, Message().text(1, "a").text(2, "3"))
        let map = Message().message(1, Message().text(1, "early").text(5, "u"))
            .message(1, labels).message(1, more)
        #expect(
            try decode(map, "v1", "ConfigMap")["metadata"] == [
                "name": "late", "uid": "u", "labels": ["a": "3", "b": "2"],
            ])
    }

    @Test func aMapEntryWithoutKeyOrValueHasEmptyOnes() throws {
        let map = Message().message(2, Message().text(1, "k")).message(2, Message().text(2, "v"))
            .message(3, Message().text(1, "b"))
        let document = try decode(map, "v1", "ConfigMap")
        #expect(document["data"] == ["k": "", "": "v"])
        #expect(document["binaryData"] == ["b": ""])
    }

    @Test func aListInAMapIsAMessageOfItsOwn() throws {
        let values = Message().text(1, "x").text(1, "").text(7, "unknown")
        let extra = Message().text(1, "scopes").message(2, values)
        let spec = Message().text(3, "eve").message(5, extra)
        let review = Message().message(2, spec)
        #expect(
            try decode(review, "authorization.k8s.io/v1", "SubjectAccessReview")["spec"] == [
                "user": "eve", "extra": ["scopes": ["x", ""]],
            ])
    }

    @Test func bodiesThatAreNoMessagesAreRefused() throws {
        #expect(try refusal([]).message.contains("expected prefix [107, 56, 115, 0]"))
        #expect(try refusal(Array(#"{"kind":"Pod"}"#.utf8)).code == 400)
        let unknown = try refusal(Message().body("example.org/v1", "Widget"))
        #expect(
            unknown.message == #"no kind "Widget" is registered for version "example.org/v1""#)
        for bytes: [UInt8] in [
            [0x00, 0x00],  // Field 0.
            [0x0A],  // A length is missing.
            [0x0A, 0x05, 0x00],  // A length beyond the end.
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [0x08, 0x01],  // Metadata is no number.
            [0x0E, 0x00],  // No such wire type.
            [0x83, 0x39],  // A group without an end.
            [0x84, 0x39],  // An end without a group.
            [0x0A, 0x03, 0x0A, 0x01, 0xFF],  // The name is no UTF-8.
        ] {
            let error = try refusal(Message().raw(bytes).body("v1", "ConfigMap"))
            #expect(error.code == 400, "\(bytes)")
            #expect(error.message.hasPrefix("couldn't read the protobuf message: expected"))
        }
    }

    @Test func aLongListCostsNoMoreThanItsLength() throws {
        let metadata = Message().raw(
            [UInt8](repeating: 0, count: 1_000_000).indices.map { $0 % 2 == 0 ? 0x72 : 0 })
        let document = try decode(Message().message(1, metadata), "v1", "ConfigMap")
        #expect(document["metadata"]?["finalizers"]?.array?.count == 500_000)
    }
}
