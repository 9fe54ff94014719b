package import Base
import Gossip
import JSON
package import Objects
import Store

/// Whether a newcomer may join. Its token is a Secret as Kubernetes keeps bootstrap tokens:
/// `bootstrap-token-ID` in `kube-system`, of type `bootstrap.kubernetes.io/token`.
extension DaemonCore {
    /// Nil when the newcomer may have its certificates; otherwise what to tell it.
    package func refusal(
        ofNewcomer name: MachineName, tokenID: String, isTokenSecret: (String) -> Bool
    ) -> StatusError? {
        let key = Key(
            group: "", resource: "secrets", namespace: "kube-system",
            name: "bootstrap-token-\(tokenID)")
        guard let secret = store.snapshot[key].flatMap(Self.object),
            secret["type"]?.string == "bootstrap.kubernetes.io/token",
            let expected = Self.text(secret, "token-secret"), isTokenSecret(expected)
        else {
            return StatusError(
                .unauthorized,
                "the join token is unknown; \"podmesh token create\" makes a new one")
        }
        if let expiration = Self.text(secret, "expiration") {
            guard let expiry = WallTime(rfc3339: expiration), wallTime < expiry else {
                return StatusError(
                    .unauthorized,
                    "the join token expired at \(expiration); \"podmesh token create\" makes a "
                        + "new one")
            }
        }
        if let removedAt = identities.records[name]?.removedAt, identities.isRemoved(name) {
            // The machine may know a token from the time before.
            let created = secret[path: ["metadata", "creationTimestamp"]]?.string
            guard let made = created.flatMap(WallTime.init(rfc3339:)),
                removedAt.seconds <= made.seconds
            else {
                return StatusError(
                    .unauthorized,
                    "\"\(name)\" was removed at \(removedAt.rfc3339), after this token was made; "
                        + "\"podmesh token create\" makes a new one")
            }
        }
        return identities.refusal(ofNewcomer: name, identityView)
    }

    /// A Secret's value as text.
    private static func text(_ secret: JSON, _ name: String) -> String? {
        guard let encoded = secret["data"]?[name]?.string,
            let bytes = Base64.decode(encoded)
        else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
