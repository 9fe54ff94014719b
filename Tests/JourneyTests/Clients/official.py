"""The official Python client: every verb, the streams, the watches, and every kind it models."""
import re
import time

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.informer import SharedInformer
from kubernetes.stream import portforward, stream

from checks import check, eventually, expect, run
from kinds import KINDS, manifest
from manifests import config_map, deployment, server, sleeper

SPACE = "official2"
config.load_kube_config()
core = client.CoreV1Api()
apps = client.AppsV1Api()


def refused(code, call, *arguments, **options):
    """The Status of a call that must fail."""
    try:
        call(*arguments, **options)
    except ApiException as error:
        expect(error.status == code, (error.status, error.body))
        return error
    raise AssertionError(f"{call.__name__} succeeded, {code} was expected")


def snake(kind):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind).lower()


@check
def a_fresh_namespace():
    try:
        core.delete_namespace(SPACE)
    except ApiException as error:
        expect(error.status == 404, error)
    def gone():
        return refused(404, core.read_namespace, SPACE)
    eventually("the old namespace is gone", gone, within=60)
    core.create_namespace({"metadata": {"name": SPACE}})
    eventually("its account", lambda: core.read_namespaced_service_account("default", SPACE))


@check
def version_and_discovery():
    expect(client.VersionApi().get_code().git_version.startswith("v1.36."))
    groups = [group.name for group in client.ApisApi().get_api_versions().groups]
    for name in ["apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io"]:
        expect(name in groups, groups)
    names = [resource.name for resource in core.get_api_resources().resources]
    for name in ["pods", "pods/log", "pods/exec", "pods/proxy", "services/proxy", "nodes/proxy"]:
        expect(name in names, names)


@check
def openid_documents():
    text = client.WellKnownApi().get_service_account_issuer_open_id_configuration()
    expect("jwks_uri" in str(text), text)
    keys = client.OpenidApi().get_service_account_issuer_open_id_keyset()
    expect("kty" in str(keys), keys)


@check
def every_kind_is_created_read_and_deleted():
    faults = []
    for version, kind, is_namespaced, rest in KINDS:
        group, _, number = version.rpartition("/")
        name = "".join(part.capitalize() for part in group.removesuffix(".k8s.io").split("."))
        api = getattr(client, f"{name or 'Core'}{number.capitalize()}Api")()
        middle = f"namespaced_{snake(kind)}" if is_namespaced else snake(kind)
        place = [SPACE] if is_namespaced else []
        body = manifest(version, kind, rest)
        for part in ("regarding",):
            if part in body:
                body[part] = {**body[part], "namespace": SPACE}
        try:
            made = getattr(api, f"create_{middle}")(*place, body)
            expect(made.metadata.uid and made.kind == kind, made)
            read = getattr(api, f"read_{middle}")("kinds", *place)
            expect(read.metadata.uid == made.metadata.uid, read)
            # Events of the core group have no eventTime, which this client's model demands.
            if kind != "Event":
                listed = getattr(api, f"list_{middle}")(*place).items
                expect("kinds" in [item.metadata.name for item in listed])
            getattr(api, f"patch_{middle}")(
                "kinds", *place, {"metadata": {"labels": {"seen": "yes"}}})
            getattr(api, f"delete_{middle}")("kinds", *place, grace_period_seconds=0)
        except Exception as error:
            faults.append(f"{version} {kind}: {error}")
    expect(not faults, "\n".join(faults))


@check
def reviews_and_tokens():
    me = client.AuthenticationV1Api().create_self_subject_review({})
    expect("system:masters" in me.status.user_info.groups, me)
    may = client.AuthorizationV1Api().create_self_subject_access_review(
        {"spec": {"resourceAttributes": {"verb": "delete", "resource": "nodes"}}})
    expect(may.status.allowed, may)
    token = core.create_namespaced_service_account_token(
        "default", SPACE, {"spec": {"audiences": [], "expirationSeconds": 600}})
    review = client.AuthenticationV1Api().create_token_review(
        {"spec": {"token": token.status.token}})
    expect(review.status.authenticated, review)
    expect(review.status.user.username == f"system:serviceaccount:{SPACE}:default", review)
    forged = token.status.token[:-8] + "AAAAAAAA"
    other = client.Configuration.get_default_copy()
    other.cert_file = other.key_file = None
    for text in [forged, "nonsense", "a.b.c", token.status.token.rsplit(".", 1)[0] + "."]:
        other.api_key = {"authorization": f"Bearer {text}"}
        stranger = client.CoreV1Api(client.ApiClient(other))
        error = refused(401, stranger.list_namespaced_pod, SPACE)
        expect('"reason":"Unauthorized"' in error.body, error.body)
    other.api_key = {"authorization": f"Bearer {token.status.token}"}
    bound = client.CoreV1Api(client.ApiClient(other))
    error = refused(403, bound.list_namespaced_secret, SPACE)
    expect("cannot list resource" in error.body, error.body)


@check
def lists_in_pages_and_by_selectors():
    for number in range(7):
        core.create_namespaced_config_map(SPACE, {
            "metadata": {"name": f"page-{number}", "labels": {"page": str(number % 2)}}})
    names, token = [], None
    while True:
        page = core.list_namespaced_config_map(
            SPACE, label_selector="page", limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        token = page.metadata._continue
        if not token:
            break
    expect(names == [f"page-{number}" for number in range(7)], names)
    odd = core.list_namespaced_config_map(SPACE, label_selector="page in (1),page!=0")
    expect(len(odd.items) == 3, odd)
    one = core.list_config_map_for_all_namespaces(
        field_selector=f"metadata.name=page-3,metadata.namespace={SPACE}")
    expect(len(one.items) == 1, one)
    error = refused(400, core.list_namespaced_config_map, SPACE, field_selector="data=1")
    expect("is not a known field selector" in error.body, error.body)
    core.delete_collection_namespaced_config_map(SPACE, label_selector="page")
    expect(not core.list_namespaced_config_map(SPACE, label_selector="page").items)


@check
def patches_of_every_type():
    apps.create_namespaced_deployment(SPACE, deployment("patched", replicas=0))
    strategic = {"spec": {"template": {"spec": {"containers": [
        {"name": "side", "image": "busybox"}]}}}}
    seen = apps.patch_namespaced_deployment(
        "patched", SPACE, strategic, _content_type="application/strategic-merge-patch+json")
    expect(len(seen.spec.template.spec.containers) == 2, seen)
    seen = apps.patch_namespaced_deployment(
        "patched", SPACE, [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}])
    expect(seen.metadata.labels == {"a": "b"}, seen)
    seen = apps.patch_namespaced_deployment(
        "patched", SPACE, {"metadata": {"labels": {"a": None, "c": "d"}}},
        _content_type="application/merge-patch+json")
    expect(seen.metadata.labels == {"c": "d"}, seen)
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "patched"},
            "spec": {"replicas": 2}}
    apply = {"field_manager": "other", "_content_type": "application/apply-patch+yaml"}
    error = refused(409, apps.patch_namespaced_deployment, "patched", SPACE, body, **apply)
    expect(".spec.replicas" in error.body, error.body)
    seen = apps.patch_namespaced_deployment("patched", SPACE, body, force=True, **apply)
    expect(seen.spec.replicas == 2, seen)
    scale = apps.patch_namespaced_deployment_scale("patched", SPACE, {"spec": {"replicas": 0}})
    expect(scale.spec.replicas == 0, scale)
    stale = apps.read_namespaced_deployment("patched", SPACE)
    stale.metadata.resource_version = "1"
    error = refused(409, apps.replace_namespaced_deployment, "patched", SPACE, stale)
    expect("the object has been modified" in error.body, error.body)
    apps.delete_namespaced_deployment(
        "patched", SPACE, propagation_policy="Foreground", grace_period_seconds=0)


@check
def watches_and_their_end():
    version = core.list_namespaced_config_map(SPACE).metadata.resource_version
    core.create_namespaced_config_map(SPACE, config_map("watched", a="1"))
    core.patch_namespaced_config_map("watched", SPACE, {"data": {"a": "2"}})
    core.delete_namespaced_config_map("watched", SPACE)
    seen = []
    for event in watch.Watch().stream(
            core.list_namespaced_config_map, SPACE, resource_version=version,
            field_selector="metadata.name=watched", timeout_seconds=3):
        seen.append((event["type"], event["object"].data))
    expect(seen == [("ADDED", {"a": "1"}), ("MODIFIED", {"a": "2"}), ("DELETED", {"a": "2"})],
           seen)
    begin = time.monotonic()
    list(watch.Watch().stream(core.list_namespaced_config_map, SPACE, timeout_seconds=1))
    expect(0.9 < time.monotonic() - begin < 5)


@check
def logs_exec_attach_and_ports():
    script = "echo first; sleep 1; echo second >&2; cat; exec sleep 3600"
    pod = sleeper("streams", script=script)
    pod["spec"]["containers"][0]["stdin"] = True
    core.create_namespaced_pod(SPACE, pod)
    core.create_namespaced_pod(SPACE, server("served"))
    for name in ["streams", "served"]:
        eventually(f"{name} runs", lambda: all(
            status.ready for status in
            core.read_namespaced_pod(name, SPACE).status.container_statuses))
    lines = []
    for line in watch.Watch().stream(
            core.read_namespaced_pod_log, name="streams", namespace=SPACE):
        lines.append(line)
        if len(lines) == 2:
            break
    expect(lines == ["first", "second"], lines)
    text = core.read_namespaced_pod_log("streams", SPACE, tail_lines=1, timestamps=True)
    expect(re.fullmatch(r"20\S+Z second\n", text), text)

    session = stream(
        core.connect_get_namespaced_pod_exec, "streams", SPACE, stdin=True, stdout=True,
        stderr=True, tty=False, _preload_content=False,
        command=["sh", "-c", "read a; echo got $a; echo bad >&2; exit 3"])
    session.write_stdin("something\n")
    session.run_forever(timeout=10)
    expect(session.read_stdout() == "got something\n")
    expect(session.read_stderr() == "bad\n")
    expect(session.returncode == 3, session.returncode)
    plain = stream(
        core.connect_get_namespaced_pod_exec, "streams", SPACE, stdout=True, stderr=True,
        stdin=False, tty=True, command=["sh", "-c", "test -t 1 && echo terminal"])
    expect(plain == "terminal\r\n", plain)

    attached = stream(
        core.connect_get_namespaced_pod_attach, "streams", SPACE, stdin=True, stdout=True,
        stderr=True, tty=False, _preload_content=False)
    attached.write_stdin("echo\n")
    eventually("the attached Pod echoes", lambda: "echo\n" in attached.read_stdout(timeout=1))
    attached.close()

    ports = portforward(
        core.connect_get_namespaced_pod_portforward, "served", SPACE, ports="8080,9")
    eventually("the error of port 9", lambda: "9" in (ports.error(9) or ""))
    socket = ports.socket(8080)
    socket.setblocking(True)
    socket.sendall(b"GET / HTTP/1.0\r\n\r\n")
    answer = b""
    while chunk := socket.recv(1024):
        answer += chunk
    expect(answer.endswith(b"served\n"), answer)
    expect(ports.error(8080) is None, ports.error(8080))


@check
def proxies():
    name = "served:8080"
    expect(core.connect_get_namespaced_pod_proxy(name, SPACE) == "served\n")
    error = refused(404, core.connect_get_namespaced_pod_proxy_with_path, name, SPACE, "no")
    expect("404 Not Found" in error.body, error.body)
    core.create_namespaced_service(SPACE, {
        "metadata": {"name": "served"},
        "spec": {"selector": {"app": "served"}, "ports": [
            {"name": "web", "port": 80, "targetPort": 8080}]}})
    for name in ["served:web", "served:80", "http:served:80"]:
        eventually(name, lambda: core.connect_get_namespaced_service_proxy_with_path(
            name, SPACE, "index.html") == "served\n")
    refused(503, core.connect_get_namespaced_service_proxy, "served:81", SPACE)
    node = core.read_namespaced_pod("served", SPACE).spec.node_name
    expect(core.connect_get_node_proxy_with_path(node, "healthz") == "ok")


@check
def evictions_and_bindings():
    core.create_namespaced_pod(SPACE, sleeper("evicted"))
    core.create_namespaced_pod_eviction("evicted", SPACE, {
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": "evicted", "namespace": SPACE}})
    eventually("it is gone", lambda: refused(404, core.read_namespaced_pod, "evicted", SPACE))
    core.create_namespaced_pod(SPACE, {
        **sleeper("unbound"), "spec": {**sleeper("a")["spec"], "schedulerName": "nobody"}})
    expect(core.read_namespaced_pod("unbound", SPACE).spec.node_name is None)
    node = core.list_node().items[0].metadata.name
    core.create_namespaced_pod_binding(
        "unbound", SPACE, _preload_content=False,
        body={"metadata": {"name": "unbound"}, "target": {"kind": "Node", "name": node}})
    expect(core.read_namespaced_pod("unbound", SPACE).spec.node_name == node)


@check
def dynamic_client_and_files():
    dyn = dynamic.DynamicClient(client.ApiClient())
    maps = dyn.resources.get(api_version="v1", kind="ConfigMap")
    made = maps.server_side_apply(
        body=config_map("dynamic", a="1"), namespace=SPACE, field_manager="dynamic")
    expect(made.data.a == "1" and made.metadata.managedFields[0].operation == "Apply", made)
    maps.patch(name="dynamic", namespace=SPACE, body={"data": {"b": "2"}},
               content_type="application/merge-patch+json")
    expect(dict(maps.get(name="dynamic", namespace=SPACE).data) == {"a": "1", "b": "2"})
    maps.delete(name="dynamic", namespace=SPACE)
    utils.create_from_yaml(client.ApiClient(), namespace=SPACE, yaml_objects=[
        config_map("from-yaml", a="1"), deployment("from-yaml", replicas=0)])
    expect(apps.read_namespaced_deployment("from-yaml", SPACE).spec.replicas == 0)


@check
def its_own_informer():
    informer = SharedInformer(core.list_namespaced_config_map, namespace=SPACE)
    seen = []
    for kind in ["ADDED", "MODIFIED", "DELETED"]:
        informer.add_event_handler(
            kind, lambda item, kind=kind: seen.append((kind, item.metadata.name)))
    informer.start()
    eventually("it knows what is there", lambda: ("ADDED", "from-yaml") in seen)
    core.create_namespaced_config_map(SPACE, config_map("informed", a="1"))
    core.patch_namespaced_config_map("informed", SPACE, {"data": {"a": "2"}})
    core.delete_namespaced_config_map("informed", SPACE)
    wanted = [(kind, "informed") for kind in ["ADDED", "MODIFIED", "DELETED"]]
    eventually("it tells all", lambda: [one for one in seen if one[1] == "informed"] == wanted)
    informer.stop()


@check
def the_namespace_ends():
    core.delete_namespace(SPACE)
    eventually("it is gone", lambda: refused(404, core.read_namespace, SPACE), within=60)


run()
