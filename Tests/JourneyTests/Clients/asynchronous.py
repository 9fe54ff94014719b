"""kr8s, in both its forms: objects, waits, watches, exec, logs and port-forward."""
import asyncio

import httpx
import kr8s
import kr8s.asyncio
from kr8s.asyncio.objects import Deployment as AsyncDeployment
from kr8s.objects import ConfigMap, Deployment, Namespace, Pod, Service

from checks import check, eventually, expect, run
from manifests import config_map, deployment, server, sleeper

SPACE = "kr8s"
api = kr8s.api()


def placed(manifest):
    manifest["metadata"]["namespace"] = SPACE
    return manifest


@check
def a_fresh_namespace():
    space = Namespace({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    if space.exists():
        space.delete()
        eventually("the old one is gone", lambda: not space.exists(), 60)
    space.create()
    eventually("its account", lambda: list(
        kr8s.get("serviceaccounts", "default", namespace=SPACE)))


@check
def it_knows_the_server():
    expect(api.version()["gitVersion"].startswith("v1.36"))
    expect(api.whoami() == "kubernetes-admin", api.whoami())
    kinds = [resource["kind"] for resource in api.api_resources()]
    expect({"Pod", "Deployment", "Role"} <= set(kinds), kinds)


@check
def objects_live_and_change():
    config = ConfigMap(placed(config_map("one", a="1")))
    config.create()
    config.patch({"data": {"b": "2"}})
    config.label(color="green")
    config.annotate(note="yes")
    config.refresh()
    expect(dict(config.data) == {"a": "1", "b": "2"} and config.labels.color == "green")
    found = list(kr8s.get("configmaps", namespace=SPACE, label_selector={"color": "green"}))
    expect([item.name for item in found] == ["one"], found)
    config.delete()
    expect(not config.exists())


@check
def workloads_are_scaled_and_waited_for():
    item = Deployment(placed(deployment("scaled")))
    item.create()
    item.wait("condition=Available", timeout=30)
    item.scale(2)
    eventually("both are ready", lambda: len([pod for pod in item.pods() if pod.ready()]) == 2)
    item.delete()


@check
def commands_and_logs():
    pod = Pod(placed(sleeper("talker")))
    pod.create()
    pod.wait("condition=Ready", timeout=30)
    expect(list(pod.logs()) == ["hello"], list(pod.logs()))
    done = pod.exec(["sh", "-c", "echo out; echo err >&2"])
    expect(done.stdout == b"out\n" and done.stderr == b"err\n", done)
    failed = pod.exec(["sh", "-c", "exit 4"], check=False)
    expect(failed.returncode == 4, failed)
    pod.delete()


@check
def ports_are_forwarded():
    pod = Pod(placed(server("web")))
    pod.create()
    pod.wait("condition=Ready", timeout=30)
    with pod.portforward(8080) as port:
        for _ in range(3):
            expect(httpx.get(f"http://127.0.0.1:{port}/").text == "web\n")
    service = Service(placed({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}}))
    service.create()
    eventually("the Service answers through the API", lambda: service.proxy_http_get(
        "/index.html", port=80).text == "web\n")


@check
def everything_works_without_blocking():
    async def all_of_it():
        other = await kr8s.asyncio.api()
        item = await AsyncDeployment(placed(deployment("async")), api=other)
        await item.create()
        async for kind, seen in other.watch("deployments", namespace=SPACE):
            if seen.name == "async" and seen.status.get("availableReplicas") == 1:
                break
        pods = [pod async for pod in other.get(
            "pods", namespace=SPACE, label_selector={"app": "async"})]
        expect(len(pods) == 1, pods)
        done = await pods[0].exec(["hostname"])
        expect(done.stdout.decode().strip() == pods[0].name, done)
        await item.delete()
    asyncio.run(asyncio.wait_for(all_of_it(), 60))


@check
def the_namespace_ends():
    space = Namespace.get(SPACE)
    space.delete()
    eventually("it is gone", lambda: not space.exists(), 60)


run()
