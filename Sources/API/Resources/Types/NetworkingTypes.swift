/// Ingresses, and the addresses of Services.
extension NetworkingV1 {
    static let ingress = ObjectSchema(
        .networking, "Ingress", "Brings HTTP from outside to Services."
    ) {
        MetaV1.header
        Field("spec", ingressSpec, "Which requests go where.")
        Field("status", ingressStatus, "Where the Ingress can be reached.")
    }

    static let ingressSpec = ObjectSchema(.networking, "IngressSpec", "Which requests go where.") {
        Field("defaultBackend", ingressBackend, "Where requests go that fit no rule.")
        Field("ingressClassName", .string, "The class of Ingress.")
        Field("rules", .atomicList(ingressRule), "Where requests go by host and path.")
        Field("tls", .atomicList(ingressTLS), "Certificates by host.")
    }

    static let ingressBackend = ObjectSchema(.networking, "IngressBackend", "Where requests go.") {
        Field("resource", CoreV1.typedLocalObjectReference, "An object in the same namespace.")
        Field("service", ingressServiceBackend, "A Service in the same namespace.")
    }

    static let ingressServiceBackend = ObjectSchema(
        .networking, "IngressServiceBackend", "A port of a Service."
    ) {
        Field("name", .string, "Name of the Service.", required: true)
        Field("port", serviceBackendPort, "The port.")
    }

    static let serviceBackendPort = ObjectSchema(
        .networking, "ServiceBackendPort", "A port by name or number.", isAtomic: true
    ) {
        Field("name", .string, "Name of the port.")
        Field("number", .int32, "Number of the port.")
    }

    static let ingressTLS = ObjectSchema(.networking, "IngressTLS", "A certificate for some hosts."
    ) {
        Field("hosts", .strings, "The hosts.")
        Field("secretName", .string, "The Secret with certificate and key.")
    }

    static let ingressRule = ObjectSchema(
        .networking, "IngressRule", "Where requests to a host go."
    ) {
        Field("host", .string, "The host; *. in front for all below; any when left out.")
        Field("http", httpIngressRuleValue, "Where requests go by path.")
    }

    static let httpIngressRuleValue = ObjectSchema(
        .networking, "HTTPIngressRuleValue", "Where requests go by path."
    ) {
        Field("paths", .atomicList(httpIngressPath), "The paths.", required: true)
    }

    static let httpIngressPath = ObjectSchema(
        .networking, "HTTPIngressPath", "Where requests to a path go."
    ) {
        Field("backend", ingressBackend, "Where they go.", required: true)
        Field("path", .string, "The path.")
        Field(
            "pathType", .choice(["Exact", "ImplementationSpecific", "Prefix"]),
            "How paths are compared.", required: true)
    }

    static let ingressStatus = ObjectSchema(
        .networking, "IngressStatus", "Where an Ingress can be reached."
    ) {
        Field("loadBalancer", ingressLoadBalancerStatus, "Its addresses.")
    }

    static let ingressLoadBalancerStatus = ObjectSchema(
        .networking, "IngressLoadBalancerStatus", "Addresses of an Ingress."
    ) {
        Field("ingress", .atomicList(ingressLoadBalancerIngress), "The addresses.")
    }

    static let ingressLoadBalancerIngress = ObjectSchema(
        .networking, "IngressLoadBalancerIngress", "An address of an Ingress."
    ) {
        Field("hostname", .string, "A name.")
        Field("ip", .string, "An IP address.")
        Field("ports", .atomicList(ingressPortStatus), "The ports.")
    }

    static let ingressPortStatus = ObjectSchema(
        .networking, "IngressPortStatus", "A port of an Ingress."
    ) {
        Field("error", .string, "What is wrong with it.")
        Field("port", .int32, "Its number.", required: true)
        Field("protocol", .choice(["SCTP", "TCP", "UDP"]), "TCP, UDP or SCTP.", required: true)
    }

    static let ingressClass = ObjectSchema(
        .networking, "IngressClass", "A kind of Ingress, and who serves it."
    ) {
        MetaV1.header
        Field("spec", ingressClassSpec, "Who serves it.")
    }

    static let ingressClassSpec = ObjectSchema(
        .networking, "IngressClassSpec", "Who serves a kind of Ingress."
    ) {
        Field("controller", .string, "Name of the controller; it never changes.")
        Field(
            "parameters", ingressClassParametersReference,
            "An object with the controller's settings.")
    }

    static let ingressClassParametersReference = ObjectSchema(
        .networking, "IngressClassParametersReference", "Names an object with settings."
    ) {
        Field("apiGroup", .string, "Group of the object.")
        Field("kind", .string, "Kind of the object.", required: true)
        Field("name", .string, "Name of the object.", required: true)
        Field("namespace", .string, "Namespace of the object.")
        Field("scope", .choice(["Cluster", "Namespace"]), "Whether the object has a namespace.")
    }

    static let serviceCIDR = ObjectSchema(
        .networking, "ServiceCIDR", "A block of addresses for Services."
    ) {
        MetaV1.header
        Field("spec", serviceCIDRSpec, "The block.")
        Field("status", serviceCIDRStatus, "Whether it is in use.")
    }

    static let serviceCIDRSpec = ObjectSchema(
        .networking, "ServiceCIDRSpec", "A block of addresses for Services."
    ) {
        Field("cidrs", .strings, "One block for each family of addresses.")
    }

    static let serviceCIDRStatus = ObjectSchema(
        .networking, "ServiceCIDRStatus", "Whether a block is in use."
    ) {
        Field("conditions", .list(MetaV1.condition, by: "type"), "What is true of the block now.")
    }

    static let ipAddress = ObjectSchema(.networking, "IPAddress", "An address that a Service has."
    ) {
        MetaV1.header
        Field("spec", ipAddressSpec, "Who has the address.")
    }

    static let ipAddressSpec = ObjectSchema(.networking, "IPAddressSpec", "Who has an address.") {
        Field("parentRef", parentReference, "The object that has it.", required: true)
    }

    static let parentReference = ObjectSchema(
        .networking, "ParentReference", "Names the object that has an address."
    ) {
        Field("group", .string, "Group of the object.")
        Field("name", .string, "Name of the object.", required: true)
        Field("namespace", .string, "Namespace of the object.")
        Field("resource", .string, "Resource of the object.", required: true)
    }
}
