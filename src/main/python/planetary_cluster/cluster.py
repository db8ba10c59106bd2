"""``PlanetaryCluster``: a Dask cluster next to the data, from Python."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import socket
import weakref
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from distributed import Status
from distributed.core import rpc
from distributed.exceptions import WorkerStartTimeoutError
from distributed.utils import LoopRunner, NoOpAwaitable

from . import jobs, options, steps, versions
from .api import Api
from .bundle import Bundle
from .display import DisplayedCluster
from .elsewhere import ByBundle, OnThisMachine
from .errors import PlanetaryError, WorkersMissing
from .kubernetes import OnKubernetes
from .place import Place
from .remote import own_pods

CONNECT_SECONDS = 20.0
AT_EXIT_SECONDS = 10


class PlanetaryCluster(DisplayedCluster):
    """A Dask cluster made by Planetary Operator, next to the Planetary Computer's data.

    >>> from planetary_cluster import PlanetaryCluster
    >>> from distributed import Client
    >>> cluster = PlanetaryCluster(n_workers=4)
    >>> client = Client(cluster)

    It is deleted by ``close()``, at the end of a ``with`` block or of Python, and by itself when nobody
    has used it for ``idle_timeout``.

    Parameters
    ----------
    n_workers
        Workers of the default group; ``scale`` and ``adapt`` change it.
    name
        At most 40 of a-z, 0-9 and '-'. Default: the user's name and six hex digits.
    namespace
        Default: the kubeconfig's, or that of this pod.
    resources
        Of a worker: ``{"cpu": 4, "memory": "16Gi"}``, or limits and requests as in Kubernetes.
    threads
        Of a worker; default: its CPUs.
    image
        Of scheduler and workers, with this notebook's Python and Dask. Default: the operator's client image.
    env
        Environment of scheduler and workers, by name. No secrets: for them a list of entries with
        ``valueFrom``.
    groups
        Further groups of workers: ``{"highmem": {"n_workers": 2, "resources": {"memory": "64Gi"}}}``; each
        takes n_workers, threads, resources, image, spot, gpu, dask_resources and template.
    spot
        True: spot nodes if there are any, else regular ones; ``"Require"``: nothing else.
    collections
        Ids of the collections that are read, such as ``["sentinel-2-l2a"]``: workers rather run where these
        are, and it is said if they cannot.
    locality
        ``"Require"``: rather no cluster than one far from its collections; ``"Ignore"``: nobody looks.
        Default: ``"Prefer"``.
    idle_timeout
        ``"20m"``, seconds or a timedelta; 0 is never. Default: 20 minutes.
    scheduler
        Fields of ``spec.scheduler``, such as ``{"resources": {"memory": "8Gi"}}``.
    packages
        Refused, with what to do instead: packages belong into the image, docs/adr/0019-packages.md.
    load_balancer
        True, or fields of ``spec.scheduler.service``: an address for clients outside of Kubernetes, as
        bundles want it.
    local
        True: scheduler and workers are processes of this machine; no Kubernetes is needed.
    kubeconfig, context
        Default: KUBECONFIG or ~/.kube/config, and its current context; in a pod its service account.
    timeout, worker_timeout
        Seconds to wait for the scheduler, and from then on for the workers; with fewer of them it goes on.
    asynchronous, loop, quiet
        As of any Dask cluster.
    """

    _instances: weakref.WeakSet[PlanetaryCluster] = weakref.WeakSet()
    _remaining: ClassVar[set[PlanetaryCluster]] = set()
    """Those that are still to be deleted, though nobody may hold them any more."""

    def __init__(
        self,
        n_workers: int = 1,
        *,
        name: str | None = None,
        namespace: str | None = None,
        resources: Mapping | None = None,
        threads: int | None = None,
        image: str | None = None,
        env: Mapping | list | None = None,
        groups: Mapping[str, Mapping] | None = None,
        spot: bool | str = False,
        collections: str | Iterable[str] | None = None,
        locality: str | None = None,
        idle_timeout=None,
        scheduler: Mapping | None = None,
        packages: Sequence[str] | None = None,
        load_balancer: bool | Mapping = False,
        local: bool = False,
        kubeconfig: str | os.PathLike | None = None,
        context: str | None = None,
        timeout: float = 600,
        worker_timeout: float = 120,
        asynchronous: bool = False,
        loop=None,
        quiet: bool = False,
        _existing: bool = False,
        _bundle: Bundle | None = None,
    ):
        options.refuse_packages(packages)
        name = options.checked_name(name) if name else options.generated_name()
        spec = options.spec(
            n_workers=n_workers,
            threads=threads,
            resources=resources,
            image=image,
            env=env,
            groups=groups,
            spot=spot,
            collections=collections,
            locality=locality,
            idle_timeout=idle_timeout,
            scheduler=scheduler,
            load_balancer=load_balancer,
            allow_from=own_pods(),
        )
        self.place: Place
        if _bundle is not None:
            self.place = ByBundle(_bundle, timeout, self._log)
        elif local:
            self.place = OnThisMachine(name, n_workers, threads, resources, env, self._log)
        else:
            where = {"namespace": namespace, "kubeconfig": kubeconfig, "context": context}
            wanted = None if _existing else spec
            self.place = OnKubernetes(name, wanted, where, (timeout, worker_timeout), self._log)
        self._supports_scaling = self.place.scales
        super().__init__(asynchronous=asynchronous, loop=loop, name=name, quiet=quiet)
        if not self.called_from_running_loop:
            self._loop_runner.start()
            try:
                self._waited_for(self._start)
            except BaseException as error:
                if not isinstance(error, Exception):  # a second interrupt may have cut short the end
                    self.sync(self._give_up)
                if self.status == Status.closed:  # else the end of Python has use for the loop
                    self._loop_runner.stop()
                raise

    @classmethod
    def from_name(cls, name: str, namespace: str | None = None, **kwargs) -> PlanetaryCluster:
        """Connects to a cluster that is there, and never deletes it. One that was stopped is started."""
        return cls(name=name, namespace=namespace, _existing=True, **kwargs)

    @classmethod
    def from_bundle(cls, path: str | os.PathLike, **kwargs) -> PlanetaryCluster:
        """Connects by a file that ``bundle`` wrote. Without a token it needs no Kubernetes, nor scales."""
        bundle = Bundle.read(path)
        return cls(name=bundle.name, _bundle=bundle, **kwargs)

    @staticmethod
    def list_clusters(
        namespace: str | None = None, kubeconfig=None, context=None, asynchronous: bool = False
    ):
        """The clusters of a namespace: name, phase, workers ready and wanted, and the reason of the phase."""

        async def found() -> list[dict]:
            api = await Api.open(namespace, kubeconfig, context)
            try:
                return [steps.summary(cluster) for cluster in (await api.get("planetaryclusters"))["items"]]
            finally:
                await api.close()

        return found() if asynchronous else LoopRunner().run_sync(found)

    # From start to end

    async def _start(self) -> None:
        if self.status != Status.created:
            return
        self.status = Status.starting
        try:
            address = await self.place.open()
            self.security = self.place.security
            arguments = self.security.get_connection_args("client") if self.security else None
            self.scheduler_comm = rpc(address, connection_args=arguments, timeout=CONNECT_SECONDS)
            await self._check()
            await super()._start()
        except BaseException:
            await self._give_up()
            raise
        self._instances.add(self)
        self._log(f"Ready, dashboard at {self.dashboard_link}" if self.dashboard_link else "Ready")

    async def _check(self) -> None:
        """That the scheduler answers, and has our versions."""
        try:
            answer = await asyncio.wait_for(self.scheduler_comm.versions(), CONNECT_SECONDS + 5)
        except (OSError, asyncio.TimeoutError) as error:
            raise PlanetaryError(
                f"The scheduler of cluster {self.name} does not answer at {self.scheduler_comm.address} "
                f"({error or 'it took too long'}). {self.place.trouble()}".rstrip()
            ) from None
        versions.check(self.name, versions.here(), versions.of_scheduler(answer), await self.place.image())

    def _waited_for(self, function, *args):
        """As ``sync``; who interrupts the wait, as notebooks can, ends what is waited for."""
        running: list[asyncio.Task] = []

        async def noted():
            running.append(asyncio.current_task())
            return await function(*args)

        async def cancelled():
            for task in running:
                if not task.cancelling():  # as distributed does by now; a second time would cut short the end
                    task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

        try:
            return self.sync(noted)
        except KeyboardInterrupt:
            self.sync(cancelled)
            raise

    async def _give_up(self) -> None:
        """After a start that failed, which is what is told. What fails here is tried again at the end."""
        try:
            await self._close()
        except PlanetaryError as error:
            self._log(str(error))

    async def _close(self) -> None:
        if await self._ends():
            try:
                # First: whatever else hangs, or is cut short, nothing runs on and costs.
                await self.place.delete()
            finally:
                await self._disconnect()

    async def _leave(self) -> None:
        """Whoever suspended or stopped it may have use for it: only our own end deletes it."""
        if self.status == Status.running and await self._ends():
            await self._disconnect()
            if self.place.remains():
                self._log(f"Cluster {self.name} was not ended here, and is left as it is; close() deletes it")

    async def _ends(self) -> bool:
        """Whether there is something to end; from now on this is who does it."""
        while self.status == Status.closing:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        if self.status == Status.closed:
            return False
        self.status = Status.closing
        return True

    async def _disconnect(self) -> None:
        try:
            await self._stop_watching()
            await super()._close()
        finally:
            self.status = Status.closing
            try:
                await self.place.close()
            finally:
                self._note_end()

    def _note_end(self) -> None:
        """What remains can be closed once more: by its user, or at the end of Python."""
        if self.place.remains():
            self.status = Status.stopped
            self._remaining.add(self)
        else:
            self.status = Status.closed
            self._remaining.discard(self)
            self._instances.discard(self)

    def close(self, timeout: float | None = None):
        """Deletes the cluster; one that was there before is only left. If it fails it may be called again."""
        if self.status == Status.closed:
            closed = NoOpAwaitable() if self.asynchronous else None
        else:
            # Not Dask's own: that one is silent about any RuntimeError, and ours are such.
            closed = self.sync(self._close, callback_timeout=timeout)
        if not self.asynchronous and self._loop_runner.is_started():
            self._loop_runner.stop()
        return closed

    def __await__(self):
        async def started():
            await self._start()
            return self

        return started().__await__()

    # What it can do

    def scale(self, n: int, group: str = "default"):
        """So many workers; those that leave hand their results over first."""
        return self.sync(self.place.scale, n, group)

    def adapt(self, minimum: int = 0, maximum: int | None = None, group: str = "default"):
        """Between so many workers, as many as the work has use for; the operator sees to it."""
        return self.sync(self.place.adapt, minimum, maximum, group)

    def logs(self, tail: int = 1000):
        """The end of the logs of scheduler and workers, by pod."""
        return self.sync(self._logs, tail)

    async def _logs(self, tail: int):
        found = await self.place.logs(tail)
        return await self._get_logs() if found is None else found

    def run_job(self, script: str | os.PathLike, **kwargs):
        """Runs a program once on this cluster, waits for its end, and returns its result.

        ``script`` is the program, or the path of a .py file; ``Client()`` in it connects. The result is
        what it writes into ``$PLANETARY_RESULT_FILE``, or its last line if that is JSON. A failure raises
        with its last words. Options: name, parameters (variables ``PARAM_<NAME>``), retries, image, env,
        resources, timeout.
        """
        return self._waited_for(self.place.run_job, jobs.manifest(self.name, script, **kwargs))

    def bundle(self, path: str | os.PathLike, scale_hours: float = 0):
        """Writes a file for ``from_bundle``, elsewhere. Whoever has it runs code in the cluster.

        With ``scale_hours`` it also starts and scales this cluster, for so long, through the Kubernetes API.
        To write such a one takes the right to make service accounts and roles (ClusterRole admin).
        """
        return self.sync(self.place.bundle, Path(path), scale_hours)

    def environment(self, path: str | os.PathLike):
        """Writes a conda environment with the cluster's Python and packages, for a kernel elsewhere."""
        return self.sync(self._environment, Path(path))

    async def _environment(self, path: Path) -> None:
        text = versions.environment(self.name, await self.scheduler_comm.versions())
        await asyncio.to_thread(path.write_text, text)

    async def _wait_for_workers(self, n_workers=0, timeout=None) -> None:
        try:
            await super()._wait_for_workers(n_workers, timeout)
        except WorkerStartTimeoutError as error:
            why = self.place.why_not_ready()
            raise WorkersMissing(
                f"{error.available_workers} of {error.expected_workers} workers arrived within "
                f"{error.timeout} s"
                f"{f': {why}' if why else '.'}"
            ) from None


@atexit.register
def _close_all() -> None:
    """Clusters of a Python that ends go with it; those of a killed one go by their idle timeout."""
    for cluster in {*PlanetaryCluster._instances, *PlanetaryCluster._remaining}:
        if not cluster.asynchronous:
            with contextlib.suppress(Exception):
                # asyncio looks names up in an executor, and by now those take no more work.
                cluster.loop.asyncio_loop.getaddrinfo = _looked_up
                cluster.close(timeout=AT_EXIT_SECONDS)


async def _looked_up(host, port, **how):
    return socket.getaddrinfo(host, port, **how)
