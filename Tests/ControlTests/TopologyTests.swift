import Base
import Control
import JSON
import Objects
import Testing

/// Where Pods are placed in view of those that run.
@Suite struct TopologyTests {
    private func node(_ name: String, zone: String?, cpu: String = "4") -> JSON {
        var labels: JSON = ["host": .string(name)]
        if let zone { labels["zone"] = .string(zone) }
        return SchedulerTests.node(name, cpu: cpu, labels: labels)
    }

    private func running(
        _ name: String, on node: String, app: String, namespace: String = "default",
        _ spec: JSON = [:]
    ) -> JSON {
        var pod = SchedulerTests.pod(name, spec)
        pod["metadata"]?["labels"] = ["app": .string(app)]
        pod["metadata"]?["namespace"] = .string(namespace)
        pod["spec"]?["nodeName"] = .string(node)
        pod["status"] = ["phase": "Running"]
        return pod
    }

    private func term(_ app: String, _ more: JSON = [:]) -> JSON {
        var term = more
        if term["topologyKey"] == nil { term["topologyKey"] = "zone" }
        term["labelSelector"] = ["matchLabels": ["app": .string(app)]]
        return term
    }

    private func required(_ kind: String, _ term: JSON) -> JSON {
        let rules: JSON = ["requiredDuringSchedulingIgnoredDuringExecution": [term]]
        return ["affinity": .object([kind: rules])]
    }

    private func preferred(_ kind: String, _ term: JSON, weight: Int64) -> JSON {
        let entry: JSON = ["weight": .integer(weight), "podAffinityTerm": term]
        let rules: JSON = ["preferredDuringSchedulingIgnoredDuringExecution": [entry]]
        return ["affinity": .object([kind: rules])]
    }

    private func place(_ nodes: [JSON], _ pods: [JSON], _ name: String = "web") -> String? {
        SchedulerTests.bindings(nodes: nodes, pods: pods)[name]
    }

    private func spread(_ more: JSON) -> JSON {
        var rule = more
        if rule["maxSkew"] == nil { rule["maxSkew"] = 1 }
        rule["topologyKey"] = "zone"
        if rule["whenUnsatisfiable"] == nil { rule["whenUnsatisfiable"] = "DoNotSchedule" }
        rule["labelSelector"] = ["matchLabels": ["app": "web"]]
        return ["topologySpreadConstraints": [rule]]
    }

    @Test func `a preferred affinity draws and a preferred anti-affinity repels`() {
        let nodes = [node("a", zone: "1"), node("b", zone: "2"), node("c", zone: "3")]
        let pods = [running("db", on: "b", app: "db")]
        let near = SchedulerTests.pod(preferred("podAffinity", term("db"), weight: 10))
        #expect(place(nodes, pods + [near]) == "b")
        let others = [running("x", on: "a", app: "db"), running("y", on: "b", app: "db")]
        let far = SchedulerTests.pod(preferred("podAntiAffinity", term("db"), weight: 10))
        #expect(place(nodes, others + [far]) == "c")
    }

    @Test func `what running Pods prefer weighs too`() {
        let nodes = [node("a", zone: "1"), node("b", zone: "2")]
        let inviting = running(
            "db", on: "b", app: "db", preferred("podAffinity", term("web"), weight: 100))
        #expect(place(nodes, [inviting, SchedulerTests.pod()]) == "b")
        let needing = running("db", on: "b", app: "db", required("podAffinity", term("web")))
        #expect(place(nodes, [needing, SchedulerTests.pod()]) == "b")
    }

    @Test func `namespaces of a term are named or selected by their labels`() {
        let nodes = [node("a", zone: "1"), node("b", zone: "2")]
        let space: JSON = [
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": ["name": "shop", "labels": ["team": "x"]],
        ]
        let db = running("db", on: "b", app: "db", namespace: "shop")
        func choose(_ more: JSON) -> String? {
            let pod = SchedulerTests.pod(required("podAffinity", term("db", more)))
            return place(nodes, [space, db, pod])
        }
        #expect(choose([:]) == nil)
        #expect(choose(["namespaces": ["shop"]]) == "b")
        #expect(choose(["namespaceSelector": ["matchLabels": ["team": "x"]]]) == "b")
        #expect(choose(["namespaceSelector": ["matchLabels": ["team": "y"]]]) == nil)
        #expect(choose(["namespaceSelector": [:]]) == "b")
    }

    @Test func `a label that is named by its key means the Pod's own value`() {
        let nodes = [node("a", zone: "1"), node("b", zone: "2")]
        var old = running("old", on: "a", app: "web")
        old["metadata"]?["labels"]?["version"] = "1"
        var new = SchedulerTests.pod(
            required("podAntiAffinity", term("web", ["matchLabelKeys": ["version"]])))
        new["metadata"]?["labels"] = ["app": "web", "version": "2"]
        #expect(place([nodes[0]], [old, new]) == "a")
        new["metadata"]?["labels"]?["version"] = "1"
        #expect(place(nodes, [old, new]) == "b")
        new["spec"] = SchedulerTests.pod(
            required("podAntiAffinity", term("web", ["mismatchLabelKeys": ["version"]])))["spec"]
        #expect(place([nodes[0]], [old, new]) == "a")
    }

    @Test func `all terms of an affinity hold for one and the same Pod`() {
        let nodes = [node("a", zone: "1")]
        let rules: JSON = [
            "requiredDuringSchedulingIgnoredDuringExecution": [
                term("db"), term("web", ["topologyKey": "host"]),
            ]
        ]
        let pod = SchedulerTests.pod(["affinity": ["podAffinity": rules]])
        let pods = [running("db", on: "a", app: "db"), running("w", on: "a", app: "web")]
        #expect(place(nodes, pods + [pod]) == nil)
    }

    @Test func `a Pod that ends still keeps away those that it repels`() {
        let nodes = [node("a", zone: "1")]
        var leaving = running("old", on: "a", app: "web")
        leaving["metadata"]?["deletionTimestamp"] = "2026-11-21T20:00:00Z"
        let pod = SchedulerTests.pod(required("podAntiAffinity", term("web")))
        #expect(place(nodes, [leaving, pod]) == nil)
        #expect(place(nodes, [leaving, SchedulerTests.pod(spread([:]))]) == "a")
    }

    @Test func `too few domains count as an empty one`() {
        let nodes = [node("a", zone: "1"), node("b", zone: "2")]
        let pods = [running("x", on: "a", app: "web"), running("y", on: "b", app: "web")]
        #expect(place(nodes, pods + [SchedulerTests.pod(spread([:]))]) != nil)
        #expect(place(nodes, pods + [SchedulerTests.pod(spread(["minDomains": 3]))]) == nil)
    }

    @Test func `tainted Nodes are domains unless taints are honoured`() {
        let taint: JSON = ["taints": [["key": "a", "effect": "NoSchedule"]]]
        let closed = SchedulerTests.node("b", taint)
        var empty = closed
        empty["metadata"]?["labels"] = ["zone": "2", "host": "b"]
        let nodes = [node("a", zone: "1"), empty]
        let pods = [running("x", on: "a", app: "web")]
        #expect(place(nodes, pods + [SchedulerTests.pod(spread([:]))]) == nil)
        let honouring = SchedulerTests.pod(spread(["nodeTaintsPolicy": "Honor"]))
        #expect(place(nodes, pods + [honouring]) == "a")
    }

    @Test func `a Node without the label is no good place for a Pod that asks to be spread`() {
        let nodes = [node("a", zone: nil), node("b", zone: "2")]
        let pods = [running("x", on: "b", app: "web")]
        let soft = SchedulerTests.pod(spread(["whenUnsatisfiable": "ScheduleAnyway"]))
        #expect(place([nodes[0]], pods + [soft]) == "a")
        let message = SchedulerTests.message(
            nodes: [nodes[0]], pod: SchedulerTests.pod(spread([:])))
        #expect(
            message?.hasPrefix(
                "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints "
                    + "(missing required label).") == true)
    }

    @Test func `a Node that has a large image already is preferred, one with a small one is not`() {
        func holding(_ name: String, _ image: String, megabytes: Int64) -> JSON {
            var node = node(name, zone: nil)
            node["status"]?["images"] = [
                ["names": [.string(image)], "sizeBytes": .integer(megabytes * 1_048_576)]
            ]
            return node
        }
        let pod = SchedulerTests.pod(["containers": [["name": "c", "image": "shop/web"]]])
        let large = holding("b", "docker.io/shop/web:latest", megabytes: 900)
        #expect(place([node("a", zone: nil), large], [pod]) == "b")
        let small = holding("b", "docker.io/shop/web:latest", megabytes: 20)
        #expect(place([node("a", zone: nil), small], [pod]) == "a")
        let other = holding("b", "docker.io/shop/web:2", megabytes: 900)
        #expect(place([node("a", zone: nil), other], [pod]) == "a")
    }

    @Test func `a claim for one Pod at a time is not given to a second`() {
        let claim: JSON = [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": [
                "name": "data", "namespace": "default",
                "annotations": ["pv.kubernetes.io/bind-completed": "yes"],
            ],
            "spec": ["accessModes": ["ReadWriteOncePod"], "volumeName": "pv"],
            "status": ["phase": "Bound"],
        ]
        let volume: JSON = [
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": ["name": "pv"],
            "spec": [
                "claimRef": [
                    "namespace": "default", "name": "data", "uid": "uid-1",
                ]
            ], "status": ["phase": "Bound"],
        ]
        let spec: JSON = [
            "volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "data"]]]
        ]
        let nodes = [node("a", zone: "1")]
        let waiting = SchedulerTests.pod(spec)
        #expect(place(nodes, [claim, volume, waiting]) == "a")
        let holder = running("holder", on: "a", app: "x", spec)
        #expect(place(nodes, [claim, volume, holder, waiting]) == nil)
    }
}
