"""How far the tasks of each job are: jobs share schedulers, and each wants to know of its own.

A job is known by its runner's pod, whose clients are named after it. Its tasks are those that came in graphs
of these clients or that they wait for, each counted once, also when it is computed again, or shared. What
tasks submit from inside of workers has other clients and is not among them.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Hashable, Iterable

from distributed import Scheduler, SchedulerPlugin

CLIENT = re.compile(r"\w+-planetary-job\.(?P<pod>.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""A client's id: its class, what DASK_CLIENT_NAME says, and a uuid."""
KEPT_SECONDS = 60.0
"""So long the last numbers of a job are told when its clients have left."""
REMEMBERED = 1_000_000
"""So many tasks of a job are known again (70 MB). Beyond, one that had ended counts anew."""
FINISHED = ("memory", "erred")


class Job:
    """The numbers of one runner's clients. Tasks are remembered by hash: their keys may be long and gone."""

    def __init__(self):
        self.clients: set[str] = set()
        self.left: float | None = None
        self.done = 0
        self.seen: set[int] = set()
        self.unfinished: set[int] = set()
        self._forgotten = 0

    @property
    def total(self) -> int:
        return self._forgotten + len(self.seen)

    def remember_less(self) -> None:
        if len(self.seen) > REMEMBERED:
            self._forgotten += len(self.seen) - len(self.unfinished)
            self.seen = set(self.unfinished)


class Progress(SchedulerPlugin):
    """Counts, at the price of one look into a dict for each task that ends."""

    name = "planetary-progress"
    idempotent = True

    def __init__(self, scheduler: Scheduler):
        self.scheduler = scheduler
        self.changed = False
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[Hashable, list[Job]] = {}

    def follow(self) -> None:
        """Count from now on. Must be called before clients connect."""
        self.scheduler.add_plugin(self, name=self.name)
        # Clients say what they wait for by message; queues and variables call the method.
        handlers = self.scheduler.stream_handlers
        handlers["client-desires-keys"] = self._desiring(handlers["client-desires-keys"])
        self.scheduler.client_desires_keys = self._desiring(self.scheduler.client_desires_keys)

    def numbers(self) -> dict[str, dict[str, int]]:
        """By runner pod."""
        return {pod: {"done": job.done, "total": job.total} for pod, job in self._jobs.items()}

    def look(self) -> bool:
        """Whether numbers changed since the last look; forgets jobs that left long ago."""
        long_ago = time.monotonic() - KEPT_SECONDS
        for pod in [pod for pod, job in self._jobs.items() if job.left is not None and job.left < long_ago]:
            del self._jobs[pod]
            self.changed = True
        changed, self.changed = self.changed, False
        return changed

    # What distributed tells a plugin

    def add_client(self, scheduler: Scheduler, client: str) -> None:
        match = CLIENT.fullmatch(client)
        if match:
            job = self._jobs.setdefault(match["pod"], Job())
            job.clients.add(client)
            job.left = None
            self.changed = True

    def remove_client(self, scheduler: Scheduler, client: str) -> None:
        job = self._job(client)
        if job:
            job.clients.discard(client)
            if not job.clients:
                job.left = time.monotonic()

    def update_graph(self, scheduler: Scheduler, *, client=None, keys=(), tasks=(), **kwargs) -> None:
        job = self._job(client)
        if job:
            self._add(job, tasks, self._open(keys))

    def transition(self, key: Hashable, start: str, finish: str, *args, **kwargs) -> None:
        # The last word on a task; "forgotten" frees what will never be done.
        if finish in FINISHED or finish == "forgotten":
            jobs = self._waiting.pop(key, None)
            if jobs:
                self._end(key, jobs, finish != "forgotten")

    def _end(self, key: Hashable, jobs: list[Job], done: bool) -> None:
        for job in jobs:
            if done and hash(key) in job.unfinished:
                job.unfinished.discard(hash(key))
                job.done += 1
        self.changed |= done

    def _job(self, client: str | None) -> Job | None:
        match = client and CLIENT.fullmatch(client)
        return self._jobs.get(match["pod"]) if match else None

    def _desiring(self, desire):
        @functools.wraps(desire)
        def desired(keys, client, **kwargs):
            desire(keys=keys, client=client, **kwargs)
            job = self._job(client)
            if job:
                tasks = self.scheduler.tasks
                self._add(job, keys, {k for k in keys if k in tasks and tasks[k].state not in FINISHED})

        return desired

    def _add(self, job: Job, keys: Iterable[Hashable], open_keys: set[Hashable]) -> None:
        """Tasks of the job, some of them still to be computed."""
        for key in keys:
            ts = self.scheduler.tasks.get(key)
            if ts is None or (ts.run_spec is None and key not in open_keys):
                continue  # data that was scattered is no task
            known = hash(key)
            if known in job.seen and known not in job.unfinished:
                continue
            job.seen.add(known)
            if key in open_keys:
                job.unfinished.add(known)
                self._wait(key, job)
            else:
                job.unfinished.discard(known)  # it was given up, and then computed for somebody else
                job.done += 1
            self.changed = True
        job.remember_less()

    def _wait(self, key: Hashable, job: Job) -> None:
        jobs = self._waiting.setdefault(key, [])
        if job not in jobs:  # else it was asked for twice
            jobs.append(job)

    def _open(self, keys: Iterable[Hashable]) -> set[Hashable]:
        """What must still be computed for these: not what lies behind results that are there already, for it
        was computed before."""
        found: set[Hashable] = set()
        stack = [self.scheduler.tasks[key] for key in keys if key in self.scheduler.tasks]
        while stack:
            ts = stack.pop()
            if ts.key not in found and ts.state not in FINISHED:
                found.add(ts.key)
                stack.extend(ts.dependencies)
        return found
