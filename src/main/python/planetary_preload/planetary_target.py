"""How many workers each group has use for, by what the scheduler knows now.

``Scheduler.adaptive_target`` knows one kind of worker and doubles the cluster when its memory is 60 % full.
This one asks per group, for the tasks that only this group can run (what anybody can run is the default's):

    work    seconds of work that is ready, by Dask's own estimates, over what one worker does in
            TARGET_SECONDS; never more than workers for which there is a task
    held    bytes of results over 60 % of what one worker may hold
    fixed   workers with something that cannot move: actors, long-running tasks, and tasks that have been
            running for longer than TARGET_SECONDS

and takes the highest. Tasks are looked at in samples, so that the cost does not grow with a graph's size.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from distributed import Scheduler
from distributed.scheduler import TaskState, WorkerState

TARGET_SECONDS = 5.0
"""As ``distributed.adaptive.target-duration``: growing pays for work that takes longer."""
MEMORY_SHARE = 0.6
"""As Dask's spilling: fuller workers slow down."""
SAMPLE = 200
"""So many tasks of each kind are looked at; the others are taken to be alike."""
DEFAULT = "default"


@dataclass(frozen=True)
class Group:
    """What each worker of a group offers."""

    threads: int
    memory: float
    resources: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, told: dict) -> Group:
        """From the operator's JSON; raises ``ValueError`` or ``TypeError`` if it is something else."""
        threads, memory = int(told["threads"]), float(told["memory"])
        if threads < 1 or memory < 0:
            raise ValueError("threads must be at least 1, and memory not below 0")
        return cls(threads, memory, {str(k): float(v) for k, v in told.get("resources", {}).items()})

    def at_a_time(self, task: TaskState) -> int:
        """How many tasks like this one a worker of the group can run at once; 0: none."""
        wanted = (task.resource_restrictions or {}).items()
        fits = [int(self.resources.get(name, 0.0) / amount) for name, amount in wanted if amount > 0]
        return min(self.threads, *fits) if fits else self.threads


def targets(scheduler: Scheduler, groups: dict[str, Group], group_of) -> dict[str, int]:
    """Workers wanted, by group.

    ``groups``: in the order in which they are preferred. ``group_of``: the name of a WorkerState's group.
    """
    if not groups:
        return {}
    seconds, slots, held, fixed = Counter(), Counter(), Counter(), Counter()
    for tasks, number in _ready(scheduler):
        sample = list(itertools.islice(tasks, SAMPLE))
        weight = number / len(sample) if sample else 0.0
        for task in sample:
            if name := _home(scheduler, groups, group_of, task):
                share = weight / groups[name].at_a_time(task)
                slots[name] += share
                seconds[name] += share * scheduler._get_prefix_duration(task.prefix)
    for ws in scheduler.workers.values():
        held[group_of(ws)] += ws.nbytes
        fixed[group_of(ws)] += _cannot_move(ws)
    wanted = {
        name: max(
            math.ceil(min(seconds[name] / TARGET_SECONDS, slots[name])),
            math.ceil(held[name] / (MEMORY_SHARE * group.memory)) if group.memory else 0,
            fixed[name],
        )
        for name, group in groups.items()
    }
    return _somewhere(wanted, held, groups)


def _ready(scheduler: Scheduler) -> Iterable[tuple[Iterable[TaskState], int]]:
    """Tasks that could run now, and how many they are."""
    yield scheduler.queued, len(scheduler.queued)
    yield scheduler.unrunnable, len(scheduler.unrunnable)
    for ws in scheduler.workers.values():
        yield ws.processing, len(ws.processing)


def _home(scheduler: Scheduler, groups: dict[str, Group], group_of, task: TaskState) -> str | None:
    """The group that a task counts for: the first that can run it."""
    bound = [scheduler.workers[w] for w in task.worker_restrictions or () if w in scheduler.workers]
    if bound:
        names = [name for name in map(group_of, bound) if name in groups]
    elif task.resource_restrictions or DEFAULT not in groups:
        names = list(groups)
    else:
        names = [DEFAULT]
    return next((name for name in names if groups[name].at_a_time(task)), None)


def _cannot_move(ws: WorkerState) -> bool:
    return bool(
        ws.actors or ws.long_running or any(seconds > TARGET_SECONDS for seconds in ws.executing.values())
    )


def _somewhere(wanted: dict[str, int], held: Counter, groups: dict[str, Group]) -> dict[str, int]:
    """Results need one worker at least, of whatever group."""
    if not any(wanted.values()) and any(held.values()):
        fullest = max(groups, key=lambda name: held[name])
        wanted[fullest if held[fullest] else next(iter(groups))] = 1
    return wanted
