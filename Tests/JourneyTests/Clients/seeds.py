"""Every manifest of the texts that say what a Pod is, applied with kubectl: as it is printed, but
for images that cannot be had without a registry (busybox stands in) and shorter pauses."""
import re
import subprocess

from checks import check, eventually, expect, run
from pods import (
    SPACE, apply, begin, busybox, container, end, inside, kubectl, pod, restarts, shell, status,
    wait)

GREETING = 'echo "Hello World!" && date && sleep 10'
PAGE = "mkdir -p /www && echo page >/www/index.html && exec httpd -f -p 80 -h /www"
SAME_PORT = [{"containerPort": 80}]
# More than the bucket that containerd asks for, which goes through before anything is limited.
LARGE = "4G"

MANIFESTS = [
    # 000: templates, restarts, hooks, init containers.
    {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "hello"},
        "spec": {"template": {"spec": {
            "containers": [shell("hello", 'echo "Hello, Kubernetes!" && sleep 3600')],
            "restartPolicy": "OnFailure",
        }}},
    },
    pod("hello-again", shell("hello", 'echo "Hello World!" && date && sleep 1')),
    pod("hello-once", shell("hello", GREETING), restartPolicy="OnFailure"),
    pod("hook-test", shell(
        "hook-test", GREETING,
        lifecycle={
            "postStart": {"exec": {"command": [
                "/bin/sh", "-c", 'echo "****** postStart ******" >/proc/1/fd/1']}},
            "preStop": {"exec": {"command": [
                "/bin/sh", "-c", 'echo "====== preStop ======" >/proc/1/fd/1']}},
        })),
    pod("init-test", shell("init-test", GREETING), labels={"app": "myapp"}, initContainers=[
        shell("init-1", 'echo "======= 1 ========" && date && sleep 3'),
        shell("init-2", 'echo "======= 2 ========" && date && sleep 3'),
    ]),
    # 001: the network and the names of a Pod, and what containers share.
    pod("nginx", shell("nginx", PAGE, ports=SAME_PORT), labels={"app": "nginx"}),
    pod("busybox1", busybox("busybox", "sleep", "3600"), labels={"name": "busybox"},
        hostIPC=True, hostPID=True, hostNetwork=True),
    pod("nginx-on-the-node", shell(
        "nginx", PAGE, ports=[{"containerPort": 80, "hostPort": 80}])),
    pod("busybox2", busybox("busybox", "sleep", "3600"), labels={"name": "busybox"},
        hostname="busybox-2", subdomain="default-subdomain"),
    {
        "kind": "Service", "apiVersion": "v1", "metadata": {"name": "default-subdomain"},
        "spec": {
            "clusterIP": "None", "selector": {"name": "busybox"},
            "ports": [{"name": "foo", "port": 1234, "targetPort": 1234}],
        },
    },
    pod("dns-example", busybox("test", "sleep", "3600"), dnsPolicy="None", dnsConfig={
        "nameservers": ["1.2.3.4"],
        "searches": ["ns1.svc.cluster.local", "my.dns.search.suffix"],
        "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}],
    }),
    {
        "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "resolvconf"},
        "data": {"resolv.conf": "search default.svc.cluster.local svc.cluster.local "
                                "cluster.local\nnameserver 10.0.0.10\n"},
    },
    pod("qos", shell(
        "iperf3", f"mkdir /www && truncate -s {LARGE} /www/zeros && exec httpd -f -p 80 -h /www"),
        annotations={"kubernetes.io/ingress-bandwidth": "3M",
                     "kubernetes.io/egress-bandwidth": "4M"}),
    pod("hostaliases-pod", busybox("cat-hosts", "cat", args=["/etc/hosts"]), hostAliases=[
        {"ip": "127.0.0.1", "hostnames": ["foo.local", "bar.local"]},
        {"ip": "10.1.2.3", "hostnames": ["foo.remote", "bar.remote"]},
    ]),
    pod("chatbot-pod",
        shell("chatbot", "cat /run/token && exec sleep 3600", imagePullPolicy="IfNotPresent",
              volumeMounts=[{"name": "vault-token", "mountPath": "/run"}]),
        shell("kubernetes-vault-renew", "echo renewed >>/run/token && exec sleep 3600",
              imagePullPolicy="IfNotPresent",
              volumeMounts=[{"name": "vault-token", "mountPath": "/run"}]),
        labels={"app": "chatbot"},
        initContainers=[shell(
            "install", 'echo "$VAULT_ROLE_ID for $(id -u)" >/run/token && chmod 666 /run/token',
            securityContext={"runAsUser": 1999},
            env=[{"name": "VAULT_ROLE_ID", "value": "role"},
                 {"name": "CERT_COMMON_NAME", "value": "host"}],
            volumeMounts=[{"name": "vault-token", "mountPath": "/run"}])],
        volumes=[{"name": "vault-token", "emptyDir": {}}]),
    # 003: probes.
    pod("myapp-exec", busybox(
        "myapp-container", "/bin/sh", "-c",
        "touch /tmp/healthy; sleep 4; rm -rf /tmp/healthy; exec sleep 600",
        livenessProbe={"exec": {"command": ["test", "-e", "/tmp/healthy"]}, "periodSeconds": 1}),
        labels={"app": "myapp"}, terminationGracePeriodSeconds=1),
    pod("myapp-http", shell(
        "myapp-container", PAGE, ports=[{"name": "http", "containerPort": 80}],
        livenessProbe={"httpGet": {"path": "/", "port": "http", "scheme": "HTTP"}})),
    pod("myapp-tcp", shell(
        "myapp-container", PAGE, ports=[{"name": "http", "containerPort": 80}],
        livenessProbe={"tcpSocket": {"port": "http"}})),
]


@check
def everything_is_accepted():
    begin()
    # Each is applied by itself, as a reader would do it.
    for manifest in MANIFESTS:
        apply(manifest)


@check
def what_is_misspelt_is_named():
    misspelt = pod("myapp-pod", busybox("myapp-container", "sleep", "3600"))
    misspelt["metadata"]["lables"] = {"app": "myapp"}
    expect('unknown field "metadata.lables"' in apply(misspelt, code=1))
    lower = pod("myapp-pod", shell("myapp-container", PAGE, livenessProbe={
        "httpGet": {"path": "/", "port": 80, "scheme": "http"}}))
    expect('Unsupported value: "http": supported values: "HTTP", "HTTPS"'
           in apply(lower, code=1))
    old = {"kind": "Deployment", "apiVersion": "extensions/v1beta1",
           "metadata": {"name": "dns-test"}, "spec": {}}
    expect('no matches for kind "Deployment" in version "extensions/v1beta1"'
           in apply(old, code=1))


@check
def a_template_makes_pods():
    name = eventually("the Job's Pod", lambda: kubectl(
        "get", "pods", "--selector", "job-name=hello", "--output",
        "jsonpath={.items[0].metadata.name}"))
    wait(name)
    expect(kubectl("logs", "job/hello") == "Hello, Kubernetes!\n")


@check
def names_lead_to_pods():
    wait("busybox2")
    address = status("busybox2")["podIP"]
    expect(inside("busybox2", "hostname") == "busybox-2\n")
    full = f"busybox-2.default-subdomain.{SPACE}.svc.cluster.local"
    expect(full in inside("busybox2", "cat", "/etc/hosts"))
    wait("nginx")
    record = f"{address.replace('.', '-')}.{SPACE}.pod.cluster.local"
    for name in [full, f"busybox-2.default-subdomain.{SPACE}", record]:
        eventually(name, lambda: address in inside("nginx", "nslookup", name))


@check
def a_pod_may_share_what_the_machine_has():
    wait("busybox1")
    found = status("busybox1")
    expect(found["podIP"] == found["hostIP"], found)
    # The first process of the machine is there, not the container's own.
    expect("sleep" not in inside("busybox1", "cat", "/proc/1/cmdline"))


@check
def a_port_of_the_machine_leads_to_the_pod():
    wait("nginx-on-the-node", "condition=Ready")
    host = status("nginx-on-the-node")["hostIP"]
    eventually("the port of the machine",
               lambda: inside("nginx", "wget", "-qO-", f"http://{host}:80/") == "page\n")


@check
def names_are_looked_up_as_told():
    wait("dns-example")
    expect(inside("dns-example", "cat", "/etc/resolv.conf") ==
           "search ns1.svc.cluster.local my.dns.search.suffix\n"
           "nameserver 1.2.3.4\noptions ndots:2 edns0\n",
           inside("dns-example", "cat", "/etc/resolv.conf"))
    mounted = shell("dns-test", "exec sleep 3600", stdin=True, tty=True, volumeMounts=[
        {"name": "resolv-conf", "mountPath": "/etc/resolv.conf", "subPath": "resolv.conf"}])
    apply({
        "kind": "Deployment", "apiVersion": "apps/v1", "metadata": {"name": "dns-test"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"name": "dns-test"}},
            "template": {
                "metadata": {"labels": {"name": "dns-test"}},
                "spec": {"containers": [mounted], "volumes": [{
                    "name": "resolv-conf",
                    "configMap": {"name": "resolvconf", "items": [
                        {"key": "resolv.conf", "path": "resolv.conf"}]},
                }]},
            },
        },
    })
    kubectl("rollout", "status", "deployment/dns-test", "--timeout=30s")
    seen = kubectl("exec", "deployment/dns-test", "--", "cat", "/etc/resolv.conf")
    expect(seen.endswith("nameserver 10.0.0.10\n"), seen)


@check
def the_hosts_file_has_aliases():
    eventually("it ended", lambda: restarts("hostaliases-pod") > 0)
    address = status("hostaliases-pod")["podIP"]
    lines = [line.split() for line in kubectl("logs", "hostaliases-pod").splitlines()]
    expect(lines[0] == ["#", "Kubernetes-managed", "hosts", "file."], lines)
    for pair in [("127.0.0.1", "localhost"), (address, "hostaliases-pod"),
                 ("127.0.0.1", "foo.local"), ("127.0.0.1", "bar.local"),
                 ("10.1.2.3", "foo.remote"), ("10.1.2.3", "bar.remote")]:
        expect(list(pair) in lines, (pair, lines))


@check
def containers_share_a_volume():
    wait("chatbot-pod")
    token = kubectl("exec", "chatbot-pod", "--container", "chatbot", "--", "cat", "/run/token")
    expect(token == "role for 1999\nrenewed\n", token)


@check
def init_containers_come_first():
    wait("init-test", "condition=Initialized")
    found = status("init-test")
    ends = [one["state"]["terminated"] for one in found["initContainerStatuses"]]
    expect([end["reason"] for end in ends] == ["Completed"] * 2, ends)
    expect(ends[0]["finishedAt"] <= ends[1]["startedAt"], ends)
    for number in (1, 2):
        expect(f"======= {number} ========" in kubectl("logs", "init-test", "-c", f"init-{number}"))


@check
def policies_decide_about_restarts():
    eventually("it ended well and stays so",
               lambda: status("hello-once")["phase"] == "Succeeded")
    expect(container("hello-once")["state"]["terminated"]["reason"] == "Completed")
    # The default is Always: after the second end it waits 10 s, while the Pod is Running.
    eventually("it waits", lambda: container("hello-again")["state"].get(
        "waiting", {}).get("reason") == "CrashLoopBackOff")
    expect(status("hello-again")["phase"] == "Running")
    described = kubectl("describe", "pod", "hello-again")
    expect(re.search(r"Last State: +Terminated\n +Reason: +Completed", described), described)


@check
def hooks_are_called():
    eventually("postStart", lambda: "****** postStart ******" in kubectl("logs", "hook-test"))
    follower = subprocess.Popen(
        ["kubectl", "--namespace", SPACE, "logs", "--follow", "hook-test"],
        stdout=subprocess.PIPE, text=True)
    kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].state.running}",
            "pod/hook-test", "--timeout=30s")
    kubectl("delete", "pod", "hook-test", "--grace-period=5", timeout=60)
    expect("====== preStop ======" in follower.communicate(timeout=30)[0])


@check
def probes_decide_about_life():
    eventually("the one whose file went away runs again",
               lambda: restarts("myapp-exec") > 0, within=30)
    events = kubectl("get", "events", "--field-selector", "involvedObject.name=myapp-exec")
    expect("Liveness probe failed" in events, events)
    for name in ["myapp-http", "myapp-tcp"]:
        wait(name)
        expect(restarts(name) == 0, name)


@check
def bandwidth_is_limited():
    wait("qos")
    address = status("qos")["podIP"]
    seconds = 3

    def received():
        fetch = f"timeout {seconds} wget -qO- http://{address}/zeros | wc -c"
        return int(inside("nginx", "sh", "-c", fetch).split()[0])

    expect(received() > 10_000_000, "the bucket is full at first")
    # 4 Mbit/s, and half of that again for what was under way.
    eventually("the limit", lambda: 100_000 < received() < seconds * 500_000 * 1.5, within=40)


@check
def everything_goes():
    end()


if __name__ == "__main__":
    run()
