"""A PlanetaryCluster object as its client sees it: made, watched, scaled, deleted."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from distributed.utils import Log, Logs

from . import marks, options, steps
from .api import GROUP, Api, in_pod, own_namespace
from .connection import scheduler_pod
from .errors import Exists, NotThere, PlanetaryError

HOPELESS_SECONDS = 30.0
"""How long trouble of the scheduler that seldom goes away is waited for."""
PAUSE_SECONDS = 5.0
START = "planetary.dev/start"


class Remote:
    """``cluster`` is the object as it was last seen; ``tell`` gets a line for each step."""

    def __init__(self, api: Api, cluster: dict, tell: Callable[[str], None]):
        self.api, self.cluster, self._tell = api, cluster, tell
        self.name, self.uid = cluster["metadata"]["name"], cluster["metadata"]["uid"]
        self.gone = False
        self._trouble: PlanetaryError | None = None
        self._steps = steps.Steps()
        self._changed = asyncio.Event()
        self._watching: asyncio.Task | None = None

    @classmethod
    async def create(cls, api: Api, name: str, spec: dict, mark: str, tell: Callable[[str], None]) -> Remote:
        body = {"apiVersion": GROUP, "kind": "PlanetaryCluster", "spec": spec}
        body["metadata"] = {"name": name, "annotations": {marks.MARK: mark}}
        tell(f"Creating cluster {name} in namespace {api.namespace}")
        try:
            return cls(api, await api.create("planetaryclusters", body), tell)
        except Exists:
            raise PlanetaryError(
                f"There is a cluster {name} in namespace {api.namespace} already. "
                f"PlanetaryCluster.from_name({name!r}) "
                "connects to it; without a name one is made up."
            ) from None

    @classmethod
    async def made(cls, api: Api, name: str, mark: str, tell: Callable[[str], None]) -> Remote | None:
        """What ``create`` has made, if it did, where it could not tell."""
        found = await marks.find(api, f"planetaryclusters/{name}", mark)
        return cls(api, found, tell) if found else None

    @classmethod
    async def find(cls, api: Api, name: str, tell: Callable[[str], None]) -> Remote:
        """One that is there; started, if it was stopped for its time was up."""
        try:
            remote = cls(api, await api.get(f"planetaryclusters/{name}"), tell)
        except NotThere:
            there = [cluster["metadata"]["name"] for cluster in (await api.get("planetaryclusters"))["items"]]
            others = f"; there are {', '.join(there[:10])}" if there else ""
            raise NotThere(f"There is no cluster {name} in namespace {api.namespace}{others}.") from None
        if remote.cluster.get("spec", {}).get("suspend"):
            raise PlanetaryError(
                f"Cluster {name} is suspended (spec.suspend); whoever did that has to resume it."
            )
        if steps.current(remote.cluster).get("phase") == "Stopped":
            await remote.start()
        return remote

    async def start(self) -> None:
        """What ``kubectl annotate plc NAME planetary.dev/start=…`` does."""
        stopped = datetime.fromisoformat(steps.current(self.cluster)["stoppedAt"])
        later = (stopped + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
        self._tell(f"Starting cluster {self.name}, which was stopped")
        self.cluster = await self.api.patch(self._path, {"metadata": {"annotations": {START: later}}})

    def watch(self) -> None:
        """From now on steps are told and ``cluster`` is up to date, until ``close``."""
        self._watching = self._watching or asyncio.create_task(self._watch(), name="planetary-watch")

    async def close(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def until_up(self, seconds: float, worker_seconds: float, as_it_is: bool = False) -> None:
        """Returns when all is there, or, some time after the scheduler is, what there is by then.

        ``as_it_is``: a cluster that runs is good enough, though a later spec of it was refused.
        """
        began = time.monotonic()
        scheduler_since = hopeless_since = None
        while True:
            changed, now = self._changed, time.monotonic()
            running = steps.holds(self.cluster, "SchedulerReady")
            self._raise_for(self.cluster, as_it_is and running)
            scheduler_since = (scheduler_since or now) if running else None
            why = steps.hopeless(self.cluster)
            hopeless_since = (hopeless_since or now) if why else None
            if steps.all_there(self.cluster):
                return
            if scheduler_since is not None:
                left = scheduler_since + worker_seconds - now
                if left <= 0:
                    self._tell(f"Going on with the workers there are: {steps.why_not_ready(self.cluster)}")
                    return
            elif hopeless_since is not None and hopeless_since + HOPELESS_SECONDS <= now:
                raise PlanetaryError(f"Cluster {self.name} does not start: {why}")
            else:
                left = min(began + seconds, (hopeless_since or now + seconds) + HOPELESS_SECONDS) - now
                if began + seconds <= now:
                    why = steps.why_not_ready(self.cluster) or "the operator says nothing of it; does it run?"
                    raise PlanetaryError(f"Cluster {self.name} did not start within {seconds:g} s: {why}")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(changed.wait(), max(left, 0.05))

    def _raise_for(self, cluster: dict, good_enough: bool) -> None:
        if self._trouble is not None:
            raise self._trouble
        if self.gone:
            raise PlanetaryError(f"Cluster {self.name} was deleted while it was waited for.")
        if not good_enough and (why := steps.verdict(cluster)):
            raise PlanetaryError(f"Cluster {self.name} cannot start. {why}")

    async def _watch(self) -> None:
        while not self.gone:
            try:
                async with contextlib.aclosing(self.api.follow(self._path)) as seen:
                    async for now in seen:
                        self._trouble = None
                        self._see(now)
            except PlanetaryError as error:
                self._trouble = error
                self._wake()
                await asyncio.sleep(PAUSE_SECONDS)

    def _see(self, now: dict | None) -> None:
        if now is not None and now["metadata"]["uid"] != self.uid:
            now = None  # another one by the same name
        if now is None:
            self.gone = True
        else:
            self.cluster = now
        for line in self._steps.of(now):
            self._tell(line)
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    # Changes

    async def scale(self, n: int, group: str = "default") -> None:
        """So many workers in a group; ends the autoscaling of that group."""
        n = options.group(n_workers=n)["replicas"]
        await self._change(group, {"replicas": n, "autoscale": None})

    async def adapt(self, minimum: int, maximum: int, group: str = "default") -> None:
        await self._change(group, {"autoscale": options.autoscale(minimum, maximum)})

    async def _change(self, group: str, fields: dict) -> None:
        if group == "default":
            self.cluster = await self.api.patch(self._path, {"spec": {"workers": fields}})
            return
        groups = (await self.api.get(self._path)).get("spec", {}).get("workerGroups", [])
        names = [found["name"] for found in groups]
        if group not in names:
            raise PlanetaryError(
                f"Cluster {self.name} has no group {group}; it has {', '.join(['default', *names])}."
            )
        at = names.index(group)
        path = f"/spec/workerGroups/{at}"
        patch: list[dict] = [{"op": "test", "path": f"{path}/name", "value": group}]
        for field, value in fields.items():
            if value is not None:
                patch.append({"op": "add", "path": f"{path}/{field}", "value": value})
            elif field in groups[at]:
                patch.append({"op": "remove", "path": f"{path}/{field}"})
        self.cluster = await self.api.patch(self._path, patch)

    async def delete(self) -> None:
        with contextlib.suppress(NotThere, Exists):  # gone, or another one by that name
            await self.api.delete(self._path, self.uid)
        self.gone = True

    # Looks

    async def logs(self, tail: int = 1000) -> Logs:
        """The end of each pod's log, from Kubernetes: also of pods that Dask has lost."""
        logs = Logs()
        pods = await self.api.get("pods", "v1", labelSelector=f"planetary.dev/cluster={self.name}")
        for pod in pods["items"]:
            name = pod["metadata"]["name"]
            try:
                logs[name] = Log(await self.api.text(f"pods/{name}/log", tailLines=tail, container="dask"))
            except PlanetaryError as error:  # not started, or gone by now
                logs[name] = Log(str(error))
        return logs

    async def image(self) -> str:
        """The image that the scheduler runs."""
        with contextlib.suppress(PlanetaryError):
            containers = (await scheduler_pod(self.api, self.name))["spec"]["containers"]
            return next((c["image"] for c in containers if c["name"] == "dask"), "")
        return ""

    @property
    def _path(self) -> str:
        return f"planetaryclusters/{self.name}"


def own_pods() -> list[dict]:
    """Who has to get through the cluster's NetworkPolicy: this pod's namespace, if this is a pod.

    A cluster's name, which a label of a client's pod would have to hold, is not known when a notebook's
    pod starts.
    """
    if not in_pod():
        return []
    own = {"matchLabels": {"kubernetes.io/metadata.name": own_namespace()}}
    return [{"podSelector": {}, "namespaceSelector": own}]
