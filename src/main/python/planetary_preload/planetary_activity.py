"""Since when a scheduler has nothing to do: no task queued or running, and no word from a client.

A client that is merely connected is silent: its heartbeat, and its look at the scheduler every two seconds,
count for nothing. Neither does what workers, nannies and Dask's own cluster managers send.
"""

from __future__ import annotations

import functools
import time

from distributed import Scheduler
from distributed.utils import iscoroutinefunction

STREAM_SILENT = {"heartbeat-client"}
CALLS_SILENT = {
    "adaptive_target",
    "check_idle",
    "heartbeat_worker",
    "identity",
    "log_event",
    "ping",
    "register-worker",
    "register_nanny",
    "retire_workers",
    "subscribe_worker_status",
    "unregister",
    "workers_to_close",
}
"""Calls that workers, nannies and cluster managers make, or clients by themselves. All others are activity:
one that a later version of distributed adds shall rather keep a cluster than discard its results."""


class Activity:
    """Times are seconds since the epoch."""

    def __init__(self, scheduler: Scheduler):
        self.scheduler = scheduler
        self.at = time.time()
        self._transitions = scheduler.transition_counter

    def follow(self) -> None:
        """Hear what clients say from now on."""
        for handlers, silent, client_only in (
            (self.scheduler.stream_handlers, STREAM_SILENT, True),
            (self.scheduler.handlers, CALLS_SILENT, False),
        ):
            for op, handler in handlers.items():
                if op not in silent:
                    handlers[op] = self._heard(handler, client_only)

    def idle_since(self) -> float | None:
        """When the last task ended or the last word of a client came; None while a task runs or waits."""
        busy = self.busy()
        # A task may have come and gone since the last look.
        if busy or self.scheduler.transition_counter != self._transitions:
            self._transitions = self.scheduler.transition_counter
            self.at = time.time()
        return None if busy else self.at

    def busy(self) -> bool:
        scheduler = self.scheduler
        return bool(
            scheduler.queued
            or scheduler.unrunnable
            or getattr(scheduler, "_active_graph_updates", 0)  # a graph that was sent is still unpacked
            or any(ws.processing for ws in scheduler.workers.values())
        )

    def _heard(self, handler, client_only: bool):
        """The handler, with a note of the time. On streams, which workers have too, clients are named."""

        def note(kwargs: dict) -> None:
            if not client_only or "client" in kwargs:
                self.at = time.time()

        if iscoroutinefunction(handler):  # which distributed asks to know whether to await

            @functools.wraps(handler)
            async def heard(*args, **kwargs):
                note(kwargs)
                return await handler(*args, **kwargs)
        else:

            @functools.wraps(handler)
            def heard(*args, **kwargs):
                note(kwargs)
                return handler(*args, **kwargs)

        return heard
