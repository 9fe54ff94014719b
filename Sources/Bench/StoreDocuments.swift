package import Base
package import Store

/// Pods of another machine, as a cluster holds them: labels, two containers, status. They are
/// made in the future, so that no controller collects them although their machine does not exist.
package struct StoreDocuments: Sendable {
    private static let perNamespace = 1_000
    private static let bytesWanted = 3_000
    private static let origin = MachineName("bench")

    package let count: Int
    private let filling: String

    package init(count: Int) {
        self.count = count
        let short = Self.text(name: Self.name(0), namespace: "team-0", filling: "").utf8.count
        filling = String(repeating: "x", count: max(0, Self.bytesWanted - short))
    }

    package var documentBytes: Int { document(0).count }
    package func name(_ number: Int) -> String { Self.name(number) }
    package func namespace(_ number: Int) -> String { "team-\(number / Self.perNamespace)" }

    package func key(_ number: Int) -> Key {
        Key(
            group: "", resource: "pods", namespace: namespace(number), name: name(number))
    }

    package func document(_ number: Int) -> [UInt8] {
        Array(
            Self.text(
                name: name(number), namespace: namespace(number), filling: filling).utf8)
    }

    /// A Store that took each document in a transaction of its own.
    package func makeStore(_ initial: StoreCore = StoreCore()) -> StoreCore {
        var store = initial
        for number in 0..<count { update(number, in: &store) }
        return store
    }

    package func update(_ number: Int, in store: inout StoreCore) {
        guard let origin = Self.origin else { return }
        let index = store.appliedIndex + 1
        let transaction = Transaction(
            id: CommandID(origin: origin, epoch: 1, sequence: index), preconditions: [],
            operations: [.put(key(number), document(number))])
        _ = store.apply(transaction.encode(), index: index)
    }

    private static func name(_ number: Int) -> String {
        let digits = String(number)
        return "web-7d4b9c6f5-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    private static func text(name: String, namespace: String, filling: String) -> String {
        let uid = "6f1c0a52-3b77-4f0e-9d1a-000000\(name.suffix(6))"
        return #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"\#(name)","#
            + #""namespace":"\#(namespace)","uid":"\#(uid)","#
            + #""creationTimestamp":"2099-01-01T00:00:00Z","generation":1,"#
            + #""labels":{"app":"web","pod-template-hash":"7d4b9c6f5","tier":"front"},"#
            + #""annotations":{"example.com/note":"\#(filling)"}},"#
            + #""spec":{"containers":["# + container("web") + "," + container("sidecar")
            + #"],"restartPolicy":"Always","nodeName":"another-machine","#
            + #""serviceAccountName":"default","terminationGracePeriodSeconds":30},"#
            + #""status":{"phase":"Running","podIP":"10.64.3.7","hostIP":"192.0.2.7","#
            + #""conditions":["# + condition("Ready") + "," + condition("PodScheduled") + "]}}"
    }

    private static func container(_ name: String) -> String {
        #"{"name":"\#(name)","image":"registry.example.com/team/\#(name):1.27.3","#
            + #""env":[{"name":"PORT","value":"8080"},{"name":"LEVEL","value":"info"}],"#
            + #""ports":[{"containerPort":8080,"protocol":"TCP"}],"#
            + #""resources":{"requests":{"cpu":"100m","memory":"128Mi"}},"#
            + #""terminationMessagePath":"/dev/termination-log","imagePullPolicy":"IfNotPresent"}"#
    }

    private static func condition(_ type: String) -> String {
        #"{"type":"\#(type)","status":"True","lastTransitionTime":"2026-11-21T12:00:03Z"}"#
    }
}
