"""A client of client-go's manners: a reflector that streams its first list or lists in pages,
watches with bookmarks, resumes where it was, and lists again after 410; and a writer beside it.
Whatever happens to the machines, the reflector must end up with what the Store holds, and must
have seen every version of every object that a watch may not skip.

SECONDS_TO_WRITE says how long it writes. It prints `lists`, `resumes` and `events`."""
import json
import os
import threading
import time

import requests

from checks import check, eventually, expect, run
from server import Server

SPACE = "informer"
SECONDS = float(os.environ.get("SECONDS_TO_WRITE", "5"))


class Reflector(threading.Thread):
    PATH = f"/api/v1/namespaces/{SPACE}/configmaps"

    def __init__(self, streams_lists):
        super().__init__(daemon=True)
        self.server = Server()
        self.streams_lists = streams_lists
        self.version = None
        self.store = {}
        self.seen = {}
        self.counts = {"lists": 0, "resumes": 0, "events": 0, "bookmarks": 0}
        self.faults = []
        self.is_over = False
        self.response = None

    def run(self):
        while not self.is_over:
            try:
                if self.version is None and not self.streams_lists:
                    self.list()
                self.watch()
            except (requests.RequestException, ConnectionError, ValueError):
                time.sleep(0.05)

    def list(self):
        self.counts["lists"] += 1
        items, token = [], None
        while True:
            query = {"limit": 20, "resourceVersion": "" if token else "0"}
            if token:
                query["continue"] = token
            answer = self.server.ask("GET", self.PATH, params=query)
            if answer.status_code == 410:
                raise ConnectionError("the pages expired")
            answer.raise_for_status()
            page = answer.json()
            items += page["items"]
            token = page["metadata"].get("continue")
            if not token:
                break
        self.replace(items, page["metadata"]["resourceVersion"])

    def replace(self, items, version):
        self.store = {item["metadata"]["name"]: item for item in items}
        for item in items:
            self.note(item)
        self.version = version

    def note(self, item):
        name = item["metadata"]["name"]
        if "count" not in item["data"]:
            return
        self.seen.setdefault(name, set()).add(int(item["data"]["count"]))

    def watch(self):
        query = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": "60"}
        is_first = self.version is None
        if is_first:
            self.counts["lists"] += 1
            query |= {"sendInitialEvents": "true",
                      "resourceVersionMatch": "NotOlderThan"}
        else:
            self.counts["resumes"] += 1
            query["resourceVersion"] = self.version
        fresh = []
        with self.server.ask(
                "GET", self.PATH, params=query, stream=True, timeout=(2, 70)) as answer:
            self.response = answer
            if answer.status_code == 410:
                self.version = None
                return
            answer.raise_for_status()
            for line in answer.iter_lines(chunk_size=1):
                event = json.loads(line)
                kind, item = event["type"], event["object"]
                if kind == "ERROR":
                    if item.get("code") == 410:
                        self.version = None
                        return
                    raise ConnectionError(str(item))
                if is_first:
                    notes = item["metadata"].get("annotations") or {}
                    if kind == "BOOKMARK" and notes.get("k8s.io/initial-events-end") == "true":
                        self.replace(fresh, item["metadata"]["resourceVersion"])
                        is_first = False
                    elif kind == "ADDED":
                        fresh.append(item)
                    continue
                self.take(kind, item)

    def take(self, kind, item):
        version = int(item["metadata"]["resourceVersion"])
        if version < int(self.version):
            self.faults.append(f"{kind} at {version} after {self.version}")
        self.version = str(version)
        if kind == "BOOKMARK":
            self.counts["bookmarks"] += 1
            return
        self.counts["events"] += 1
        name = item["metadata"]["name"]
        known = name in self.store
        if (kind == "ADDED") == known:
            self.faults.append(f"{kind} of {name}, known: {known}")
        if kind == "DELETED":
            self.store.pop(name, None)
        else:
            self.store[name] = item
            self.note(item)


class Writer:
    """Writes each object's numbers in order, and remembers those that were acknowledged."""

    def __init__(self):
        self.server = Server()
        self.numbers = {}

    def ask(self, method, path, **options):
        end = time.monotonic() + 30
        while True:
            try:
                answer = self.server.ask(method, path, **options)
                if answer.status_code not in (429, 500, 503, 504):
                    return answer
                last = answer.text
            except requests.RequestException as error:
                last = error
            expect(time.monotonic() < end, last)
            time.sleep(0.05)

    def write(self, seconds):
        end = time.monotonic() + seconds
        turn = 0
        while time.monotonic() < end:
            turn += 1
            name = f"item-{turn % 7}"
            path = f"{Reflector.PATH}/{name}"
            number = self.numbers.get(name, 0) + 1
            if turn % 23 == 0:
                self.ask("DELETE", path)
                continue
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name},
                    "data": {"count": str(number)}}
            answer = self.ask("PATCH", path, data=json.dumps(body), params={
                "fieldManager": "writer", "force": "true"},
                headers={"Content-Type": "application/apply-patch+yaml"})
            expect(answer.status_code in (200, 201), answer.text)
            self.numbers[name] = number


@check
def no_event_is_lost():
    server = Writer()
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}
    server.ask("DELETE", f"/api/v1/namespaces/{SPACE}")
    eventually("a fresh namespace", lambda: server.ask(
        "POST", "/api/v1/namespaces", json=space).status_code == 201, 60)
    reflectors = [Reflector(streams) for streams in (True, False)]
    for reflector in reflectors:
        reflector.start()
    eventually("they begin", lambda: all(one.version for one in reflectors))
    print("ready", flush=True)
    server.write(SECONDS)
    listed = server.ask("GET", Reflector.PATH).json()
    wanted = {item["metadata"]["name"]: item["metadata"]["resourceVersion"]
              for item in listed["items"]}
    for reflector in reflectors:
        def known():
            return {name: item["metadata"]["resourceVersion"]
                    for name, item in reflector.store.items()}
        eventually("it holds what the Store holds", lambda: known() == wanted or (
            _ for _ in ()).throw(AssertionError(f"{known()} is not {wanted}")), 30)
        expect(not reflector.faults, reflector.faults[:5])
        # Only a list may pass over versions.
        if reflector.counts["lists"] == 1:
            for name, last in server.numbers.items():
                missing = set(range(1, last + 1)) - reflector.seen.get(name, set())
                expect(not missing, f"{name} misses {sorted(missing)[:5]} of {last}")
        print(json.dumps(reflector.counts), flush=True)
        expect(reflector.counts["events"] > 0)
        reflector.is_over = True
    server.ask("DELETE", f"/api/v1/namespaces/{SPACE}")


@check
def an_old_version_is_gone_and_a_new_one_is_not():
    server = Server()
    old = server.ask("GET", "/api/v1/pods", params={
        "watch": "1", "resourceVersion": "1", "timeoutSeconds": "2"})
    if old.status_code == 200:
        events = [json.loads(line) for line in old.iter_lines()]
        errors = [event for event in events if event["type"] == "ERROR"]
        expect(all(error["object"]["reason"] == "Expired" for error in errors), errors)
    else:
        expect(old.status_code == 410 and old.json()["reason"] == "Expired", old.text)
    version = int(server.ask("GET", "/api/v1/pods").json()["metadata"]["resourceVersion"])
    future = server.ask("GET", "/api/v1/pods", params={"resourceVersion": str(version + 10_000)})
    expect(future.status_code == 504, future.text)
    causes = future.json()["details"]["causes"]
    expect(causes[0]["reason"] == "ResourceVersionTooLarge", causes)
    for text in ["-1", "x", "1e3"]:
        answer = server.ask("GET", "/api/v1/pods", params={"resourceVersion": text})
        expect(answer.status_code in (400, 422), answer.text)


run()
