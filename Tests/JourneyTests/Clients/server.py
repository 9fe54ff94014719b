"""The API server of the kubeconfig."""
import base64
import os
import socket
import tempfile

import requests
import requests.adapters
import yaml


class KeepingAlive(requests.adapters.HTTPAdapter):
    """Notices that a machine is gone from which nothing comes, as Go's clients do."""

    OPTIONS = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2), (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)]

    def init_poolmanager(self, *arguments, **options):
        super().init_poolmanager(*arguments, socket_options=self.OPTIONS, **options)


class Server:
    """The API server of the kubeconfig, with its certificates."""

    def __init__(self):
        with open(os.environ["KUBECONFIG"]) as file:
            text = yaml.safe_load(file)
        user, cluster = text["users"][0]["user"], text["clusters"][0]["cluster"]
        folder = tempfile.mkdtemp()
        self.session = requests.Session()
        self.session.mount("https://", KeepingAlive())
        paths = []
        for name, data in [
                ("crt", user["client-certificate-data"]), ("key", user["client-key-data"]),
                ("ca", cluster["certificate-authority-data"])]:
            paths.append(f"{folder}/{name}")
            with open(paths[-1], "wb") as file:
                file.write(base64.b64decode(data))
        self.session.cert = tuple(paths[:2])
        self.session.verify = paths[2]
        self.session.trust_env = False
        self.url = cluster["server"]

    def ask(self, method, path, **options):
        options.setdefault("timeout", (2, 10))
        return self.session.request(method, self.url + path, **options)
