import Base
import Control
import JSON
import Objects
import Testing

/// Claims, volumes, and Pods that wait for them.
@Suite struct StorageTests {
    private func claim(
        _ name: String = "data", size: String = "1Gi", mode: String = "ReadWriteOnce",
        _ changes: JSON = [:]
    ) -> JSON {
        var spec: JSON = [
            "accessModes": [.string(mode)],
            "resources": ["requests": ["storage": .string(size)]],
        ]
        for member in changes.object ?? JSONObject([]) { spec[member.name] = member.value }
        return [
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": ["name": .string(name), "namespace": "default"],
            "spec": spec, "status": ["phase": "Pending"],
        ]
    }

    private func volume(
        _ name: String, size: String, mode: String = "ReadWriteOnce", _ changes: JSON = [:]
    ) -> JSON {
        var spec: JSON = [
            "accessModes": [.string(mode)], "capacity": ["storage": .string(size)],
            "hostPath": ["path": .string("/srv/\(name)")],
            "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "manual",
        ]
        for member in changes.object ?? JSONObject([]) { spec[member.name] = member.value }
        return [
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": ["name": .string(name)], "spec": spec, "status": ["phase": "Pending"],
        ]
    }

    private func pod(_ name: String, claims: [String], _ changes: JSON = [:]) -> JSON {
        let volumes = claims.map { claim -> JSON in
            ["name": .string(claim), "persistentVolumeClaim": ["claimName": .string(claim)]]
        }
        var pod = SchedulerTests.pod(name, changes)
        pod["spec"]?["volumes"] = .array(volumes)
        return pod
    }

    private func key(_ claim: String) -> ObjectKey {
        ObjectKey(.persistentVolumeClaims, namespace: "default", name: claim)
    }

    private func phase(_ key: ObjectKey, _ harness: ControlHarness) -> String? {
        harness.api[key]?["status"]?["phase"]?.string
    }

    private func condition(_ name: String, _ harness: ControlHarness) -> String? {
        let key = ObjectKey(.pods, namespace: "default", name: name)
        return harness.api[key].flatMap { Pod($0).condition("PodScheduled")?.message }
    }

    @Test func `the smallest volume that fits is bound, once`() {
        var harness = ControlHarness.cluster()
        let manual: JSON = ["storageClassName": "manual"]
        harness.user { api in
            api.must(.create(.persistentVolumes, volume("large", size: "10Gi")))
            api.must(.create(.persistentVolumes, volume("small", size: "2Gi")))
            api.must(.create(.persistentVolumes, volume("tiny", size: "500Mi")))
            api.must(
                .create(.persistentVolumes, volume("shared", size: "1Gi", mode: "ReadOnlyMany")))
            for name in ["one", "two", "three"] {
                api.must(.create(.persistentVolumeClaims, claim(name, manual)))
            }
        }
        harness.settle()
        let bound = ["one", "two", "three"].compactMap {
            harness.api[key($0)]?["spec"]?["volumeName"]?.string
        }
        #expect(Set(bound) == ["large", "small"])
        for name in bound {
            let volume = harness.api[ObjectKey(.persistentVolumes, name: name)]
            #expect(volume?["status"]?["phase"] == "Bound")
            let claim = volume?["spec"]?["claimRef"]?["name"]?.string ?? ""
            #expect(harness.api[key(claim)]?["status"]?["phase"] == "Bound")
            #expect(
                harness.api[key(claim)]?["status"]?["capacity"] == volume?["spec"]?["capacity"])
        }
        for name in ["tiny", "shared"] {
            #expect(phase(ObjectKey(.persistentVolumes, name: name), harness) == "Available")
        }
    }

    @Test func `a volume is made where the first Pod is placed`() {
        var harness = ControlHarness.cluster()
        harness.user { $0.must(.create(.persistentVolumeClaims, claim())) }
        harness.settle()
        #expect(harness.api[key("data")]?["spec"]?["storageClassName"] == "local")
        #expect(phase(key("data"), harness) == "Pending")
        harness.user {
            $0.must(
                .create(
                    .pods,
                    pod(
                        "web", claims: ["data"],
                        ["nodeSelector": ["kubernetes.io/hostname": "machine-2"]])))
        }
        harness.settle()
        #expect(phase(key("data"), harness) == "Bound")
        let uid = harness.api[key("data")]?["metadata"]?["uid"]?.string ?? ""
        let made = harness.api[ObjectKey(.persistentVolumes, name: "pvc-\(uid)")]
        #expect(made?["spec"]?["local"]?["path"] == .string("/var/lib/podmesh/volumes/pvc-\(uid)"))
        #expect(made?["spec"]?["persistentVolumeReclaimPolicy"] == "Delete")
        let web = ObjectKey(.pods, namespace: "default", name: "web")
        #expect(harness.api[web].flatMap { Pod($0).nodeName } == "machine-2")
        // The next Pod must go where the data is.
        harness.user {
            $0.must(
                .create(
                    .pods,
                    pod(
                        "other", claims: ["data"],
                        ["nodeSelector": ["kubernetes.io/hostname": "machine-3"]])))
        }
        harness.settle()
        #expect(
            condition("other", harness)?.contains(
                "1 node(s) didn't match PersistentVolume's node affinity") == true)
    }

    @Test func `a Pod waits for its claims and is told why`() {
        var harness = ControlHarness.cluster()
        harness.user { api in
            api.must(.create(.pods, pod("web", claims: ["data"])))
        }
        harness.settle()
        #expect(
            condition("web", harness)
                == "0/3 nodes are available: persistentvolumeclaim \"data\" not found. "
                + "preemption: 0/3 nodes are available: 3 Preemption is not helpful for "
                + "scheduling.")
        harness.user {
            $0.must(.create(.persistentVolumeClaims, claim("data", ["storageClassName": "manual"])))
        }
        harness.settle()
        #expect(
            condition("web", harness)?.contains(
                "pod has unbound immediate PersistentVolumeClaims") == true)
        harness.user { $0.must(.create(.persistentVolumes, volume("one", size: "1Gi"))) }
        harness.settle()
        let web = ObjectKey(.pods, namespace: "default", name: "web")
        #expect(harness.api[web].flatMap { Pod($0).nodeName } != nil)
    }

    @Test func `a claim in use stays until its Pod is gone, and leaves its volume behind`() {
        var harness = ControlHarness.cluster()
        harness.user { api in
            api.must(.create(.persistentVolumes, volume("one", size: "1Gi")))
            api.must(
                .create(.persistentVolumeClaims, claim("data", ["storageClassName": "manual"])))
            api.must(.create(.pods, pod("web", claims: ["data"])))
        }
        harness.settle()
        harness.user { $0.must(.delete(key("data"))) }
        harness.settle()
        #expect(harness.api[key("data")]?["metadata"]?["deletionTimestamp"] != nil)
        let web = ObjectKey(.pods, namespace: "default", name: "web")
        harness.user { $0.must(.delete(web)) }
        harness.settle()
        #expect(harness.api[key("data")] == nil)
        #expect(phase(ObjectKey(.persistentVolumes, name: "one"), harness) == "Released")
        // What was another's is not given to the next claim of that name.
        harness.user {
            $0.must(.create(.persistentVolumeClaims, claim("data", ["storageClassName": "manual"])))
        }
        harness.settle()
        #expect(phase(key("data"), harness) == "Pending")
    }

    @Test func `an ephemeral volume's claim belongs to its Pod`() {
        var harness = ControlHarness.cluster()
        let template: JSON = [
            "metadata": ["labels": ["app": "web"]],
            "spec": [
                "accessModes": ["ReadWriteOnce"],
                "resources": ["requests": ["storage": "1Gi"]],
            ],
        ]
        var pod = SchedulerTests.pod("web")
        pod["spec"]?["volumes"] = [
            ["name": "scratch", "ephemeral": ["volumeClaimTemplate": template]]
        ]
        harness.user { $0.must(.create(.pods, pod)) }
        harness.settle()
        let claim = harness.api[key("web-scratch")]
        #expect(claim?["metadata"]?["ownerReferences"]?[0]?["kind"] == "Pod")
        #expect(claim?["metadata"]?["labels"] == ["app": "web"])
        #expect(claim?["status"]?["phase"] == "Bound")
    }
}
