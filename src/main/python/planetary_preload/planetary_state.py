"""What the operator sees of a scheduler: a versioned snapshot that can be waited for.

The version goes up when something happened that the operator acts on (membership, a worker's status,
retirement, a target, the edge between idle and busy, ending), at most once a second. Loads (results, memory,
tasks) change all the time: they are fresh in every answer but wake nobody. The progress of jobs has a version
of its own and wakes only who names it.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import deque

from distributed import Scheduler, SchedulerPlugin
from distributed.scheduler import WorkerState
from tornado.ioloop import PeriodicCallback

import planetary_target
from planetary_activity import Activity
from planetary_progress import Progress
from planetary_target import Group, Targets

GATHER_SECONDS = 1.0
"""Changes within this time of the last new version become one version."""
WATCH_MILLISECONDS = 500
"""How often to look for what distributed has no plugin hook for: idleness, targets, the status of workers."""
IDLE_MOVED_SECONDS = 60.0
"""The time of the last activity of an idle cluster is told anew when it moved by more than this."""
RETIRED_KEPT = 1000
"""So many uids are remembered as retired: answers must not grow while a cluster scales for weeks."""


def identity(ws: WorkerState) -> dict[str, str]:
    """``uid`` and ``group`` as published by the worker preload; empty for a worker that runs without it."""
    return ws.extra.get("planetary") or {}


class ClusterState(SchedulerPlugin):
    """The state of one scheduler process, and its version."""

    name = "planetary-state"
    idempotent = True

    def __init__(self, scheduler: Scheduler):
        self.scheduler = scheduler
        self.boot = str(uuid.uuid4())
        self.version = 1
        self.jobs_version = 0
        self.ending = False
        self.seen: set[str] = set()
        self.retiring: set[str] = set()
        self.retired: deque[str] = deque(maxlen=RETIRED_KEPT)
        self.warnings: dict[str, dict[str, str]] = {}
        self.activity = Activity(scheduler)
        self.targets = Targets(scheduler, self._place)
        self.progress = Progress(scheduler)
        self.membership = asyncio.Event()
        self._changed = asyncio.Event()
        self._published = float("-inf")
        self._pending: asyncio.TimerHandle | None = None
        self._news = {"version": False, "jobs_version": False}
        self._watched: tuple = ()
        self._idle_told: float | None = None

    def follow(self) -> None:
        """Watch the scheduler from now on. Must be called on its event loop."""
        self.scheduler.add_plugin(self, name=self.name)
        self.activity.follow()
        self.progress.follow()
        for ws in self.scheduler.workers.values():
            self.add_worker(self.scheduler, ws.address)
        callback = PeriodicCallback(self.watch, WATCH_MILLISECONDS)
        self.scheduler.periodic_callbacks[self.name] = callback
        callback.start()

    # Changes

    def add_worker(self, scheduler: Scheduler, worker: str) -> None:
        uid = identity(scheduler.workers[worker]).get("uid")
        if uid:
            self.seen.add(uid)
        self.membership.set()
        self.bump()

    def remove_worker(self, scheduler: Scheduler, worker: str, **kwargs) -> None:
        self.bump()

    async def before_close(self) -> None:
        """The scheduler closes, for whatever reason: tell the preStop hooks before the HTTP server goes."""
        self.end()
        await asyncio.sleep(0.1)

    def watch(self) -> None:
        statuses = tuple((ws.address, ws.status) for ws in self.scheduler.workers.values())
        self.targets.look()
        idle = self.activity.idle_since()
        watched = (idle is None, statuses, self.targets.targets)
        moved = idle is not None and idle - (self._idle_told or idle) > IDLE_MOVED_SECONDS
        if watched != self._watched or moved:
            self._watched, self._idle_told = watched, idle
            self.bump()
        if self.progress.look():
            self.bump("jobs_version")

    def tell_groups(self, groups: list[Group], groups_id: str) -> None:
        """What groups of workers there are; from now on each has a target."""
        if groups_id != self.targets.id:
            self.targets.tell(groups, groups_id)
            self.bump()

    def end(self) -> None:
        """Say that the cluster stops; there is no way back in this boot."""
        if not self.ending:
            self.ending = True
            self._news["version"] = True
            self._publish()  # at once: pods that already end wait for it

    def bump(self, which: str = "version") -> None:
        """Something changed: a new version now, or when the last one is old enough."""
        self._news[which] = True
        if self._pending is None:
            loop = asyncio.get_running_loop()
            delay = self._published + GATHER_SECONDS - loop.time()
            if delay <= 0:
                self._publish()
            else:
                self._pending = loop.call_later(delay, self._publish)

    def _publish(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None
        self._published = asyncio.get_running_loop().time()
        self.version += self._news["version"]
        self.jobs_version += self._news["jobs_version"]
        self._news = dict.fromkeys(self._news, False)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    # Answers

    def is_known(self, version: int, jobs_version: int | None) -> bool:
        """Whether this is the present version, and that of the jobs, unless nobody asks for them."""
        return version == self.version and jobs_version in (None, self.jobs_version)

    async def wait_for_change(self, version: int, jobs_version: int | None, seconds: float) -> None:
        """Return once these are no longer the present versions, at the latest after so many seconds."""
        end = asyncio.get_running_loop().time() + seconds
        with contextlib.suppress(asyncio.TimeoutError):
            while self.is_known(version, jobs_version):
                await asyncio.wait_for(self._changed.wait(), end - asyncio.get_running_loop().time())

    def workers_of(self, uid: str) -> list[WorkerState]:
        """The workers of a pod: one, except for a moment while its nanny replaces the process."""
        return [ws for ws in self.scheduler.workers.values() if identity(ws).get("uid") == uid]

    def snapshot(self) -> dict:
        """The body of ``GET /planetary/v1/state``."""
        return {
            "boot": self.boot,
            "version": self.version,
            "ending": self.ending,
            "idleSince": self.activity.idle_since(),
            "groups": self.targets.id,
            "targets": self.targets.targets,
            "workers": [self._worker(ws) for ws in self.scheduler.workers.values()],
            "retired": list(self.retired),
            "warnings": list(self.warnings.values()),
            "jobs": self.progress.numbers(),
            "jobsVersion": self.jobs_version,
        }

    def _place(self, ws: WorkerState) -> tuple[str | None, bool]:
        who = identity(ws)
        return who.get("group"), planetary_target.stays(ws) and who.get("uid") not in self.retiring

    def _worker(self, ws: WorkerState) -> dict:
        uid = identity(ws).get("uid")
        counts = ws.metrics.get("task_counts", {})
        executing = counts.get("executing", 0) + counts.get("long-running", 0)
        return {
            "uid": uid,
            "name": str(ws.name),
            "group": identity(ws).get("group"),
            "address": ws.address,
            "status": ws.status.name,
            "memory": ws.nbytes,
            "results": len(ws.has_what),
            "executing": min(
                executing, len(ws.processing)
            ),  # counted by the last heartbeat, which may be old
            "processing": len(ws.processing),
            "retiring": uid in self.retiring,
        }
