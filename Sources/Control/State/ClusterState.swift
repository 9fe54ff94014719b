import Base
import JSON
package import Objects

/// The informer cache: every object of the Store as last seen, indexed for the controllers, and
/// laid over it what this core has asked for and not yet seen (deletions and bindings).
///
/// 1. Every index agrees with `objects`.
/// 2. A document never goes back to an older resourceVersion.
/// 3. A Pod counts on exactly one Node: the one it names, else the one it is being bound to.
package struct ClusterState: Sendable {
    private(set) var objects: [ObjectKey: ObjectRecord] = [:]
    private(set) var pods: [ObjectKey: PodRecord] = [:]
    private(set) var ledgers: [String: NodeLedger] = [:]
    private(set) var nodes: [String: NodeRecord] = [:]

    /// All keys, by type and namespace.
    private var keys: [Resource: [String: Set<ObjectKey>]] = [:]
    /// Pods and ReplicaSets that no controller manages.
    private var unmanaged: [Scope: Set<ObjectKey>] = [:]
    private var podsByLabel: [ScopedLabel: Set<ObjectKey>] = [:]
    /// Services by the first member of their selector.
    private var servicesBySelector: [ScopedLabel: Set<ObjectKey>] = [:]
    private var keysByOwner: [String: Set<ObjectKey>] = [:]
    private var keyByUID: [String: ObjectKey] = [:]
    /// Pods that name no Node and are not finished or going.
    private var waiting: Set<ObjectKey> = []

    private var choosy: Set<ObjectKey> = []
    /// The documents of Pods that came to wait in this step, which the scheduler looks at next.
    private var fresh: [ObjectKey: Pod] = [:]

    /// UIDs of Pods whose deletion was asked for, until it is seen or refused.
    private var departing: Set<String> = []
    /// Nodes of Pods whose binding was asked for, until it is seen or refused.
    private var assumed: [ObjectKey: (uid: String, node: String)] = [:]

    /// What the mesh says of the machines, by name.
    private(set) var machines: [String: ControlInput.PeerStatus] = [:]

    /// A type within a namespace.
    private struct Scope: Hashable {
        let resource: Resource
        let namespace: String

        init(_ key: ObjectKey) {
            resource = key.resource
            namespace = key.namespace
        }

        init(_ resource: Resource, _ namespace: String) {
            self.resource = resource
            self.namespace = namespace
        }
    }

    /// A label of an object, or a label that a selector asks for, within a namespace.
    private struct ScopedLabel: Hashable {
        let namespace: String
        let name: String
        let value: String
    }

    package init() {}

    /// Forgets the objects; what the mesh says stays.
    mutating func reset() {
        let known = machines
        self = ClusterState()
        machines = known
    }

    mutating func setMachine(_ name: String, _ status: ControlInput.PeerStatus) -> Bool {
        guard machines[name] != status else { return false }
        machines[name] = status
        return true
    }
}

extension ClusterState {
    package func record(_ key: ObjectKey) -> ObjectRecord? { objects[key] }

    package func record(uid: String) -> ObjectRecord? { keyByUID[uid].flatMap { objects[$0] } }

    package func pod(_ key: ObjectKey) -> PodRecord? { pods[key] }

    /// All objects of a type, in the order of their keys.
    package func records(_ resource: Resource) -> [ObjectRecord] {
        keys(resource).compactMap { objects[$0] }
    }

    /// The types of which there are objects, in order.
    package var resources: [Resource] { keys.keys.sorted() }

    package func keys(_ resource: Resource) -> [ObjectKey] {
        (keys[resource] ?? [:]).values.flatMap { $0 }.sorted()
    }

    /// All objects in a namespace, of any type.
    package func keys(inNamespace namespace: String) -> [ObjectKey] {
        keys.values.flatMap { $0[namespace] ?? [] }.sorted()
    }

    /// Objects of a type in a namespace.
    package func records(_ resource: Resource, inNamespace namespace: String) -> [ObjectRecord] {
        (keys[resource]?[namespace] ?? []).sorted().compactMap { objects[$0] }
    }

    /// Pods or ReplicaSets in a namespace that no controller manages.
    func unmanaged(_ resource: Resource, inNamespace namespace: String) -> [ObjectRecord] {
        (unmanaged[Scope(resource, namespace)] ?? []).sorted().compactMap { objects[$0] }
    }

    /// Pods with all these labels; none when there are no labels.
    func pods(withLabels labels: [(String, String)], inNamespace namespace: String) -> [PodRecord] {
        let sets = labels.map { label in
            podsByLabel[
                ScopedLabel(namespace: namespace, name: label.0, value: label.1), default: []]
        }
        guard let fewest = sets.min(by: { $0.count < $1.count }) else { return [] }
        return fewest.sorted().compactMap { pods[$0] }.filter { pod in
            labels.allSatisfy { pod.labels[$0.0] == $0.1 }
        }
    }

    /// Services in a namespace whose selector these labels satisfy.
    func services(
        selecting labels: [String: String], inNamespace namespace: String
    ) -> [ObjectKey] {
        var keys: Set<ObjectKey> = []
        for (name, value) in labels {
            let label = ScopedLabel(namespace: namespace, name: name, value: value)
            for key in servicesBySelector[label] ?? [] {
                let selector = objects[key]?.selector ?? []
                if selector.allSatisfy({ labels[$0.0] == $0.1 }) { keys.insert(key) }
            }
        }
        return keys.sorted()
    }

    package func node(named name: String) -> NodeRecord? { nodes[name] }

    /// All Nodes by name.
    package var sortedNodes: [NodeRecord] { nodes.keys.sorted().compactMap { nodes[$0] } }

    /// Objects that name this UID among their owners.
    package func dependents(ofUID uid: String) -> [ObjectKey] {
        (keysByOwner[uid] ?? []).sorted()
    }

    /// Pods that this UID controls.
    package func pods(controlledBy uid: String) -> [PodRecord] {
        dependents(ofUID: uid).compactMap { pods[$0] }.filter { $0.controllerUID == uid }
    }

    package func pods(onNode name: String) -> [PodRecord] {
        (ledgers[name]?.pods ?? []).sorted().compactMap { pods[$0] }
    }

    package func ledger(_ node: String) -> NodeLedger { ledgers[node] ?? NodeLedger() }

    /// Names of Nodes that Pods name, whether the Nodes exist or not.
    package var nodeNamesInUse: [String] { ledgers.keys.sorted() }

    package var waitingPods: [ObjectKey] { waiting.sorted() }

    /// Pods with wishes about the Pods near them.
    var podsWithAffinity: [PodRecord] { choosy.sorted().compactMap { pods[$0] } }

    package func isWaiting(_ key: ObjectKey) -> Bool { waiting.contains(key) }

    /// The Node that the Pod is on, or is being bound to.
    package func node(of pod: PodRecord) -> String? {
        pod.nodeName ?? assumed[pod.key].flatMap { $0.uid == pod.uid ? $0.node : nil }
    }

    /// Whether the Pod is being deleted or its deletion was asked for.
    package func isDeparting(_ pod: PodRecord) -> Bool {
        pod.isBeingDeleted || departing.contains(pod.uid)
    }

    /// Whether a deletion was asked for that is not seen yet.
    package func isDeletionUnderWay(uid: String) -> Bool { departing.contains(uid) }

    /// Whether the Pod counts as a replica (`controller.IsPodActive`).
    package func isActive(_ pod: PodRecord) -> Bool { !pod.isFinished && !isDeparting(pod) }

    /// Whether the mesh has declared the machine of that name dead or gone.
    package func isMachineLost(_ name: String) -> Bool {
        switch machines[name] {
        case .failed, .left: true
        case .alive, nil: false
        }
    }
}

extension ClusterState {
    /// Takes a document in; nil when it is older than, or the same as, what is known.
    mutating func apply(_ key: ObjectKey, _ object: StoredObject) -> ObjectChange? {
        let old = objects[key]
        let record = ObjectRecord(key, object) { owner in
            old ?? owner.flatMap { keysByOwner[$0.uid]?.first }.flatMap { objects[$0] }
        }
        if let old, old.uid == record.uid, record.resourceVersion <= old.resourceVersion {
            return nil
        }
        let oldPod = pods[key]
        if let old { unindex(old) }
        objects[key] = record
        index(record, object)
        return ObjectChange(key: key, old: old, new: record, oldPod: oldPod)
    }

    mutating func remove(_ key: ObjectKey) -> ObjectChange? {
        guard let old = objects[key] else { return nil }
        let oldPod = pods[key]
        unindex(old)
        objects[key] = nil
        departing.remove(old.uid)
        assumed[key] = nil
        return ObjectChange(key: key, old: old, new: nil, oldPod: oldPod)
    }

    private mutating func index(_ record: ObjectRecord, _ object: StoredObject) {
        let key = record.key
        keys[key.resource, default: [:]][key.namespace, default: []].insert(key)
        for owner in record.owners { keysByOwner[owner.uid, default: []].insert(key) }
        if record.controller == nil, key.resource == .pods || key.resource == .replicaSets {
            unmanaged[Scope(key), default: []].insert(key)
        }
        if let label = selectorLabel(of: record) {
            servicesBySelector[label, default: []].insert(key)
        }
        keyByUID[record.uid] = key
        if key.resource == .nodes { nodes[key.name] = NodeRecord(record) }
        guard key.resource == .pods else { return }
        let pod = PodRecord(record, Pod(object.json))
        pods[key] = pod
        for label in scopedLabels(of: record) { podsByLabel[label, default: []].insert(key) }
        if pod.affinity != nil { choosy.insert(key) }
        if pod.isBeingDeleted { departing.remove(pod.uid) }
        if pod.nodeName != nil || assumed[key]?.uid != pod.uid { assumed[key] = nil }
        enter(pod)
        fresh[key] = waiting.contains(key) ? Pod(object.json) : nil
    }

    /// A Pod with its document, which need not be read anew in the step in which it came.
    func podWithDocument(_ key: ObjectKey) -> PodRecord? {
        pods[key].map { $0.keeping(fresh[key] ?? $0.pod) }
    }

    /// The step is over.
    mutating func forgetFreshDocuments() { fresh.removeAll(keepingCapacity: true) }

    private mutating func unindex(_ record: ObjectRecord) {
        let key = record.key
        Self.remove(key, from: &keys[key.resource, default: [:]], at: key.namespace)
        Self.remove(key, from: &unmanaged, at: Scope(key))
        if let label = selectorLabel(of: record) {
            Self.remove(key, from: &servicesBySelector, at: label)
        }
        for owner in record.owners { Self.remove(key, from: &keysByOwner, at: owner.uid) }
        if keyByUID[record.uid] == key { keyByUID[record.uid] = nil }
        if key.resource == .nodes { nodes[key.name] = nil }
        fresh[key] = nil
        guard let pod = pods.removeValue(forKey: key) else { return }
        for label in scopedLabels(of: record) { Self.remove(key, from: &podsByLabel, at: label) }
        choosy.remove(key)
        leave(pod)
    }

    private func scopedLabels(of record: ObjectRecord) -> [ScopedLabel] {
        record.labels.map {
            ScopedLabel(namespace: record.key.namespace, name: $0.key, value: $0.value)
        }
    }

    private func selectorLabel(of record: ObjectRecord) -> ScopedLabel? {
        guard record.key.resource == .services else { return nil }
        return record.selector.first.map {
            ScopedLabel(namespace: record.key.namespace, name: $0.0, value: $0.1)
        }
    }

    /// Counts the Pod on its Node, or among those that wait for one.
    private mutating func enter(_ pod: PodRecord) {
        if let node = node(of: pod) {
            ledgers[node, default: NodeLedger()].add(pod)
        } else if !pod.isFinished, !isDeparting(pod) {
            waiting.insert(pod.key)
        }
    }

    private mutating func leave(_ pod: PodRecord) {
        waiting.remove(pod.key)
        guard let node = node(of: pod) else { return }
        ledgers[node]?.remove(pod)
        if ledgers[node]?.isEmpty ?? false { ledgers[node] = nil }
    }

    private static func remove<Key: Hashable>(
        _ key: ObjectKey, from index: inout [Key: Set<ObjectKey>], at place: Key
    ) {
        index[place]?.remove(key)
        if index[place]?.isEmpty ?? false { index[place] = nil }
    }
}

extension ClusterState {
    /// Counts an object as going from the moment its deletion is asked for.
    mutating func beginDeletion(of key: ObjectKey) -> ObjectChange? {
        guard let record = objects[key], departing.insert(record.uid).inserted else { return nil }
        waiting.remove(key)
        return ObjectChange(key: key, old: record, new: record, oldPod: pods[key])
    }

    /// The deletion was refused.
    mutating func cancelDeletion(of key: ObjectKey, uid: String) -> ObjectChange? {
        guard departing.remove(uid) != nil, let record = objects[key], record.uid == uid
        else { return nil }
        if let pod = pods[key], node(of: pod) == nil { enter(pod) }
        return ObjectChange(key: key, old: record, new: record, oldPod: pods[key])
    }

    /// Counts a Pod on a Node from the moment its binding is asked for.
    mutating func assume(_ key: ObjectKey, on node: String) {
        guard let pod = pods[key], pod.nodeName == nil else { return }
        leave(pod)
        assumed[key] = (pod.uid, node)
        enter(pod)
    }

    /// The binding was refused.
    mutating func cancelAssumption(of key: ObjectKey, uid: String) -> ObjectChange? {
        guard let assumption = assumed[key], assumption.uid == uid else { return nil }
        guard let pod = pods[key] else {
            assumed[key] = nil
            return nil
        }
        leave(pod)
        assumed[key] = nil
        enter(pod)
        return objects[key].map {
            ObjectChange(key: key, old: $0, new: $0, oldPod: pods[key])
        }
    }

    package func isAssumed(_ key: ObjectKey) -> Bool { assumed[key] != nil }
}
