import JSON

/// Services and the older form of their endpoints.
extension CoreV1 {
    static let service = ObjectSchema(
        .core, "Service", "A name and address behind which Pods serve."
    ) {
        MetaV1.header
        Field("spec", serviceSpec, "Which Pods serve, on which ports and how they are reached.")
        Field("status", serviceStatus, "What load balancers say of the Service.")
    }

    static let serviceSpec = ObjectSchema(
        .core, "ServiceSpec", "Which Pods serve, on which ports and how they are reached."
    ) {
        Field(
            "allocateLoadBalancerNodePorts", .boolean,
            "Whether a load balancer gets node ports; true when left out.")
        Field(
            "clusterIP", .string,
            "Address of the Service in the cluster; None for a headless one, allotted when "
                + "left out.")
        Field(
            "clusterIPs", .strings,
            "Addresses of the Service, one a family; the first is clusterIP.")
        Field("externalIPs", .strings, "Further addresses for which machines accept traffic.")
        Field("externalName", .string, "For type ExternalName: the name that DNS answers with.")
        Field(
            "externalTrafficPolicy", .choice(["Cluster", "Local"]),
            "Whether traffic from outside goes to any Pod or only to those of its machine.")
        Field(
            "healthCheckNodePort", .int32,
            "Port on which machines say whether they have Pods, for policy Local.")
        Field(
            "internalTrafficPolicy", .choice(["Cluster", "Local"]),
            "Whether traffic from inside goes to any Pod or only to those of its machine.")
        Field(
            "ipFamilies", .list(of: .choice(["IPv4", "IPv6"]), .atomic),
            "Families of the addresses.")
        Field(
            "ipFamilyPolicy", .choice(["PreferDualStack", "RequireDualStack", "SingleStack"]),
            "Whether the Service has addresses of one family or two.")
        Field(
            "loadBalancerClass", .string(.qualifiedName), "Which load balancer serves the Service.")
        Field("loadBalancerIP", .string, "Address that the load balancer is asked for.")
        Field("loadBalancerSourceRanges", .strings, "Networks that may use the load balancer.")
        Field("ports", .list(servicePort, by: "port", "protocol"), "Ports of the Service.")
        Field("publishNotReadyAddresses", .boolean, "Whether DNS names Pods that are not ready.")
        Field(
            "selector", .stringMap,
            "Labels of the Pods that serve; without it the endpoints are made by someone else.")
        Field(
            "sessionAffinity", .choice(["ClientIP", "None"]),
            "Whether a client stays with one Pod.", default: "None")
        Field(
            "sessionAffinityConfig", sessionAffinityConfig, "How long a client stays with one Pod.")
        Field(
            "trafficDistribution", .choice(["PreferClose", "PreferSameNode", "PreferSameZone"]),
            "Which Pods are preferred for traffic.")
        Field(
            "type", .choice(["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]),
            "How the Service is reached.", default: "ClusterIP")
    }

    static let servicePort = ObjectSchema(.core, "ServicePort", "A port of a Service.") {
        Field("appProtocol", .string(.qualifiedName), "What is spoken on the port.")
        Field("name", .string(.dnsLabel), "Name of the port; needed when there are several.")
        Field(
            "nodePort", .int32,
            "Port on every machine; allotted when left out, for types that have one.")
        Field("port", .int32, "Number of the port.", required: true)
        Field("protocol", .choice(["SCTP", "TCP", "UDP"]), "TCP, UDP or SCTP.", default: "TCP")
        Field(
            "targetPort", .intOrString,
            "Number or name of the Pods' port; the same number when left out.")
    }

    static let sessionAffinityConfig = ObjectSchema(
        .core, "SessionAffinityConfig", "How a client stays with one Pod."
    ) {
        Field("clientIP", clientIPConfig, "By the client's address.")
    }

    static let clientIPConfig = ObjectSchema(
        .core, "ClientIPConfig", "How long a client's address stays with one Pod."
    ) {
        Field("timeoutSeconds", .int32, "Seconds, at most a day.")
    }

    static let serviceStatus = ObjectSchema(
        .core, "ServiceStatus", "What load balancers say of a Service."
    ) {
        Field("conditions", .list(MetaV1.condition, by: "type"), "What is true of the Service now.")
        Field("loadBalancer", loadBalancerStatus, "State of the load balancer.")
    }

    static let loadBalancerStatus = ObjectSchema(
        .core, "LoadBalancerStatus", "State of a load balancer."
    ) {
        Field("ingress", .atomicList(loadBalancerIngress), "Where it takes in traffic.")
    }

    static let loadBalancerIngress = ObjectSchema(
        .core, "LoadBalancerIngress", "A place where a load balancer takes in traffic."
    ) {
        Field("hostname", .string, "Its name.")
        Field("ip", .string, "Its address.")
        Field("ipMode", .string, "VIP or Proxy.")
        Field("ports", .atomicList(portStatus), "State of its ports.")
    }

    static let portStatus = ObjectSchema(.core, "PortStatus", "State of a load balancer's port.") {
        Field("error", .string, "What is wrong with it.")
        Field("port", .int32, "Number of the port.", required: true)
        Field("protocol", .string, "TCP, UDP or SCTP.", required: true)
    }

    static let endpoints = ObjectSchema(
        .core, "Endpoints", "Addresses behind a Service, in the older form."
    ) {
        MetaV1.header
        Field("subsets", .atomicList(endpointSubset), "Sets of addresses with the same ports.")
    }

    static let endpointSubset = ObjectSchema(
        .core, "EndpointSubset", "Addresses that serve the same ports."
    ) {
        Field("addresses", .atomicList(endpointAddress), "Addresses that are ready.")
        Field("notReadyAddresses", .atomicList(endpointAddress), "Addresses that are not ready.")
        Field("ports", .atomicList(endpointPort), "The ports.")
    }

    static let endpointAddress = ObjectSchema(
        .core, "EndpointAddress", "An address behind a Service.", isAtomic: true
    ) {
        Field("hostname", .string(.dnsLabel), "Host name of the address.")
        Field("ip", .string, "The address.", required: true)
        Field("nodeName", .string, "The Node that it is on.")
        Field("targetRef", objectReference, "The object that it belongs to.")
    }

    static let endpointPort = ObjectSchema(
        .core, "EndpointPort", "A port behind a Service.", isAtomic: true
    ) {
        Field("appProtocol", .string(.qualifiedName), "What is spoken on the port.")
        Field("name", .string(.dnsLabel), "Name of the Service's port.")
        Field("port", .port, "Number of the port.", required: true)
        Field("protocol", .choice(["SCTP", "TCP", "UDP"]), "TCP, UDP or SCTP.", default: "TCP")
    }

    static let objectReference = ObjectSchema(
        .core, "ObjectReference", "Names an object, or a part of one.", isAtomic: true
    ) {
        Field("apiVersion", .string, "Group and version of the object.")
        Field("fieldPath", .string, "The part that is meant, as a path.")
        Field("kind", .string, "Kind of the object.")
        Field("name", .string, "Name of the object.")
        Field("namespace", .string, "Namespace of the object.")
        Field("resourceVersion", .string, "Version of the object that is meant.")
        Field("uid", .string, "UID of the object.")
    }
}
