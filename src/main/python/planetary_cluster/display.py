"""How a cluster shows itself and keeps up with its scheduler: what Dask's Cluster leaves open."""

from __future__ import annotations

import asyncio
import contextlib
import html

from distributed import Status
from distributed.deploy import Cluster
from distributed.objects import SchedulerInfo

from .place import Place

LOOK_SECONDS, MAX_LOOK_SECONDS = 1.0, 30.0
"""Pauses between attempts to hear of the workers again, after the scheduler fell silent."""


class DisplayedCluster(Cluster):
    """Repr, HTML, widget and dashboard link of a cluster in some place."""

    place: Place
    security = None
    _ending: asyncio.Task | None = None

    def __eq__(self, other) -> bool:
        """One is no other: Dask's own goes by the name, and another namespace may have that, too."""
        return self is other

    __hash__ = Cluster.__hash__

    @property
    def name(self) -> str:
        """Of the object; Dask's own is what the last one to connect has told the scheduler."""
        return self.place.name

    @property
    def namespace(self) -> str | None:
        """Of the object; None without Kubernetes."""
        return self.place.namespace

    @property
    def dashboard_link(self) -> str:
        return self.place.dashboard()

    def _repr_html_(self, cluster_status=None) -> str:
        rows = "".join(
            f'<tr style="text-align: left;"><td><strong>{label}:</strong> {html.escape(value)}</td>'
            f"<td>{html.escape(remark)}</td></tr>"
            for label, value, remark in self.place.facts()
        )
        return super()._repr_html_(cluster_status=(cluster_status or "") + rows)

    def _scaling_status(self) -> str:
        found = self.place.scaling()
        if found is None:
            return super()._scaling_status()
        mode, ready, wanted = found
        cell = '<tr><td style="text-align: left;">'
        return (
            f"<table>{cell}Scaling mode: {mode}</td></tr>{cell}Workers: {ready} / {wanted}</td></tr></table>"
        )

    async def _sync_cluster_info(self) -> None:
        """Nothing. Dask's own writes to the scheduler each second, which is use: no cluster would idle."""

    async def _watch_worker_status(self, comm) -> None:
        """As of any cluster, and again when another scheduler has taken the place of the first."""
        pause = LOOK_SECONDS
        await super()._watch_worker_status(comm)
        while self.status == Status.running:
            await asyncio.sleep(pause)
            if self.place.ended():
                self._ending = asyncio.create_task(self._leave(), name="planetary-ending")
                return
            pause = min(2 * pause, MAX_LOOK_SECONDS)
            with contextlib.suppress(OSError):
                comm = await self.scheduler_comm.live_comm()
                comm.name = "Cluster worker status"
                await comm.write({"op": "subscribe_worker_status"})
                self.scheduler_info = SchedulerInfo(await comm.read())
                pause = LOOK_SECONDS
                self._watch_worker_status_comm = comm
                await super()._watch_worker_status(comm)

    async def _leave(self) -> None:
        """There is nothing to come back to, and that was not our doing."""
        raise NotImplementedError

    async def _stop_watching(self) -> None:
        """It may be waiting for a scheduler that does not come back."""
        task, self._watch_worker_status_task = self._watch_worker_status_task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
