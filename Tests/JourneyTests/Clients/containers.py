"""What a container sees of its securityContext, its resources and its volumes, from inside."""
import json

from checks import check, eventually, expect, run
from pods import apply, begin, end, get, inside, kubectl, pod, shell, status, wait

SLEEP = "exec sleep 3600"


def start(name, container, **spec):
    apply(pod(name, container, terminationGracePeriodSeconds=0, **spec))


def process(name, field):
    """A line of what the kernel says of the container's first process."""
    for line in inside(name, "cat", "/proc/1/status").splitlines():
        key, _, value = line.partition(":")
        if key == field:
            return value.split()
    return None


@check
def a_fresh_namespace():
    begin()


@check
def identities():
    start("user", shell("main", SLEEP, securityContext={
        "runAsUser": 1000, "runAsGroup": 3000, "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]}}),
        securityContext={"fsGroup": 2000, "supplementalGroups": [4000]})
    start("root-is-refused", shell("main", SLEEP, securityContext={"runAsNonRoot": True}))
    wait("user")
    expect(inside("user", "sh", "-c", "id -u; id -g; id -G").split()
           == ["1000", "3000", "3000", "2000", "4000"],
           inside("user", "id"))
    expect(process("user", "NoNewPrivs") == ["1"])
    expect(int(process("user", "CapBnd")[0], 16) == 0)
    eventually("its reason", lambda: status("root-is-refused")["containerStatuses"][0]["state"][
        "waiting"]["reason"] == "CreateContainerConfigError")


@check
def what_it_may_do():
    start("bound", shell("main", SLEEP, securityContext={
        "readOnlyRootFilesystem": True, "capabilities": {"add": ["NET_ADMIN"]},
        "seccompProfile": {"type": "RuntimeDefault"}}),
        securityContext={"sysctls": [
            {"name": "net.ipv4.ip_unprivileged_port_start", "value": "7"}]})
    start("free", shell("main", SLEEP, securityContext={"privileged": True}))
    wait("bound")
    expect("Read-only file system" in kubectl("exec", "bound", "--", "touch", "/there", code=1))
    expect(process("bound", "Seccomp") == ["2"])
    net_admin = 1 << 12
    expect(int(process("bound", "CapEff")[0], 16) & net_admin)
    expect(inside("bound", "cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start") == "7\n")
    wait("free")
    expect(process("free", "Seccomp") == ["0"])
    expect(int(process("free", "CapEff")[0], 16) & (1 << 21), "CAP_SYS_ADMIN")
    expect(not int(process("bound", "CapEff")[0], 16) & (1 << 21), "CAP_SYS_ADMIN")


@check
def processes_of_a_pod():
    apply(pod("shared", shell("one", SLEEP), shell("two", "exec sleep 3601"),
              shareProcessNamespace=True, terminationGracePeriodSeconds=0))
    apply(pod("apart", shell("one", SLEEP), shell("two", "exec sleep 3601"),
              terminationGracePeriodSeconds=0))
    for name in ["shared", "apart"]:
        wait(name)
        seen = kubectl("exec", name, "--container", "one", "--", "ps")
        expect(("sleep 3601" in seen) == (name == "shared"), seen)


@check
def resources():
    start("bounded", shell("main", SLEEP, resources={
        "requests": {"cpu": "100m", "memory": "32Mi"}, "limits": {"cpu": "250m", "memory": "64Mi"}},
        env=[{"name": "LIMIT", "valueFrom": {"resourceFieldRef": {
            "resource": "limits.memory", "divisor": "1Mi"}}},
             {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
             {"name": "BOTH", "value": "$(LIMIT) on $(NODE), not $$(NODE)"}]))
    start("hungry", shell("main", "exec tail -c 200m /dev/zero", resources={
        "limits": {"memory": "16Mi"}}), restartPolicy="Never")
    wait("bounded")
    found = get("bounded")
    expect(inside("bounded", "sh", "-c", "echo $BOTH")
           == f"64 on {found['spec']['nodeName']}, not $(NODE)\n")
    limit = inside("bounded", "sh", "-c",
                   "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || "
                   "cat /sys/fs/cgroup/memory.max")
    expect(limit == f"{64 << 20}\n", limit)
    expect(found["status"]["qosClass"] == "Burstable")
    eventually("it is ended", lambda: status("hungry").get("phase") == "Failed")
    ended = status("hungry")["containerStatuses"][0]["state"]["terminated"]
    expect((ended["reason"], ended["exitCode"]) == ("OOMKilled", 137), ended)


@check
def files():
    kubectl("create", "configmap", "words", "--from-literal=a=1", "--from-literal=b=2")
    kubectl("create", "secret", "generic", "hidden", "--from-literal=key=value")
    container = shell(
        "main", SLEEP,
        env=[{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        volumeMounts=[
            {"name": "words", "mountPath": "/words"},
            {"name": "words", "mountPath": "/one", "subPath": "b"},
            {"name": "all", "mountPath": "/all", "readOnly": True},
            {"name": "memory", "mountPath": "/memory"},
            {"name": "memory", "mountPath": "/mine", "subPathExpr": "of-$(POD)"},
        ])
    start("files", container, volumes=[
        {"name": "words", "configMap": {
            "name": "words", "items": [{"key": "a", "path": "deep/a", "mode": 0o400},
                                       {"key": "b", "path": "b"}]}},
        {"name": "all", "projected": {"defaultMode": 0o440, "sources": [
            {"secret": {"name": "hidden"}},
            {"secret": {"name": "missing", "optional": True}},
            {"downwardAPI": {"items": [
                {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
            {"serviceAccountToken": {"path": "token", "audience": "somebody"}},
        ]}},
        {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ])
    wait("files")
    expect(inside("files", "sh", "-c", "cat /words/deep/a /one /all/key") == "12value")
    expect(inside("files", "stat", "-Lc", "%a", "/words/deep/a", "/all/key").split()
           == ["400", "440"])
    expect(inside("files", "cat", "/all/token").count(".") == 2)
    expect("Read-only" in kubectl("exec", "files", "--", "touch", "/all/new", code=1))
    expect("tmpfs" in inside("files", "stat", "-fc", "%T", "/memory"))
    full = kubectl("exec", "files", "--", "sh", "-c",
                   "dd if=/dev/zero of=/memory/much bs=1M count=2; rm /memory/much", code=0)
    expect("No space left" in full, full)
    inside("files", "touch", "/mine/there")
    expect(inside("files", "ls", "/memory/of-files") == "there\n")
    kubectl("patch", "configmap", "words", "--patch", json.dumps({"data": {"a": "changed"}}))
    eventually("the change", lambda: inside("files", "cat", "/words/deep/a") == "changed",
               within=10)
    # What is mounted by subPath stays as it was.
    kubectl("label", "pod", "files", "new=label")
    eventually("the label", lambda: 'new="label"' in inside("files", "cat", "/all/labels"),
               within=10)


@check
def a_part_that_has_no_name_yet():
    """As in Kubernetes' test of a subPathExpr that fails and is put right."""
    part = [{"name": "PART", "valueFrom": {"fieldRef": {
        "fieldPath": "metadata.annotations['part']"}}}]
    start("part", shell("main", SLEEP, env=part, volumeMounts=[
        {"name": "all", "mountPath": "/all"},
        {"name": "all", "mountPath": "/part", "subPathExpr": "$(PART)"}]),
        volumes=[{"name": "all", "emptyDir": {}}])
    eventually("its reason", lambda: status("part")["containerStatuses"][0]["state"]["waiting"]
               == {"reason": "CreateContainerConfigError", "message": "missing value for PART"})
    kubectl("annotate", "pod", "part", "part=mine")
    wait("part")
    inside("part", "touch", "/part/there")
    expect(inside("part", "ls", "/all/mine") == "there\n")


@check
def what_this_machine_has_not():
    """Each says in Events or in the Pod's reason what stands in the way."""
    sleeping = shell("main", SLEEP)
    mounted = {**sleeping, "volumeMounts": [{"name": "v", "mountPath": "/v"}]}
    bundle = {"clusterTrustBundle": {"name": "x", "path": "ca.pem"}}
    start("bundle", mounted, volumes=[{"name": "v", "projected": {"sources": [bundle]}}])
    start("users", sleeping, hostUsers=False)
    start("recursive", {**sleeping, "volumeMounts": [{
        "name": "v", "mountPath": "/v", "readOnly": True, "recursiveReadOnly": "Enabled"}]},
        volumes=[{"name": "v", "emptyDir": {}}])
    start("strict", sleeping, securityContext={"supplementalGroupsPolicy": "Strict"})
    for name, words in [
            ("bundle", "ClusterTrustBundle projection is not supported"),
            ("users", "runtime does not support user namespaces"),
            ("recursive", "recursive read-only mount is not supported"),
            ("strict", "SupplementalGroupsPolicy=Strict is not supported in this node")]:
        eventually(words, lambda n=name, w=words: w in kubectl("events", "--for", f"pod/{n}"))
    expect(status("strict")["reason"] == "SupplementalGroupsPolicyNotSupported")
    expect(status("bundle")["phase"] == "Pending")


@check
def everything_goes():
    end()


if __name__ == "__main__":
    run()
