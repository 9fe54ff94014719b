import API
import JSON
import Objects
import Testing

/// Documents of the other resources with their faults' exact messages.
@Suite struct ResourceValidationTests {
    private func complete(_ resource: Resource, _ text: String) throws -> JSON {
        let definition = try #require(ResourceRegistry.builtIn[resource])
        var manifest = try JSON(parsing: text)
        if manifest["metadata"] == nil {
            manifest["metadata"] =
                resource.isNamespaced ? ["name": "x", "namespace": "default"] : ["name": "x"]
        }
        var document = try definition.decode(manifest, .strict).document
        definition.applyDefaults(&document)
        return document
    }

    private func faults(_ resource: Resource, _ text: String) throws -> [String] {
        let definition = try #require(ResourceRegistry.builtIn[resource])
        return definition.validateCreate(try complete(resource, text)).map(\.message)
    }

    private func faults(
        _ resource: Resource, from old: String, to new: String
    ) throws -> [String] {
        let definition = try #require(ResourceRegistry.builtIn[resource])
        return definition.validateUpdate(
            try complete(resource, new), from: try complete(resource, old)
        ).map(\.message)
    }

    private static let template =
        #""template":{"metadata":{"labels":{"app":"web"}},"#
        + #""spec":{"containers":[{"name":"a","image":"b"}]}}"#

    @Test(arguments: [
        (
            #"{"spec":{"selector":{"matchLabels":{"app":"x"}},"# + template + "}}",
            [
                #"spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does "#
                    + "not match template `labels`"
            ]
        ),
        (
            #"{"spec":{"# + template + "}}",
            [
                "spec.selector: Required value",
                #"spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does "#
                    + "not match template `labels`",
            ]
        ),
        (
            #"{"spec":{"replicas":-1,"selector":{"matchLabels":{"app":"web"}},"# + template + "}}",
            ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]
        ),
        (
            #"{"spec":{"strategy":{"rollingUpdate":{"maxSurge":0,"maxUnavailable":"0%"}},"#
                + #""selector":{"matchLabels":{"app":"web"}},"# + template + "}}",
            [
                #"spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 "#
                    + "when `maxSurge` is 0"
            ]
        ),
        (
            #"{"spec":{"strategy":{"type":"Recreate","rollingUpdate":{"maxSurge":1}},"#
                + #""selector":{"matchLabels":{"app":"web"}},"# + template + "}}",
            [
                "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy "
                    + "`type` is 'Recreate'"
            ]
        ),
        (
            #"{"spec":{"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":"#
                + #"{"app":"web"}},"spec":{"restartPolicy":"Never","containers":"#
                + #"[{"name":"a","image":"b"}]}}}}"#,
            [
                #"spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "#
                    + #""Always""#
            ]
        ),
    ])
    func aDeploymentWithAFaultIsRefused(_ text: String, _ messages: [String]) throws {
        #expect(try faults(.deployments, text) == messages)
    }

    @Test func aSelectorNeverChanges() throws {
        let old = #"{"spec":{"selector":{"matchLabels":{"app":"web"}},"# + Self.template + "}}"
        let new =
            #"{"spec":{"selector":{"matchLabels":{"app":"web","a":"b"}},"template":{"metadata":"#
            + #"{"labels":{"app":"web","a":"b"}},"spec":"#
            + #"{"containers":[{"name":"a","image":"b"}]}}}}"#
        for resource in [Resource.deployments, .replicaSets] {
            #expect(
                try faults(resource, from: old, to: new) == [
                    #"spec.selector: Invalid value: {"matchLabels":{"app":"web","a":"b"}}: field "#
                        + "is immutable"
                ])
        }
    }

    @Test(arguments: [
        (#"{"spec":{}}"#, "spec.ports: Required value"),
        (
            #"{"spec":{"ports":[{"port":0,"targetPort":80}]}}"#,
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"
        ),
        (
            #"{"spec":{"ports":[{"port":1,"name":"a"},{"port":1,"name":"b"}]}}"#,
            #"spec.ports[1]: Duplicate value: {"protocol":"TCP","port":1}"#
        ),
        (
            #"{"spec":{"ports":[{"port":1,"nodePort":30000}]}}"#,
            "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
        ),
        (
            #"{"spec":{"type":"ExternalName"}}"#,
            "spec.externalName: Required value"
        ),
        (
            #"{"spec":{"type":"Other","ports":[{"port":1}]}}"#,
            #"spec.type: Unsupported value: "Other": supported values: "ClusterIP", "#
                + #""ExternalName", "LoadBalancer", "NodePort""#
        ),
        (
            #"{"spec":{"clusterIP":"10.0.0.300","ports":[{"port":1}]}}"#,
            #"spec.clusterIPs[0]: Invalid value: "10.0.0.300": must be a valid IP address, (e.g. "#
                + "10.9.8.7 or 2001:db8::ffff)"
        ),
    ])
    func aServiceWithAFaultIsRefused(_ text: String, _ message: String) throws {
        #expect(try faults(.services, text) == [message])
    }

    @Test func aServiceKeepsItsAddress() throws {
        #expect(
            try faults(
                .services, from: #"{"spec":{"clusterIP":"10.0.0.1","ports":[{"port":1}]}}"#,
                to: #"{"spec":{"clusterIP":"10.0.0.2","ports":[{"port":1}]}}"#) == [
                    #"spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set"#
                ])
    }

    @Test func dataIsJudged() throws {
        #expect(
            try faults(.configMaps, #"{"data":{"a":"b"},"binaryData":{"a":"YQ=="}}"#) == [
                #"data[a]: Invalid value: "a": duplicate of key present in binaryData"#
            ])
        #expect(
            try faults(.secrets, #"{"type":"kubernetes.io/tls"}"#) == [
                "data[tls.crt]: Required value", "data[tls.key]: Required value",
            ])
        #expect(
            try faults(
                .configMaps, from: #"{"immutable":true,"data":{"a":"1"}}"#,
                to: #"{"immutable":true,"data":{"a":"2"}}"#)
                == ["data: Forbidden: field is immutable when `immutable` is set"])
        #expect(
            try faults(.secrets, from: #"{"type":"a"}"#, to: #"{"type":"b"}"#)
                == [#"type: Invalid value: "b": field is immutable"#])
        let large = String(repeating: "x", count: 1_024 * 1_024 + 1)
        #expect(
            try faults(.configMaps, #"{"data":{"a":"\#(large)"}}"#)
                == ["[]: Too long: may not be more than 1048576 bytes"])
    }

    @Test func theOtherResourcesAreJudged() throws {
        #expect(
            try faults(.namespaces, #"{"metadata":{"name":"a.b"}}"#).first?
                .hasPrefix(#"metadata.name: Invalid value: "a.b": a lowercase RFC 1123 label"#)
                == true)
        #expect(
            try faults(.nodes, #"{"metadata":{"name":"n","namespace":"default"}}"#)
                == ["metadata.namespace: Forbidden: not allowed on this type"])
        #expect(
            try faults(.nodes, #"{"spec":{"taints":[{"key":"a","effect":"Never"}]}}"#) == [
                #"spec.taints[0].effect: Unsupported value: "Never": supported values: "#
                    + #""NoExecute", "NoSchedule", "PreferNoSchedule""#
            ])
        #expect(
            try faults(.endpoints, #"{"subsets":[{"addresses":[{"ip":"127.0.0.1"}]}]}"#) == [
                #"subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the "#
                    + "loopback range (127.0.0.0/8, ::1/128)"
            ])
        #expect(
            try faults(
                .endpointSlices, #"{"addressType":"IPv4","endpoints":[{"addresses":["::2"]}]}"#)
                == [
                    #"endpoints[0].addresses[0]: Invalid value: "::2": must be an IPv4 address"#
                ])
        #expect(
            try faults(.leases, #"{"spec":{"leaseDurationSeconds":0}}"#)
                == ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"])
        #expect(
            try faults(.events, #"{"involvedObject":{"namespace":"other"}}"#) == [
                #"involvedObject.namespace: Invalid value: "other": does not match "#
                    + "event.namespace"
            ])
    }

    @Test func labelsAndAnnotationsAndOwnersAreJudged() throws {
        let metadata =
            #"{"metadata":{"name":"x","namespace":"default","labels":{"a":"b c"},"annotations":"#
            + #"{"/x":"1"},"ownerReferences":"#
            + #"[{"apiVersion":"v1","kind":"Pod","name":"a","uid":""}]}}"#
        #expect(
            try faults(.configMaps, metadata) == [
                #"metadata.labels: Invalid value: "b c": a valid label must be an empty string or "#
                    + "consist of alphanumeric characters, '-', '_' or '.', and must start and "
                    + "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or "
                    + "'12345', regex used for validation is "
                    + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
                #"metadata.annotations: Invalid value: "/x": prefix part must be non-empty"#,
                #"metadata.ownerReferences[0].uid: Invalid value: "": must not be empty"#,
            ])
    }

    @Test func everyResourceIsFoundByItsPlural() throws {
        let registry = ResourceRegistry.builtIn
        let definition = try #require(
            registry.definition(group: "apps", version: "v1", plural: "deployments"))
        #expect(definition.resource.kind == "Deployment")
        #expect(definition.shortNames == ["deploy"])
        #expect(registry.definition(group: "apps", version: "v2", plural: "deployments") == nil)
        #expect(registry.groupVersions.sorted() == [
            "apps/v1", "autoscaling/v1", "autoscaling/v2", "batch/v1", "certificates.k8s.io/v1",
            "coordination.k8s.io/v1", "discovery.k8s.io/v1", "events.k8s.io/v1",
            "flowcontrol.apiserver.k8s.io/v1", "networking.k8s.io/v1", "node.k8s.io/v1",
            "policy/v1", "rbac.authorization.k8s.io/v1", "scheduling.k8s.io/v1",
            "settings.k8s.io/v1alpha1", "storage.k8s.io/v1", "v1",
        ])
    }

    @Test func fieldSelectorsReadDeclaredFields() throws {
        let pods = try #require(ResourceRegistry.builtIn[.pods])
        let pod: JSON = [
            "metadata": ["name": "a", "namespace": "b"], "spec": ["nodeName": "n"],
            "status": ["phase": "Running"],
        ]
        #expect(pods.selectableValue("metadata.name", of: pod) == "a")
        #expect(pods.selectableValue("spec.nodeName", of: pod) == "n")
        #expect(pods.selectableValue("status.phase", of: pod) == "Running")
        #expect(pods.selectableValue("spec.hostNetwork", of: pod) == "false")
        #expect(pods.selectableValue("status.podIP", of: pod) == "")
        #expect(pods.selectableValue("spec.containers", of: pod) == nil)
    }
}
