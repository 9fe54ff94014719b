"""Changes of what running Pods may use, asked for with kubectl and read from inside."""
import json

from checks import check, eventually, expect, run
from pods import apply, begin, container, end, get, inside, kubectl, pod, restarts, shell, wait

SLEEP = "exec sleep 3600"
MEBIBYTE = 1 << 20


def bounds(name, of="main"):
    """Share of the processor, its quota in microseconds, bytes of memory, as the kernel has them."""
    first = ("cat cpu/cpu.shares cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes 2>/dev/null "
             "|| cat cpu.weight cpu.max memory.max")
    words = kubectl("exec", name, "--container", of, "--", "sh", "-c",
                    f"cd /sys/fs/cgroup; {first}").split()
    if len(words) > 3:
        # cgroup v2 has a weight in place of shares, and the period behind the quota.
        words = [str(round((int(words[0]) - 1) * 262142 / 9999) + 2), words[1], words[3]]
    return [int(word) for word in words]


def about(share):
    """Weights are coarser than shares."""
    return range(share - 30, share + 30)


def resize(name, spec, code=0):
    return kubectl("patch", "pod", name, "--subresource", "resize", "--patch",
                   json.dumps({"spec": spec}), code=code)


def resize_one(name, resources, of="main", kind="containers", code=0):
    return resize(name, {kind: [{"name": of, "resources": resources}]}, code)


def conditions(name):
    found = get(name)["status"].get("conditions", [])
    return {entry["type"]: entry for entry in found if entry["type"].startswith("PodResize")}


def settled(name, generation):
    status = get(name)["status"]
    return status.get("observedGeneration") == generation and not conditions(name)


RESOURCES = {"requests": {"cpu": "100m", "memory": "32Mi"},
             "limits": {"cpu": "200m", "memory": "64Mi"}}


@check
def a_fresh_namespace():
    begin()


@check
def without_a_restart():
    apply(pod("plain", shell("main", SLEEP, resources=RESOURCES),
              initContainers=[shell("beside", SLEEP, restartPolicy="Always", resources=RESOURCES)],
              terminationGracePeriodSeconds=0))
    wait("plain")
    before = bounds("plain")
    expect(before[0] in about(102) and before[1:] == [20_000, 64 * MEBIBYTE], before)
    resize_one("plain", {"requests": {"cpu": "150m"},
                         "limits": {"cpu": "400m", "memory": "96Mi"}})
    eventually("it is done", lambda: settled("plain", 2))
    after = bounds("plain")
    expect(after[0] in about(153) and after[1:] == [40_000, 96 * MEBIBYTE], after)
    found = container("plain")
    expect(found["resources"] == {"requests": {"cpu": "150m", "memory": "32Mi"},
                                  "limits": {"cpu": "400m", "memory": "96Mi"}}, found)
    expect(found["allocatedResources"] == {"cpu": "150m", "memory": "32Mi"}, found)
    expect(bounds("plain", "beside")[1:] == [20_000, 64 * MEBIBYTE])
    resize_one("plain", {"limits": {"cpu": "300m"}}, of="beside", kind="initContainers")
    eventually("it is done", lambda: settled("plain", 3))
    expect(bounds("plain", "beside")[1] == 30_000)
    expect(restarts("plain") == 0)
    events = kubectl("events", "--for", "pod/plain")
    expect("Pod resize started" in events and "Pod resize completed" in events, events)


@check
def with_a_restart_where_the_policy_says_so():
    apply(pod("restarted", shell("main", SLEEP, resources=RESOURCES, resizePolicy=[
        {"resourceName": "memory", "restartPolicy": "RestartContainer"}]),
        terminationGracePeriodSeconds=0))
    wait("restarted")
    resize_one("restarted", {"limits": {"cpu": "250m"}})
    eventually("the processor's", lambda: bounds("restarted")[1] == 25_000)
    expect(restarts("restarted") == 0)
    resize_one("restarted", {"limits": {"memory": "80Mi"}})
    eventually("a restart", lambda: restarts("restarted") == 1 and settled("restarted", 3))
    wait("restarted")
    expect(bounds("restarted")[1:] == [25_000, 80 * MEBIBYTE])


@check
def of_the_pod_as_a_whole():
    apply(pod("whole", shell("main", SLEEP), shell("other", SLEEP),
              resources={"requests": {"cpu": "100m"}, "limits": {"cpu": "200m", "memory": "64Mi"}},
              terminationGracePeriodSeconds=0))
    wait("whole")
    expect(bounds("whole")[1:] == [20_000, 64 * MEBIBYTE], bounds("whole"))
    resize("whole", {"resources": {"limits": {"cpu": "300m", "memory": "96Mi"}}})
    eventually("it is done", lambda: settled("whole", 2))
    for name in ["main", "other"]:
        expect(bounds("whole", name)[1:] == [30_000, 96 * MEBIBYTE], bounds("whole", name))
    status = get("whole")["status"]
    expect(status["resources"]["limits"] == {"cpu": "300m", "memory": "96Mi"}, status)
    expect(restarts("whole") == 0)


@check
def what_does_not_fit():
    resize_one("plain", {"requests": {"cpu": "200"}, "limits": {"cpu": "200"}})
    eventually("never", lambda: conditions("plain")["PodResizePending"]["reason"] == "Infeasible")
    expect(container("plain")["allocatedResources"]["cpu"] == "150m")
    cores = int(json.loads(kubectl("get", "nodes", "--output", "json"))["items"][0]["status"][
        "allocatable"]["cpu"])
    apply(pod("large", shell("main", SLEEP, resources={"requests": {"cpu": f"{cores * 600}m"}}),
              nodeName=get("plain")["spec"]["nodeName"], terminationGracePeriodSeconds=0))
    wait("large")
    resize_one("plain", {"requests": {"cpu": f"{cores * 500}m"},
                         "limits": {"cpu": f"{cores * 500}m"}})
    eventually("not now", lambda: conditions("plain")["PodResizePending"]["reason"] == "Deferred")
    kubectl("delete", "pod", "large")
    eventually("there is room", lambda: settled("plain", 5))
    expect(bounds("plain")[1] == cores * 50_000, bounds("plain"))


@check
def memory_that_is_in_use():
    apply(pod("full", shell("main", "head -c 40000000 /dev/zero >/dev/shm/much; exec sleep 3600",
                            resources=RESOURCES), terminationGracePeriodSeconds=0))
    wait("full")
    eventually("it is in use", lambda: inside("full", "stat", "-c", "%s", "/dev/shm/much")
               == "40000000\n")
    resize_one("full", {"limits": {"memory": "33Mi"}})
    eventually("it says so", lambda: conditions("full")["PodResizeInProgress"]["reason"]
               == "Error")
    expect(restarts("full") == 0)
    expect(container("full")["resources"]["limits"]["memory"] == "64Mi")
    inside("full", "rm", "/dev/shm/much")
    eventually("it is free", lambda: bounds("full")[2] == 33 * MEBIBYTE, within=40)


@check
def what_may_not_be():
    seen = resize_one("plain", {"limits": {"memory": None}}, code=1)
    expect("resource limits cannot be removed" in seen, seen)
    seen = resize_one("plain", {"limits": {"memory": "10Mi"}}, code=1)
    expect("must be less than or equal to memory limit" in seen, seen)


@check
def everything_goes():
    end()


if __name__ == "__main__":
    run()
