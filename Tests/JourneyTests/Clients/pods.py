"""Pods that the programs make with kubectl, each program in a namespace of its own name."""
import json
import os
import subprocess
import sys

import yaml

from checks import eventually, expect

SPACE = os.path.splitext(os.path.basename(sys.argv[0]))[0]


def kubectl(*arguments, code=0, stdin="", timeout=40):
    """Returns what it printed, standard error after standard output."""
    line = ["kubectl", "--namespace", SPACE, *arguments]
    done = subprocess.run(
        line, input=stdin, capture_output=True, text=True, timeout=timeout)
    seen = f"{' '.join(line)}: {done.returncode}\n{done.stdout}{done.stderr}"
    expect(done.returncode == code, seen)
    return done.stdout + done.stderr


def apply(manifest, code=0):
    text = yaml.safe_dump(manifest, sort_keys=False)
    return kubectl("apply", "--filename", "-", stdin=text, code=code)


def pod(name, *containers, labels=None, annotations=None, **spec):
    metadata = {"name": name}
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": metadata,
        "spec": {"containers": list(containers), **spec},
    }


def busybox(name, *command, **more):
    return {"name": name, "image": "busybox", "command": list(command), **more}


def shell(name, script, **more):
    return busybox(name, "sh", "-c", script, **more)


def get(name):
    return json.loads(kubectl("get", "pod", name, "--output", "json"))


def status(name):
    return get(name).get("status", {})


def container(name, number=0):
    found = status(name).get("containerStatuses", [])
    return found[number] if number < len(found) else {}


def restarts(name):
    return container(name).get("restartCount", 0)


def wait(name, *conditions, within=40):
    for condition in conditions or ["condition=Ready"]:
        kubectl("wait", f"--for={condition}", f"pod/{name}", f"--timeout={within}s",
                timeout=within + 10)


def inside(name, *command):
    return kubectl("exec", name, "--", *command)


def begin():
    """Makes the namespace, without what an earlier run left in it."""
    kubectl("delete", "namespace", SPACE, "--ignore-not-found", timeout=90)
    kubectl("create", "namespace", SPACE)
    eventually("its account", lambda: kubectl("get", "serviceaccount", "default"))


def end():
    kubectl("delete", "deployments,jobs", "--all")
    kubectl("delete", "pods", "--all", "--now")
    kubectl("delete", "namespace", SPACE, timeout=120)
