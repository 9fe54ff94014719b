"""lightkube: its verbs, field managers, watches, waits and logs; and its asynchronous half."""
import asyncio

from lightkube import AsyncClient, Client
from lightkube.core.exceptions import ApiError
from lightkube.models.core_v1 import Container, PodSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Namespace, Node, Pod
from lightkube.types import PatchType
from lightkube import codecs

from checks import check, eventually, expect, run
from manifests import config_map, deployment

SPACE = "light"
client = Client(namespace=SPACE, field_manager="light")


def refused(code, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except ApiError as error:
        expect(error.status.code == code, error.status)
        return error.status
    raise AssertionError(f"{code} was expected")


@check
def a_fresh_namespace():
    try:
        client.delete(Namespace, SPACE)
    except ApiError as error:
        expect(error.status.code == 404, error)
    eventually("the old one is gone", lambda: refused(404, client.get, Namespace, SPACE), 60)
    client.create(Namespace(metadata=ObjectMeta(name=SPACE)))


@check
def objects_are_written_in_every_way():
    made = client.create(ConfigMap(metadata=ObjectMeta(name="one"), data={"a": "1"}))
    made.data["a"] = "2"
    replaced = client.replace(made)
    expect(replaced.data == {"a": "2"}, replaced)
    status = refused(409, client.replace, made)
    expect(status.reason == "Conflict", status)
    client.patch(ConfigMap, "one", {"data": {"b": "3"}}, patch_type=PatchType.MERGE)
    client.patch(ConfigMap, "one", [{"op": "remove", "path": "/data/a"}],
                 patch_type=PatchType.JSON)
    expect(client.get(ConfigMap, "one").data == {"b": "3"})
    applied = client.apply(codecs.from_dict(config_map("one", c="4")), force=True)
    expect(applied.data == {"b": "3", "c": "4"}, applied)
    expect(len(list(client.list(ConfigMap, fields={"metadata.name": "one"}))) == 1)
    client.delete(ConfigMap, "one")
    expect(refused(404, client.get, ConfigMap, "one").reason == "NotFound")
    expect([node.metadata.name for node in client.list(Node)])


@check
def lists_come_in_chunks():
    for number in range(12):
        client.create(ConfigMap(metadata=ObjectMeta(
            name=f"chunk-{number:02}", labels={"chunk": "yes"})))
    names = [one.metadata.name for one in client.list(
        ConfigMap, labels={"chunk": "yes"}, chunk_size=5)]
    expect(names == [f"chunk-{number:02}" for number in range(12)], names)
    client.deletecollection(ConfigMap)


@check
def deployments_are_waited_for():
    client.create(codecs.from_dict(deployment("waited")))
    done = client.wait(Deployment, "waited", for_conditions=["Available"])
    expect(done.status.availableReplicas == 1, done.status)
    scale = client.get(Deployment.Scale, "waited")
    scale.spec.replicas = 2
    client.replace(scale, "waited")
    eventually("two replicas", lambda: client.get(
        Deployment, "waited").status.availableReplicas == 2)
    pod = next(iter(client.list(Pod, labels={"app": "waited"})))
    expect(list(client.log(pod.metadata.name)) == ["hello\n"])
    client.delete(Deployment, "waited")


@check
def watches_tell_changes():
    listed = client.list(ConfigMap)
    list(listed)
    version = listed.resourceVersion
    client.create(ConfigMap(metadata=ObjectMeta(name="watched")))
    client.delete(ConfigMap, "watched")
    seen = []
    for kind, item in client.watch(ConfigMap, resource_version=version):
        if item.metadata.name == "watched":
            seen.append(kind)
        if "DELETED" in seen:
            break
    expect(seen == ["ADDED", "DELETED"], seen)


@check
def everything_works_without_blocking():
    async def all_of_it():
        other = AsyncClient(namespace=SPACE)
        pod = Pod(metadata=ObjectMeta(name="slow"), spec=PodSpec(
            terminationGracePeriodSeconds=0, containers=[Container(
                name="main", image="busybox", command=["sh", "-c", "echo async; sleep 3600"])]))
        await other.create(pod)
        await other.wait(Pod, "slow", for_conditions=["Ready"])
        expect([line async for line in other.log("slow")] == ["async\n"])
        expect("slow" in [one.metadata.name async for one in other.list(Pod)])
        await other.delete(Pod, "slow")
        await other.close()
    asyncio.run(asyncio.wait_for(all_of_it(), 60))


@check
def the_namespace_ends():
    client.delete(Namespace, SPACE)
    eventually("it is gone", lambda: refused(404, client.get, Namespace, SPACE), 60)


run()
