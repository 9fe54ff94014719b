import Base
import JSON
import Objects
import Testing

@Suite struct ViewTests {
    @Test func `an empty document has the defaults of the API and nothing traps`() {
        let pod = Pod([:])
        #expect(pod.restartPolicy == "Always")
        #expect(pod.terminationGracePeriodSeconds == 30)
        #expect(pod.schedulerName == "default-scheduler")
        #expect(pod.nodeName == nil && pod.podIP == nil && pod.phase == "")
        #expect(!pod.isReady && !pod.isFinished && !pod.isBeingDeleted)
        #expect(pod.metadata.creationTimestamp == nil && pod.metadata.controller == nil)
        #expect(Node([:]).allocatable.isEmpty && Node([:]).taints.isEmpty)
    }

    @Test func `members of the wrong type count as absent`() {
        let odd: JSON = [
            "metadata": ["labels": ["a": 1, "b": "c"], "name": 5], "spec": "text",
            "status": ["conditions": [3, ["type": "Ready", "status": "True"]]],
        ]
        let pod = Pod(odd)
        #expect(pod.name == "" && pod.containers.isEmpty)
        #expect(pod.metadata.labels == ["b": "c"])
        #expect(pod.isReady)
    }

    @Test func `a Pod that no Node has is unbound, an empty name too`() {
        #expect(Pod(["spec": ["nodeName": ""]]).nodeName == nil)
        #expect(Pod(["spec": ["nodeName": "machine-1"]]).nodeName == "machine-1")
    }

    @Test("Succeeded and Failed Pods are finished", arguments: ["Succeeded", "Failed"])
    func finished(_ phase: String) {
        #expect(Pod(["status": ["phase": .string(phase)]]).isFinished)
    }

    @Test func `an object knows its key, and its controller by the reference to it`() {
        let owner = Pod([
            "metadata": ["name": "web", "namespace": "default", "uid": "u-1"]
        ])
        #expect(owner.key == ObjectKey(.pods, namespace: "default", name: "web"))
        #expect("\(owner.key)" == "pods/default/web")
        let reference = OwnerReference(controller: owner)
        #expect(reference.kind == "Pod" && reference.apiVersion == "v1" && reference.uid == "u-1")
        let child = Pod(["metadata": ["ownerReferences": [reference.json]]])
        #expect(child.metadata.controller == reference)
    }

    @Test func `writing the metadata changes the document`() {
        var pod = Pod(["metadata": ["name": "a"], "spec": [:]])
        pod.metadata = ObjectMeta(["name": "b"])
        #expect(pod.json == ["metadata": ["name": "b"], "spec": [:]])
    }

    @Test func `resources name themselves as Kubernetes' messages do`() {
        #expect("\(Resource.pods)" == "pods" && Resource.pods.apiVersion == "v1")
        #expect("\(Resource.deployments)" == "deployments.apps")
        #expect(Resource.deployments.apiVersion == "apps/v1")
        #expect(StatusError.notFound(.deployments, "web").code == 404)
        #expect(
            StatusError.notFound(.deployments, "web").message
                == "deployments.apps \"web\" not found")
    }

    @Test func `a Node says what it can hold and where it is`() {
        let node = Node([
            "spec": ["podCIDR": "10.244.1.0/24", "unschedulable": true],
            "status": [
                "allocatable": ["cpu": "1500m", "memory": "1Gi", "odd": "x"],
                "addresses": [
                    ["type": "Hostname", "address": "m"],
                    ["type": "InternalIP", "address": "192.0.2.1"],
                ],
            ],
        ])
        #expect(node.allocatable["cpu"]?.milli == 1_500)
        #expect(node.allocatable["memory"]?.value == 1 << 30)
        #expect(node.allocatable["odd"] == nil)
        #expect(node.internalAddress == "192.0.2.1" && node.isUnschedulable)
    }
}
