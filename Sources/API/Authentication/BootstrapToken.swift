import Base
import JSON
import Objects
import Store

/// A token with which a new machine introduces itself (`bootstrap.kubernetes.io/token`): the Secret
/// `bootstrap-token-ID` in `kube-system` says what it is worth and how long.
package struct BootstrapToken: Sendable, Equatable {
    package let id: String
    package let secret: String

    /// Reads `abcdef.0123456789abcdef`; nil when the text is no such token.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 6, parts[1].utf8.count == 16,
            text.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
                    || $0 == UInt8(ascii: ".")
            })
        else { return nil }
        id = String(parts[0])
        secret = String(parts[1])
    }
}

extension Evaluation {
    /// Whom a bootstrap token stands for, or nil when it is wrong, expired or meant for something
    /// else (`plugin/pkg/auth/authenticator/token/bootstrap`).
    func user(ofBootstrapToken token: BootstrapToken) -> UserInfo? {
        guard
            let stored = stored(
                .secrets, namespace: "kube-system", name: "bootstrap-token-\(token.id)")?.json,
            stored["metadata"]?["deletionTimestamp"]?.string == nil,
            stored.text("type") == "bootstrap.kubernetes.io/token"
        else { return nil }
        func value(_ name: String) -> String? {
            stored["data"]?[name]?.string.flatMap { Base.Base64.decode($0) }
                .map { String(decoding: $0, as: UTF8.self) }
        }
        guard value("token-id") == token.id,
            Self.isEqual(value("token-secret") ?? "", token.secret),
            value("usage-bootstrap-authentication") == "true"
        else { return nil }
        if let text = value("expiration") {
            guard let expiry = WallTime(rfc3339: text), wall < expiry else { return nil }
        }
        var groups = ["system:bootstrappers"]
        for group in (value("auth-extra-groups") ?? "").split(separator: ",") {
            // A Secret cannot lend the groups that Kubernetes itself gives meaning to.
            guard group.hasPrefix("system:bootstrappers:") else { return nil }
            groups.append(String(group))
        }
        return UserInfo(
            name: "system:bootstrap:\(token.id)", groups: groups + [UserInfo.authenticated])
    }

    /// Compares without telling by its time how much of a guess was right.
    private static func isEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }
}
