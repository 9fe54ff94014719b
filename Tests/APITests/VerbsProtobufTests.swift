import API
import Base
import JSON
import Objects
import Store
import Testing

@Suite("Bodies in Protocol Buffers")
struct VerbsProtobufTests {
    /// What kubectl 1.32 sends for `create deployment web --image=busybox --replicas=0 --port=8080
    /// -- sleep 1`.
    private static let deployment = """
        6b3873000a150a07617070732f7631120a4465706c6f796d656e7412c7010a1f0a0377656212001a0022002a00\
        3200380042005a0a0a0361707012037765621295010800120c0a0a0a0361707012037765621a7b0a1c0a001200\
        1a0022002a003200380042005a0a0a036170701203776562125b123d0a0762757379626f78120762757379626f\
        781a05736c6565701a01312a00320b0a00100018903f22002a0042006a007200800100880100900100a201001a\
        00320042004a0052005800600068008201008a01009a0100c2010022020a00280038001a0c0800100018002000\
        280038001a002200
        """

    /// For `create secret generic s --from-literal=pw=x`.
    private static let secret = """
        6b3873000a0c0a0276311206536563726574121e0a110a017312001a0022002a0032003800420012070a027077\
        1201781a001a002200
        """

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.compactMap { $0 >= 97 ? $0 - 87 : $0 >= 48 ? $0 - 48 : nil }
        return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private func post(
        _ harness: inout VerbsHarness, _ path: String, _ body: [UInt8]
    ) throws -> APIResponse {
        var request = harness.request(
            .post, path, accept: "application/vnd.kubernetes.protobuf,application/json",
            contentType: "application/vnd.kubernetes.protobuf")
        request.body = body
        return try harness.run(request)
    }

    private let deployments =
        "/apis/apps/v1/namespaces/default/deployments?fieldValidation=Strict"
    private let secrets = "/api/v1/namespaces/default/secrets"

    @Test("What kubectl creates arrives whole, and a zero that means something stays")
    func kubectl() throws {
        var harness = try VerbsHarness()
        let response = try post(&harness, deployments, Self.bytes(Self.deployment))
        #expect(response.code == 201)
        #expect(response.contentType == "application/json")
        let made = try JSON(parsing: response.body)
        #expect(made["spec"]?["replicas"]?.integer == 0)
        #expect(made["spec"]?["selector"] == ["matchLabels": ["app": "web"]])
        let container = made["spec"]?["template"]?["spec"]?["containers"]?[0]
        #expect(container?["command"] == ["sleep", "1"])
        #expect(container?["ports"] == [["containerPort": 8_080, "protocol": "TCP"]])
        #expect(container?["workingDir"] == nil)
        #expect(container?["stdin"] == nil)

        let secret = try post(&harness, secrets, Self.bytes(Self.secret))
        #expect(secret.code == 201)
        #expect(try JSON(parsing: secret.body)["data"] == ["pw": "eA=="])
    }

    @Test("A list of very many elements costs no more than its length")
    func longList() throws {
        var harness = try VerbsHarness()
        // ConfigMap{metadata{finalizers: ["", "", …]}}
        let elements = [UInt8](repeating: 0, count: 60_000).enumerated().map {
            $0.offset % 2 == 0 ? UInt8(0x72) : 0
        }
        func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
            var writer = ByteWriter()
            writer.writeByte(number << 3 | 2)
            writer.writeBytes(content)
            return writer.bytes
        }
        let type = field(1, Array("v1".utf8)) + field(2, Array("ConfigMap".utf8))
        let body = [0x6B, 0x38, 0x73, 0] + field(1, type) + field(2, field(1, elements))
        let path = "/api/v1/namespaces/default/configmaps"
        #expect(try post(&harness, path, body).code == 422)
    }

    @Test("Damaged bodies are refused, whatever is damaged")
    func damage() throws {
        var harness = try VerbsHarness()
        let whole = Self.bytes(Self.deployment)
        var random = Random(seed: 3)
        for length in 0..<40 {
            #expect(try post(&harness, deployments, Array(whole.prefix(length))).code >= 400)
        }
        for _ in 0..<2_000 {
            var body = whole
            for _ in 0...random.below(4) {
                body[random.below(body.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            let request = harness.request(
                .post, deployments, contentType: "application/vnd.kubernetes.protobuf")
            var damaged = request
            damaged.body = body
            switch harness.api.handle(
                damaged, snapshot: harness.store.snapshot, at: harness.wall)
            {
            case .respond(let response): #expect(response.code >= 400)
            case .commit: break
            case .watch, .stream, .proxy, .usage, .issueToken, .metrics, .openIDKeys:
                Issue.record("a create is none of these")
            }
        }
    }
}
