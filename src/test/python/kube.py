"""A Kubernetes API server as far as the client library needs one: objects, watches, logs, port-forward.

Behind it a test plays the operator: ``on_create`` and ``on_change`` are called with each PlanetaryCluster or
PlanetaryJob that is made or changed, before the answer goes out.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import json
import uuid
from pathlib import Path

import tornado.web
import tornado.websocket
import yaml
from distributed.utils import LoopRunner, sync

PLANETARY = ("planetaryclusters", "planetaryjobs")
IMAGE = "registry.example/planetary-client:1"


def ready(workers: int, wanted: int, **more) -> dict:
    """The status of a cluster that runs."""
    message = f"{workers} of {wanted} workers ready"
    return status(
        "Running",
        [
            condition(
                "Ready", workers == wanted, "Running" if workers == wanted else "WorkersStarting", message
            ),
            condition("SchedulerReady", True, "Running", "the scheduler answers"),
            condition("WorkersReady", workers == wanted, "WorkersStarting", message),
        ],
        workers,
        wanted,
        **more,
    )


def starting(wanted: int) -> dict:
    words = ("SchedulerStarting", "the scheduler is starting")
    found = [condition(kind, False, *words) for kind in ("Ready", "SchedulerReady")]
    return status(
        "Pending", [*found, condition("WorkersReady", False, "SchedulerNotReady", "unknown")], 0, wanted
    )


def condition(kind: str, holds: bool, reason: str, message: str) -> dict:
    return {"type": kind, "status": str(holds), "reason": reason, "message": message}


def status(phase: str, conditions: list[dict], workers: int, wanted: int, **more) -> dict:
    groups = [{"name": "default", "ready": workers, "desired": wanted}]
    scheduler = {"address": "tls://c-scheduler.ns.svc:8786"}
    return {"phase": phase, "conditions": conditions, "groups": groups, "scheduler": scheduler, **more}


class Kube:
    """``objects`` by resource and name; ``refuse`` answers instead: {(method, resource): status}.

    With a ``token`` others are not let in; requests for what is ``silent`` get no answer.
    ``lost`` are POSTs that are obeyed, with this status for an answer, or none at all (0). ``held`` are not
    answered as long as they are in there.
    """

    def __init__(self):
        self.objects: dict[tuple[str, str], dict] = {}
        self.requests: list[tuple[str, str]] = []
        self.refuse: dict[tuple[str, str], int] = {}
        self.token = ""
        self.silent: set[str] = set()
        self.lost: dict[tuple[str, str], int] = {}
        self.held: set[tuple[str, str]] = set()
        self.ports: dict[int, int] = {}
        self.cut_watches = 0
        self.version = 1
        self.port = 0
        self.on_create = self.on_change = lambda resource, thing: None
        self._watches: list[tuple[str, str, asyncio.Queue]] = []
        self._runner = LoopRunner()

    def start(self) -> Kube:
        self._runner.start()
        self.listen()
        return self

    def listen(self) -> None:
        """Connections that nobody uses are closed soon, as load balancers do."""

        async def listen():
            routes = [
                (r"/version/?", Version),
                (r"/api/v1/namespaces/ns/(pods)/([^/]+)/portforward", PortForward),
                (r"/api/v1/namespaces/ns/pods/([^/]+)/log", PodLog),
                (r"/apis/[^?]*namespaces/ns/planetaryclusters/([^/]+)/(scale)", Scale),
                (r"/api/v1/namespaces/ns/serviceaccounts/([^/]+)/(token)", Token),
                (r"/apis?/[^?]*namespaces/ns/([a-z]+)", Collection),
                (r"/apis?/[^?]*namespaces/ns/([a-z]+)/([^/]+)", Object),
            ]
            application = tornado.web.Application([(*route, {"kube": self}) for route in routes])
            self.server = application.listen(self.port, "127.0.0.1", idle_connection_timeout=0.5)
            return next(iter(self.server._sockets.values())).getsockname()[1]

        self.port = sync(self._runner.loop, listen)

    def stop(self) -> None:
        self.hang_up()
        self._runner.stop()

    def hang_up(self) -> None:
        """Nobody reaches it until it listens again."""

        async def end():
            self.server.stop()
            await self.server.close_all_connections()

        sync(self._runner.loop, end)

    def kubeconfig(self, path: Path, host: str = "127.0.0.1", user: dict | None = None, **more) -> Path:
        """``user`` is how to log in, ``more`` are fields instead of those it would have."""
        cluster = {"name": "fake", "cluster": {"server": f"http://{host}:{self.port}"}}
        context = {"name": "fake", "context": {"cluster": "fake", "user": "me", "namespace": "ns"}}
        me = {"name": "me", "user": user or {"token": "t"}}
        config = {"apiVersion": "v1", "kind": "Config", "current-context": "fake"}
        path.write_text(
            yaml.safe_dump(config | {"clusters": [cluster], "contexts": [context], "users": [me]} | more)
        )
        return path

    # What a test, or its operator, does

    def put(self, resource: str, thing: dict, kind: str = "MODIFIED") -> dict:
        """Stores an object and tells who watches."""
        self.version += 1
        metadata = thing.setdefault("metadata", {})
        metadata["resourceVersion"] = str(self.version)
        metadata.setdefault("uid", str(uuid.uuid4()))
        metadata.setdefault("generation", 1)
        self.objects[resource, metadata["name"]] = thing
        self._tell(kind, resource, thing)
        return thing

    def say(self, name: str, said: dict, resource: str = "planetaryclusters") -> None:
        """A status, of the object's present generation."""

        def write():
            thing = self.objects[resource, name]
            self.put(
                resource, thing | {"status": {"observedGeneration": thing["metadata"]["generation"], **said}}
            )

        self._runner.loop.add_callback(write)

    def later(self, seconds: float, name: str, said: dict, resource: str = "planetaryclusters") -> None:
        self._runner.loop.add_callback(self._runner.loop.call_later, seconds, self.say, name, said, resource)

    def remove(self, resource: str, name: str) -> None:
        self._tell("DELETED", resource, self.objects.pop((resource, name)))

    def secret(self, name: str, folder: Path) -> None:
        files = {
            file: base64.b64encode((folder / file).read_bytes()).decode()
            for file in ("ca.crt", "tls.crt", "tls.key", "token")
        }
        self.put("secrets", {"metadata": {"name": name}, "data": files})

    def scheduler_pod(self, cluster: str) -> None:
        labels = {"planetary.dev/cluster": cluster, "app.kubernetes.io/component": "scheduler"}
        metadata = {
            "name": f"{cluster}-scheduler-0",
            "labels": labels,
            "creationTimestamp": "2026-01-01T00:00:00Z",
        }
        self.put("pods", {"metadata": metadata, "spec": {"containers": [{"name": "dask", "image": IMAGE}]}})

    def knows(self, request) -> bool:
        return not self.token or request.headers.get("Authorization") == f"Bearer {self.token}"

    def named(self, resource: str) -> list[str]:
        return [name for kind, name in self.objects if kind == resource]

    # Watches

    def _tell(self, kind: str, resource: str, thing: dict) -> None:
        event = json.dumps({"type": kind, "object": {"kind": resource, **copy.deepcopy(thing)}}) + "\n"
        for watched, name, queue in list(self._watches):
            if watched == resource and name == thing["metadata"]["name"]:
                queue.put_nowait(event)

    @contextlib.contextmanager
    def watching(self, resource: str, name: str):
        watch = (resource, name, asyncio.Queue())
        self._watches.append(watch)
        try:
            yield watch[2]
        finally:
            self._watches.remove(watch)


class Handler(tornado.web.RequestHandler):
    def initialize(self, kube: Kube):
        self.kube = kube

    async def prepare(self):
        resource = next((part for part in self.path_args if part), "version")
        self.kube.requests.append((self.request.method, resource))
        await silence(self, resource)
        while (self.request.method, resource) in self.kube.held:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        if self.request.connection.stream.closed():  # nobody waits for it any more
            self.detach()
            return
        refused = self.kube.refuse.get((self.request.method, resource))
        if not self.kube.knows(self.request):
            self.fail(401, "Unauthorized")
        elif refused:
            self.fail(refused, f"refused {self.request.method} of {resource}")

    def fail(self, code: int, message: str, name: str = "") -> None:
        self.set_status(code)
        self.finish({"kind": "Status", "code": code, "message": message, "details": {"name": name}})


async def silence(handler: tornado.web.RequestHandler, what: str) -> None:
    """No word, while it is so and somebody waits for one."""
    while what in handler.kube.silent and not handler.request.connection.stream.closed():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


class Version(Handler):
    def get(self):
        self.finish({"gitVersion": "v1.34.4"})


class Collection(Handler):
    async def get(self, resource):
        name = self.get_query_argument("fieldSelector", "").removeprefix("metadata.name=")
        if self.get_query_argument("watch", ""):
            await self.watch(resource, name, int(self.get_query_argument("resourceVersion")))
            return
        selector = dict(
            part.split("=") for part in self.get_query_argument("labelSelector", "").split(",") if part
        )
        things = [thing for (kind, _), thing in self.kube.objects.items() if kind == resource]
        things = [t for t in things if not name or t["metadata"]["name"] == name]
        things = [t for t in things if selector.items() <= t["metadata"].get("labels", {}).items()]
        self.finish({"items": things, "metadata": {"resourceVersion": str(self.kube.version)}})

    async def watch(self, resource, name, since):
        with self.kube.watching(resource, name) as events:
            thing = self.kube.objects.get((resource, name))
            if thing and int(thing["metadata"]["resourceVersion"]) > since:
                events.put_nowait(
                    json.dumps({"type": "MODIFIED", "object": {"kind": resource, **thing}}) + "\n"
                )
            await self.flush()
            while not self.request.connection.stream.closed():
                if self.kube.cut_watches:
                    self.kube.cut_watches -= 1
                    return
                with contextlib.suppress(asyncio.TimeoutError):
                    self.write(await asyncio.wait_for(events.get(), 0.5))
                    await self.flush()

    def post(self, resource):
        thing = json.loads(self.request.body)
        name = thing["metadata"]["name"]
        if (resource, name) in self.kube.objects:
            self.fail(409, f'{resource} "{name}" already exists', name)
            return
        self.kube.put(resource, thing, "ADDED")
        self.kube.on_create(resource, thing)
        lost = self.kube.lost.get(("POST", resource))
        if lost is None:
            self.finish(thing)
        elif lost:
            self.fail(lost, "no answer from the server behind")
        else:
            self.detach().close()


class Object(Handler):
    def found(self, resource, name) -> dict | None:
        thing = self.kube.objects.get((resource, name))
        if thing is None:
            self.fail(404, f'{resource} "{name}" not found', name)
        return thing

    def get(self, resource, name):
        if thing := self.found(resource, name):
            self.finish(thing)

    def patch(self, resource, name):
        thing = self.found(resource, name)
        if thing is None:
            return
        body, before = json.loads(self.request.body), copy.deepcopy(thing.get("spec"))
        thing = copy.deepcopy(thing)
        if isinstance(body, list):
            for operation in body:
                apply(thing, operation)
        else:
            merge(thing, body)
        if thing.get("spec") != before:
            thing["metadata"]["generation"] += 1
        self.kube.put(resource, thing)
        self.kube.on_change(resource, thing)
        self.finish(thing)

    def delete(self, resource, name):
        thing = self.found(resource, name)
        if thing is None:
            return
        uid = json.loads(self.request.body or b"{}").get("preconditions", {}).get("uid")
        if uid != thing["metadata"]["uid"]:
            self.fail(409, "the UID in the precondition does not match", name)
            return
        self.kube.remove(resource, name)
        self.finish({"kind": "Status", "status": "Success"})


class Scale(Handler):
    def get(self, cluster, _):
        thing = self.kube.objects["planetaryclusters", cluster]
        there = sum(group["ready"] for group in thing.get("status", {}).get("groups", []))
        replicas = thing["spec"].get("workers", {}).get("replicas", 1)
        self.finish({"spec": {"replicas": replicas}, "status": {"replicas": there}})

    def patch(self, cluster, _):
        thing = copy.deepcopy(self.kube.objects["planetaryclusters", cluster])
        replicas = json.loads(self.request.body)["spec"]["replicas"]
        merge(thing, {"spec": {"workers": {"replicas": replicas}}})
        thing["metadata"]["generation"] += 1
        self.kube.put("planetaryclusters", thing)
        self.kube.on_change("planetaryclusters", thing)
        self.finish({"spec": {"replicas": replicas}})


class Token(Handler):
    def post(self, account, _):
        seconds = json.loads(self.request.body)["spec"]["expirationSeconds"]
        self.finish({"status": {"token": f"{account} for {seconds} s"}})


class PodLog(Handler):
    def get(self, pod):
        self.finish(f"what {pod} said\n")


class PortForward(tornado.websocket.WebSocketHandler):
    def initialize(self, kube: Kube):
        self.kube = kube

    async def get(self, *args):
        await silence(self, "portforward")
        refused = self.kube.refuse.get(("GET", "portforward"))
        if not self.kube.knows(self.request):
            refused = 401
        if refused:
            self.set_status(refused)
            self.finish({"message": "refused port-forward"})
            return
        await super().get(*args)

    async def open(self, *args):
        port = int(self.get_query_argument("ports"))
        number = port.to_bytes(2, "little")
        for channel in (b"\0", b"\1"):
            self.write_message(channel + number, binary=True)
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.kube.ports[port])
        self.pump = asyncio.create_task(self.relay())

    async def relay(self):
        with contextlib.suppress(OSError, tornado.websocket.WebSocketClosedError):
            while data := await self.reader.read(32768):
                await self.write_message(b"\0" + data, binary=True)
        self.close()

    async def on_message(self, message):
        while not hasattr(self, "writer"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        self.writer.write(message[1:])

    def on_close(self):
        if hasattr(self, "writer"):
            self.writer.close()


def merge(into: dict, patch: dict) -> None:
    """RFC 7386."""
    for key, value in patch.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def apply(thing: dict, operation: dict) -> None:
    """RFC 6902, as far as it is used."""
    *path, last = operation["path"].strip("/").split("/")
    for part in path:
        thing = thing[int(part)] if isinstance(thing, list) else thing[part]
    if operation["op"] == "test":
        assert thing[last] == operation["value"]
    elif operation["op"] == "remove":
        del thing[last]
    else:
        thing[last] = operation["value"]
