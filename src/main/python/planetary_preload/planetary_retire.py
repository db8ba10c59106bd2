"""Retirement: take a pod's worker out of the cluster without losing a result or killing a running task.

For each pod, until nothing is left: mark its worker, schedule elsewhere what waits there, move its results.
Then, without a gap between the check and the act, remove and close it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass

from distributed import Scheduler
from distributed.scheduler import WorkerState

import planetary_drain as drain
from planetary_state import ClusterState

logger = logging.getLogger("distributed.planetary")

LAST_MOVE_SECONDS = 5.0
"""A move of results gets so much time even at the deadline: a task may have ended just before it."""
GONE_SECONDS = 15.0
"""A worker lost while it retires may come back (its nanny restarts it) within this time."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.05, 1.0
"""Between two rounds: doubled from the first to the longest."""
WARNINGS_KEPT = 100


@dataclass(eq=False)
class Attempt:
    """The retirement of one pod's worker; times are of the event loop's clock, in seconds."""

    uid: str
    deadline: float
    final: bool = False
    gone_since: float | None = None
    task: asyncio.Task | None = None


class Retirement:
    """Retires workers by pod uid, each in a task of its own."""

    def __init__(self, scheduler: Scheduler, state: ClusterState):
        self.scheduler = scheduler
        self.state = state
        self.attempts: dict[str, Attempt] = {}

    def request(self, uid: str, timeout: float, final: bool) -> bool:
        """Start to retire, or go on. False if no worker of this pod was ever seen.

        The deadline stays that of the first request; the first *final* one may extend it, for its pod has
        only now got its grace period.
        """
        if uid not in self.state.seen:
            return False
        deadline = asyncio.get_running_loop().time() + timeout
        attempt = self.attempts.get(uid)
        if attempt is not None:
            if final and not attempt.final:
                attempt.final, attempt.deadline = True, max(attempt.deadline, deadline)
        elif not self.state.ending and uid not in self.state.retired:
            self.state.warnings.pop(uid, None)
            attempt = self.attempts[uid] = Attempt(uid, deadline, final)
            self.state.retiring.add(uid)
            self._mark(uid)  # now: workers that retire together must not give results to each other
            attempt.task = asyncio.create_task(self._run(attempt))
            self.state.bump()
        return True

    def cancel(self, uid: str) -> None:
        """Let a worker that is not closed yet go back to work.

        Not after a *final* request: its pod ends. Who cancels has not heard of that yet.
        """
        attempt = self.attempts.get(uid)
        if attempt is not None and attempt.final:
            return
        self.state.warnings.pop(uid, None)
        if attempt is not None:
            self._give_back(attempt)
            attempt.task.cancel()

    async def _run(self, attempt: Attempt) -> None:
        try:
            await self._retire(attempt)
        except Exception:
            logger.exception("Retiring pod %s failed", attempt.uid)
            self._give_back(attempt)
        finally:
            self._forget(attempt)

    async def _retire(self, attempt: Attempt) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE_SECONDS
        while not self.state.ending:
            self.state.membership.clear()
            for ws in self._mark(attempt.uid):
                await self._clear(ws, attempt)
            workers = self._mark(attempt.uid)  # again: from here on nothing awaits before the removal
            if self._is_gone(attempt, not workers):
                return
            if workers and all(drain.is_empty(self.scheduler, ws) for ws in workers):
                logger.info("Retired pod %s", attempt.uid)
                await self._close(attempt, workers)
                return
            if workers and loop.time() >= attempt.deadline:
                await self._give_up(attempt, workers)
                return
            with contextlib.suppress(
                asyncio.TimeoutError
            ):  # a worker that comes may be the recipient we lack
                await asyncio.wait_for(self.state.membership.wait(), pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _mark(self, uid: str) -> list[WorkerState]:
        workers = self.state.workers_of(uid)
        for ws in workers:
            drain.mark(self.scheduler, ws)
        return workers

    async def _clear(self, ws: WorkerState, attempt: Attempt) -> None:
        """One round on one worker: what waits there goes elsewhere, and so do its results."""
        try:
            if ws.processing:
                await drain.reschedule_waiting(self.scheduler, ws)
            if drain.unique(self.scheduler, ws):
                remaining = attempt.deadline - asyncio.get_running_loop().time()
                await drain.move_results(self.scheduler, ws, max(LAST_MOVE_SECONDS, remaining))
        except Exception:
            # distributed trips over workers that leave meanwhile: the next round finds them gone.
            logger.exception("A round of retiring pod %s failed", attempt.uid)

    def _is_gone(self, attempt: Attempt, absent: bool) -> bool:
        """Whether the pod's worker vanished by itself and did not come back."""
        now = asyncio.get_running_loop().time()
        attempt.gone_since = (attempt.gone_since or now) if absent else None
        return absent and now - attempt.gone_since > GONE_SECONDS

    async def _close(self, attempt: Attempt, workers: list[WorkerState]) -> None:
        self.state.retired.append(attempt.uid)
        self._forget(attempt)
        for ws in workers:
            await drain.close(self.scheduler, ws)

    async def _give_up(self, attempt: Attempt, workers: list[WorkerState]) -> None:
        """The time is over: say why, close if the pod ends anyway, else let the worker work again."""
        reason, message = self._obstacle(workers)
        message += " It was closed, for its pod ends." if attempt.final else " It works on."
        warnings = self.state.warnings
        warnings[attempt.uid] = {"uid": attempt.uid, "reason": reason, "message": message}
        if len(warnings) > WARNINGS_KEPT:
            del warnings[next(iter(warnings))]
        logger.warning("Pod %s was not retired in time: %s", attempt.uid, message)
        if attempt.final:
            await self._close(attempt, workers)
        else:
            self._give_back(attempt)

    def _obstacle(self, workers: list[WorkerState]) -> tuple[str, str]:
        """Reason and message of a warning."""
        actors = sum(len(ws.actors) for ws in workers)
        left = sum(len(drain.unique(self.scheduler, ws)) for ws in workers)
        if actors:
            return "Actors", f"The worker holds {actors} actors, which cannot move."
        if left and not self.scheduler.running:
            return "NoRecipient", f"No other worker runs that could take the worker's {left} results."
        if left:
            return "ResultsLeft", f"Other workers did not take the worker's last {left} results in time."
        return "Executing", f"The worker still has {sum(len(ws.processing) for ws in workers)} tasks to do."

    def _give_back(self, attempt: Attempt) -> None:
        self._forget(attempt)
        for ws in self.state.workers_of(attempt.uid):
            drain.unmark(self.scheduler, ws)

    def _forget(self, attempt: Attempt) -> None:
        if self.attempts.get(attempt.uid) is attempt:
            del self.attempts[attempt.uid]
            self.state.retiring.discard(attempt.uid)
            self.state.bump()
