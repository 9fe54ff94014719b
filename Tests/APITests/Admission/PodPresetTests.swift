import API
import Base
import JSON
import Objects
import Testing

@Suite("PodPreset")
struct PodPresetTests {
    private let pods = "/api/v1/namespaces/default/pods"
    private let presets = "/apis/settings.k8s.io/v1alpha1/namespaces/default/podpresets"
    private let annotation = "podpreset.admission.kubernetes.io/"

    private func preset(_ name: String, value: String = "6379") -> JSON {
        [
            "apiVersion": "settings.k8s.io/v1alpha1", "kind": "PodPreset",
            "metadata": ["name": .string(name)],
            "spec": [
                "selector": ["matchLabels": ["role": "frontend"]],
                "env": [["name": "DB_PORT", "value": .string(value)]],
                "volumeMounts": [["mountPath": "/cache", "name": "cache-volume"]],
                "volumes": [["name": "cache-volume", "emptyDir": [:]]],
            ],
        ]
    }

    private func pod(_ name: String, _ annotations: JSON? = nil) -> JSON {
        var pod = Sample.pod(name, labels: ["role": "frontend"])
        pod[path: ["metadata", "annotations"]] = annotations
        pod[path: ["spec", "automountServiceAccountToken"]] = false
        return pod
    }

    @Test("A Pod that a preset selects gets its variables and volumes, and is told so")
    func injection() throws {
        var harness = try VerbsHarness()
        let made = try harness.expect(.post, presets, preset("database"), code: 201)
        let version = try #require(made["metadata"]?["resourceVersion"]?.string)
        let pod = try harness.expect(.post, pods, pod("a"), code: 201)
        let container = pod["spec"]?["containers"]?[0]
        #expect(container?["env"] == [["name": "DB_PORT", "value": "6379"]])
        #expect(container?["volumeMounts"] == [["mountPath": "/cache", "name": "cache-volume"]])
        #expect(pod["spec"]?["volumes"] == [["name": "cache-volume", "emptyDir": [:]]])
        #expect(
            pod["metadata"]?["annotations"]
                == [annotation + "podpreset-database": .string(version)])
        let other = try harness.expect(.post, pods, Sample.pod("b"), code: 201)
        #expect(other["spec"]?["containers"]?[0]?["env"] == nil)
    }

    @Test("A Pod can stay out")
    func exclusion() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, presets, preset("database"), code: 201)
        let pod = try harness.expect(
            .post, pods, pod("a", [annotation + "exclude": "true"]), code: 201)
        #expect(pod["spec"]?["containers"]?[0]?["env"] == nil)
        #expect(pod["metadata"]?["annotations"] == [annotation + "exclude": "true"])
    }

    @Test("Presets that disagree change nothing, and an Event tells why")
    func conflicts() throws {
        var harness = try VerbsHarness()
        try harness.expect(.post, presets, preset("one"), code: 201)
        try harness.expect(.post, presets, preset("two", value: "5432"), code: 201)
        let pod = try harness.expect(.post, pods, pod("a"), code: 201)
        #expect(pod["spec"]?["containers"]?[0]?["env"] == nil)
        #expect(pod["spec"]?["volumes"] == nil)
        #expect(pod["metadata"]?["annotations"] == nil)
        let events = try harness.expect(
            .get, "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=a",
            code: 200)
        #expect(events["items"]?.array?.count == 1)
        #expect(events["items"]?[0]?["reason"]?.string == "PodPresetConflict")
        #expect(
            events["items"]?[0]?["message"]?.string
                == "conflict: merging env for two has a conflict on DB_PORT")
    }

    @Test("A preset that gives nothing is refused")
    func empty() throws {
        var harness = try VerbsHarness()
        let status = try harness.expect(
            .post, presets, ["metadata": ["name": "none"], "spec": [:]], code: 422)
        #expect(
            status["message"]?.string
                == "PodPreset.settings.k8s.io \"none\" is invalid: spec: Required value: must "
                + "specify at least one")
    }
}
