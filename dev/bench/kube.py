"""A small API client, watches, and readers of the audit log and of processes. Standard library only."""

import http.client
import json
import os
import ssl
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

STATE = os.environ["BENCH_STATE"]
PORT = 26443
NS = "bench"
PODS = f"/api/v1/namespaces/{NS}/pods"
CLUSTERS = f"/apis/planetary.dev/v1alpha1/namespaces/{NS}/planetaryclusters"
JOBS = f"/apis/planetary.dev/v1alpha1/namespaces/{NS}/planetaryjobs"
_local = threading.local()
_pool = ThreadPoolExecutor(50)


def _connect(user, timeout=60):
    context = ssl.create_default_context(cafile=f"{STATE}/pki/ca.crt")
    context.load_cert_chain(f"{STATE}/pki/{user}.crt", f"{STATE}/pki/{user}.key")
    return http.client.HTTPSConnection("127.0.0.1", PORT, context=context, timeout=timeout)


def call(method, path, body=None, user="admin", content="application/json"):
    """One request on this thread's kept-alive connection."""
    connections = _local.__dict__.setdefault("connections", {})
    for again in (True, False):
        connection = connections.get(user) or connections.setdefault(user, _connect(user))
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": content})
            answer = connection.getresponse()
            raw = answer.read()
            break
        except (http.client.HTTPException, OSError):
            connections.pop(user, None)
            if not again:
                raise
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {raw[:300]!r}")
    return json.loads(raw)


def parallel(function, arguments):
    """Calls 50 at a time, on warm threads; the first error is raised."""
    for future in [_pool.submit(function, *a) for a in arguments]:
        future.result()


def follow(path, see, gone):
    """Lists and watches for ever: see(object) for what is there or changed, gone(name) for what left."""
    names = set()
    separator = "&" if "?" in path else "?"
    while True:
        try:
            listed = call("GET", path)
        except RuntimeError as e:  # a new kind's storage is made ready, say: this thread must not end
            print(e, file=sys.stderr)
            time.sleep(0.5)
            continue
        there = {o["metadata"]["name"] for o in listed["items"]}
        for name in names - there:
            gone(name)
        for o in listed["items"]:
            see(o)
        names = there
        try:
            connection = _connect("admin", timeout=3600)
            connection.request("GET", f"{path}{separator}watch=1&resourceVersion={listed['metadata']['resourceVersion']}")
            for line in connection.getresponse():
                event = json.loads(line)
                name = event["object"].get("metadata", {}).get("name")
                if event["type"] == "DELETED":
                    names.discard(name)
                    gone(name)
                elif event["type"] in ("ADDED", "MODIFIED"):
                    names.add(name)
                    see(event["object"])
                else:
                    break
        except (http.client.HTTPException, OSError, ValueError):
            pass  # list again


def ready(o):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in o.get("status", {}).get("conditions", []))


class Waiting:
    """Holds what watches bring; whoever changes it notifies ``changed``."""

    def __init__(self):
        self.changed = threading.Condition()

    def told(self):
        """How far it is, for people."""
        raise NotImplementedError

    def until(self, what, timeout=120):
        """Waits until what() holds; the moment."""
        with self.changed:
            if not self.changed.wait_for(what, timeout):
                raise TimeoutError(f"{self.told()} after {timeout} s")
            return time.monotonic()


class Watch(Waiting):
    """Follows the pods and clusters of the namespace, and when they turned Ready."""

    def __init__(self):
        super().__init__()
        self.pods, self.ready_pods, self.clusters = {}, {}, set()
        self.pod_at, self.status_at = {}, {}
        for path, see, gone in ((PODS, self._pod, self._pod_gone), (CLUSTERS, self._cluster, self._cluster_gone)):
            threading.Thread(target=follow, args=(path, see, gone), daemon=True).start()

    def _pod(self, pod):
        with self.changed:
            name, labels = pod["metadata"]["name"], pod["metadata"].get("labels", {})
            cluster = self.pods[name] = labels.get("planetary.dev/cluster") or labels.get("bench/cluster", "?")
            there = self.ready_pods.setdefault(cluster, set())
            if ready(pod) and "deletionTimestamp" not in pod["metadata"]:
                if name not in there:
                    there.add(name)
                    self.pod_at[cluster] = time.monotonic()
            else:
                there.discard(name)
            self.changed.notify_all()

    def _pod_gone(self, name):
        with self.changed:
            self.ready_pods.get(self.pods.pop(name, None), set()).discard(name)
            self.changed.notify_all()

    def _cluster(self, cluster):
        with self.changed:
            name = cluster["metadata"]["name"]
            self.clusters.add(name)
            if ready(cluster):
                self.status_at.setdefault(name, time.monotonic())
            else:
                self.status_at.pop(name, None)
            self.changed.notify_all()

    def _cluster_gone(self, name):
        with self.changed:
            self.clusters.discard(name)
            self.status_at.pop(name, None)
            self.changed.notify_all()

    def told(self):
        return f"{len(self.pods)} pods, {sum(map(len, self.ready_pods.values()))} ready"


class Audit:
    """Requests of a user in the audit log since this was made. One request counts once, whatever its stages."""

    def __init__(self):
        self.path = f"{STATE}/log/audit.log"
        self.start = os.path.getsize(self.path)

    def of(self, user):
        by, failed, seen = Counter(), Counter(), set()
        with open(self.path, "rb") as f:
            f.seek(self.start)
            for line in f:
                if not line.endswith(b"\n"):
                    break
                event = json.loads(line)
                if event["user"]["username"] != user or event["auditID"] in seen:
                    continue
                # A watch is a request when it begins; its end, minutes later, is none.
                if event["verb"] == "watch" and event["stage"] == "ResponseComplete":
                    continue
                seen.add(event["auditID"])
                what = event.get("objectRef") or {}
                by[" ".join(filter(None, [event["verb"], what.get("resource", "?"), what.get("subresource")]))] += 1
                code = event.get("responseStatus", {}).get("code", 200)
                if code >= 400:
                    failed[str(code)] += 1
        writes = sum(n for k, n in by.items() if k.split()[0] in ("create", "update", "patch", "delete", "deletecollection"))
        return {
            "requests": sum(by.values()),
            "writes": writes,
            "lists": sum(n for k, n in by.items() if k.startswith("list ")),
            "by_verb": dict(by.most_common()),
            "errors": dict(failed),
        }


_HZ = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    """Seconds of user and system time so far."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _HZ


def rss_mb(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(next(line for line in f if line.startswith("VmRSS")).split()[1]) / 1024


def plane_cpu():
    """CPU seconds so far of the whole control plane."""
    total = 0
    for name in ("etcd", "apiserver", "controller-manager", "scheduler", "kwok"):
        with open(f"{STATE}/run/{name}.pid") as f:
            total += cpu(int(f.read().split()[0]))
    return total
