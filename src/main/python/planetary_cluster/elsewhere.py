"""Clusters without Kubernetes: one that a bundle opens, and one on this machine."""

from __future__ import annotations

from collections.abc import Mapping

from distributed import LocalCluster

from . import options
from .bundle import Bundle
from .local import run_script
from .place import Place, Tell


class ByBundle(Place):
    """Whatever the bundle's file says; it scales nothing and deletes nothing."""

    scales = False

    def __init__(self, bundle: Bundle):
        self.name, self.namespace, self._bundle = bundle.name, bundle.namespace, bundle

    async def open(self) -> str:
        self.security = self._bundle.credentials.security()
        return self._bundle.address

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
