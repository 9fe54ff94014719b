"""Manifests that the programs share."""


def sleeper(name, labels=None, script="echo hello; exec sleep 3600", image="busybox"):
    """A Pod that says hello and then sleeps; it ends at once when it is told to."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {"app": name}},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {"name": "main", "image": image, "command": ["sh", "-c", script]}
            ],
        },
    }


def server(name):
    """A Pod whose port 8080 answers with its name."""
    script = f"mkdir /tmp/w; echo {name} >/tmp/w/index.html; exec httpd -f -p 8080 -h /tmp/w"
    pod = sleeper(name, script=script)
    pod["spec"]["containers"][0]["ports"] = [{"containerPort": 8080, "name": "web"}]
    return pod


def deployment(name, replicas=1):
    pod = sleeper(name)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod["spec"]},
        },
    }


def config_map(name, **data):
    return {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data,
    }
