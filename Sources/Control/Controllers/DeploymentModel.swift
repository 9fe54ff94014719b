import Base
import JSON
import Objects

/// The annotations by which a Deployment and its ReplicaSets know each other's state.
enum DeploymentAnnotation {
    static let revision = "deployment.kubernetes.io/revision"
    static let revisionHistory = "deployment.kubernetes.io/revision-history"
    static let desiredReplicas = "deployment.kubernetes.io/desired-replicas"
    static let maxReplicas = "deployment.kubernetes.io/max-replicas"

    /// Annotations of a Deployment that its ReplicaSets do not copy.
    static let notCopied = [
        "kubectl.kubernetes.io/last-applied-configuration", revision, revisionHistory,
        desiredReplicas, maxReplicas, "deprecated.deployment.rollback.to",
    ]
}

/// The label that tells the Pods of one template from those of another.
let podTemplateHashLabel = "pod-template-hash"

/// One ReplicaSet of a Deployment, as the rollout sees it.
struct RolloutSet {
    let record: ObjectRecord
    let replicas: Int64
    let actual: Int64
    let ready: Int64
    let available: Int64
    let terminating: Int64
    let revision: Int64
    let annotations: [String: String]

    init(_ record: ObjectRecord) {
        self.record = record
        let status = record.status
        replicas = record.spec["replicas"]?.integer ?? 1
        actual = status["replicas"]?.integer ?? 0
        ready = status["readyReplicas"]?.integer ?? 0
        available = status["availableReplicas"]?.integer ?? 0
        terminating = status["terminatingReplicas"]?.integer ?? 0
        annotations = record.metadata.annotations
        revision = annotations[DeploymentAnnotation.revision].flatMap { Int64($0) } ?? 0
    }

    var name: String { record.key.name }
    var desired: Int64? {
        annotations[DeploymentAnnotation.desiredReplicas].flatMap { Int64($0) }
    }

    static func isOlder(_ left: RolloutSet, _ right: RolloutSet) -> Bool {
        let (one, other) = (left.record.createdAt, right.record.createdAt)
        return one != other ? one < other : left.name < right.name
    }
}

/// A Deployment with its ReplicaSets sorted into the one of the current template and the others.
struct Rollout {
    let deployment: ObjectRecord
    let replicas: Int64
    let isRecreate: Bool
    let isPaused: Bool
    let maxSurge: Int64
    let maxUnavailable: Int64
    let minReadySeconds: Int64
    /// Nil when no progress is expected by any time.
    let progressDeadline: Int64?
    let historyLimit: Int
    let current: RolloutSet?
    /// Oldest first.
    let old: [RolloutSet]

    init(_ deployment: ObjectRecord, _ sets: [ObjectRecord]) {
        self.deployment = deployment
        let spec = deployment.spec
        replicas = spec["replicas"]?.integer ?? 1
        let strategy = spec["strategy"]
        isRecreate = strategy?["type"]?.string == "Recreate"
        isPaused = spec["paused"]?.bool ?? false
        minReadySeconds = spec["minReadySeconds"]?.integer ?? 0
        let deadline = spec["progressDeadlineSeconds"]?.integer ?? 600
        progressDeadline = deadline == Int64(Int32.max) ? nil : deadline
        historyLimit = Int(clamping: spec["revisionHistoryLimit"]?.integer ?? 10)
        (maxSurge, maxUnavailable) = Self.bounds(strategy?["rollingUpdate"], replicas, isRecreate)
        let sorted = sets.map(RolloutSet.init).sorted(by: RolloutSet.isOlder)
        let template = spec["template"] ?? [:]
        let index = sorted.firstIndex {
            Self.templates($0.record.spec["template"] ?? [:], equal: template)
        }
        current = index.map { sorted[$0] }
        old = sorted.enumerated().filter { $0.offset != index }.map(\.element)
    }

    var key: ObjectKey { deployment.key }
    var all: [RolloutSet] { old + (current.map { [$0] } ?? []) }
    var total: Int64 { all.reduce(0) { $0 + $1.replicas } }
    var actual: Int64 { all.reduce(0) { $0 + $1.actual } }
    var available: Int64 { all.reduce(0) { $0 + $1.available } }
    var maxTotal: Int64 { replicas + maxSurge }

    /// Percentages of surge round up and of unavailability down; both zero would never move.
    private static func bounds(
        _ rolling: JSON?, _ replicas: Int64, _ isRecreate: Bool
    ) -> (Int64, Int64) {
        guard !isRecreate else { return (0, 0) }
        func resolved(_ value: JSON?, roundingUp: Bool) -> Int64 {
            if let number = value?.integer { return max(0, number) }
            let text = value?.string ?? "25%"
            guard text.hasSuffix("%"), let percent = Int64(text.dropLast()), percent >= 0,
                percent <= 1_000_000, replicas <= 1_000_000_000
            else { return 0 }
            return (replicas * percent + (roundingUp ? 99 : 0)) / 100
        }
        let surge = resolved(rolling?["maxSurge"], roundingUp: true)
        let unavailable = resolved(rolling?["maxUnavailable"], roundingUp: false)
        if surge == 0, unavailable == 0 { return (0, min(1, replicas)) }
        return (surge, min(unavailable, replicas))
    }

    /// Whether two templates differ in nothing but the hash label.
    static func templates(_ one: JSON, equal other: JSON) -> Bool {
        func plain(_ template: JSON) -> JSON {
            var template = template
            template[path: ["metadata", "labels", podTemplateHashLabel]] = JSON?.none
            if template["metadata"]?["labels"] == .object([:]) {
                template[path: ["metadata", "labels"]] = JSON?.none
            }
            template[path: ["metadata", "creationTimestamp"]] = JSON?.none
            if template["metadata"] == .object([:]) { template["metadata"] = JSON?.none }
            return template
        }
        return plain(one) == plain(other)
    }

    /// How many replicas the current set should have while the old ones still run.
    func currentTarget(existing: Int64) -> Int64 {
        guard !isRecreate, total < maxTotal else { return isRecreate ? replicas : existing }
        return existing + max(0, min(maxTotal - total, replicas - existing))
    }

    /// The newest set with Pods, or the newest of all; nil when several have Pods.
    var activeOrLatest: RolloutSet? {
        let active = all.filter { $0.replicas > 0 }
        if active.count > 1 { return nil }
        return active.first ?? current ?? old.last
    }

    /// Whether `spec.replicas` changed since the sets were last scaled.
    var isScaling: Bool {
        all.contains { set in set.replicas > 0 && set.desired.map { $0 != replicas } ?? false }
    }
}

/// The name part that stands for a Pod template.
enum TemplateHash {
    private static let letters = Array("bcdfghjklmnpqrstvwxz2456789".utf8)

    /// FNV-1a over the template with sorted names, in the alphabet of Kubernetes' names. The
    /// value differs from Kubernetes', whose hash depends on Go's types; nobody may rely on it.
    static func text(of template: JSON, collisions: Int64) -> String {
        var hash: UInt32 = 2_166_136_261
        func mix(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        }
        func walk(_ value: JSON) {
            switch value {
            case .object(let members):
                mix("{".utf8)
                for name in members.names.sorted() {
                    mix(name.utf8)
                    mix(":".utf8)
                    walk(members[name] ?? .null)
                }
                mix("}".utf8)
            case .array(let elements):
                mix("[".utf8)
                for element in elements {
                    walk(element)
                    mix(",".utf8)
                }
            default: mix(value.bytes)
            }
        }
        walk(template)
        if collisions > 0 { mix(String(collisions).utf8) }
        let digits = String(hash).utf8.map { letters[Int($0) % letters.count] }
        return String(decoding: digits, as: UTF8.self)
    }
}
