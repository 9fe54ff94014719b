import API
import JSON
import Objects
import Testing

/// The resources beyond Pods, Services and Deployments: what they get by default, what they are
/// refused for, and what may change.
@Suite struct GroupResourceTests {
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
        var document = try complete(resource, text)
        document[path: ["metadata", "uid"]] = "u-1"
        definition.prepareForCreate(&document)
        return definition.validateCreate(document).map(\.message)
    }

    private func faults(
        _ resource: Resource, from old: String, to new: String
    ) throws -> [String] {
        let definition = try #require(ResourceRegistry.builtIn[resource])
        return definition.validateUpdate(
            try complete(resource, new), from: try complete(resource, old)
        ).map(\.message)
    }

    private static let containers = #""containers":[{"name":"a","image":"b"}]"#
    private static let template =
        #""template":{"metadata":{"labels":{"app":"web"}},"spec":{"# + containers + "}}"
    private static let selector = #""selector":{"matchLabels":{"app":"web"}}"#

    @Test func aStatefulSetIsCompleted() throws {
        let text = #"{"spec":{"# + Self.selector + "," + Self.template
            + #","volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":"#
            + #"["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}"#
        let spec = try #require(try complete(.statefulSets, text)["spec"])
        #expect(spec["replicas"] == 1)
        #expect(spec["podManagementPolicy"] == "OrderedReady")
        #expect(
            spec["updateStrategy"] == [
                "type": "RollingUpdate", "rollingUpdate": ["partition": 0],
            ])
        #expect(
            spec["persistentVolumeClaimRetentionPolicy"] == [
                "whenDeleted": "Retain", "whenScaled": "Retain",
            ])
        let claim = try #require(spec["volumeClaimTemplates"]?.array?.first)
        #expect(claim["kind"] == "PersistentVolumeClaim")
        #expect(claim["spec"]?["volumeMode"] == "Filesystem")
        #expect(claim["status"] == ["phase": "Pending"])
        #expect(try faults(.statefulSets, text) == [])
    }

    @Test func aStatefulSetChangesOnlyWhatItMay() throws {
        let start = #"{"spec":{"# + Self.selector + "," + Self.template
        let old = start + "}}"
        #expect(try faults(.statefulSets, from: old, to: start + #","replicas":3}}"#) == [])
        #expect(
            try faults(.statefulSets, from: old, to: start + #","serviceName":"s"}}"#) == [
                "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', "
                    + "'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
                    + "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
            ])
    }

    @Test func aDaemonSetReplacesOneNodesPodAtATime() throws {
        let start = #"{"spec":{"# + Self.selector + "," + Self.template
        let spec = try #require(try complete(.daemonSets, start + "}}")["spec"])
        #expect(
            spec["updateStrategy"] == [
                "type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": 1, "maxSurge": 0],
            ])
        #expect(
            try faults(
                .daemonSets,
                start + #","updateStrategy":{"rollingUpdate":{"maxSurge":1}}}}"#) == [
                "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set "
                    + "when `maxUnavailable` is non-zero"
            ])
    }

    @Test func aJobSelectsItsOwnPods() throws {
        let definition = try #require(ResourceRegistry.builtIn[.jobs])
        var job = try complete(
            .jobs,
            #"{"metadata":{"name":"pi","namespace":"default"},"spec":{"template":{"spec":{"#
                + #""restartPolicy":"Never","# + Self.containers + "}}}}")
        job[path: ["metadata", "uid"]] = "u-1"
        definition.prepareForCreate(&job)
        let spec = try #require(job["spec"])
        #expect(spec["completions"] == 1)
        #expect(spec["parallelism"] == 1)
        #expect(spec["backoffLimit"] == 6)
        #expect(spec["podReplacementPolicy"] == "TerminatingOrFailed")
        #expect(spec["selector"] == ["matchLabels": ["batch.kubernetes.io/controller-uid": "u-1"]])
        #expect(
            spec["template"]?["metadata"]?["labels"] == [
                "batch.kubernetes.io/controller-uid": "u-1", "controller-uid": "u-1",
                "batch.kubernetes.io/job-name": "pi", "job-name": "pi",
            ])
        #expect(definition.validateCreate(job) == [])
    }

    @Test(arguments: [
        (
            #"{"spec":{"# + template + "}}",
            [
                "spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", "
                    + "\"Never\""
            ]
        ),
        (
            #"{"spec":{"completionMode":"Indexed","parallelism":2,"template":{"spec":"#
                + #"{"restartPolicy":"Never","# + containers + "}}}}",
            ["spec.completions: Required value: when completion mode is Indexed"]
        ),
        (
            #"{"spec":{"parallelism":-1,"template":{"spec":{"restartPolicy":"Never","#
                + containers + "}}}}",
            ["spec.parallelism: Invalid value: -1: must be greater than or equal to 0"]
        ),
    ])
    func aJobWithAFaultIsRefused(_ text: String, _ expected: [String]) throws {
        #expect(try faults(.jobs, text) == expected)
    }

    @Test(arguments: [
        ("*/5 0-4,8 1 jan-mar mon", nil),
        ("@daily", nil),
        ("@every 1h", nil),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-2 * * * *", "beginning of range (5) beyond end of range (2): 5-2"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        (
            "x * * * *",
            "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"
        ),
        ("@often", "unrecognized descriptor: @often"),
        ("TZ=UTC * * * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
    ] as [(String, String?)])
    func aScheduleIsRead(_ schedule: String, _ fault: String?) throws {
        let text = #"{"spec":{"schedule":"\#(schedule)","jobTemplate":{"spec":{"template":"#
            + #"{"spec":{"restartPolicy":"OnFailure","# + Self.containers + "}}}}}}"
        let expected = fault.map { ["spec.schedule: Invalid value: \"\(schedule)\": \($0)"] }
        #expect(try faults(.cronJobs, text) == expected ?? [])
    }

    @Test(arguments: [
        ("Etc/UTC", nil),
        ("", "timeZone must be nil or non-empty string"),
        (
            "local",
            "timeZone must be an explicit time zone as defined in "
                + "https://www.iana.org/time-zones"
        ),
        ("Mars/Olympus", "unknown time zone Mars/Olympus"),
    ] as [(String, String?)])
    func aTimeZoneHasToBeKnown(_ zone: String, _ fault: String?) throws {
        let text = #"{"spec":{"schedule":"@daily","timeZone":"\#(zone)","jobTemplate":{"spec":"#
            + #"{"template":{"spec":{"restartPolicy":"OnFailure","# + Self.containers + "}}}}}}"
        let expected = fault.map { ["spec.timeZone: Invalid value: \"\(zone)\": \($0)"] }
        #expect(try faults(.cronJobs, text) == expected ?? [])
    }

    @Test func aReplicationControllerTakesTheTemplatesLabels() throws {
        let document = try complete(.replicationControllers, #"{"spec":{"# + Self.template + "}}")
        #expect(document["spec"]?["selector"] == ["app": "web"])
        #expect(document["metadata"]?["labels"] == ["app": "web"])
    }

    private struct Refusal: Sendable, CustomStringConvertible {
        let resource: Resource
        let document: String
        let faults: [String]

        init(_ resource: Resource, _ document: String, _ faults: String...) {
            self.resource = resource
            self.document = document
            self.faults = faults
        }

        var description: String { "\(resource): \(document)" }
    }

    private static let refusals = [
        Refusal(
            .persistentVolumeClaims, #"{"spec":{"resources":{}}}"#,
            "spec.accessModes: Required value: at least 1 access mode is required",
            "spec.resources[storage]: Required value"),
        Refusal(
            .persistentVolumes,
            #"{"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"]}}"#,
            "spec: Required value: must specify a volume type"),
        Refusal(
            .persistentVolumes,
            #"""
            {"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],
             "local":{"path":"/d"}}}
            """#,
            "spec.nodeAffinity: Required value: Local volume requires node affinity"),
        Refusal(
            .ingresses, #"{"spec":{}}"#,
            "spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"),
        Refusal(
            .ingresses,
            #"""
            {"spec":{"rules":[{"http":{"paths":[{"path":"a","pathType":"Prefix",
             "backend":{"service":{"name":"s"}}}]}}]}}
            """#,
            #"spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path"#,
            """
            spec.rules[0].http.paths[0].backend.service.port: Required value: port name or number \
            is required
            """),
        Refusal(
            .networkPolicies, #"{"spec":{"ingress":[{"from":[{}]}]}}"#,
            "spec.ingress[0].from[0]: Required value: must specify a peer"),
        Refusal(
            .roles, #"{"rules":[{"verbs":[],"apiGroups":[""],"resources":["pods"]}]}"#,
            "rules[0].verbs: Required value"),
        Refusal(
            .clusterRoleBindings,
            #"""
            {"roleRef":{"kind":"Role","name":"r"},
             "subjects":[{"kind":"ServiceAccount","name":"s"}]}
            """#,
            #"roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole""#,
            "subjects[0].namespace: Required value"),
        Refusal(
            .podDisruptionBudgets, #"{"spec":{"minAvailable":"150%"}}"#,
            #"spec.minAvailable: Invalid value: "150%": must not be greater than 100%"#),
        Refusal(
            .limitRanges,
            #"{"spec":{"limits":[{"type":"Container","min":{"cpu":"2"},"max":{"cpu":"1"}}]}}"#,
            """
            spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1
            """,
            """
            spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than \
            default request value 1
            """,
            """
            spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default \
            value 1
            """),
        Refusal(
            .priorityClasses, #"{"value":2000000000}"#,
            "value: Forbidden: maximum allowed value of a user defined priority is 1000000000"),
        Refusal(
            .horizontalPodAutoscalers,
            #"""
            {"spec":{"scaleTargetRef":{"kind":"Deployment","name":"d"},"minReplicas":3,
             "maxReplicas":2}}
            """#,
            "spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`"),
        Refusal(
            .certificateSigningRequests,
            #"{"spec":{"request":"eA==","signerName":"a/b","expirationSeconds":1}}"#,
            "spec.usages: Required value: usages must be set",
            """
            spec.expirationSeconds: Invalid value: 1: may not specify a duration less than 600 \
            seconds
            """),
    ]

    @Test(arguments: refusals)
    private func aFaultIsNamed(_ refusal: Refusal) throws {
        #expect(try faults(refusal.resource, refusal.document) == refusal.faults)
    }

    @Test func anAutoscalerLooksAtTheProcessor() throws {
        let document = try complete(
            .horizontalPodAutoscalers,
            #"{"spec":{"scaleTargetRef":{"kind":"Deployment","name":"d"},"maxReplicas":2}}"#)
        #expect(document["spec"]?["minReplicas"] == 1)
        #expect(
            document["spec"]?["metrics"] == [
                [
                    "type": "Resource",
                    "resource": [
                        "name": "cpu",
                        "target": ["type": "Utilization", "averageUtilization": 80],
                    ],
                ]
            ])
    }

    @Test func aBoundClaimMayGrowAndNothingElse() throws {
        let claim = { (size: String, name: String) in
            #"{"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"\#(name)","#
                + #""resources":{"requests":{"storage":"\#(size)"}}},"status":{"phase":"Bound"}}"#
        }
        let before = claim("1Gi", "a")
        #expect(try faults(.persistentVolumeClaims, from: before, to: claim("2Gi", "a")) == [])
        #expect(
            try faults(.persistentVolumeClaims, from: before, to: claim("1Gi", "b")) == [
                "spec: Forbidden: spec is immutable after creation except resources.requests and "
                    + "volumeAttributesClassName for bound claims"
            ])
    }
}
