"""A registry of images on 127.0.0.1:5000 that asks for a token of its own (Docker Registry HTTP API
V2), with what the machine's containerd holds.

  private/busybox:1  the busybox that was imported, under another configuration
  private/broken:1   the same, but its layer is no archive

Only `reader` with the password `secret` gets a token. Each request is written to standard output
as `METHOD PATH STATUS`.
"""

import base64
import hashlib
import http.server
import json
import os
import subprocess

PORT = 5000
BLOBS = "/var/lib/containerd/io.containerd.content.v1.content/blobs/sha256"
LOGIN = "Basic " + base64.b64encode(b"reader:secret").decode()
TOKEN = "a-token-of-this-registry"
KIND = "application/vnd.docker.distribution.manifest.v2+json"

blobs = {}
manifests = {}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def stored(name):
    with open(os.path.join(BLOBS, name.removeprefix("sha256:")), "rb") as file:
        return file.read()


def keep(data):
    blobs[digest(data)] = data
    return {"digest": digest(data), "size": len(data)}


def offer(name, config, layers):
    """A tag `1` for an image of this configuration with these layers."""
    text = json.dumps(config).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": KIND,
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json", **keep(text)},
        "layers": layers,
    }
    data = json.dumps(manifest).encode()
    manifests[name, "1"] = data
    manifests[name, digest(data)] = data


def imported():
    """The manifest of the imported busybox; an index stands for its first entry."""
    lines = subprocess.run(
        ["ctr", "--namespace", "k8s.io", "images", "list"], capture_output=True, text=True,
        check=True).stdout.splitlines()
    target = next(line.split()[2] for line in lines if "/busybox:latest" in line)
    manifest = json.loads(stored(target))
    if "manifests" in manifest:
        manifest = json.loads(stored(manifest["manifests"][0]["digest"]))
    return manifest


def prepare():
    manifest = imported()
    config = json.loads(stored(manifest["config"]["digest"]))
    for layer in manifest["layers"]:
        keep(stored(layer["digest"]))
    config["author"] = "a private registry"
    offer("private/busybox", config, manifest["layers"])
    layer = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar", **keep(b"broken" * 99)}
    config["rootfs"]["diff_ids"] = [layer["digest"]]
    offer("private/broken", config, [layer])


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", kind="application/json", **headers):
        print(self.command, self.path, status, flush=True)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET()

    def do_POST(self):
        # Clients that ask for a token by OAuth are told to ask by GET.
        length = int(self.headers.get("Content-Length", 0))
        self.rfile.read(length)
        self.answer(404)

    def do_GET(self):
        path = self.path.split("?")[0]
        given = self.headers.get("Authorization", "")
        if path == "/token":
            if given != LOGIN:
                return self.answer(401)
            return self.answer(200, json.dumps({"token": TOKEN, "expires_in": 60}).encode())
        if given != "Bearer " + TOKEN:
            realm = f'Bearer realm="http://127.0.0.1:{PORT}/token",service="private"'
            return self.answer(401, WWW_Authenticate=realm)
        parts = path.removeprefix("/v2/").rsplit("/", 2)
        if len(parts) == 3 and parts[1] == "manifests" and (parts[0], parts[2]) in manifests:
            data = manifests[parts[0], parts[2]]
            return self.answer(200, data, KIND, Docker_Content_Digest=digest(data))
        if len(parts) == 3 and parts[1] == "blobs" and parts[2] in blobs:
            return self.answer(200, blobs[parts[2]], "application/octet-stream")
        return self.answer(404)

    def log_message(self, *_):
        pass


prepare()
print("ready", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Registry).serve_forever()
