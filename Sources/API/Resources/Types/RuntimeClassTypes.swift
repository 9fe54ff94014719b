/// RuntimeClasses.
extension NodeV1 {
    static let runtimeClass = ObjectSchema(
        .node, "RuntimeClass", "A name for a way to run containers."
    ) {
        MetaV1.header
        Field(
            "handler", .string(.dnsLabel),
            "The runtime's configuration on the machine; it never changes.", required: true)
        Field("overhead", overhead, "What a Pod needs beside its containers.")
        Field("scheduling", scheduling, "Nodes that know the runtime.")
    }

    static let overhead = ObjectSchema(.node, "Overhead", "What a Pod needs beside its containers."
    ) {
        Field("podFixed", .quantities, "The resources.")
    }

    static let scheduling = ObjectSchema(.node, "Scheduling", "Nodes that know a runtime.") {
        Field("nodeSelector", .stringMap, "Labels of such Nodes.")
        Field(
            "tolerations", .atomicList(CoreV1.toleration),
            "Taints of such Nodes that Pods put up with.")
    }
}
