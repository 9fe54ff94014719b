package import Base
package import Objects

/// What ``KubeletCore`` wants done.
package enum KubeletEffect: Sendable, Equatable {
    case runtime(Ticket, RuntimeRequest)
    case write(Ticket, ObjectWrite)
    /// From now on tell of exactly these documents, and of all Services in these namespaces.
    /// Both lists are complete and sorted; each replaces the one before.
    case observe(documents: [ObjectKey], serviceNamespaces: [String])
    case requestToken(Ticket, TokenRequest)
    /// Write the CNI configuration for this range; answered by `.finished`.
    case configureNetwork(Ticket, podCIDR: String)
    /// A rare branch was taken; tests ask for it.
    case mark(String)
}

/// What a token is for (`authentication.k8s.io/v1` TokenRequest, bound to a Pod).
package struct TokenRequest: Sendable, Hashable {
    package var namespace: String
    package var serviceAccount: String
    /// Empty for the API server's own.
    package var audience: String
    package var expirationSeconds: Int64
    package var podName: String
    package var podUID: String

    package init(
        namespace: String, serviceAccount: String, audience: String, expirationSeconds: Int64,
        podName: String, podUID: String
    ) {
        self.namespace = namespace
        self.serviceAccount = serviceAccount
        self.audience = audience
        self.expirationSeconds = expirationSeconds
        self.podName = podName
        self.podUID = podUID
    }
}
