import Base
import Crypto
import Foundation
import JSON

/// Signs and verifies service-account tokens: JSON Web Tokens (RFC 7519) with ES256 (RFC 7518
/// §3.4). Only the signature is judged here; what the claims allow is the API's to decide.
package struct ServiceAccountTokens: Sendable {
    private let key: P256.Signing.PrivateKey
    private let keyID: String

    package init(privateKeyPEM: String) throws(ShellError) {
        do {
            key = try P256.Signing.PrivateKey(pemRepresentation: privateKeyPEM)
        } catch {
            throw ShellError(.identity, "read the service-account key", underlying: "\(error)")
        }
        keyID = Self.encode(Array(SHA256.hash(data: key.publicKey.derRepresentation)))
    }

    package static func makeKeyPEM() -> String { P256.Signing.PrivateKey().pemRepresentation }

    /// The token that carries these claims, given as JSON text.
    package func sign(claims: [UInt8]) throws(ShellError) -> String {
        let header = Self.encode(Array(#"{"alg":"ES256","kid":"\#(keyID)","typ":"JWT"}"#.utf8))
        let content = "\(header).\(Self.encode(claims))"
        do {
            let signature = try key.signature(for: Data(content.utf8))
            return "\(content).\(Self.encode(Array(signature.rawRepresentation)))"
        } catch {
            throw ShellError(.identity, "sign a service-account token", underlying: "\(error)")
        }
    }

    /// The claims of a token that this cluster signed, as JSON text; nil for any other.
    package func verify(_ token: String) -> [UInt8]? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, token.utf8.count <= 16_384,
            let signature = Self.decode(parts[2]),
            let proof = try? P256.Signing.ECDSASignature(rawRepresentation: signature),
            key.publicKey.isValidSignature(proof, for: Data("\(parts[0]).\(parts[1])".utf8))
        else { return nil }
        return Self.decode(parts[1])
    }

    /// The public half as a JSON Web Key (RFC 7517 §4, RFC 7518 §6.2.1).
    var publicKey: JSON {
        let point = Array(key.publicKey.rawRepresentation)
        return [
            "use": "sig", "kty": "EC", "kid": .string(keyID), "crv": "P-256", "alg": "ES256",
            "x": .string(Self.encode(Array(point.prefix(32)))),
            "y": .string(Self.encode(Array(point.suffix(32)))),
        ]
    }

    private static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var padded = text.replacingOccurrences(of: "-", with: "+")
            .replacingOccurrences(of: "_", with: "/")
        while padded.utf8.count % 4 != 0 { padded += "=" }
        return Data(base64Encoded: padded).map(Array.init)
    }
}
