import JSON
import Objects

/// A level of the Pod Security Standards with the minor version that it is read at.
struct PodSecurityLevel: Sendable, Equatable, CustomStringConvertible {
    enum Level: String, Sendable, CaseIterable {
        case privileged, baseline, restricted

        /// Where it stands: a higher number forbids more.
        var rank: Int {
            switch self {
            case .privileged: 0
            case .baseline: 1
            case .restricted: 2
            }
        }
    }

    var level = Level.privileged
    /// Nil for `latest`.
    var minor: Int?

    var description: String { "\(level.rawValue):\(minor.map { "v1.\($0)" } ?? "latest")" }

    /// Whether rules that came with a minor version are part of this one.
    func includes(_ version: Int) -> Bool { minor.map { $0 >= version } ?? true }
}

/// What the labels of a namespace ask for (`pod-security.kubernetes.io/…`).
struct PodSecurityPolicy: Sendable, Equatable {
    var enforce = PodSecurityLevel()
    var audit = PodSecurityLevel()
    var warn = PodSecurityLevel()
    /// Labels with values that mean nothing. A wrong `enforce` counts as `restricted`, a wrong
    /// `audit` or `warn` as `privileged`, a wrong version as `latest`.
    var faults: [FieldError] = []

    static let prefix = "pod-security.kubernetes.io/"

    init(labels: JSON?) {
        guard let labels = labels?.object else { return }
        guard labels.contains(where: { $0.name.hasPrefix(Self.prefix) }) else { return }
        read("enforce", labels, \.enforce)
        read("audit", labels, \.audit)
        read("warn", labels, \.warn)
        // What is enforced is audited and warned of, unless the namespace says otherwise.
        follow("audit", labels, \.audit)
        follow("warn", labels, \.warn)
    }

    private mutating func read(
        _ mode: String, _ labels: JSONObject,
        _ target: WritableKeyPath<PodSecurityPolicy, PodSecurityLevel>
    ) {
        if let text = labels[Self.prefix + mode]?.string {
            if let level = PodSecurityLevel.Level(rawValue: text) {
                self[keyPath: target].level = level
            } else {
                self[keyPath: target].level = mode == "enforce" ? .restricted : .privileged
                let names = PodSecurityLevel.Level.allCases.map(\.rawValue)
                fault(mode, text, "must be one of " + names.joined(separator: ", "))
            }
        }
        guard let text = labels["\(Self.prefix)\(mode)-version"]?.string, text != "latest"
        else { return }
        let digits = text.hasPrefix("v1.") ? text.dropFirst(3) : ""
        if let minor = Int(digits), String(minor) == digits, minor >= 0 {
            self[keyPath: target].minor = minor
        } else {
            fault("\(mode)-version", text, "must be \"latest\" or \"v1.x\"")
        }
    }

    private mutating func follow(
        _ mode: String, _ labels: JSONObject,
        _ target: WritableKeyPath<PodSecurityPolicy, PodSecurityLevel>
    ) {
        let isSet = labels[Self.prefix + mode]?.string
            .flatMap(PodSecurityLevel.Level.init(rawValue:)) != nil
        guard !isSet, enforce.level.rank > self[keyPath: target].level.rank else { return }
        self[keyPath: target].level = enforce.level
        guard labels["\(Self.prefix)\(mode)-version"] == nil else { return }
        self[keyPath: target].minor = enforce.minor
    }

    private mutating func fault(_ name: String, _ value: String, _ detail: String) {
        faults.append(
            FieldError(
                .invalid, "metadata.labels[\(Self.prefix)\(name)]", value: .string(value), detail))
    }
}

/// One rule of the standards that a Pod breaks.
struct PodSecurityFault: Sendable, Equatable {
    var reason: String
    var detail: String
}

extension [PodSecurityFault] {
    /// `hostPort (container "c" uses hostPort 80), privileged (…)`
    var text: String {
        map { $0.detail.isEmpty ? $0.reason : "\($0.reason) (\($0.detail))" }
            .joined(separator: ", ")
    }
}
