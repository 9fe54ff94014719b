import Base
import JSON
import Objects
import Store

extension Evaluation {
    /// The service account that a token's claims stand for, or nil when they are not good here and
    /// now: another issuer or audience, too early or too late, or the account, or what the token is
    /// bound to, is gone or another one of the same name.
    func user(
        ofTokenClaims text: [UInt8], audiences: [String]? = nil
    ) -> UserInfo? {
        guard let claims = try? JSON(parsing: text),
            claims["iss"]?.string == configuration.tokenIssuer,
            let expiry = claims["exp"]?.integer, expiry > wall.seconds,
            claims["nbf"]?.integer ?? 0 <= wall.seconds,
            let kubernetes = claims["kubernetes.io"],
            let namespace = kubernetes["namespace"]?.string,
            let account = kubernetes["serviceaccount"],
            let name = account["name"]?.string,
            claims["sub"]?.string == "system:serviceaccount:\(namespace):\(name)"
        else { return nil }
        let accepted = audiences ?? [configuration.tokenIssuer]
        let stated = Self.audiences(of: claims)
        guard stated.contains(where: accepted.contains) else { return nil }
        guard isCurrent(.serviceAccounts, namespace, account) else { return nil }
        var extra = [UserInfo.Extra]()
        if let jti = claims["jti"]?.string {
            extra.append(
                UserInfo.Extra(
                    name: "authentication.kubernetes.io/credential-id", values: ["JTI=\(jti)"]))
        }
        for (claim, resource) in [
            ("pod", Resource.pods), ("secret", .secrets), ("node", .nodes),
        ] {
            guard let reference = kubernetes[claim], !reference.isNull else { continue }
            // The Node of a Pod's token is for information; one that it is bound to must be there.
            let isBound = claim != "node" || kubernetes["pod"] == nil
            if isBound, !isCurrent(resource, resource.isNamespaced ? namespace : "", reference) {
                return nil
            }
            for part in ["name", "uid"] {
                guard let value = reference[part]?.string, claim != "secret" else { continue }
                extra.append(
                    UserInfo.Extra(
                        name: "authentication.kubernetes.io/\(claim)-\(part)", values: [value]))
            }
        }
        return UserInfo(
            name: "system:serviceaccount:\(namespace):\(name)",
            groups: [
                "system:serviceaccounts", "system:serviceaccounts:\(namespace)",
                UserInfo.authenticated,
            ],
            uid: account["uid"]?.string ?? "", extra: extra)
    }

    static func audiences(inClaims text: [UInt8]) -> [String] {
        (try? JSON(parsing: text)).map(audiences) ?? []
    }

    private static func audiences(of claims: JSON) -> [String] {
        claims["aud"]?.string.map { [$0] } ?? claims["aud"].strings
    }

    /// What is being deleted has so long to end its work; then its tokens are worth nothing.
    private static let deletionLeeway = Span.seconds(60)

    private func isCurrent(_ resource: Resource, _ namespace: String, _ reference: JSON) -> Bool {
        guard let name = reference["name"]?.string, let uid = reference["uid"]?.string,
            let metadata = stored(resource, namespace: namespace, name: name)?.json["metadata"],
            metadata["uid"]?.string == uid
        else { return false }
        guard let text = metadata["deletionTimestamp"]?.string,
            let deletion = WallTime(rfc3339: text)
        else { return true }
        return wall < deletion + Self.deletionLeeway
    }
}
