"""A cluster on Kubernetes: one that is made here, or one that was there."""

from __future__ import annotations

import asyncio
import contextlib

from . import connection, handover, jobs, marks, steps
from .api import Api
from .bundle import Bundle
from .connection import Connection
from .credentials import Credentials
from .errors import PlanetaryError, Unclear
from .place import Place, Tell
from .remote import Remote

RENEW_SECONDS = 3600.0
"""How often the client's certificate is read again; it is renewed weeks before it ends."""


class OnKubernetes(Place):
    """``spec`` of a cluster to make, or None for one that is there, which is never deleted."""

    def __init__(self, name: str, spec: dict | None, where: dict, timeouts: tuple[float, float], tell: Tell):
        self.name, self._spec, self._where = name, spec, where
        self._timeouts, self._tell = timeouts, tell
        self.remote: Remote | None = None
        self._api: Api | None = None
        self._connection: Connection | None = None
        self._renewing: asyncio.Task | None = None
        self._mark = ""
        """Of a cluster that may have been made, without an answer that says so."""
        self._jobs: set[asyncio.Task] = set()
        self._ended_jobs: list[dict] = []

    async def open(self) -> str:
        self._api = api = await Api.open(**self._where, tell=self._tell)
        self.namespace = api.namespace
        if self._spec is None:
            self.remote = await Remote.find(api, self.name, self._tell)
        else:
            self.remote = await self._made(api, self._spec)
        self.remote.watch()
        seconds, worker_seconds = self._timeouts
        if self._spec is None:  # whoever comes to a cluster that is at work takes it as it is
            await self.remote.until_up(seconds, 0, as_it_is=True)
        else:
            await self.remote.until_up(seconds, worker_seconds)
        credentials = await Credentials.of(api, self.remote.cluster)
        self.security = credentials.security()
        self._connection = await Connection.to(api, self.remote.cluster, credentials.token, self.security)
        self._tell(f"Connecting {self._connection.how}")
        self._renewing = asyncio.create_task(self._renew(), name="planetary-renew")
        return self._connection.address

    async def _made(self, api: Api, spec: dict) -> Remote:
        self._mark = marks.new()
        try:
            made = await Remote.create(api, self.name, spec, self._mark, self._tell)
        except Unclear:
            raise
        except PlanetaryError:  # it was refused
            self._mark = ""
            raise
        self._mark = ""
        return made

    async def delete(self) -> None:
        """With its jobs, but for those whose end nobody has heard of: these outlive it, for their results."""
        for job in self._jobs:
            job.cancel()
        try:
            if self.remains():
                await self._delete()
                await self._delete_jobs()
        except PlanetaryError as error:
            raise PlanetaryError(
                f"{error} Cluster {self.name} is not deleted and may run on: close() tries it again, and so "
                f"does the end of Python; or kubectl delete plc {self.name} -n {self.namespace}."
            ) from None
        finally:
            await asyncio.gather(*self._jobs, return_exceptions=True)

    async def _delete(self) -> None:
        if self.remote is None:
            assert self._api is not None
            self.remote = await Remote.made(self._api, self.name, self._mark, self._tell)
            self._mark = ""
        if self.remote is not None:
            await self.remote.close()  # else it tells of the end, too
            await self.remote.delete()
            self._tell(f"Cluster {self.name} deleted")

    async def _delete_jobs(self) -> None:
        with contextlib.suppress(PlanetaryError):  # they go by themselves, later
            for job in self._ended_jobs:
                await jobs.delete(self._object.api, job)

    def remains(self) -> bool:
        made = self._spec is not None and self.remote is not None and not self.remote.gone
        return made or bool(self._mark)

    async def close(self) -> None:
        """All of it, whatever fails. The API is open again as soon as it is asked."""
        async with contextlib.AsyncExitStack() as ends:
            # A job may wait for a cluster that is suspended.
            if self._api is not None and all(job.done() for job in self._jobs):
                ends.push_async_callback(self._api.close)
            if self.remote is not None:
                ends.push_async_callback(self.remote.close)
            if self._connection is not None:
                ends.push_async_callback(self._connection.close)
            if self._renewing is not None:
                self._renewing.cancel()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(PlanetaryError, ValueError, OSError):
                if self.security is not None:
                    self.security.renew(await Credentials.of(self._object.api, self._object.cluster))

    async def image(self) -> str:
        return await self._object.image()

    async def scale(self, n: int, group: str) -> None:
        await self._object.scale(n, group)

    async def adapt(self, minimum: int, maximum: int | None, group: str) -> None:
        await self._object.adapt(minimum, maximum, group)

    async def logs(self, tail: int):
        return await self._object.logs(tail)

    async def run_job(self, job: dict):
        running = asyncio.ensure_future(jobs.run(self._object.api, job, self._tell, self._ended_jobs.append))
        self._jobs.add(running)
        try:
            return await running
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():
                raise
            name = job["metadata"]["name"]
            raise PlanetaryError(f"Job {name} was given up, for cluster {self.name} was closed.") from None
        finally:
            self._jobs.discard(running)

    async def bundle(self, path, scale_hours: float) -> None:
        """With the load balancer's address, or, failing that, the one inside the Kubernetes cluster."""
        api, cluster = self._object.api, self._object.cluster
        credentials = await Credentials.of(api, cluster)
        if not credentials.key:
            raise PlanetaryError(
                f"Cluster {self.name} has no certificates (tls.mode: Off): there is nothing to hand out."
            )
        address = await connection.external_address(api, cluster)
        if not address:
            address = steps.address(cluster)
            self._tell(
                f"The bundle's address {address} is known inside the Kubernetes cluster only, for there is "
                "no load balancer with an address (yet); PlanetaryCluster(load_balancer=True) asks for one"
            )
        pem = {"ca": credentials.ca, "certificate": credentials.certificate, "key": credentials.key}
        scale = {}
        if scale_hours:
            scale["token"] = await handover.token(api, cluster, round(scale_hours * 3600))
            scale |= {"server": api.server, "authority": api.authority}
        Bundle(self.name, api.namespace, address, **pem, image=await self.image(), **scale).write(path)

    def dashboard(self) -> str:
        found = self._connection.dashboard if self._connection else None
        return found.link if found else ""

    def trouble(self) -> str:
        return self._connection.trouble if self._connection else ""

    def why_not_ready(self) -> str:
        return steps.why_not_ready(self.remote.cluster) if self.remote else ""

    def ended(self) -> bool:
        if self.remote is None:
            return False
        return self.remote.gone or steps.current(self.remote.cluster).get("phase") in steps.ENDED

    def facts(self) -> list[tuple[str, str, str]]:
        how = self._connection.how if self._connection else ""
        found = [("Namespace", self.namespace or "", how)]
        if self.remote is not None:
            words = steps.expiry(self.remote.cluster) or self.why_not_ready()
            found.append(("Phase", steps.current(self.remote.cluster).get("phase", ""), words))
        return found

    def scaling(self) -> tuple[str, int, int] | None:
        if self.remote is None:
            return None
        bounds = self.remote.cluster.get("spec", {}).get("workers", {}).get("autoscale")
        mode = f"Adaptive, {bounds.get('min', 0)} to {bounds['max']}" if bounds else "Manual"
        return mode, *steps.workers(self.remote.cluster)

    @property
    def _object(self) -> Remote:
        if self.remote is None:
            raise PlanetaryError(f"Cluster {self.name} is not connected: await it first.")
        return self.remote
