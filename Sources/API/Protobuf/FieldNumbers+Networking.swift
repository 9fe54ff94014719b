extension MessageNumbers {
    /// The field numbers of ingresses and network policies.
    @MessageListBuilder static var networking: [MessageNumbers] {
        MessageNumbers(
            .networking, "HTTPIngressPath", ["path": 1, "backend": 2, "pathType": .kept(3)])
        MessageNumbers(.networking, "HTTPIngressRuleValue", ["paths": 1])
        MessageNumbers(.networking, "IPAddress", ["metadata": 1, "spec": 2])
        MessageNumbers(.networking, "IPAddressSpec", ["parentRef": 1])
        MessageNumbers(.networking, "IPBlock", ["cidr": 1, "except": 2])
        MessageNumbers(.networking, "Ingress", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(.networking, "IngressBackend", ["resource": 3, "service": 4])
        MessageNumbers(.networking, "IngressClass", ["metadata": 1, "spec": 2])
        MessageNumbers(
            .networking, "IngressClassParametersReference",
            ["apiGroup": .kept(1), "kind": 2, "name": 3, "scope": .kept(4), "namespace": .kept(5)])
        MessageNumbers(.networking, "IngressClassSpec", ["controller": 1, "parameters": 2])
        MessageNumbers(
            .networking, "IngressLoadBalancerIngress", ["ip": 1, "hostname": 2, "ports": 4])
        MessageNumbers(.networking, "IngressLoadBalancerStatus", ["ingress": 1])
        MessageNumbers(
            .networking, "IngressPortStatus", ["port": 1, "protocol": 2, "error": .kept(3)])
        MessageNumbers(
            .networking, "IngressRule",
            ["host": 1, "IngressRuleValue": .embedded(2, "IngressRuleValue")])
        MessageNumbers(.networking, "IngressRuleValue", ["http": 1])
        MessageNumbers(.networking, "IngressServiceBackend", ["name": 1, "port": 2])
        MessageNumbers(
            .networking, "IngressSpec",
            ["defaultBackend": 1, "tls": 2, "rules": 3, "ingressClassName": .kept(4)])
        MessageNumbers(.networking, "IngressStatus", ["loadBalancer": 1])
        MessageNumbers(.networking, "IngressTLS", ["hosts": 1, "secretName": 2])
        MessageNumbers(.networking, "NetworkPolicy", ["metadata": 1, "spec": 2])
        MessageNumbers(.networking, "NetworkPolicyEgressRule", ["ports": 1, "to": 2])
        MessageNumbers(.networking, "NetworkPolicyIngressRule", ["ports": 1, "from": 2])
        MessageNumbers(
            .networking, "NetworkPolicyPeer",
            ["podSelector": 1, "namespaceSelector": 2, "ipBlock": 3])
        MessageNumbers(
            .networking, "NetworkPolicyPort",
            ["protocol": .kept(1), "port": 2, "endPort": .kept(3)])
        MessageNumbers(
            .networking, "NetworkPolicySpec",
            ["podSelector": 1, "ingress": 2, "egress": 3, "policyTypes": 4])
        MessageNumbers(
            .networking, "ParentReference", ["group": 1, "resource": 2, "namespace": 3, "name": 4])
        MessageNumbers(.networking, "ServiceBackendPort", ["name": 1, "number": 2])
        MessageNumbers(.networking, "ServiceCIDR", ["metadata": 1, "spec": 2, "status": 3])
        MessageNumbers(.networking, "ServiceCIDRSpec", ["cidrs": 1])
        MessageNumbers(.networking, "ServiceCIDRStatus", ["conditions": 1])
    }
}
