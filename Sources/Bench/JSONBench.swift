import API
import Base
import JSON
import Objects
import Store

/// Documents: how long one processor takes to read, judge, patch and write a Pod of 1.9 KB, and to
/// evaluate a create. No socket and no disk take part.
package struct JSONBench: Sendable {
    private let isQuick: Bool

    package init(isQuick: Bool) { self.isQuick = isQuick }

    private var rounds: Int { isQuick ? 5 : 15 }

    /// Measures and prints; false when a bound is missed.
    package func run(print: (String) -> Void) throws -> Bool {
        let text = Array(Self.pod.utf8)
        guard let definition = ResourceRegistry.builtIn[.pods] else { return false }
        let value = try JSON(parsing: text)
        let patch = try JSON(parsing: Self.patch)
        let schema = Schema.object(definition.schema)
        var table = FigureTable()
        func figure(
            _ name: String, bound: Double? = nil, _ body: () throws -> Void
        ) rethrows {
            let best = try microseconds(body)
            table.append(
                Figure(name, .microseconds, best, bound: bound.map { .atMost($0) }))
        }
        try figure("read a Pod") { _ = try JSON(parsing: text) }
        try figure("read and check", bound: 4) {
            _ = definition.schema.check(try JSON(parsing: text))
        }
        try figure("decode: read, check, put in order", bound: 15) {
            let parsed = try JSON.parseReportingDuplicates(text)
            _ = try definition.decode(
                parsed.value, duplicates: parsed.duplicates, .strict)
        }
        try figure("strategic merge patch", bound: 20) {
            _ = try value.strategicallyMerged(with: patch, schema: schema)
        }
        figure("write") { _ = value.bytes }
        try measureCreates(&table)
        print("A Pod of \(text.count) B.\n\n" + table.text)
        return table.isEveryBoundMet
    }

    /// A create from the request to the transaction, as a daemon's loop evaluates it.
    private func measureCreates(_ table: inout FigureTable) throws {
        guard let network = IPv4Network("10.96.0.0/16") else { return }
        var api = APICore(
            configuration: APIConfiguration(serviceNetwork: network), random: Random(seed: 1))
        var store = StoreCore()
        let wall = WallTime(seconds: 1_795_241_100)
        let admin = UserInfo(name: "admin", groups: [UserInfo.masters, UserInfo.authenticated])
        func request(_ path: String, _ body: String) -> APIRequest {
            APIRequest(
                .post, path, accept: "application/json", contentType: "application/json",
                userAgent: "bench", body: Array(body.utf8), credential: .user(admin))
        }
        let namespace = request("/api/v1/namespaces", #"{"metadata":{"name":"default"}}"#)
        if case .commit(let commit) = api.handle(namespace, snapshot: store.snapshot, at: wall),
            let origin = MachineName("bench")
        {
            let transaction = Transaction(
                id: CommandID(origin: origin, epoch: 1, sequence: 1),
                preconditions: commit.preconditions, operations: commit.operations)
            _ = store.apply(transaction.encode(), index: 1)
        }
        for (name, plural, body) in [
            ("evaluate a create of a ConfigMap", "configmaps", Self.configMap),
            ("evaluate a create of the Pod", "pods", Self.pod),
        ] {
            let post = request("/api/v1/namespaces/default/\(plural)", body)
            let snapshot = store.snapshot
            let best = microseconds {
                _ = api.requirement(of: post)
                _ = api.handle(post, snapshot: snapshot, at: wall)
            }
            table.append(Figure(name, .microseconds, best))
        }
    }

    /// Of several rounds the best one: what else the machine did only ever adds.
    private func microseconds(_ body: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<rounds {
            let watch = Stopwatch()
            for _ in 0..<1_000 { try body() }
            best = min(best, watch.elapsedSeconds * 1_000)
        }
        return best
    }

    private static let configMap =
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","labels":{"app":"web"}},"#
        + #""data":{"key":"value","other":"another value"}}"#

    private static let patch =
        #"{"spec":{"containers":[{"name":"web","image":"registry.example.com/team/web:1.28.0","#
        + #""env":[{"name":"PORT","value":"8081"}]}],"tolerations":null}}"#

    private static let pod =
        #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-7d4b9c6f5-000001","#
        + #""namespace":"default","labels":{"app":"web","pod-template-hash":"7d4b9c6f5","#
        + #""tier":"front"},"annotations":{"example.com/note":"the quick brown fox jumps over"}},"#
        + #""spec":{"containers":[{"name":"web","image":"registry.example.com/team/web:1.27.3","#
        + #""env":[{"name":"PORT","value":"8080"},{"name":"LEVEL","value":"info"},{"name":"NODE","#
        + #""valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"spec.nodeName"}}}],"#
        + #""ports":[{"containerPort":8080,"protocol":"TCP","name":"http"}],"resources":"#
        + #"{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"256Mi"}},"#
        + #""livenessProbe":{"httpGet":{"path":"/healthz","port":"http"},"periodSeconds":10,"#
        + #""timeoutSeconds":1},"volumeMounts":[{"name":"data","mountPath":"/var/lib/data"},"#
        + #"{"name":"config","mountPath":"/etc/web","readOnly":true}],"imagePullPolicy":"#
        + #""IfNotPresent"},{"name":"sidecar","image":"registry.example.com/team/sidecar:2.3.1","#
        + #""args":["--listen=:9090","--verbose"],"ports":[{"containerPort":9090,"#
        + #""protocol":"TCP"}],"resources":{"requests":{"cpu":"50m","memory":"64Mi"}},"#
        + #""imagePullPolicy":"IfNotPresent"}],"volumes":[{"name":"data","emptyDir":{}},"#
        + #"{"name":"config","configMap":{"name":"web-config","defaultMode":420}}],"#
        + #""restartPolicy":"Always","nodeSelector":{"disk":"ssd"},"tolerations":[{"key":"#
        + #""node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","#
        + #""tolerationSeconds":300}],"serviceAccountName":"default","#
        + #""terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","securityContext":"#
        + #"{"runAsNonRoot":true,"runAsUser":1000}},"status":{"phase":"Running","podIP":"#
        + #""10.64.3.7","hostIP":"192.0.2.7","conditions":[{"type":"Ready","status":"True","#
        + #""lastTransitionTime":"2026-11-21T12:00:03Z"}]}}"#
}
