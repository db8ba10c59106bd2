"""How many workers each group should have, by what there is to do and to keep (docs/adr/0012-targets.md).

``Scheduler.adaptive_target`` speaks of the whole cluster; a backlog that only workers with a GPU can run must
grow their group alone, also from nothing. So the operator tells which groups there are and what a worker of
each offers, and every task counts to the first of them that could run it.
"""

from __future__ import annotations

import collections
import itertools
import logging
import math
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import dask
from dask.utils import parse_timedelta
from distributed import Scheduler, Status
from distributed.scheduler import TaskState, WorkerState

logger = logging.getLogger("distributed.planetary")

MEMORY_HIGH = 0.6
"""A group whose workers hold more than this share of their memory in results grows …"""
MEMORY_AIM = 0.5
"""… until they hold this, and does not shrink beyond it: distributed keeps twice the memory, too."""
LONG_SECONDS = 5.0
"""A worker is held by a task that has run so long; what is shorter ends while the worker leaves."""
FALL_SECONDS = 10.0
"""A target rises at once, and falls to the highest of so many seconds: it must not flicker with each task."""
SAMPLE = 2000
"""So many tasks are looked at, of each kind of waiting ones, and of those on workers in all; the rest is
inferred."""
LEAST_SAMPLE = 4
"""So many of every worker, however many workers there are."""
SHARE_OF_TIME = 0.02
"""The scheduler's time that this may take."""
MOST_GROUPS = 100

Requirement = tuple[tuple[str, float], ...]
"""Resources that a task asks for, sorted; most ask for none."""


@dataclass(frozen=True)
class Group:
    """What each worker of a group offers; ``memory`` in bytes, 0 for no limit."""

    name: str
    threads: int
    memory: int
    resources: dict[str, float]

    @staticmethod
    def read(told: object) -> list[Group]:
        """The groups of a request, in order of preference; ValueError says what is wrong with it."""
        if not isinstance(told, dict) or len(told) > MOST_GROUPS:
            raise ValueError(f"groups must be a map, of at most {MOST_GROUPS}")
        return [Group._read(name, one) for name, one in told.items()]

    @staticmethod
    def _read(name: str, told: object) -> Group:
        one = told if isinstance(told, dict) else {}
        threads, memory, resources = one.get("threads"), one.get("memory", 0), one.get("resources", {})
        if not _number(threads) or threads < 1 or not _number(memory) or memory < 0:
            raise ValueError("threads must be 1 or more, memory bytes")
        if not isinstance(resources, dict) or not all(_number(value) for value in resources.values()):
            raise ValueError("resources must be a map to numbers")
        return Group(name, int(threads), int(memory), {key: float(n) for key, n in resources.items()})

    def fits(self, requirement: Requirement) -> bool:
        return all(self.resources.get(name, 0) >= amount for name, amount in requirement)

    def at_once(self, requirement: Requirement) -> int:
        """How many tasks that require this one worker can run at a time, if nothing else runs there."""
        fit = (int(self.resources[name] / amount + 1e-9) for name, amount in requirement if amount > 0)
        return min((self.threads, *fit))


@dataclass
class Work:
    """Tasks that could run now."""

    tasks: float = 0
    seconds: float = 0

    def add(self, tasks: float, seconds: float) -> None:
        self.tasks += tasks
        self.seconds += seconds


@dataclass
class Load:
    """What a group has to do and to keep; ``used`` and ``limit`` in bytes, of results and of memory."""

    work: dict[Requirement, Work] = field(default_factory=dict)
    workers: int = 0
    engaged: int = 0
    used: int = 0
    limit: int = 0

    def wanted(self, group: Group, target_duration: float) -> int:
        return max(self.for_work(group, target_duration), self.engaged, self.for_results(group))

    def for_work(self, group: Group, target_duration: float) -> int:
        """Enough to do it in the target duration, but never more places than tasks: threads, and of what they
        ask for the scarcest resource."""
        threads, resources = 0.0, collections.defaultdict(float)
        for requirement, work in self.work.items():
            places = min(work.tasks, max(work.seconds / target_duration, 1e-6))
            threads += places / group.threads
            for name, _ in requirement:
                resources[name] += places / group.at_once(requirement)
        return math.ceil(max(threads, *resources.values(), 0.0) - 1e-9)

    def for_results(self, group: Group) -> int:
        if not self.used:
            return 0
        memory = group.memory or (self.limit / self.workers if self.workers else 0)
        hold = math.ceil(self.used / (MEMORY_AIM * memory)) if memory else 1
        return hold if self.used > MEMORY_HIGH * self.limit else min(hold, self.workers)


class Targets:
    """The targets of one scheduler. Knows no group, and costs nothing, until it is told of some."""

    def __init__(self, scheduler: Scheduler, place: Callable[[WorkerState], tuple[str | None, bool]]):
        """place: the group of a worker, and whether it stays"""
        self.scheduler = scheduler
        self.place = place
        self.id = ""
        self.groups: list[Group] = []
        self.targets: dict[str, int] = {}
        self._recent: collections.deque[tuple[float, dict[str, int]]] = collections.deque()
        self._next = 0.0

    def tell(self, groups: list[Group], name: str) -> None:
        """These groups there are, the first that could run a task gets it: the default one, then the rest.

        name: what is told, in short
        """
        self.id, self.groups = name, groups
        self._recent.clear()
        self._next = 0.0
        self.look()

    def look(self) -> None:
        """Bring the targets up to date, unless that would take too much of the scheduler's time."""
        start = time.monotonic()
        if start < self._next:
            return
        try:
            self._recent.append((start, wanted(self.scheduler, self.groups, self.place)))
            while self._recent[0][0] < start - FALL_SECONDS:
                self._recent.popleft()
            self.targets = {
                group.name: max(targets[group.name] for _, targets in self._recent) for group in self.groups
            }
        except Exception:  # another version of distributed, perhaps: no target is not a target of none
            if self.targets:
                logger.exception("Targets cannot be computed")
            self.targets = {}
        end = time.monotonic()
        self._next = end + (end - start) / SHARE_OF_TIME


def wanted(
    scheduler: Scheduler, groups: list[Group], place: Callable[[WorkerState], tuple[str | None, bool]]
) -> dict[str, int]:
    """How many workers each group needs at this moment."""
    if not groups:
        return {}
    target_duration = parse_timedelta(dask.config.get("distributed.adaptive.target-duration"))
    loads = _loads(scheduler, groups, place)
    _lodge(groups, loads)
    return {group.name: loads[group.name].wanted(group, target_duration) for group in groups}


def _loads(scheduler: Scheduler, groups: list[Group], place) -> dict[str, Load]:
    loads = {group.name: Load() for group in groups}
    homes = _Homes(groups)
    for waiting in (scheduler.queued, scheduler.unrunnable):
        tasks = sample(waiting, SAMPLE)
        for ts in tasks:
            if home := homes.of(ts):
                weight = len(waiting) / len(tasks)
                _work(loads[home], ts).add(weight, weight * duration(scheduler, ts))
    each = max(LEAST_SAMPLE, SAMPLE // max(1, len(scheduler.workers)))
    for ws in scheduler.workers.values():
        name, stays = place(ws)
        _on_worker(scheduler, ws, loads, homes, each)
        if load := loads.get(name):
            load.used += ws.nbytes
            if stays:
                load.workers += 1
                load.limit += ws.memory_limit or 0
                load.engaged += bool(ws.long_running or ws.actors or _runs_long(ws, homes, name))
    return loads


def _on_worker(
    scheduler: Scheduler, ws: WorkerState, loads: dict[str, Load], homes: _Homes, most: int
) -> None:
    """Count what is assigned to a worker, each task to its home.

    The worker's occupancy knows the transfers, too; what a task seceded from takes no thread and is left out.
    """
    count = len(ws.processing) - len(ws.long_running)
    tasks = [
        (homes.of(ts), ts, duration(scheduler, ts))
        for ts in itertools.islice((ts for ts in ws.processing if ts not in ws.long_running), most)
    ]
    seconds = sum(d for _, _, d in tasks)
    for home, ts, d in tasks:
        if home:
            share = d / seconds if seconds else 1 / len(tasks)
            _work(loads[home], ts).add(count / len(tasks), ws.occupancy * share)


def _runs_long(ws: WorkerState, homes: _Homes, group: str) -> bool:
    """Whether a task that belongs here has run for a while, by heartbeats: leaving would wait for it."""
    return any(
        seconds > LONG_SECONDS and homes.of(ts) in (group, None) for ts, seconds in ws.executing.items()
    )


def _work(load: Load, ts: TaskState) -> Work:
    return load.work.setdefault(requirement(ts), Work())


def _lodge(groups: list[Group], loads: dict[str, Load]) -> None:
    """Results on workers of a group with nothing to do count to the default one where that has room for them:
    dear workers should not stay for what others can keep."""
    default = loads[groups[0].name]
    for group in groups[1:]:
        load = loads[group.name]
        if not load.work and not load.engaged and default.used + load.used <= MEMORY_HIGH * default.limit:
            default.used += load.used
            load.used = 0


class _Homes:
    """Which group a task counts to."""

    def __init__(self, groups: list[Group]):
        self.groups = groups
        self.known: dict[Requirement, str | None] = {}

    def of(self, ts: TaskState) -> str | None:
        """None: no further worker would help, for it is bound to certain ones or asks for too much."""
        if (ts.worker_restrictions or ts.host_restrictions) and not ts.loose_restrictions:
            return None
        needs = requirement(ts)
        if needs not in self.known:
            self.known[needs] = next((group.name for group in self.groups if group.fits(needs)), None)
        return self.known[needs]


def requirement(ts: TaskState) -> Requirement:
    return tuple(sorted(ts.resource_restrictions.items())) if ts.resource_restrictions else ()


def duration(scheduler: Scheduler, ts: TaskState) -> float:
    """Seconds that a task is expected to run: by others of its name, else by Dask's configuration."""
    prefix = ts.prefix
    if prefix.duration_average >= 0:
        return prefix.duration_average
    return 2 * prefix.max_exec_time if prefix.max_exec_time > 0 else scheduler.UNKNOWN_TASK_DURATION


def sample(collection: Iterable, most: int) -> list:
    """At most so many, evenly from all of it, for tasks stand in the order in which they came. The same ones
    again as long as nothing changes."""
    n = len(collection)
    if n <= most:
        return list(collection)
    chosen = sorted(random.Random(n).sample(range(n), most))
    gaps = (now - before - 1 for before, now in itertools.pairwise([-1, *chosen]))
    walk = iter(collection)
    return [next(itertools.islice(walk, gap, None)) for gap in gaps]


def stays(ws: WorkerState) -> bool:
    """Whether a worker is one to count on: not closing, nor only starting."""
    return ws.status in (Status.running, Status.paused)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
