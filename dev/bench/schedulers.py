"""Stands in for the Dask schedulers of all fake pods, which run nothing: answers GET /planetary/v1/state at every pod IP, with
the certificate of that pod's cluster, and says that every worker pod that is Ready has registered. Held and gathered like the
real one's (docs/pod-contract.md): at most one change a second, or after the caller's `wait`. Nothing else is answered."""

import asyncio
import base64
import collections
import json
import ssl
import tempfile
import threading
import urllib.parse

import kube

PORT = 8787
GATHER = 1.0


class Scheduler:
    """What one cluster's scheduler knows."""

    def __init__(self, loop):
        self.loop, self.boot, self.version, self.workers = loop, "", 1, {}
        self.versioned, self.gathering = 0.0, False
        self.waiting = set()

    def change(self):
        """A new version now, or when the last one is old enough."""
        pause = self.versioned + GATHER - self.loop.time()
        if pause > 0:
            if not self.gathering:
                self.gathering = True
                self.loop.call_later(pause, self._version)
        else:
            self._version()

    def _version(self):
        self.gathering, self.versioned = False, self.loop.time()
        self.version += 1
        for event in self.waiting:
            event.set()

    def state(self):
        return {"boot": self.boot, "version": self.version, "ending": False, "idleSince": None,
                "workers": list(self.workers.values()), "retired": [], "warnings": []}  # fmt: skip


class World:
    """Pods and certificates by their watches; touched only by the event loop."""

    def __init__(self, loop):
        self.loop = loop
        self.schedulers, self.contexts, self.addresses, self.pods = {}, {}, {}, {}
        self.connections = collections.defaultdict(set)
        self._follow(kube.PODS + "?labelSelector=planetary.dev/cluster", self._pod, self._pod_gone)
        secrets = f"/api/v1/namespaces/{kube.NS}/secrets?labelSelector=planetary.dev/cluster"
        self._follow(secrets, self._secret, self._secret_gone)

    def _follow(self, path, see, gone):
        def on_loop(function):
            return lambda x: self.loop.call_soon_threadsafe(function, x)

        threading.Thread(target=kube.follow, args=(path, on_loop(see), on_loop(gone)), daemon=True).start()

    def _pod(self, pod):
        meta = pod["metadata"]
        cluster = meta["labels"]["planetary.dev/cluster"]
        scheduler = self.schedulers.setdefault(cluster, Scheduler(self.loop))
        if meta["labels"]["app.kubernetes.io/component"] == "scheduler":
            scheduler.boot = meta["uid"]
            if pod.get("status", {}).get("podIP"):
                self.addresses[pod["status"]["podIP"]] = cluster
                self.pods[meta["name"]] = (cluster, pod["status"]["podIP"])
        elif kube.ready(pod) and meta["uid"] not in scheduler.workers:
            self.pods[meta["name"]] = (cluster, meta["uid"])
            scheduler.workers[meta["uid"]] = {
                "uid": meta["uid"], "name": meta["name"], "group": meta["labels"]["planetary.dev/group"],
                "address": f"tls://{pod['status']['podIP']}:40001", "status": "running", "memory": 0, "results": 0,
                "executing": 0, "processing": 0, "retiring": False}  # fmt: skip
            scheduler.change()

    def _pod_gone(self, name):
        cluster, key = self.pods.pop(name, (None, None))
        if self.addresses.get(key) == cluster:
            self.addresses.pop(key, None)
            self.schedulers.pop(cluster, None)
            # Its address comes back under another cluster, and a pod that is gone answers nobody.
            for writer in self.connections.pop(cluster, ()):
                writer.close()
        elif cluster in self.schedulers and self.schedulers[cluster].workers.pop(key, None):
            self.schedulers[cluster].change()

    def _secret(self, secret):
        name = secret["metadata"]["name"]
        if not name.endswith("-pods") or name in self.contexts:
            return
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as pem:
            pem.write(base64.b64decode(secret["data"]["tls.crt"]) + b"\n" + base64.b64decode(secret["data"]["tls.key"]))
            pem.flush()
            context.load_cert_chain(pem.name)
        self.contexts[name] = context

    def _secret_gone(self, name):
        self.contexts.pop(name, None)

    async def serve(self, reader, writer):
        try:
            cluster = self.addresses.get(writer.get_extra_info("sockname")[0])
            context = self.contexts.get(f"{cluster}-pods")
            if context:
                await writer.start_tls(context)
                self.connections[cluster].add(writer)
                while await self._answer(reader, writer, self.schedulers[cluster]):
                    pass
        except (OSError, KeyError, ValueError, asyncio.IncompleteReadError):
            pass  # the caller is gone, or the cluster
        finally:
            self.connections[cluster].discard(writer)
            writer.close()

    async def _answer(self, reader, writer, scheduler):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split(" ", 2)
        url = urllib.parse.urlsplit(target)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        if method != "GET" or url.path != "/planetary/v1/state":
            writer.write(b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return False
        if query.get("boot") == scheduler.boot:
            await self._hold(scheduler, int(query["after"]), float(query.get("wait", 60)))
        body = json.dumps(scheduler.state()).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        return True

    async def _hold(self, scheduler, known, wait):
        changed = asyncio.Event()
        scheduler.waiting.add(changed)
        try:
            if scheduler.version == known:
                await asyncio.wait_for(changed.wait(), wait)
        except asyncio.TimeoutError:
            pass
        finally:
            scheduler.waiting.discard(changed)


async def main():
    world = World(asyncio.get_running_loop())
    async with await asyncio.start_server(world.serve, "0.0.0.0", PORT, backlog=1024) as server:
        print("ready", flush=True)
        await server.serve_forever()


asyncio.run(main())
