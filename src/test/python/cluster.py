"""A scheduler and workers in the test's own process: faster than pods, and the test sees everything."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import threading
import time

import dask
from distributed import Client, Scheduler, Worker
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

import planetary_state
from pods import BEARER, PRELOAD

CONFIG = {
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.work-stealing": True,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
}


def in_loop(test):
    """Run a coroutine test in an event loop of its own."""

    @functools.wraps(test)
    def run(*args, **kwargs):
        with dask.config.set(CONFIG):
            asyncio.run(test(*args, **kwargs))

    return run


async def until(condition, seconds: float = 15):
    """What the condition returns, once it is true."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, f"not within {seconds} s"
        await asyncio.sleep(0.01)
    return result


class Gate:
    """Tasks that tell when they run and end when told; by name, for tasks run in threads of this process."""

    gates: dict[str, tuple[threading.Event, threading.Event]] = {}

    def __init__(self, name: str):
        self.name = name
        self.started, self.opened = self.gates[name] = (threading.Event(), threading.Event())

    def open(self) -> None:
        self.opened.set()

    async def running(self) -> None:
        await until(self.started.is_set)


def through(name: str, value):
    """The task: waits for its gate, then returns the value."""
    started, opened = Gate.gates[name]
    started.set()
    assert opened.wait(60)
    return value


class Cluster:
    def __init__(self, scheduler: Scheduler, client: Client):
        self.scheduler = scheduler
        self.client = client
        self.workers: dict[str, Worker] = {}
        self.url = f"http://127.0.0.1:{scheduler.http_server.port}"

    async def add(self, uid: str, nthreads: int = 1, group: str = "default", **kwargs) -> Worker:
        """A worker of the pod with this uid."""
        os.environ |= {
            "PLANETARY_POD_NAME": f"c-default-{uid}",
            "PLANETARY_POD_UID": uid,
            "PLANETARY_GROUP": group,
        }
        worker = await Worker(
            self.scheduler.address,
            nthreads=nthreads,
            dashboard_address="127.0.0.1:0",
            dashboard=False,
            preload=str(PRELOAD / "planetary_worker.py"),
            **kwargs,
        )
        self.workers[uid] = worker
        return worker

    async def call(self, method: str, path: str, body=None, timeout: float = 65):
        request = HTTPRequest(
            self.url + path,
            method,
            headers=BEARER,
            body=None if body is None else json.dumps(body),
            request_timeout=timeout,
        )
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def post(self, name: str, body: dict) -> dict:
        response = await self.call("POST", f"/planetary/v1/{name}", body)
        assert response.code == 202, response.body
        return json.loads(response.body)

    async def state(self, query: str = "") -> dict:
        response = await self.call("GET", f"/planetary/v1/state{query}")
        assert response.code == 200, response.body
        return json.loads(response.body)

    async def state_where(self, condition, seconds: float = 15) -> dict:
        """Follow the long-poll, as the operator does, until a state fulfils the condition."""
        async with asyncio.timeout(seconds):
            state = await self.state()
            while not condition(state):
                state = await self.state(f"?boot={state['boot']}&after={state['version']}&wait=5")
            return state

    async def retire(self, *uids: str, **more) -> dict:
        return await self.post("retire", {"uids": list(uids), **more})

    async def retired(self, uid: str, seconds: float = 15) -> dict:
        return await self.state_where(lambda state: uid in state["retired"], seconds)


async def settled(c: Cluster) -> dict:
    """The state once nothing changes any more."""
    state = await c.state()
    query = "?boot={boot}&after={version}&wait=0.5"
    while (following := await c.state(query.format(**state)))["version"] != state["version"]:
        state = following
    return state


@contextlib.asynccontextmanager
async def cluster(*uids: str, **kwargs):
    """A scheduler with the preload, a client, and a worker per uid. Its versions come five times as fast."""
    planetary_state.GATHER_SECONDS, planetary_state.WATCH_MILLISECONDS = 0.2, 100
    async with contextlib.AsyncExitStack() as stack:
        scheduler = await stack.enter_async_context(
            Scheduler(
                host="127.0.0.1",
                port=0,
                dashboard_address="127.0.0.1:0",
                dashboard=False,
                preload=str(PRELOAD / "planetary_scheduler.py"),
            )
        )
        client = await stack.enter_async_context(Client(scheduler.address, asynchronous=True))
        this = Cluster(scheduler, client)
        try:
            for uid in uids:
                await this.add(uid, **kwargs)
            yield this
        finally:
            for _, opened in Gate.gates.values():
                opened.set()
            await asyncio.gather(*(worker.close(executor_wait=False) for worker in this.workers.values()))
