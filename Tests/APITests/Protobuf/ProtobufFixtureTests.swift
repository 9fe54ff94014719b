import API
import Base
import Foundation
import JSON
import Objects
import Testing

/// Each pair of files in `Fixtures/Protobuf` is a body that kubectl 1.32 sent, in hexadecimal
/// digits, and the JSON that it means: for `kubectl create` what `--dry-run=client -o json` prints,
/// for the Pod the document that `kubectl debug --copy-to` was given to copy, with its container.
@Suite struct ProtobufFixtureTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/Protobuf")

    static let names = [
        "can-i", "can-i-list", "can-i-path", "configmap", "configmap-binary", "delete-options",
        "deployment", "deployment-two-containers", "namespace", "pod", "secret-generic",
        "secret-registry", "secret-tls", "service-externalname", "service-headless",
        "service-loadbalancer", "service-nodeport", "serviceaccount", "token", "token-bound",
        "whoami",
    ]

    static func body(_ name: String) throws -> [UInt8] {
        let text = try Data(contentsOf: folder.appendingPathComponent("\(name).hex"))
        let digits = text.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    static func document(_ name: String) throws -> JSON {
        try JSON(
            parsing: [UInt8](Data(contentsOf: folder.appendingPathComponent("\(name).json"))))
    }

    @Test(arguments: names)
    func aBodyOfKubectlMeansTheDocumentOfItsFixture(_ name: String) throws {
        let document = try ProtobufEnvelope.document(in: Self.body(name), .builtIn)
        #expect(document == (try Self.document(name)), "\(document.text)")
    }

    @Test(arguments: names)
    func aBodyCutShortIsRefusedOrMeansLess(_ name: String) throws {
        let body = try Self.body(name)
        for length in 0..<body.count {
            do {
                let part = try ProtobufEnvelope.document(in: Array(body[..<length]), .builtIn)
                #expect(part.bytes.count <= (try Self.document(name)).bytes.count)
            } catch let error as StatusError {
                #expect(error.code == 400)
            }
        }
    }

    @Test func damagedBodiesEndWithADocumentOrARefusal() throws {
        var random = Random(seed: 0x6B38_7300)
        var refused = 0
        for name in Self.names {
            let body = try Self.body(name)
            for _ in 0..<300 {
                var damaged = body
                for _ in 0...random.below(6) {
                    let position = random.below(damaged.count)
                    switch random.below(3) {
                    case 0: damaged[position] = UInt8(truncatingIfNeeded: random.next())
                    case 1: damaged.insert(0xFF, at: position)
                    default: damaged.remove(at: position)
                    }
                }
                do {
                    let document = try ProtobufEnvelope.document(in: damaged, .builtIn)
                    #expect(document.object != nil)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 1_000)
    }
}
