"""Clusters without Kubernetes: one that a bundle opens, and one on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping

from distributed import LocalCluster

from . import options
from .api import Api
from .bundle import Bundle
from .connection import PATIENCE_SECONDS, host_and_port
from .errors import NotAccepted, PlanetaryError
from .local import run_script
from .place import Place, Tell
from .tunnel import reachable

LOOK_SECONDS = 1.0
"""Between looks whether a cluster that is started answers."""
RUNNING_SECONDS = 60.0
"""So long one that runs is waited for: it may be on its way up, or out of reach from here."""
API_SECONDS = 10.0
"""So long the Kubernetes API is waited for where the scheduler answers: it is not needed for computing."""
TOKEN_ENDED = (
    "the bundle's token has ended. A new bundle, by cluster.bundle(path, scale_hours=…) where there is a "
    "kubeconfig, scales again."
)


class ByBundle(Place):
    """Whatever the bundle's file says; it deletes nothing, and without a token in it it scales nothing."""

    def __init__(self, bundle: Bundle, timeout: float, tell: Tell):
        self.name, self.namespace, self._bundle = bundle.name, bundle.namespace, bundle
        self.scales = bool(bundle.token)
        self._timeout, self._tell = timeout, tell
        self._api: Api | None = None

    async def open(self) -> str:
        self.security = self._bundle.credentials.security()
        if self._bundle.token:
            await self._use_token()
        return self._bundle.address

    async def _use_token(self) -> None:
        """What the token is for is not what the bundle is for: it connects without."""
        try:
            if await self._answers():
                async with asyncio.timeout(API_SECONDS):
                    async with self._reached():
                        pass
            else:
                await self._start()
        except TimeoutError:
            server = self._bundle.server
            self._tell(f"Going on without scaling: the Kubernetes API server {server} does not answer.")
        except PlanetaryError as error:
            self._tell(f"Going on without scaling: {error}")

    async def close(self) -> None:
        if self._api is not None:
            await self._api.close()

    async def _start(self) -> None:
        """If it has stopped: another scale, and back, is a change, which starts a stopped cluster."""
        async with self._reached() as api:
            scale = await api.get(self._path)
        patience = self._timeout
        if scale.get("status", {}).get("replicas", 0):
            patience = min(patience, RUNNING_SECONDS)
            self._tell(f"Waiting for cluster {self.name}, which runs but does not answer")
        else:
            self._tell(f"Starting cluster {self.name}, which does not answer")
            await self._start_by(scale.get("spec", {}).get("replicas", 0))
        end = time.monotonic() + patience
        while time.monotonic() < end and not await self._answers():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)

    async def _start_by(self, wanted: int) -> None:
        try:
            await self._scale(wanted + 1)
        finally:
            await self._scale(wanted)

    async def _answers(self) -> bool:
        context = self.security.context if self.security else None
        return await reachable(*host_and_port(self._bundle.address), context, PATIENCE_SECONDS)

    async def scale(self, n: int, group: str) -> None:
        if not self._bundle.token or group != "default":
            raise self._cannot("scale")
        await self._scale(options.group(n_workers=n)["replicas"])

    async def _scale(self, replicas: int) -> None:
        async with self._reached() as api:
            await api.patch(self._path, {"spec": {"replicas": replicas}})

    @contextlib.asynccontextmanager
    async def _reached(self) -> AsyncIterator[Api]:
        """The Kubernetes API, which may have been out of reach before."""
        try:
            if self._api is None:
                self._api = await Api.open(self.namespace, self._bundle.kubeconfig(), tell=self._tell)
            yield self._api
        except NotAccepted:
            raise PlanetaryError(TOKEN_ENDED) from None

    @property
    def _path(self) -> str:
        return f"planetaryclusters/{self.name}/scale"

    async def image(self) -> str:
        return self._bundle.image

    def trouble(self) -> str:
        return (
            "Is it still running, is that address open from here, and is the bundle's certificate still good?"
        )

    def facts(self) -> list[tuple[str, str, str]]:
        return [("Namespace", self._bundle.namespace, "by a connection bundle")]


class OnThisMachine(Place):
    """A LocalCluster: a first notebook needs nothing. Groups, images and spot nodes mean nothing here."""

    def __init__(
        self, name: str, n_workers: int, threads: int | None, resources: Mapping | None, env, tell: Tell
    ):
        self.name, self._tell = name, tell
        limits = options.quantities(resources).get("limits", {}) if resources else {}
        memory = limits.get("memory")
        cores = max(1, int(float(limits["cpu"]))) if limits.get("cpu", "m")[-1].isdigit() else None
        self._options = {
            "n_workers": n_workers,
            "threads_per_worker": threads or cores,
            "memory_limit": "auto"
            if memory is None
            else f"{memory}B"
            if memory[-1].isalpha()
            else int(memory),
            "env": {entry["name"]: entry["value"] for entry in options.variables(env) if "value" in entry},
            "dashboard_address": "127.0.0.1:0",
        }
        self._cluster: LocalCluster | None = None

    async def open(self) -> str:
        self._tell("Starting a cluster on this machine")
        self._cluster = await LocalCluster(asynchronous=True, **self._options)
        return self._cluster.scheduler_address

    async def close(self) -> None:
        if self._cluster is not None:
            await self._cluster.close()

    async def scale(self, n: int, group: str) -> None:
        self._cluster.scale(n)

    async def adapt(self, minimum: int, maximum: int | None, group: str) -> None:
        options.autoscale(minimum, maximum)
        self._cluster.adapt(minimum=minimum, maximum=maximum)

    async def run_job(self, job: dict):
        return await run_script(self._cluster.scheduler_address, job, self._tell)

    def dashboard(self) -> str:
        return self._cluster.dashboard_link if self._cluster else ""

    def facts(self) -> list[tuple[str, str, str]]:
        return [("Where", "this machine", "without Kubernetes")]
