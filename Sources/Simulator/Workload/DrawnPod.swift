import Base
import JSON

/// What a container of a simulation does, told in its command: `run`, or `end MILLISECONDS CODES`,
/// of which one is drawn each time that it runs.
enum ContainerProgram: Equatable {
    case run
    case end(after: Span, exitCodes: [Int32])

    init(command: [String]) {
        guard command.count >= 3, command[0] == "end", let time = Int64(command[1]) else {
            self = .run
            return
        }
        let codes = command[2...].compactMap { Int32($0) }
        self = codes.isEmpty ? .run : .end(after: .milliseconds(time), exitCodes: codes)
    }

    var command: [String] {
        switch self {
        case .run: ["run"]
        case .end(let time, let codes): ["end", String(time.milliseconds)] + codes.map { "\($0)" }
        }
    }
}

/// A Pod as a seed draws it. Its name and those of its containers tell the runtime's checkers what
/// must hold: `never-i2-1-7` restarts nothing and has two init containers.
struct DrawnPod {
    let name: String
    let body: JSON

    /// - Parameters:
    ///   - suffix: makes the name unique.
    ///   - patience: how much longer than in a storm programs run and probes pause.
    init(_ suffix: String, patience: Int64, _ random: inout Random) {
        let policy = ["Always", "OnFailure", "Never"][random.below(3)]
        let initial = random.below(3)
        let name = "\(policy.lowercased())-i\(initial)-\(suffix)"
        var first = (0..<initial).map { Self.initContainer($0, patience, &random) }
        if random.chance(0.4) {
            first.insert(Self.sidecar(patience, &random), at: random.below(first.count + 1))
        }
        let containers = (0..<1 + random.below(2)).map {
            Self.container($0, policy, patience, &random)
        }
        var spec: JSON = [
            "restartPolicy": .string(policy),
            "terminationGracePeriodSeconds": .integer(Int64(random.below(4))),
            "containers": .array(containers),
            "volumes": .array(Self.volumes),
        ]
        if !first.isEmpty { spec["initContainers"] = .array(first) }
        if random.chance(0.1) {
            spec["activeDeadlineSeconds"] = .integer(Int64(1 + random.below(10)))
        }
        self.name = name
        body = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": .string(name), "labels": ["drawn": "yes"]],
            "spec": spec,
        ]
    }

    private static func base(
        _ name: String, _ program: ContainerProgram, _ random: inout Random
    ) -> JSON {
        var container: JSON = [
            "name": .string(name),
            "image": .string(random.chance(0.8) ? "busybox" : "httpd"),
            "command": .array(program.command.map(JSON.string)),
        ]
        let mounts: [JSON] = volumes.filter { _ in random.chance(0.3) }.map { volume in
            let name = volume["name"] ?? ""
            return ["name": name, "mountPath": .string("/\(name.string ?? "")")]
        }
        if !mounts.isEmpty { container["volumeMounts"] = .array(mounts) }
        return container
    }

    private static func initContainer(
        _ number: Int, _ patience: Int64, _ random: inout Random
    ) -> JSON {
        let codes: [Int32] = random.chance(0.3) ? [0, 0, 1] : [0]
        let span = short(&random) * patience
        return base("init-\(number)", .end(after: span, exitCodes: codes), &random)
    }

    private static func sidecar(_ patience: Int64, _ random: inout Random) -> JSON {
        let program: ContainerProgram =
            random.chance(0.8)
            ? .run : .end(after: short(&random) * patience, exitCodes: [0, 1])
        var container = base("sidecar", program, &random)
        container["restartPolicy"] = "Always"
        if random.chance(0.3) { container["startupProbe"] = probe(patience, &random) }
        return container
    }

    private static func container(
        _ number: Int, _ policy: String, _ patience: Int64, _ random: inout Random
    ) -> JSON {
        let isRuled = policy == "Never" && random.chance(0.3)
        let codes: [Int32] = isRuled ? [0, 42] : [[0], [1], [0, 1]][random.below(3)]
        let program: ContainerProgram =
            random.chance(0.4) && !isRuled
            ? .run : .end(after: short(&random) * patience, exitCodes: codes)
        var container = base("\(isRuled ? "ruled" : "main")-\(number)", program, &random)
        if isRuled {
            container["restartPolicy"] = "Never"
            container["restartPolicyRules"] = [
                ["action": "Restart", "exitCodes": ["operator": "In", "values": [42]]]
            ]
        }
        for kind in ["readinessProbe", "livenessProbe", "startupProbe"] where random.chance(0.3) {
            container[kind] = probe(patience, &random)
        }
        var hooks: JSON = [:]
        if random.chance(0.2) { hooks["postStart"] = ["exec": ["command": ["true"]]] }
        if random.chance(0.2) {
            hooks["preStop"] =
                random.chance(0.5)
                ? ["exec": ["command": ["true"]]]
                : ["sleep": ["seconds": .integer(Int64(1 + random.below(2)))]]
        }
        if hooks != [:] { container["lifecycle"] = hooks }
        return container
    }

    private static func probe(_ patience: Int64, _ random: inout Random) -> JSON {
        var probe: JSON = [
            "periodSeconds": .integer(Int64(1 + random.below(3)) * patience),
            "failureThreshold": .integer(Int64(1 + random.below(3))),
        ]
        switch random.below(3) {
        case 0: probe["exec"] = ["command": ["true"]]
        case 1: probe["httpGet"] = ["path": "/", "port": 8080]
        default: probe["tcpSocket"] = ["port": 8080]
        }
        return probe
    }

    private static func short(_ random: inout Random) -> Span {
        .milliseconds(Int64(50 + random.below(3_000)))
    }

    private static let volumes: [JSON] = [
        ["name": "empty", "emptyDir": [:]],
        ["name": "register", "configMap": ["name": "register-0", "optional": true]],
        [
            "name": "labels",
            "downwardAPI": [
                "items": [["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]]]
            ],
        ],
    ]
}
