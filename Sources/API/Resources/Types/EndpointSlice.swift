import JSON

/// Endpoints of a Service, in slices.
extension DiscoveryV1 {
    static let endpointSlice = ObjectSchema(
        .discovery, "EndpointSlice", "Some of the addresses behind a Service."
    ) {
        Field(
            "addressType", .choice(["FQDN", "IPv4", "IPv6"]),
            "What the addresses are.", required: true)
        MetaV1.header
        Field("endpoints", .atomicList(endpoint), "The endpoints, at most 1000.")
        Field("ports", .atomicList(endpointPort), "Ports that every endpoint serves.")
    }

    static let endpoint = ObjectSchema(.discovery, "Endpoint", "One endpoint, most often a Pod.") {
        Field(
            "addresses", .list(of: .string, ListMerge(.set)),
            "Its addresses; clients use the first.", required: true)
        Field("conditions", endpointConditions, "Whether it serves.")
        Field("deprecatedTopology", .stringMap, "Labels of its place, in an older form.")
        Field("hints", endpointHints, "Who should use it.")
        Field("hostname", .string(.dnsLabel), "Its host name.")
        Field("nodeName", .string, "The Node that it is on.")
        Field("targetRef", CoreV1.objectReference, "The object that it belongs to.")
        Field("zone", .string, "The zone that it is in.")
    }

    static let endpointConditions = ObjectSchema(
        .discovery, "EndpointConditions", "Whether an endpoint serves."
    ) {
        Field("ready", .boolean, "Whether it takes new traffic.")
        Field("serving", .boolean, "Whether it could take traffic, were it not terminating.")
        Field("terminating", .boolean, "Whether it is being ended.")
    }

    static let endpointHints = ObjectSchema(
        .discovery, "EndpointHints", "Who should use an endpoint."
    ) {
        Field("forNodes", .atomicList(forNode), "Nodes that should.")
        Field("forZones", .atomicList(forZone), "Zones that should.")
    }

    static let forNode = ObjectSchema(
        .discovery, "ForNode", "A Node whose clients should use an endpoint."
    ) {
        Field("name", .string, "Name of the Node.", required: true)
    }

    static let forZone = ObjectSchema(
        .discovery, "ForZone", "A zone whose clients should use an endpoint."
    ) {
        Field("name", .string, "Name of the zone.", required: true)
    }

    static let endpointPort = ObjectSchema(
        .discovery, "EndpointPort", "A port of endpoints.", isAtomic: true
    ) {
        Field("appProtocol", .string(.qualifiedName), "What is spoken on the port.")
        Field("name", .string, "Name of the Service's port.", default: "")
        Field("port", .int32, "Number of the port.")
        Field("protocol", .choice(["SCTP", "TCP", "UDP"]), "TCP, UDP or SCTP.", default: "TCP")
    }
}
