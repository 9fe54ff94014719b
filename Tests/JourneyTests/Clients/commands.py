"""kubectl's subcommands one by one: exit codes and output as on Kubernetes. KUBECTL names the
program, so that several versions can be run."""
import base64
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request

import yaml

from checks import check, eventually, expect, run
from manifests import config_map, deployment, server, sleeper

KUBECTL = os.environ.get("KUBECTL", "kubectl")
SPACE = "commands"
FOLDER = tempfile.mkdtemp()


def kubectl(*arguments, code=0, stdin="", out=None, err=None, space=SPACE, timeout=40, env=None):
    """Runs it; both outputs must match what is given as a pattern. Returns what it printed."""
    line = [KUBECTL, "--namespace", space, *arguments]
    done = subprocess.run(line, input=stdin, capture_output=True, text=True, timeout=timeout,
                          env={**os.environ, **(env or {})})
    seen = f"{' '.join(line)}: {done.returncode}\n{done.stdout}{done.stderr}"
    expect(done.returncode == code, seen)
    for pattern, text in [(out, done.stdout), (err, done.stderr)]:
        if pattern is not None:
            expect(re.search(pattern, text, re.S), seen)
    return done.stdout


def started(*arguments):
    return subprocess.Popen([KUBECTL, "--namespace", SPACE, *arguments],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def manifest(document):
    return json.dumps(document)


def get(*arguments):
    return json.loads(kubectl("get", *arguments, "--output", "json"))


@check
def a_fresh_namespace():
    kubectl("delete", "namespace", SPACE, "--ignore-not-found", timeout=90)
    kubectl("create", "namespace", SPACE, out=f"namespace/{SPACE} created")
    eventually("its account", lambda: kubectl("get", "serviceaccount", "default"))


@check
def run_and_wait():
    kubectl("run", "one", "--image=busybox", "--labels=a=b", "--", "sh", "-c",
            "echo hello; echo bad >&2; exec sleep 3600", out="pod/one created")
    kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=20s",
            out="pod/one condition met")
    kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod/one", "--timeout=5s")
    kubectl("wait", "--for=condition=Nonsense", "pod/one", "--timeout=1s", code=1,
            err="timed out waiting for the condition on pods/one")
    kubectl("apply", "--filename", "-", stdin=manifest(server("web")))
    kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=20s")


@check
def logs():
    expect(set(kubectl("logs", "one").split()) == {"hello", "bad"})
    expect(kubectl("logs", "one", "--tail=1").count("\n") == 1)
    kubectl("logs", "one", "--timestamps", out=r"20\d\d-\S+Z hello\n")
    kubectl("logs", "--selector", "a=b", "--prefix", out=r"\[pod/one/one\] hello")
    kubectl("logs", "one", "--limit-bytes=3", out="^...$")
    kubectl("logs", "one", "--previous", code=1,
            err='previous terminated container "one" in pod "one" not found')
    kubectl("logs", "one", "--container=no", code=1, err="container no is not valid for pod one")
    kubectl("logs", "nobody", code=1, err=r'\(NotFound\): pods "nobody" not found')


@check
def exec_and_attach():
    for environment in [{}, {"KUBECTL_REMOTE_COMMAND_WEBSOCKETS": "false"}]:
        expect(kubectl("exec", "one", "--", "echo", "hi", env=environment) == "hi\n")
        kubectl("exec", "one", "--", "sh", "-c", "exit 3", code=3, env=environment,
                err="command terminated with exit code 3")
        expect(kubectl("exec", "--stdin", "one", "--", "cat", stdin="abc", env=environment)
               == "abc")
        text = "line\n" * 200_000
        expect(kubectl("exec", "--stdin", "one", "--", "cat", stdin=text, env=environment)
               == text)
        kubectl("exec", "one", "--", "no-such-program", code=1, err="no-such-program",
                env=environment)
    kubectl("exec", "one", "--container=no", "--", "true", code=1,
            err="container not found|container no is not valid for pod one")
    echo = sleeper("echo", script="exec cat")
    echo["spec"]["containers"][0]["stdin"] = True
    kubectl("apply", "--filename", "-", stdin=manifest(echo))
    kubectl("wait", "--for=condition=Ready", "pod/echo", "--timeout=20s")
    process = started("attach", "--stdin", "echo")
    process.stdin.write("attached\n")
    process.stdin.flush()
    # The end of its input would detach it, perhaps before the answer.
    while "attached" not in (line := process.stdout.readline()):
        expect(line, "no echo")
    process.terminate()
    process.communicate()


@check
def copying():
    data = os.urandom(3_000_000)
    with open(f"{FOLDER}/there", "wb") as file:
        file.write(data)
    kubectl("cp", f"{FOLDER}/there", "one:/tmp/there")
    kubectl("cp", "one:/tmp/there", f"{FOLDER}/back")
    with open(f"{FOLDER}/back", "rb") as file:
        expect(file.read() == data, "other bytes came back")


def answers_through(target, environment):
    """What a forwarded port answers to five requests, and what kubectl printed meanwhile."""
    port = "80" if target.startswith("service") else "8080"
    process = subprocess.Popen(
        [KUBECTL, "--namespace", SPACE, "port-forward", target, f":{port}"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **environment})
    line = process.stdout.readline()
    found = re.search(r"127\.0\.0\.1:(\d+) -> 8080", line)
    answers = []
    try:
        for _ in range(5 if found else 0):
            url = f"http://127.0.0.1:{found[1]}/"
            answers.append(urllib.request.urlopen(url, timeout=10).read())
    except OSError as error:
        answers.append(error)
    process.terminate()
    return answers, line + process.communicate()[0]


@check
def forwarding_ports():
    kubectl("expose", "pod", "web", "--port=80", "--target-port=8080",
            out="service/web exposed")
    for environment, target in [
            ({}, "pod/web"), ({}, "service/web"),
            ({"KUBECTL_PORT_FORWARD_WEBSOCKETS": "false"}, "pod/web")]:
        answers, printed = answers_through(target, environment)
        expect(answers == [b"web\n"] * 5, f"{target} {environment}: {answers}\n{printed}")


@check
def proxying():
    process = started("proxy", "--port=0")
    try:
        found = re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())
        base = f"http://{found[0]}"
        version = json.load(urllib.request.urlopen(f"{base}/version", timeout=10))
        expect(version["gitVersion"].startswith("v1.36"))
        path = f"{base}/api/v1/namespaces/{SPACE}"
        for name in ["pods/web:8080", "services/web:80", "pods/http:web:8080", "pods/web"]:
            def answer():
                return urllib.request.urlopen(f"{path}/{name}/proxy/", timeout=10).read()
            eventually(name, lambda: answer() == b"web\n")
    finally:
        process.terminate()
        process.wait()
    kubectl("get", "--raw", f"/api/v1/namespaces/{SPACE}/pods/web:9/proxy/", code=1,
            err="error trying to reach service: dial tcp .*:9: connect: connection refused")
    node = get("pod", "web")["spec"]["nodeName"]
    expect(kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/healthz") == "ok")
    pods = json.loads(kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/pods"))
    expect("web" in [pod["metadata"]["name"] for pod in pods["items"]], pods)


@check
def creating_of_all_kinds():
    with open(f"{FOLDER}/file", "w") as file:
        file.write("text\n")
    for line in [
            "configmap c1 --from-literal=a=b", f"configmap c2 --from-file={FOLDER}/file",
            f"configmap c3 --from-env-file={os.devnull}", "secret generic s1 --from-literal=a=b",
            "secret docker-registry s2 --docker-username=a --docker-password=b",
            "serviceaccount robot", "role r1 --verb=get,list --resource=pods",
            "rolebinding b1 --role=r1 --serviceaccount=commands:robot",
            "clusterrole commands-r --verb=get --resource=nodes",
            "clusterrole commands-p --verb=get --non-resource-url=/metrics",
            "clusterrolebinding commands-b --clusterrole=commands-r --user=u",
            "quota q1 --hard=pods=100",
            "poddisruptionbudget p1 --selector=of=none --min-available=1",
            "priorityclass commands-p --value=10", "ingress i1 --rule=a.b/x*=web:80",
            "service clusterip v1 --tcp=80", "service nodeport v2 --tcp=80",
            "service loadbalancer v3 --tcp=80", "service externalname v4 --external-name=a.b",
            "deployment d1 --image=busybox --replicas=0", "job j1 --image=busybox -- true",
            "cronjob k1 --image=busybox --schedule='0 0 1 1 *' -- true",
            "job j2 --from=cronjob/k1"]:
        words = [word.strip("'") for word in re.findall(r"'[^']*'|\S*'[^']*'|\S+", line)]
        words = [word.replace("='", "=") for word in words]
        kubectl("create", *words, out=" created\n")
    kubectl("create", "configmap", "c1", code=1, err='configmaps "c1" already exists')
    kubectl("create", "configmap", "Bad", code=1, err=r"is invalid: metadata.name: Invalid value")
    token = kubectl("create", "token", "robot").strip()
    expect(token.count(".") == 2, token)
    kubectl("get", "pods", "--token", token, "--client-certificate=", "--client-key=")
    kubectl("delete", "clusterrole/commands-r", "clusterrole/commands-p",
            "clusterrolebinding/commands-b", "priorityclass/commands-p", "quota/q1",
            "job/j1", "job/j2", "cronjob/k1", "--wait=false")


@check
def applying_in_every_way():
    first, second = config_map("one", a="1", b="2"), config_map("one", a="3")
    kubectl("diff", "--filename", "-", stdin=manifest(first), code=1, out=r"\+  a: \"1\"")
    kubectl("apply", "--filename", "-", stdin=manifest(first), out="configmap/one created")
    kubectl("apply", "--filename", "-", stdin=manifest(first), out="configmap/one unchanged")
    kubectl("diff", "--filename", "-", stdin=manifest(first))
    kubectl("apply", "--filename", "-", stdin=manifest(second), out="configmap/one configured")
    expect(get("configmap", "one")["data"] == {"a": "3"})
    kubectl("apply", "view-last-applied", "configmap/one", out='a: "3"')
    kubectl("apply", "--server-side", "--filename", "-", stdin=manifest(config_map("two", a="1")),
            out="configmap/two serverside-applied")
    kubectl("apply", "--server-side", "--field-manager=other", "--filename", "-", code=1,
            stdin=manifest(config_map("two", a="2")), err=r"conflict with \"kubectl\"")
    kubectl("apply", "--server-side", "--field-manager=other", "--force-conflicts",
            "--filename", "-", stdin=manifest(config_map("two", a="2")))
    pruned = [dict(config_map(name), metadata={"name": name, "labels": {"set": "x"}})
              for name in ["keep", "drop"]]
    text = manifest({"apiVersion": "v1", "kind": "List", "items": pruned})
    prune = ["--prune", "--selector=set=x", "--prune-allowlist=core/v1/ConfigMap"]
    kubectl("apply", "--filename", "-", *prune, stdin=text)
    kubectl("apply", "--filename", "-", *prune, stdin=manifest(pruned[0]),
            out="configmap/drop pruned")
    strange = dict(config_map("three"), datta={"a": "b"})
    kubectl("apply", "--filename", "-", stdin=manifest(strange), code=1,
            err='unknown field "datta"')
    kubectl("apply", "--filename", "-", code=1, err="no matches for kind \"Unknown\"",
            stdin=manifest({"apiVersion": "a.b/v1", "kind": "Unknown", "metadata": {"name": "a"}}))
    kubectl("replace", "--filename", "-", stdin=manifest(config_map("two", c="4")),
            out="configmap/two replaced")
    kubectl("create", "--filename", "-", "--dry-run=server", stdin=manifest(config_map("dry")),
            out=r"configmap/dry created \(server dry run\)")
    kubectl("get", "configmap", "dry", code=1, err="not found")
    kubectl("edit", "configmap", "two", env={"KUBE_EDITOR": "sed -i 's/c: \"4\"/c: \"5\"/'"},
            out="configmap/two edited")
    expect(get("configmap", "two")["data"] == {"c": "5"})


@check
def workloads():
    kubectl("apply", "--filename", "-", stdin=manifest(deployment("app", 2)))
    kubectl("rollout", "status", "deployment/app", "--timeout=30s", out="successfully rolled out")
    kubectl("scale", "deployment/app", "--replicas=3", out="deployment.apps/app scaled")
    kubectl("scale", "deployment/app", "--current-replicas=7", "--replicas=1", code=1,
            err="Expected replicas to be 7, was 3")
    kubectl("set", "env", "deployment/app", "A=b", out="deployment.apps/app env updated")
    kubectl("set", "image", "deployment/app", "main=busybox:latest", out="image updated")
    kubectl("set", "resources", "deployment/app", "--requests=cpu=1m", out="updated")
    kubectl("rollout", "status", "deployment/app", "--timeout=60s")
    kubectl("rollout", "history", "deployment/app", out="REVISION")
    kubectl("rollout", "undo", "deployment/app", out="rolled back")
    kubectl("rollout", "pause", "deployment/app", out="paused")
    kubectl("rollout", "resume", "deployment/app", out="resumed")
    kubectl("rollout", "restart", "deployment/app", out="restarted")
    kubectl("rollout", "status", "deployment/app", "--timeout=60s")
    kubectl("autoscale", "deployment/app", "--min=1", "--max=5", out="autoscaled")
    kubectl("patch", "deployment/app", "--patch", '{"spec":{"replicas":1}}', out="patched")
    kubectl("patch", "deployment/app", "--type=json", "--patch",
            '[{"op":"replace","path":"/spec/replicas","value":0}]', out="patched")
    kubectl("get", "deployment", "app", "--subresource=scale", out="NAME +DESIRED +AVAILABLE")
    kubectl("describe", "deployment", "app", out="OldReplicaSets:.*NewReplicaSet:.*Events:")
    kubectl("delete", "deployment/app", "hpa/app")


@check
def labels_annotations_and_nodes():
    kubectl("label", "pod", "one", "x=y", out="pod/one labeled")
    kubectl("label", "pod", "one", "x=z", code=1, err="already has a value")
    kubectl("label", "pod", "one", "x-", out="pod/one unlabeled")
    kubectl("annotate", "pod", "one", "d=e", out="pod/one annotated")
    node = get("pod", "one")["spec"]["nodeName"]
    kubectl("taint", "node", node, "commands=b:PreferNoSchedule", out="tainted")
    kubectl("taint", "node", node, "commands-", out="untainted")
    kubectl("cordon", node, out="cordoned")
    kubectl("uncordon", node, out="uncordoned")
    kubectl("drain", node, "--dry-run=server", "--ignore-daemonsets", "--force",
            "--delete-emptydir-data", out="evicting pod commands/one")
    kubectl("describe", "node", node, out="Conditions:.*Capacity:.*Allocated resources:")
    kubectl("top", "node", node, out=f"CPU.*MEMORY.*{node}")
    eventually("usage of the Pod", lambda: kubectl("top", "pod", "one", out="NAME.*one"), 60)


@check
def questions_of_authorization():
    kubectl("auth", "whoami", out="kubernetes-admin")
    expect(kubectl("auth", "can-i", "create", "pods") == "yes\n")
    robot = f"--as=system:serviceaccount:{SPACE}:robot"
    expect(kubectl("auth", "can-i", "list", "pods", robot) == "yes\n")
    expect(kubectl("auth", "can-i", "list", "secrets", robot, code=1) == "no\n")
    kubectl("auth", "can-i", "--list", robot, out=r"pods +\[\] +\[\] +\[get list\]")
    kubectl("get", "secrets", robot, code=1, err=(
        'secrets is forbidden: User "system:serviceaccount:commands:robot" cannot list resource '
        '"secrets" in API group "" in the namespace "commands"'))
    kubectl("auth", "reconcile", "--filename", "-", out="reconciled", stdin=manifest({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "re", "namespace": SPACE},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}))


@check
def certificates():
    key = f"{FOLDER}/key"
    subprocess.run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                    "-subj", "/CN=commands-user/O=g", "-out", f"{FOLDER}/csr"], check=True,
                   capture_output=True)
    with open(f"{FOLDER}/csr", "rb") as file:
        request = base64.b64encode(file.read()).decode()
    kubectl("delete", "csr", "commands", "--ignore-not-found")
    kubectl("create", "--filename", "-", stdin=manifest({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
        "metadata": {"name": "commands"}, "spec": {
            "request": request, "signerName": "kubernetes.io/kube-apiserver-client",
            "usages": ["client auth"]}}))
    kubectl("certificate", "approve", "commands", out="commands approved")
    kubectl("get", "csr", "commands", out="Approved")
    kubectl("delete", "csr", "commands")


@check
def looking_around():
    kubectl("get", "all", out="pod/one")
    kubectl("get", "pods", "--output", "wide", out="NOMINATED NODE")
    kubectl("get", "pods", "--output=custom-columns=N:.metadata.name", out="N\n.*echo")
    kubectl("get", "pods", "--field-selector=status.phase=Running", "--output=name",
            out="pod/one")
    kubectl("get", "pods", "--sort-by=.metadata.name", "--show-labels", out="LABELS")
    yaml.safe_load(kubectl("get", "pod", "one", "--output=yaml", "--show-managed-fields"))
    kubectl("get", "nonsense", code=1, err='the server doesn\'t have a resource type "nonsense"')
    kubectl("describe", "pod", "one", out="Events:.*Started")
    kubectl("events", "--for", "pod/one", out="Scheduled")
    kubectl("get", "events", "--field-selector=involvedObject.name=one", out="Scheduled")
    kubectl("explain", "pod.spec.containers.image", out="FIELD: image <string>")
    kubectl("explain", "deployment", "--recursive", out="managedFields")
    kubectl("explain", "pod.nonsense", code=1, err='field "nonsense" does not exist')
    kubectl("api-resources", "--verbs=list", "--namespaced", out="deployments +deploy +apps/v1")
    kubectl("api-versions", out="rbac.authorization.k8s.io/v1")
    kubectl("version", out="Server Version: v1.36")
    kubectl("cluster-info", out="control plane.* is running at")
    kubectl("cluster-info", "dump", "--namespaces", SPACE, out='"kind": "PodList"')
    kubectl("config", "view", "--minify", out="kind: Config")
    kubectl("get", "--raw", "/readyz?verbose", out="check passed|ok")
    kubectl("get", "--raw", "/.well-known/openid-configuration", out="jwks_uri")
    kubectl("get", "--raw", "/openid/v1/jwks", out='"kty":"EC"')


@check
def debugging():
    kubectl("debug", "one", "--image=busybox", "--container=look", "--", "echo", "debugged")
    eventually("its log", lambda: "debugged" in kubectl("logs", "one", "--container=look"), 30)
    kubectl("debug", "one", "--image=busybox", "--copy-to=copy", "--", "sleep", "60")
    kubectl("get", "pod", "copy", out="copy")
    node = get("pod", "one")["spec"]["nodeName"]
    kubectl("debug", f"node/{node}", "--image=busybox", "--", "true",
            out="Creating debugging pod|^$")


@check
def deleting():
    watch = started("get", "pods", "--watch", "--output=name")
    kubectl("delete", "pod", "one", "--now", out='pod "one" deleted')
    kubectl("get", "pod", "one", code=1, err=r'\(NotFound\): pods "one" not found')
    kubectl("delete", "pod", "one", code=1, err="not found")
    kubectl("delete", "pods", "--all", "--grace-period=0", "--force", err="Warning: Immediate")
    watch.terminate()
    expect("pod/one" in watch.communicate()[0])
    begin = time.monotonic()
    kubectl("delete", "namespace", SPACE, out=f'namespace "{SPACE}" deleted', timeout=90)
    expect(time.monotonic() - begin < 60)


run()
