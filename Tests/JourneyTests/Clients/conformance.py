"""What Kubernetes' conformance tests do to the API and to workloads, call by call."""
import copy
import json
import uuid
from concurrent.futures import ThreadPoolExecutor

from checks import check, eventually, expect, run
from manifests import server as web_server
from manifests import sleeper
from server import Server

server = Server()
NAMESPACE = "conformance-" + uuid.uuid4().hex[:6]
CORE = f"/api/v1/namespaces/{NAMESPACE}"
MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
LABELS = {"app": "web"}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": sleeper("web")["spec"]}
SELECTOR = {"matchLabels": LABELS}


def ask(method, path, body=None, code=200, kind="application/json", **options):
    answer = server.ask(
        method, path, data=None if body is None else json.dumps(body),
        headers={"Content-Type": kind}, **options)
    codes = code if isinstance(code, tuple) else (code,)
    expect(answer.status_code in codes, (method, path, answer.status_code, answer.text[:400]))
    return answer.json()


def group(name, version="v1"):
    return f"/apis/{name}/{version}/namespaces/{NAMESPACE}"


def is_gone(path):
    return server.ask("GET", path).status_code == 404


def pods(selector):
    items = ask("GET", f"{CORE}/pods?labelSelector={selector}")["items"]
    return sorted(items, key=lambda pod: pod["metadata"]["name"])


def running(selector):
    return [
        pod for pod in pods(selector)
        if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]]


def events(path, version, count, **parameters):
    """The first events of a watch behind a version, without bookmarks."""
    found = []
    parameters.update(watch=1, resourceVersion=version, timeoutSeconds=5)
    with server.ask("GET", path, params=parameters, stream=True) as answer:
        for line in answer.iter_lines():
            event = json.loads(line)
            if event["type"] != "BOOKMARK":
                found.append(event)
            if len(found) == count:
                break
    return found


def life(path, document, status=None):
    """Create, read, list, patch, update, status, watch, delete, delete the collection."""
    tag = uuid.uuid4().hex[:8]
    version = ask("GET", path)["metadata"]["resourceVersion"]
    for index in range(2):
        each = copy.deepcopy(document)
        each["metadata"] = {"name": f"life-{tag}-{index}", "labels": {"life": tag}}
        ask("POST", path, each, code=201)
    own, selected = f"{path}/life-{tag}-0", f"{path}?labelSelector=life={tag}"
    expect(len(ask("GET", selected)["items"]) == 2)
    patched = ask("PATCH", own, {"metadata": {"annotations": {"p": "1"}}}, kind=MERGE)
    expect(patched["metadata"]["annotations"]["p"] == "1", patched)

    def update(path):
        current = ask("GET", path)
        current["metadata"].setdefault("annotations", {})["u"] = path
        updated = ask("PUT", path, current, code=(200, 409))
        return updated.get("metadata", {}).get("annotations", {}).get("u") == path

    eventually("an update", lambda: update(own))
    if status:
        body = {"metadata": {"annotations": {"s": "1"}}, "status": status}
        patched = ask("PATCH", f"{own}/status", body, kind=MERGE)
        expect(patched["metadata"]["annotations"]["s"] == "1", patched)
        for name in status:
            expect(patched["status"].get(name), (name, patched["status"]))
        eventually("an update of the status", lambda: update(f"{own}/status"))
    types = [event["type"] for event in events(path, version, 3, labelSelector=f"life={tag}")]
    expect(types[0] == "ADDED" and set(types) <= {"ADDED", "MODIFIED"}, types)
    ask("DELETE", own, code=(200, 202))
    eventually("deletion", lambda: is_gone(own))
    ask("DELETE", selected)
    eventually("deletion of the rest", lambda: not ask("GET", selected)["items"])


CONDITION = {"conditions": [{"type": "Seen", "status": "True", "reason": "r", "message": "m",
                             "lastTransitionTime": "2026-01-01T00:00:00Z"}]}
BALANCER = {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}]}}
JOB = {"suspend": True, "template": {
    "spec": {**TEMPLATE["spec"], "restartPolicy": "Never"}}}


def kinds():
    """Paths of collections, a document for each, and what its status may say."""
    nowhere = {**TEMPLATE, "spec": {**TEMPLATE["spec"], "nodeSelector": {"no": "where"}}}
    idle = {"replicas": 0, "selector": SELECTOR, "template": TEMPLATE}
    storage, network = "/apis/storage.k8s.io/v1", "/apis/networking.k8s.io/v1"
    claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none",
             "resources": {"requests": {"storage": "1Gi"}}}
    volume = {"accessModes": ["ReadWriteOnce"], "storageClassName": "other",
              "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/tmp"}}
    return [
        (f"{CORE}/configmaps", {"data": {"a": "b"}}, None),
        (f"{CORE}/secrets", {"data": {"a": "Yg=="}}, None),
        (f"{CORE}/podtemplates", {"template": TEMPLATE}, None),
        (f"{CORE}/limitranges", {"spec": {"limits": [{"type": "Pod", "max": {"cpu": 9}}]}}, None),
        (f"{CORE}/replicationcontrollers",
         {"spec": {"replicas": 0, "selector": LABELS, "template": TEMPLATE}}, CONDITION),
        (f"{CORE}/services", {"spec": {"ports": [{"port": 80}]}}, BALANCER),
        (f"{CORE}/persistentvolumeclaims", {"spec": claim}, CONDITION),
        ("/api/v1/persistentvolumes", {"spec": volume}, {"reason": "r"}),
        (f"{CORE}/events", {"involvedObject": {"namespace": NAMESPACE}, "reason": "r"}, None),
        (group("apps") + "/deployments", {"spec": idle}, CONDITION),
        (group("apps") + "/replicasets", {"spec": idle}, CONDITION),
        (group("apps") + "/statefulsets", {"spec": {**idle, "serviceName": "x"}}, CONDITION),
        (group("apps") + "/daemonsets",
         {"spec": {"selector": SELECTOR, "template": nowhere}}, CONDITION),
        (group("batch") + "/jobs", {"spec": JOB}, CONDITION),
        (group("batch") + "/cronjobs",
         {"spec": {"suspend": True, "schedule": "* * * * *", "jobTemplate": {
             "spec": {"template": JOB["template"]}}}},
         {"lastScheduleTime": "2026-01-01T00:00:00Z"}),
        (group("policy") + "/poddisruptionbudgets",
         {"spec": {"minAvailable": 1, "selector": SELECTOR}}, CONDITION),
        (group("coordination.k8s.io") + "/leases", {"spec": {"holderIdentity": "h"}}, None),
        (group("discovery.k8s.io") + "/endpointslices",
         {"addressType": "IPv4", "endpoints": [{"addresses": ["1.2.3.4"]}]}, None),
        (group("networking.k8s.io") + "/ingresses",
         {"spec": {"defaultBackend": {"service": {"name": "b", "port": {"number": 80}}}}},
         BALANCER),
        (f"{network}/ingressclasses", {"spec": {"controller": "example.com/c"}}, None),
        ("/apis/node.k8s.io/v1/runtimeclasses", {"handler": "h"}, None),
        ("/apis/scheduling.k8s.io/v1/priorityclasses", {"value": 5}, None),
        (f"{storage}/storageclasses", {"provisioner": "p"}, None),
        (f"{storage}/csidrivers", {"spec": {"attachRequired": True}}, None),
        (f"{storage}/volumeattachments",
         {"spec": {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "v"}}},
         {"attached": True}),
    ]


@check
def every_kind_has_a_life():
    def attempt(kind):
        try:
            life(*kind)
        except Exception as error:
            return f"{kind[0]}: {error}"

    with ThreadPoolExecutor(8) as pool:
        faults = [fault for fault in pool.map(attempt, kinds()) if fault]
    expect(not faults, faults)


@check
def a_watch_follows_labels():
    path = f"{CORE}/configmaps"
    version = ask("GET", path)["metadata"]["resourceVersion"]
    document = ask("POST", path, {"metadata": {"name": "seen", "labels": {"w": "in"}}}, code=201)
    for change in [{"data": {"n": "1"}}, {"label": "out"}, {"data": {"n": "2"}}, {"label": "in"},
                   {"data": {"n": "3"}}]:
        if "label" in change:
            document["metadata"]["labels"]["w"] = change["label"]
        else:
            document["data"] = change["data"]
        document = ask("PUT", f"{path}/seen", document)
    ask("DELETE", f"{path}/seen")
    seen = events(path, version, 6, labelSelector="w=in")
    expect([event["type"] for event in seen] == [
        "ADDED", "MODIFIED", "DELETED", "ADDED", "MODIFIED", "DELETED"], seen)
    # A selector that no longer fits shows the object as it was when it did.
    expect(seen[2]["object"]["data"] == {"n": "1"}, seen[2])


@check
def pods_need_the_class_that_they_name():
    pod = sleeper("classy")
    pod["spec"]["runtimeClassName"] = NAMESPACE
    refusal = ask("POST", f"{CORE}/pods", pod, code=403)
    expect(f'RuntimeClass "{NAMESPACE}" not found' in refusal["message"], refusal)


@check
def a_replication_controller_adopts_and_lets_go():
    path = f"{CORE}/replicationcontrollers"
    ask("POST", f"{CORE}/pods", sleeper("orphan", {"rc": "a"}), code=201)
    template = {"metadata": {"labels": {"rc": "a"}}, "spec": sleeper("a")["spec"]}
    ask("POST", path, {"metadata": {"name": "a"}, "spec": {
        "replicas": 2, "selector": {"rc": "a"}, "template": template}}, code=201)
    eventually("two Pods, one adopted", lambda: len(running("rc=a")) == 2 and any(
        pod["metadata"]["name"] == "orphan" and pod["metadata"].get("ownerReferences")
        for pod in running("rc=a")))
    ask("PATCH", f"{CORE}/pods/orphan", {"metadata": {"labels": {"rc": "b"}}}, kind=STRATEGIC)
    eventually("it is let go and replaced", lambda: len(running("rc=a")) == 2 and not ask(
        "GET", f"{CORE}/pods/orphan")["metadata"].get("ownerReferences"))
    ask("DELETE", f"{path}/a", {"propagationPolicy": "Orphan"})
    eventually("its Pods stay", lambda: is_gone(f"{path}/a") and len(running("rc=a")) == 2)
    ask("DELETE", f"{CORE}/pods?labelSelector=rc")


@check
def a_stateful_set_keeps_its_order():
    path = f"{group('apps')}/statefulsets/ordered"
    template = {"metadata": {"labels": {"sts": "a"}}, "spec": sleeper("a")["spec"]}
    version = ask("GET", f"{CORE}/pods")["metadata"]["resourceVersion"]
    ask("POST", f"{group('apps')}/statefulsets", {"metadata": {"name": "ordered"}, "spec": {
        "replicas": 2, "serviceName": "s", "selector": {"matchLabels": {"sts": "a"}},
        "template": template}}, code=201)
    eventually("both run", lambda: ask("GET", path)["status"].get("readyReplicas") == 2, 40)
    first = ask("GET", path)["status"]["currentRevision"]
    template = {"metadata": {"labels": {"round": "2"}}}
    ask("PATCH", path, {"spec": {"template": template}}, kind=STRATEGIC)
    eventually("both are new", lambda: ask("GET", path)["status"]["currentRevision"] != first
               and [pod["metadata"]["labels"].get("round") for pod in running("sts=a")]
               == ["2", "2"], 40)
    deleted = [
        event["object"]["metadata"]["name"]
        for event in events(f"{CORE}/pods", version, 400, labelSelector="sts=a")
        if event["type"] == "DELETED"]
    expect(deleted == ["ordered-1", "ordered-0"], deleted)
    ask("DELETE", path)


@check
def a_daemon_set_is_everywhere():
    path = f"{group('apps')}/daemonsets/daemon"
    template = {"metadata": {"labels": {"ds": "a"}}, "spec": sleeper("a")["spec"]}
    ask("POST", f"{group('apps')}/daemonsets", {"metadata": {"name": "daemon"}, "spec": {
        "selector": {"matchLabels": {"ds": "a"}}, "template": template}}, code=201)
    count = len(ask("GET", "/api/v1/nodes")["items"])
    eventually("one on each Node", lambda: len(
        {pod["spec"]["nodeName"] for pod in running("ds=a")}) == count, 40)
    ask("DELETE", f"{CORE}/pods/{running('ds=a')[0]['metadata']['name']}")
    eventually("it is replaced", lambda: len(running("ds=a")) == count, 40)
    eventually("it is counted", lambda: ask("GET", path)["status"].get("numberReady") == count)
    ask("DELETE", path)


@check
def an_indexed_job_completes():
    path = f"{group('batch')}/jobs/indexed"
    spec = sleeper("a", script="echo $JOB_COMPLETION_INDEX; hostname")["spec"]
    ask("POST", f"{group('batch')}/jobs", {"metadata": {"name": "indexed"}, "spec": {
        "completions": 2, "parallelism": 2, "completionMode": "Indexed",
        "template": {"spec": {**spec, "restartPolicy": "Never"}}}}, code=201)
    eventually("it is complete", lambda: any(
        condition["type"] == "Complete" and condition["status"] == "True"
        for condition in ask("GET", path)["status"].get("conditions", [])), 40)
    expect(ask("GET", path)["status"]["completedIndexes"] == "0,1")
    said = [server.ask("GET", f"{CORE}/pods/{pod['metadata']['name']}/log").text
            for pod in pods("job-name=indexed")]
    expect(said == ["0\nindexed-0\n", "1\nindexed-1\n"], said)
    ask("DELETE", path, {"propagationPolicy": "Background"})


@check
def a_budget_holds_evictions_back():
    budgets = f"{group('policy')}/poddisruptionbudgets"
    ask("POST", f"{CORE}/pods", sleeper("kept", {"pdb": "a"}), code=201)
    eventually("it runs", lambda: running("pdb=a"))
    ask("POST", budgets, {"metadata": {"name": "b"}, "spec": {
        "minAvailable": 1, "selector": {"matchLabels": {"pdb": "a"}}}}, code=201)
    eventually("it is counted", lambda: ask("GET", f"{budgets}/b")["status"].get("currentHealthy"))
    eviction = {"metadata": {"name": "kept"}}
    refusal = ask("POST", f"{CORE}/pods/kept/eviction", eviction, code=429)
    expect(refusal["details"]["causes"][0]["reason"] == "DisruptionBudget", refusal)
    ask("PATCH", f"{budgets}/b", {"spec": {"minAvailable": 0}}, kind=MERGE)
    eventually("it may go", lambda: ask(
        "GET", f"{budgets}/b")["status"].get("disruptionsAllowed") == 1)
    ask("POST", f"{CORE}/pods/kept/eviction", eviction, code=201)
    eventually("it is gone", lambda: is_gone(f"{CORE}/pods/kept"))


@check
def endpoints_of_a_user_show_as_slices():
    ask("POST", f"{CORE}/services", {
        "metadata": {"name": "mirrored"}, "spec": {"ports": [{"port": 80}]}}, code=201)
    ask("POST", f"{CORE}/endpoints", {"metadata": {"name": "mirrored"}, "subsets": [
        {"addresses": [{"ip": "10.1.2.3"}], "ports": [{"port": 80}]}]}, code=201)
    path = (f"{group('discovery.k8s.io')}/endpointslices"
            "?labelSelector=kubernetes.io/service-name=mirrored")
    eventually("a slice", lambda: [
        address for part in ask("GET", path)["items"] for endpoint in part["endpoints"]
        for address in endpoint["addresses"]] == ["10.1.2.3"])
    ask("DELETE", f"{CORE}/endpoints/mirrored")
    eventually("the slice is gone", lambda: not ask("GET", path)["items"])


@check
def node_ports_lead_to_pods():
    pod = web_server("behind")
    ask("POST", f"{CORE}/pods", pod, code=201)
    service = ask("POST", f"{CORE}/services", {"metadata": {"name": "open"}, "spec": {
        "type": "NodePort", "selector": pod["metadata"]["labels"],
        "ports": [{"port": 80, "targetPort": 8080}]}}, code=201)
    port = service["spec"]["ports"][0]["nodePort"]
    client = sleeper("client", script="for i in $(seq 60); do for n in $NODES; do "
                     f"wget -qO- http://$n:{port}/ && echo from $n; done; sleep 0.3; done")
    nodes = [address["address"] for node in ask("GET", "/api/v1/nodes")["items"]
             for address in node["status"]["addresses"] if address["type"] == "InternalIP"]
    client["spec"]["containers"][0]["env"] = [{"name": "NODES", "value": " ".join(nodes)}]
    ask("POST", f"{CORE}/pods", client, code=201)
    eventually("every machine answers", lambda: all(
        f"behind\nfrom {node}\n" in server.ask("GET", f"{CORE}/pods/client/log").text
        for node in nodes), 30)


ask("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}}, code=201)
try:
    run()
finally:
    ask("DELETE", f"/api/v1/namespaces/{NAMESPACE}", code=(200, 202, 404))
