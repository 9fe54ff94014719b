"""Requests as no library sends them: too large, too slow, cut short, malformed, forged."""
import gzip
import json
import socket
import ssl
import subprocess
import tempfile
import time

from checks import check, expect, run
from server import Server

server = Server()
HOST, PORT = server.url.removeprefix("https://").split(":")
CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def connect(certificate=server.session.cert):
    context = ssl.create_default_context(cafile=server.session.verify)
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(*certificate)
    raw = socket.create_connection((HOST, int(PORT)), timeout=10)
    return context.wrap_socket(raw)


class Answers:
    """Reads one answer after the other off a connection."""

    def __init__(self, connection):
        self.file = connection.makefile("rb")

    def next(self, has_body=True):
        line = self.file.readline()
        if not line:
            return None
        code = int(line.split()[1])
        headers = {}
        while (line := self.file.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0)) if has_body else 0
        return code, headers, self.file.read(length)


def ask(text, has_body=True, certificate=server.session.cert):
    connection = connect(certificate)
    connection.sendall(text if isinstance(text, bytes) else text.encode())
    return Answers(connection).next(has_body)


def post(body, extra=""):
    return ask(f"POST {CONFIG_MAPS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
               f"{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body)


@check
def bodies_that_are_wrong():
    code, _, body = post(b'{"a":"' + b"x" * (3 << 20) + b'"}')
    status = json.loads(body)
    expect(code == 413 and status["reason"] == "RequestEntityTooLarge", status)
    expect(status["message"] == "Request entity too large: limit is 3145728", status)
    head = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"wire"},"data":'
    for text in [b"[" * 10_000 + b"]" * 10_000, b'{"a":"\xff\xfe"}', b'{"a":', b"", b"1"]:
        code, _, body = post(head + text + b"}")
        expect(code in (400, 422), (code, body[:300]))
        expect(json.loads(body)["kind"] == "Status", body)


@check
def strangers_and_forgers():
    # Who brings nothing is anonymous, and roles do not let him; who brings something bad is nobody.
    anonymous = ('pods is forbidden: User "system:anonymous" cannot list resource "pods" in API '
                 'group "" at the cluster scope')
    code, _, body = ask("GET /api/v1/pods HTTP/1.1\r\nHost: a\r\n\r\n", certificate=None)
    expect(code == 403 and json.loads(body)["message"] == anonymous, body)
    code, _, body = ask("GET /api/v1/pods HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x.y.z\r\n"
                        "\r\n", certificate=None)
    expect(code == 401 and json.loads(body)["message"] == "Unauthorized", body)
    # A header that machines believe of each other is worth nothing from anybody else.
    code, _, body = ask("GET /api/v1/pods HTTP/1.1\r\nHost: a\r\nX-Podmesh-User: root\r\n"
                        "X-Podmesh-Group: system:masters\r\n\r\n", certificate=None)
    expect(code == 403 and json.loads(body)["message"] == anonymous, body)
    folder = tempfile.mkdtemp()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", "/O=system:masters/CN=root", "-keyout",
         f"{folder}/key", "-out", f"{folder}/crt"], check=True, capture_output=True)
    try:
        answer = ask("GET /api/v1/pods HTTP/1.1\r\nHost: a\r\n\r\n",
                     certificate=(f"{folder}/crt", f"{folder}/key"))
        expect(answer is None or answer[0] == 401, answer)
    except (ssl.SSLError, ConnectionError):
        pass


@check
def several_requests_on_one_connection():
    connection = connect()
    paths = ["/version", "/healthz", "/api/v1/namespaces/default", "/no/such/path"]
    connection.sendall("".join(
        f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n" for path in paths).encode())
    answers = Answers(connection)
    expect([answers.next()[0] for _ in paths] == [200, 200, 200, 404])
    code, headers, _ = ask("HEAD /version HTTP/1.1\r\nHost: a\r\n\r\n", has_body=False)
    expect(code == 200 and int(headers["content-length"]) > 0, headers)
    connection = connect()
    connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
    expect(Answers(connection).next()[2] == b"ok")


@check
def a_body_that_waits_for_leave():
    connection = connect()
    body = b'{"metadata":{"name":"wire-waits"}}'
    server.ask("DELETE", f"{CONFIG_MAPS}/wire-waits")
    connection.sendall(
        f"POST {CONFIG_MAPS} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    answers = Answers(connection)
    expect(answers.next(has_body=False)[0] == 100)
    connection.sendall(body)
    code, headers, _ = answers.next()
    expect(code == 201 and headers["cache-control"] == "no-cache, private", headers)
    server.ask("DELETE", f"{CONFIG_MAPS}/wire-waits")


@check
def nonsense_ends_the_connection():
    for text in [b"\x16\x03\x01nonsense\r\n\r\n", b"GET\r\n\r\n",
                 b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n"]:
        try:
            answer = ask(text)
            expect(answer is None or 400 <= answer[0] < 500, answer)
        except (ConnectionError, ssl.SSLError, socket.timeout):
            pass
    expect(server.ask("GET", "/healthz").text == "ok")


@check
def many_who_never_finish():
    crowd = []
    for _ in range(300):
        connection = connect()
        connection.sendall(b"GET /api/v1/pods HTTP/1.1\r\nHost: a\r\nX-")
        crowd.append(connection)
    begin = time.monotonic()
    for _ in range(20):
        expect(server.ask("GET", "/api/v1/namespaces/default").status_code == 200)
    expect(time.monotonic() - begin < 5)
    for connection in crowd:
        connection.close()


@check
def watchers_who_hang_up():
    for how in [socket.SHUT_WR, socket.SHUT_RDWR, None]:
        for _ in range(50):
            connection = connect()
            connection.sendall(
                f"GET {CONFIG_MAPS}?watch=1 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            connection.recv(100)
            if how is not None:
                socket.socket.shutdown(connection, how)
            connection.close()
    server.ask("DELETE", f"{CONFIG_MAPS}/wire")
    code = server.ask("POST", CONFIG_MAPS, json={"metadata": {"name": "wire"}}).status_code
    expect(code == 201, code)
    server.ask("DELETE", f"{CONFIG_MAPS}/wire")


@check
def long_answers_are_compressed_when_asked():
    path = "/openapi/v2"
    plain = server.ask("GET", path, headers={"Accept-Encoding": "identity"})
    expect("content-encoding" not in plain.headers and len(plain.content) > 131_072)
    code, headers, body = ask(f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
    expect(code == 200 and headers.get("content-encoding") == "gzip", headers)
    expect(gzip.decompress(body) == plain.content)
    expect(len(body) < len(plain.content) / 3, (len(body), len(plain.content)))
    _, headers, _ = ask("GET /version HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
    expect("content-encoding" not in headers, headers)


def curl(*arguments):
    certificate, key = server.session.cert
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--http2", "--cacert", server.session.verify,
         "--cert", certificate, "--key", key, *arguments],
        capture_output=True, text=True, timeout=60)


@check
def http_2_carries_requests_on_one_connection():
    urls = [server.url + path for path in ["/version", "/api/v1/namespaces/default", CONFIG_MAPS]]
    result = curl("--fail", "--write-out", "%{stderr}%{http_version} %{num_connects}\\n", *urls)
    expect(result.returncode == 0, result)
    expect(result.stderr.split("\n")[:3] == ["2 1", "2 0", "2 0"], result.stderr)
    # Many watches and a list beside them, on one connection too.
    watches = [f"{server.url}{CONFIG_MAPS}?watch=1&timeoutSeconds=1"] * 50
    result = curl("--fail", "--parallel", "--parallel-max", "60", "--write-out",
                  "%{stderr}@%{http_version}@", *watches, server.url + CONFIG_MAPS)
    expect(result.returncode == 0, result)
    expect(result.stderr.count("@2@") == 51, result.stderr)


@check
def http_2_refuses_what_is_too_large():
    with tempfile.NamedTemporaryFile() as file:
        file.write(b'{"a":"' + b"x" * (3 << 20) + b'"}')
        file.flush()
        result = curl("--data-binary", f"@{file.name}", "--header",
                      "Content-Type: application/json", "--write-out", "%{stderr}%{http_code}",
                      server.url + CONFIG_MAPS)
    expect(result.stderr == "413", result)
    expect(json.loads(result.stdout)["reason"] == "RequestEntityTooLarge", result.stdout)


@check
def answers_tell_who_chose_their_place():
    schema = server.ask(
        "GET", "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/exempt").json()
    level = server.ask(
        "GET", "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations/exempt").json()
    for path in ["/version", CONFIG_MAPS, CONFIG_MAPS + "/not-there"]:
        headers = server.ask("GET", path).headers
        expect(headers["X-Kubernetes-PF-FlowSchema-UID"] == schema["metadata"]["uid"], headers)
        expect(headers["X-Kubernetes-PF-PriorityLevel-UID"] == level["metadata"]["uid"], headers)


run()
