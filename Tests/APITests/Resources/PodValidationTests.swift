import API
import JSON
import Objects
import Testing

/// Documents with one fault each and the exact message.
@Suite struct PodValidationTests {
    /// A Pod's metadata and the given spec, completed as a create would.
    private func faults(_ spec: String, name: String = "web") throws -> [String] {
        let definition = try #require(ResourceRegistry.builtIn[.pods])
        let manifest: JSON = [
            "metadata": ["name": .string(name), "namespace": "default"],
            "spec": try JSON(parsing: spec),
        ]
        var document = try definition.decode(manifest, .strict).document
        definition.applyDefaults(&document)
        definition.prepareForCreate(&document)
        return definition.validateCreate(document).map(\.message)
    }

    /// One container `a` of the image `b` with more fields.
    private func container(_ more: String) -> String {
        #"{"containers":[{"name":"a","image":"b","# + more + "}]}"
    }

    @Test func aGoodPodHasNoFault() throws {
        #expect(
            try faults(
                container(
                    #""ports":[{"name":"http","containerPort":80},"#
                        + #"{"containerPort":80,"protocol":"UDP"}]"#
                )) == [])
    }

    @Test func sysctlsHaveNames() throws {
        let pattern =
            #"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"#
        func fault(_ index: Int, _ name: String) -> String {
            "spec.securityContext.sysctls[\(index)].name: Invalid value: \"\(name)\": must have at "
                + "most 253 characters and match regex \(pattern)"
        }
        let spec = #"""
            {"containers":[{"name":"a","image":"b"}],"securityContext":{"sysctls":[
            {"name":"foo-","value":"bar"},{"name":"kernel.shmmax","value":"100000000"},
            {"name":"safe-and-unsafe","value":"100"},{"name":"bar..","value":"42"},
            {"name":"net/ipv4/ip_forward","value":"1"},{"name":"kernel.shmmax","value":"1"}]}}
            """#
        #expect(
            try faults(spec) == [
                fault(0, "foo-"), fault(3, "bar.."),
                #"spec.securityContext.sysctls[5].name: Duplicate value: "kernel.shmmax""#,
            ])
    }

    @Test(arguments: [
        (#"{}"#, "spec.containers: Required value"),
        (#"{"containers":[]}"#, "spec.containers: Required value"),
        (#"{"containers":[{"name":"a"}]}"#, "spec.containers[0].image: Required value"),
        (#"{"containers":[{"image":"b"}]}"#, "spec.containers[0].name: Required value"),
        (
            #"{"containers":[{"name":"a","image":"b"},{"name":"a","image":"b"}]}"#,
            #"spec.containers[1].name: Duplicate value: "a""#
        ),
        (
            #"{"containers":[{"name":"A b","image":"b"}]}"#,
            #"spec.containers[0].name: Invalid value: "A b": a lowercase RFC 1123 label must "#
                + "consist of lower case alphanumeric characters or '-', and must start and end "
                + "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
                + "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
        ),
        (
            #"{"restartPolicy":"Sometimes","containers":[{"name":"a","image":"b"}]}"#,
            #"spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "#
                + #""Never", "OnFailure""#
        ),
        (
            #"{"terminationGracePeriodSeconds":-1,"containers":[{"name":"a","image":"b"}]}"#,
            "spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal "
                + "to 0"
        ),
        (
            #"{"nodeSelector":{"a b":"c"},"containers":[{"name":"a","image":"b"}]}"#,
            #"spec.nodeSelector: Invalid value: "a b": name part must consist of alphanumeric "#
                + "characters, '-', '_' or '.', and must start and end with an alphanumeric "
                + "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
                + "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        ),
        (
            #"{"tolerations":[{"key":"a","operator":"Equal","tolerationSeconds":3}],"#
                + #""containers":[{"name":"a","image":"b"}]}"#,
            #"spec.tolerations[0].effect: Invalid value: "": effect must be 'NoExecute' when "#
                + "`tolerationSeconds` is set"
        ),
        (
            #"{"dnsPolicy":"None","containers":[{"name":"a","image":"b"}]}"#,
            "spec.dnsConfig: Required value: must provide at least one DNS nameserver when "
                + "`dnsPolicy` is None"
        ),
        (
            #"{"volumes":[{"name":"v"},{"name":"v"}],"containers":[{"name":"a","image":"b"}]}"#,
            #"spec.volumes[1].name: Duplicate value: "v""#
        ),
        (
            #"{"volumes":[{"name":"v","emptyDir":{},"secret":{"secretName":"s"}}],"#
                + #""containers":[{"name":"a","image":"b"}]}"#,
            "spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"
        ),
        (
            #"{"volumes":[{"name":"v","configMap":{}}],"containers":[{"name":"a","image":"b"}]}"#,
            "spec.volumes[0].configMap.name: Required value"
        ),
    ])
    func aSpecWithAFaultIsRefused(_ spec: String, _ message: String) throws {
        #expect(try faults(spec) == [message])
    }

    @Test(arguments: [
        (
            #""ports":[{"containerPort":70000}]"#,
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 "
                + "and 65535, inclusive"
        ),
        (
            #""ports":[{"containerPort":1,"name":"x"},{"containerPort":2,"name":"x"}]"#,
            #"spec.containers[0].ports[1].name: Duplicate value: "x""#
        ),
        (
            #""ports":[{"containerPort":1,"name":"1"}]"#,
            #"spec.containers[0].ports[0].name: Invalid value: "1": must contain at least one "#
                + "letter (a-z)"
        ),
        (#""ports":[{"name":"x"}]"#, "spec.containers[0].ports[0].containerPort: Required value"),
        (
            #""env":[{"name":"A=B","value":"c"}]"#,
            #"spec.containers[0].env[0].name: Invalid value: "A=B": a valid environment variable "#
                + "name must consist only of printable ASCII characters other than '='"
        ),
        (
            #""env":[{"name":"A","value":"c","#
                + #""valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}]"#,
            #"spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when "#
                + "`value` is not empty"
        ),
        (
            #""env":[{"name":"A","valueFrom":{"fieldRef":{"fieldPath":"spec.nope"}}}]"#,
            #"spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.nope": "#
                + "error converting fieldPath: field label not supported: spec.nope"
        ),
        (
            #""volumeMounts":[{"name":"x","mountPath":"/x"}]"#,
            #"spec.containers[0].volumeMounts[0].name: Not found: "x""#
        ),
        (
            #""resources":{"limits":{"cpu":"1"},"requests":{"cpu":"2"}}"#,
            #"spec.containers[0].resources.requests: Invalid value: "2": must be less than or "#
                + "equal to cpu limit of 1"
        ),
        (
            #""resources":{"limits":{"cpu":"-1"}}"#,
            #"spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than "#
                + "or equal to 0"
        ),
        (
            #""livenessProbe":{}"#,
            "spec.containers[0].livenessProbe: Required value: must specify a handler type"
        ),
        (
            #""livenessProbe":{"exec":{"command":["a"]},"successThreshold":2}"#,
            "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"
        ),
        (
            #""imagePullPolicy":"Perhaps""#,
            #"spec.containers[0].imagePullPolicy: Unsupported value: "Perhaps": supported values: "#
                + #""Always", "IfNotPresent", "Never""#
        ),
    ])
    func aContainerWithAFaultIsRefused(_ more: String, _ message: String) throws {
        let found = try faults(container(more))
        // Defaults may copy a faulty limit to the request, which is told of too.
        #expect(found.first == message)
    }

    @Test func namesAreJudgedAndSeveralFaultsMakeOneStatus() throws {
        let definition = try #require(ResourceRegistry.builtIn[.pods])
        let pod: JSON = [
            "metadata": ["namespace": "default"], "spec": ["containers": [["name": "a"]]],
        ]
        let faults = definition.validateCreate(pod)
        let status = definition.invalid(pod, faults)
        #expect(status.code == 422)
        #expect(
            status.message
                == "Pod \"\" is invalid: [metadata.name: Required value: name or generateName is "
                + "required, spec.containers[0].image: Required value]")
        #expect(
            status.causes == [
                .init(
                    reason: "FieldValueRequired",
                    message: "Required value: name or generateName is required",
                    field: "metadata.name"),
                .init(
                    reason: "FieldValueRequired", message: "Required value",
                    field: "spec.containers[0].image"),
            ])
        #expect(
            definition.invalid(["metadata": ["name": "x"]], Array(faults.dropFirst())).message
                == "Pod \"x\" is invalid: spec.containers[0].image: Required value")
    }

    @Test(arguments: [
        ("Web", false), ("web.example", true), ("-web", false), ("web_1", false),
        (String(repeating: "a", count: 254), false),
    ])
    func aPodsNameIsASubdomain(_ name: String, _ isGood: Bool) throws {
        let found = try faults(container(#""tty":true"#), name: name)
        #expect(found.isEmpty == isGood)
        #expect(found.allSatisfy { $0.hasPrefix("metadata.name: Invalid value: \"\(name)\": ") })
    }
}

/// What may change of a Pod that exists.
@Suite struct PodUpdateTests {
    private let old: JSON = [
        "metadata": ["name": "web", "namespace": "default"],
        "spec": [
            "containers": [["name": "a", "image": "b"]], "nodeName": "n1",
            "tolerations": [["key": "x", "operator": "Exists"]],
        ],
    ]

    private func faults(_ change: (inout JSON) -> Void) throws -> [String] {
        let definition = try #require(ResourceRegistry.builtIn[.pods])
        var document = old
        change(&document)
        return definition.validateUpdate(document, from: old).map(\.message)
    }

    @Test func theImageAndMoreTolerationsAndADeadlineMayChange() throws {
        #expect(
            try faults {
                $0[path: ["spec", "containers"]] = [["name": "a", "image": "c"]]
                $0[path: ["spec", "activeDeadlineSeconds"]] = 5
                $0[path: ["spec", "tolerations"]] = [
                    ["key": "x", "operator": "Exists"], ["key": "y", "operator": "Exists"],
                ]
                $0[path: ["metadata", "labels"]] = ["a": "b"]
            } == [])
    }

    @Test func nothingElseMayChange() throws {
        let message =
            "spec: Forbidden: pod updates may not change fields other than "
            + "`spec.containers[*].image`,`spec.initContainers[*].image`,"
            + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
            + "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it "
            + "was previously negative)"
        #expect(try faults { $0[path: ["spec", "nodeName"]] = "n2" } == [message])
        #expect(
            try faults {
                $0[path: ["spec", "containers"]] = [["name": "a", "image": "b", "tty": true]]
            } == [message])
    }

    @Test func containersMayNotBeAdded() throws {
        #expect(
            try faults {
                $0[path: ["spec", "containers"]] = [
                    ["name": "a", "image": "b"], ["name": "c", "image": "b"],
                ]
            } == ["spec.containers: Forbidden: pod updates may not add or remove containers"])
    }

    @Test func theUIDNeverChanges() throws {
        #expect(
            try faults { $0[path: ["metadata", "uid"]] = "1" }
                == [#"metadata.uid: Invalid value: "1": field is immutable"#])
    }
}
