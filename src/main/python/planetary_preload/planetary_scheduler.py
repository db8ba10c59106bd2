"""``dask scheduler --preload planetary_scheduler.py``: what the operator asks of a scheduler.

Adds ``/planetary/v1/…`` to the scheduler's own HTTPS server (docs/pod-contract.md) and a token to all of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys

# distributed takes the folder of a preload off the path again (and runs the preload itself several times).
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tornado.web  # noqa: E402
from distributed import Scheduler  # noqa: E402

import planetary_guard  # noqa: E402
import planetary_renewal  # noqa: E402
import planetary_tls  # noqa: E402, F401  (mends ssl when it is imported)
from planetary_retire import Retirement  # noqa: E402
from planetary_state import ClusterState  # noqa: E402
from planetary_target import Group  # noqa: E402

planetary_guard.install()

logger = logging.getLogger("distributed.planetary")

MAX_WAIT_SECONDS = 60.0
DEFAULT_TIMEOUT_SECONDS = 300.0


@planetary_guard.fatal
def dask_setup(scheduler: Scheduler) -> None:
    state = ClusterState(scheduler)
    parts = {"state": state, "retirement": Retirement(scheduler, state)}
    routes = [
        (r"/planetary/v1/state", StateHandler, parts),
        (r"/planetary/v1/retire", RetireHandler, parts),
        (r"/planetary/v1/cancel-retire", CancelRetireHandler, parts),
        (r"/planetary/v1/groups", GroupsHandler, parts),
        (r"/planetary/v1/ending", EndingHandler, parts),
    ]
    scheduler.http_application.add_application(tornado.web.Application(routes))
    state.follow()
    planetary_renewal.follow(scheduler)
    planetary_guard.arm()
    logger.info("Planetary preload is armed, boot %s", state.boot)


dask_teardown = planetary_renewal.stop


class Handler(tornado.web.RequestHandler):
    """Reads JSON, answers JSON, also for errors."""

    def initialize(self, state: ClusterState, retirement: Retirement):
        self.state = state
        self.retirement = retirement

    def body(self) -> dict:
        """The request's JSON object; 400 if it is none."""
        try:
            body = json.loads(self.request.body or b"{}")
        except ValueError as error:
            raise tornado.web.HTTPError(400, reason="The body is not JSON") from error
        if not isinstance(body, dict):
            raise tornado.web.HTTPError(400, reason="The body is not a JSON object")
        return body

    def uids(self, body: dict) -> list[str]:
        uids = body.get("uids")
        if not isinstance(uids, list) or not all(isinstance(uid, str) for uid in uids):
            raise tornado.web.HTTPError(400, reason="uids must be a list of strings")
        return uids

    def accept(self, answer: dict) -> None:
        self.set_status(202)
        self.finish(answer)

    def write_error(self, status_code: int, **kwargs) -> None:
        self.finish({"error": self._reason})


class StateHandler(Handler):
    """``GET ?boot=B&after=V&jobs=J&wait=S``: a long-poll, see the contract."""

    _waiting: asyncio.Task | None = None

    async def get(self):
        try:
            after = int(self.get_query_argument("after", "-1"))
            jobs = int(told) if (told := self.get_query_argument("jobs", "")) else None
            wait = float(self.get_query_argument("wait", str(MAX_WAIT_SECONDS)))
        except ValueError as error:
            raise tornado.web.HTTPError(400, reason="after, jobs and wait must be numbers") from error
        wait = wait if 0 <= wait <= MAX_WAIT_SECONDS else MAX_WAIT_SECONDS
        if self.get_query_argument("boot", "") == self.state.boot and self.state.is_known(after, jobs):
            self._waiting = asyncio.create_task(
                self.state.wait_for_change(after, jobs, wait), name="planetary-wait"
            )
            await asyncio.wait([self._waiting])
        if not (self._waiting and self._waiting.cancelled()):
            self.set_header("Cache-Control", "no-store")
            self.finish(self.state.snapshot())

    def on_connection_close(self):
        if self._waiting:
            self._waiting.cancel()


class RetireHandler(Handler):
    """``POST {"uids": […], "timeout": seconds, "final": bool}``: idempotent, progress is in the state."""

    def post(self):
        body = self.body()
        uids = self.uids(body)
        timeout, final = body.get("timeout", DEFAULT_TIMEOUT_SECONDS), body.get("final", False)
        number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
        if not number or not 0 <= timeout < float("inf") or not isinstance(final, bool):
            raise tornado.web.HTTPError(400, reason="timeout must be seconds, final true or false")
        known = {uid: self.retirement.request(uid, timeout, final) for uid in uids}
        accepted = [uid for uid, seen in known.items() if seen]
        self.accept({"accepted": accepted, "unknown": [uid for uid, seen in known.items() if not seen]})


class CancelRetireHandler(Handler):
    """``POST {"uids": […]}``: workers that are not closed yet go back to work."""

    def post(self):
        for uid in self.uids(self.body()):
            self.retirement.cancel(uid)
        self.accept({})


class GroupsHandler(Handler):
    """``POST {"id": …, "groups": {name: {threads, memory, …}}}``: idempotent, the state repeats the id."""

    def post(self):
        body = self.body()
        try:
            groups = Group.read(body.get("groups"))
        except ValueError as error:
            raise tornado.web.HTTPError(400, reason=str(error)) from error
        self.state.tell_groups(groups, str(body.get("id", "")))
        self.accept({})


class EndingHandler(Handler):
    """``POST {}``: the cluster stops, preStop hooks end at once."""

    def post(self):
        self.body()
        self.state.end()
        self.accept({})
