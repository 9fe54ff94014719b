import JSON

/// NetworkPolicies.
extension NetworkingV1 {
    static let networkPolicy = ObjectSchema(
        .networking, "NetworkPolicy", "Says who may talk to some Pods, and whom they may talk to."
    ) {
        MetaV1.header
        Field("spec", networkPolicySpec, "Which Pods, and what is allowed.")
    }

    static let networkPolicySpec = ObjectSchema(
        .networking, "NetworkPolicySpec", "Which Pods, and what is allowed."
    ) {
        Field("egress", .atomicList(networkPolicyEgressRule), "What may go out.")
        Field("ingress", .atomicList(networkPolicyIngressRule), "What may come in.")
        Field(
            "podSelector", MetaV1.labelSelector,
            "Selects the Pods; all of the namespace when empty.")
        Field(
            "policyTypes", .list(of: .choice(["Egress", "Ingress"]), .atomic),
            "Which directions the policy is about.")
    }

    static let networkPolicyIngressRule = ObjectSchema(
        .networking, "NetworkPolicyIngressRule", "What may come in."
    ) {
        Field("from", .atomicList(networkPolicyPeer), "From where; anywhere when left out.")
        Field("ports", .atomicList(networkPolicyPort), "To which ports; all when left out.")
    }

    static let networkPolicyEgressRule = ObjectSchema(
        .networking, "NetworkPolicyEgressRule", "What may go out."
    ) {
        Field("ports", .atomicList(networkPolicyPort), "To which ports; all when left out.")
        Field("to", .atomicList(networkPolicyPeer), "To where; anywhere when left out.")
    }

    static let networkPolicyPort = ObjectSchema(
        .networking, "NetworkPolicyPort", "Ports that a rule is about."
    ) {
        Field("endPort", .int32, "The last port of a range.")
        Field("port", .intOrString, "Number or name of the port; all when left out.")
        Field("protocol", .choice(["SCTP", "TCP", "UDP"]), "TCP, UDP or SCTP.", default: "TCP")
    }

    static let networkPolicyPeer = ObjectSchema(
        .networking, "NetworkPolicyPeer", "Somebody that a rule is about."
    ) {
        Field("ipBlock", ipBlock, "A block of addresses.")
        Field("namespaceSelector", MetaV1.labelSelector, "Selects namespaces.")
        Field("podSelector", MetaV1.labelSelector, "Selects Pods.")
    }

    static let ipBlock = ObjectSchema(.networking, "IPBlock", "A block of addresses.") {
        Field("cidr", .string, "The block.", required: true)
        Field("except", .strings, "Blocks within it that are not meant.")
    }
}
