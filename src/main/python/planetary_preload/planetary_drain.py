"""Empty one worker: steps that planetary_retire repeats until nothing is left on it.

``Scheduler.retire_workers`` alone ends as soon as the data is copied: it reruns what executes on the worker
and forgets results that arrive meanwhile. And ``processing`` never drains on a closing worker, for tasks that
wait there stay assigned to it.
"""

from __future__ import annotations

import asyncio
import logging
import time

from distributed import Scheduler, Status
from distributed.active_memory_manager import RetireWorker
from distributed.scheduler import WorkerState

logger = logging.getLogger("distributed.planetary")

STARTED = {"executing", "long-running", "memory", "error", "cancelled", "resumed", "rescheduled"}
"""A task in one of these states on its worker still has a message to send: wait. All others have not run."""
ASK_SECONDS = 10.0


def mark(scheduler: Scheduler, ws: WorkerState) -> None:
    """Tell scheduler and worker that this worker closes: it starts nothing more, and is sent nothing more."""
    if ws.status in (Status.running, Status.paused):
        scheduler.handle_worker_status_change(Status.closing_gracefully, ws, stimulus())
        tell(scheduler, ws, Status.closing_gracefully)


def unmark(scheduler: Scheduler, ws: WorkerState) -> None:
    """Let a marked worker go on; the scheduler follows when the worker confirms."""
    drop_policies(scheduler, ws)
    if ws.status == Status.closing_gracefully:
        tell(scheduler, ws, Status.running)


def is_empty(scheduler: Scheduler, ws: WorkerState) -> bool:
    """Whether the worker can be closed without loss, as long as nobody awaits."""
    return not (ws.processing or ws.actors or unique(scheduler, ws))


def unique(scheduler: Scheduler, ws: WorkerState) -> list:
    """Keys of results that no running worker holds. Actors cannot move and are counted by themselves.

    Two workers that retire together may hold copies of each other's results: those count as unique.
    """
    running = scheduler.running
    return [
        ts.key
        for ts in ws.has_what
        if not ts.actor and not any(holder in running for holder in ts.who_has or ())
    ]


async def reschedule_waiting(scheduler: Scheduler, ws: WorkerState) -> None:
    """Give tasks that have not started on this worker to others.

    The worker's answer counts only once it knows that it closes: messages to it are ordered, so by then it
    has everything that was ever sent to it, and what has not started will not start.
    """
    keys = [ts.key for ts in ws.processing]
    try:
        call = scheduler.rpc(ws.address).planetary_tasks(keys=keys)
        answer = await asyncio.wait_for(call, ASK_SECONDS)
    except Exception as error:  # lost, stuck, or too old to answer: asked again until the deadline
        logger.info("No answer from %s on its tasks: %r", ws.address, error)
        return
    closing = Status.closing_gracefully
    if answer["status"] != closing.name or ws.status != closing:
        return
    for key, state in zip(keys, answer["states"], strict=True):
        if state not in STARTED:
            scheduler._reschedule(key, worker=ws.address, stimulus_id=stimulus())


async def move_results(scheduler: Scheduler, ws: WorkerState, seconds: float) -> None:
    """Copy unique results to running workers, for at most so long."""
    if not scheduler.running:
        return  # retire_workers would only log a warning each time
    if ws.actors:  # it refuses the whole worker
        keys = unique(scheduler, ws)
        move = scheduler.replicate(keys=keys, n=1, delete=False, stimulus_id=stimulus())
    else:
        move = scheduler.retire_workers(
            workers=[ws.address], close_workers=False, remove=False, stimulus_id=stimulus()
        )
    try:
        await asyncio.wait_for(move, seconds)
    except asyncio.TimeoutError:
        logger.info("Moving results off %s takes longer than %.0f s", ws.address, seconds)
    finally:
        drop_policies(scheduler, ws)


async def close(scheduler: Scheduler, ws: WorkerState) -> None:
    """Take the worker out, before the first await, and have it close: its process exits 0."""
    await scheduler.remove_worker(ws.address, stimulus_id=stimulus(), expected=True, close=True)


def drop_policies(scheduler: Scheduler, ws: WorkerState) -> None:
    """End the memory manager's own retirement, which would go on emptying a worker that stays after all."""
    manager = scheduler.extensions.get("amm")
    for policy in list(manager.policies) if manager else ():
        if isinstance(policy, RetireWorker) and policy.address == ws.address:
            manager.policies.discard(policy)


def tell(scheduler: Scheduler, ws: WorkerState, status: Status) -> None:
    message = {"op": "worker-status-change", "status": status.name, "stimulus_id": stimulus()}
    scheduler.worker_send(ws.address, message)


def stimulus() -> str:
    """An id for distributed's logs and stories."""
    return f"planetary-retire-{time.time()}"
