"""GET /planetary/v1/state: what it says, when it answers."""

from __future__ import annotations

import asyncio
import time

import dask
from distributed import Client

import planetary_state
from cluster import Gate, cluster, in_loop, settled, through, until
from pods import TOKEN


def after(state: dict, wait: float = 30) -> str:
    return f"?boot={state['boot']}&after={state['version']}&wait={wait}"


def waiters() -> int:
    return sum(task.get_name() == "planetary-wait" for task in asyncio.all_tasks())


@in_loop
async def test_it_tells_workers_by_pod_and_what_they_hold():
    async with cluster("aaaaaaaa-1", "bbbbbbbb-2") as c:
        kept = await c.client.scatter({"x": b"x" * 1000}, workers=[c.workers["aaaaaaaa-1"].address])
        state = await c.state()
        held = {worker["uid"]: worker for worker in state["workers"]}
        assert held["aaaaaaaa-1"] == {
            "uid": "aaaaaaaa-1",
            "name": "c-default-aaaaaaaa-1-aaaaaaaa",
            "group": "default",
            "address": c.workers["aaaaaaaa-1"].address,
            "status": "running",
            "memory": held["aaaaaaaa-1"]["memory"],
            "results": 1,
            "executing": 0,
            "processing": 0,
            "retiring": False,
        }
        assert held["aaaaaaaa-1"]["memory"] >= 1000
        assert held["bbbbbbbb-2"]["results"] == 0
        del kept
        assert (state["ending"], state["retired"], state["warnings"]) == (False, [], [])


@in_loop
async def test_it_answers_at_once_to_another_boot_or_version_and_else_waits():
    async with cluster("a") as c:
        state = await settled(c)
        start = time.monotonic()
        for query in ("", "?wait=30", "?boot=other&after=1", f"?boot={state['boot']}&after=0"):
            assert (await c.state(query))["version"] == state["version"]
        assert time.monotonic() - start < 15
        start = time.monotonic()
        assert (await c.state(after(state, 0.5)))["version"] == state["version"]
        assert time.monotonic() - start > 0.4


@in_loop
async def test_a_worker_that_comes_or_goes_ends_the_wait():
    async with cluster("a") as c:
        state = await settled(c)
        waiting = asyncio.create_task(c.state(after(state)))
        await c.add("b")
        state = await asyncio.wait_for(waiting, 5)
        assert {worker["uid"] for worker in state["workers"]} == {"a", "b"}
        state = await settled(c)
        waiting = asyncio.create_task(c.state(after(state)))
        await c.workers["b"].close()
        assert [worker["uid"] for worker in (await asyncio.wait_for(waiting, 5))["workers"]] == ["a"]


@in_loop
async def test_the_edge_between_idle_and_busy_ends_the_wait():
    async with cluster("a") as c:
        state = await settled(c)
        assert state["idleSince"] is not None
        gate = Gate("edge")
        waiting = asyncio.create_task(c.state(after(state)))
        future = c.client.submit(through, "edge", 1)
        state = await asyncio.wait_for(waiting, 5)
        assert state["idleSince"] is None
        gate.open()
        await future
        state = await c.state_where(lambda state: state["idleSince"] is not None)
        assert abs(state["idleSince"] - time.time()) < 5


@in_loop
async def test_what_clients_say_is_activity_and_wakes_nobody():
    async with cluster("a") as c:
        kept = await c.client.scatter(1)
        state = await settled(c)
        heard = [state["idleSince"]]
        for say in (
            lambda: c.client.who_has([kept]),
            lambda: c.client.gather(kept, direct=False),
            lambda: c.client.scatter(2),
            lambda: c.client.run_on_scheduler(len, ()),
            lambda: Client(c.scheduler.address, asynchronous=True),
        ):
            said = await say()
            heard.append((await c.state())["idleSince"])
        await said.close()
        assert None not in heard
        assert heard == sorted(set(heard))
        assert (await settled(c))["version"] == state["version"]


@in_loop
async def test_a_client_that_is_only_connected_is_silent():
    config = {"distributed.client.scheduler-info-interval": "20ms", "distributed.client.heartbeat": "20ms"}
    async with cluster("a") as c:
        with dask.config.set(config):
            other = await Client(c.scheduler.address, asynchronous=True)
        state = await settled(c)
        looks = []
        identity = c.scheduler.handlers["identity"]
        c.scheduler.handlers["identity"] = lambda **kwargs: (looks.append(1), identity(**kwargs))[1]
        client, worker = c.scheduler.clients[other.id], next(iter(c.scheduler.workers.values()))
        seen = client.last_seen, worker.last_seen
        await until(lambda: client.last_seen > seen[0] and worker.last_seen > seen[1] and len(looks) > 3)
        assert (await c.state())["idleSince"] == state["idleSince"]
        await other.close()
        await until(lambda: other.id not in c.scheduler.clients)
        assert (await c.state())["idleSince"] > state["idleSince"]


@in_loop
async def test_a_task_that_comes_and_goes_between_two_looks_is_activity():
    async with cluster("a") as c:
        state = await settled(c)
        c.scheduler.periodic_callbacks["planetary-state"].stop()
        future = c.client.submit(int)
        await future
        ended = (await c.state())["idleSince"]
        assert ended > state["idleSince"]


@in_loop
async def test_a_task_that_no_worker_can_run_is_work():
    async with cluster("a") as c:
        future = c.client.submit(int, resources={"GPU": 1})
        state = await c.state_where(lambda state: state["idleSince"] is None)
        assert [worker["processing"] for worker in state["workers"]] == [0]
        del future
        await c.state_where(lambda state: state["idleSince"] is not None)


@in_loop
async def test_idle_time_that_moved_far_is_told_anew():
    moved, planetary_state.IDLE_MOVED_SECONDS = planetary_state.IDLE_MOVED_SECONDS, 0.0
    try:
        async with cluster("a") as c:
            state = await settled(c)
            waiting = asyncio.create_task(c.state(after(state)))
            await until(lambda: waiters() == 1)
            await c.client.who_has()
            assert (await asyncio.wait_for(waiting, 5))["idleSince"] > state["idleSince"]
    finally:
        planetary_state.IDLE_MOVED_SECONDS = moved


@in_loop
async def test_many_changes_become_one_answer_per_interval():
    async with cluster("a") as c:
        state = await settled(c)
        plugin = c.scheduler.plugins["planetary-state"]
        first = state["version"]
        start = time.monotonic()
        for _ in range(4):
            for _ in range(100):
                plugin.bump()
            state = await c.state(after(state))
        assert state["version"] - first == 4
        assert time.monotonic() - start >= 3 * planetary_state.GATHER_SECONDS - 0.05


@in_loop
async def test_a_waiter_that_leaves_is_forgotten():
    async with cluster("a") as c:
        state = await settled(c)
        request = f"GET /planetary/v1/state{after(state)} HTTP/1.1\r\nHost: x\r\n"
        _, writer = await asyncio.open_connection("127.0.0.1", c.scheduler.http_server.port)
        writer.write(f"{request}Authorization: Bearer {TOKEN}\r\n\r\n".encode())
        await until(lambda: waiters() == 1)
        writer.close()
        await until(lambda: waiters() == 0)


@in_loop
async def test_nonsense_is_refused():
    async with cluster() as c:
        assert (await c.call("GET", "/planetary/v1/state?after=x")).code == 400
        for body in ([], {}, {"uids": "a"}, {"uids": [1]}, {"uids": ["a"], "timeout": "1"}):
            assert (await c.call("POST", "/planetary/v1/retire", body)).code == 400
        assert (await c.call("POST", "/planetary/v1/retire", {"uids": ["a"], "timeout": -1})).code == 400


@in_loop
async def test_ending_ends_every_wait_and_stays():
    async with cluster("a") as c:
        state = await settled(c)
        waiting = asyncio.create_task(c.state(after(state)))
        await c.post("ending", {})
        assert (await asyncio.wait_for(waiting, 2))["ending"]
        assert (await c.state())["ending"]


@in_loop
async def test_a_scheduler_that_closes_says_so():
    async with cluster("a") as c:
        state = await settled(c)
        waiting = asyncio.create_task(c.state(after(state)))
        await until(lambda: waiters() == 1)
        closing = asyncio.create_task(c.scheduler.close())
        assert (await asyncio.wait_for(waiting, 5))["ending"]
        await closing
