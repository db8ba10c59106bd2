"""The target of each group: what grows, what does not, and what stays."""

from __future__ import annotations

import json
import time

import dask
import pytest
from distributed import Actor, secede

import planetary_target
from cluster import Gate, cluster, in_loop, settled, through, until
from planetary_target import Group, Load, Work, sample

GB = 10**9
MB = 10**6
DEFAULT = {"default": {"threads": 2, "memory": GB, "resources": {}}}
GPU = {"gpu": {"threads": 4, "memory": 4 * GB, "resources": {"GPU": 1.0}}}


@pytest.fixture(autouse=True)
def targets_fall_at_once(monkeypatch):
    monkeypatch.setattr(planetary_target, "FALL_SECONDS", 0.0)
    monkeypatch.setattr(planetary_target, "LONG_SECONDS", 0.3)


async def tell(c, groups: dict) -> None:
    """As the operator does: the id follows from the content."""
    await c.post("groups", {"id": json.dumps(groups), "groups": groups})


def with_memory(group: dict, memory: int) -> dict:
    return {name: offer | {"memory": memory} for name, offer in group.items()}


async def target(c, expected: dict[str, int]) -> dict:
    """Wait, by the long-poll, for exactly these targets."""
    try:
        return await c.state_where(lambda state: state["targets"] == expected)
    except TimeoutError:
        raise AssertionError((await c.state())["targets"]) from None


def work(i: int) -> int:
    raise AssertionError("no test runs it")


def here(name: str) -> None:
    secede()
    through(name, None)


@in_loop
async def test_groups_are_told_once_and_targets_follow():
    async with cluster("a") as c:
        state = await c.state()
        assert (state["groups"], state["targets"]) == ("", {})
        await tell(c, DEFAULT | GPU)
        state = await c.state_where(lambda state: state["targets"])
        assert state["groups"] == json.dumps(DEFAULT | GPU)
        assert state["targets"] == {"default": 0, "gpu": 0}
        state = await settled(c)
        await tell(c, DEFAULT | GPU)
        assert (await settled(c))["version"] == state["version"]
        await tell(c, DEFAULT)
        await target(c, {"default": 0})


@in_loop
async def test_groups_that_cannot_be_are_refused():
    async with cluster() as c:
        nonsense = (
            {},
            {"groups": "default"},
            {"groups": {"a": {}}},
            {"groups": {"a": {"threads": 0}}},
            {"groups": {"a": {"threads": 1, "memory": "4Gi"}}},
            {"groups": {"a": {"threads": 1, "resources": {"GPU": True}}}},
            {"groups": {str(i): {"threads": 1} for i in range(101)}},
        )
        for body in nonsense:
            response = await c.call("POST", "/planetary/v1/groups", body)
            assert response.code == 400, body
        assert (await c.state())["groups"] == ""


@in_loop
async def test_a_backlog_grows_the_default_group_alone_before_any_worker_is_there():
    async with cluster() as c:
        await tell(c, DEFAULT | GPU)
        await target(c, {"default": 0, "gpu": 0})
        futures = c.client.map(work, range(100))  # half a second each, says distributed of unknown ones
        state = await target(c, {"default": 5, "gpu": 0})
        assert state["idleSince"] is None
        del futures
        await target(c, {"default": 0, "gpu": 0})


@in_loop
async def test_a_backlog_for_gpus_grows_their_group_alone_from_nothing():
    async with cluster("a") as c:
        await tell(c, DEFAULT | GPU)
        futures = c.client.map(work, range(100), resources={"GPU": 1})
        # 50 s of work in 5 s: 10 at a time, and a worker has one GPU whatever its threads
        await target(c, {"default": 0, "gpu": 10})
        del futures
        await target(c, {"default": 0, "gpu": 0})


@in_loop
async def test_a_backlog_that_is_assigned_already_counts_as_one_that_waits():
    async with cluster() as c:
        await c.add("g", 4, "gpu", resources={"GPU": 1})
        await tell(c, DEFAULT | GPU)
        Gate("assigned")
        futures = [
            c.client.submit(through, "assigned", i, resources={"GPU": 1}, pure=False) for i in range(40)
        ]
        await until(lambda: sum(len(ws.processing) for ws in c.scheduler.workers.values()) == 40)
        await target(c, {"default": 0, "gpu": 4})
        del futures


@in_loop
async def test_gpu_workers_that_help_with_a_general_backlog_are_not_kept_for_it():
    async with cluster() as c:
        await c.add("g", 4, "gpu", resources={"GPU": 1})
        await tell(c, DEFAULT | GPU)
        Gate("general")
        futures = [c.client.submit(through, "general", i, pure=False) for i in range(40)]
        await until(lambda: sum(len(ws.processing) for ws in c.scheduler.workers.values()) >= 4)
        await target(c, {"default": 2, "gpu": 0})
        del futures


@in_loop
async def test_tasks_that_no_further_worker_could_run_grow_nothing_but_hold_their_worker():
    async with cluster("a", "b") as c:
        await tell(c, DEFAULT | GPU)
        Gate("bound")
        address = c.workers["a"].address
        too_much = c.client.map(work, range(100), resources={"GPU": 2})
        bound = [c.client.submit(through, "bound", i, workers=[address], pure=False) for i in range(100)]
        await until(lambda: len(c.scheduler.workers[address].processing) == 100)
        await target(c, {"default": 1, "gpu": 0})
        del too_much, bound


@in_loop
async def test_one_long_task_asks_for_one_worker_however_long():
    async with cluster() as c:
        await tell(c, DEFAULT)
        with_duration = {"distributed.scheduler.default-task-durations": {"work": "10h"}}
        with dask.config.set(with_duration):
            future = c.client.submit(work, 1)
            await target(c, {"default": 1})
        del future


@in_loop
async def test_seceded_tasks_and_actors_hold_their_workers():
    async with cluster("a", "b", "c") as c:
        await tell(c, DEFAULT)
        gate = Gate("seceded")
        future = c.client.submit(here, "seceded", workers=[c.workers["a"].address])
        await gate.running()
        await until(lambda: c.scheduler.workers[c.workers["a"].address].long_running)
        await target(c, {"default": 1})
        actor = c.client.submit(dict, actor=True, workers=[c.workers["b"].address])
        assert isinstance(await actor, Actor)
        await target(c, {"default": 2})
        gate.open()
        await future
        del future, actor
        await target(c, {"default": 0})


@in_loop
async def test_results_keep_as_many_workers_as_hold_them_with_room_to_spare():
    async with cluster("a", "b", "c", memory_limit=10 * MB) as c:
        await tell(c, with_memory(DEFAULT, 10 * MB))
        await target(c, {"default": 0})
        small = await c.client.scatter(bytes(1000))
        await target(c, {"default": 1})
        large = [await c.client.scatter(bytes(5 * MB), hash=False) for _ in range(3)]
        await target(c, {"default": 3})  # 15 of 30 MB: four would be better, but it is not worth starting one
        more = await c.client.scatter(bytes(4 * MB), hash=False)
        await target(c, {"default": 4})  # 19 of 30 MB
        del large
        await target(c, {"default": 1})
        del small, more
        await target(c, {"default": 0})


@in_loop
async def test_results_hold_an_idle_gpu_worker_only_as_long_as_no_default_worker_has_room():
    async with cluster() as c:
        await c.add("g", 4, "gpu", resources={"GPU": 1}, memory_limit=40 * MB)
        await tell(c, with_memory(DEFAULT, 10 * MB) | with_memory(GPU, 40 * MB))
        kept = await c.client.scatter(bytes(5 * MB))
        await target(c, {"default": 0, "gpu": 1})
        await c.add("a", memory_limit=10 * MB)
        await target(c, {"default": 1, "gpu": 0})
        more = await c.client.scatter(bytes(2 * MB), workers=[c.workers["g"].address])
        await target(c, {"default": 0, "gpu": 1})
        del kept, more


@in_loop
async def test_a_target_falls_only_after_a_while():
    planetary_target.FALL_SECONDS = 1.0
    async with cluster() as c:
        await tell(c, DEFAULT)
        start = time.monotonic()  # before: the work may be done when we hear of the target
        futures = c.client.map(work, range(20))
        await target(c, {"default": 1})
        del futures
        state = await c.state_where(lambda state: state["idleSince"] is not None)
        assert state["targets"] == {"default": 1}
        await target(c, {"default": 0})
        assert time.monotonic() - start > 0.9


@in_loop
async def test_a_retiring_worker_is_no_room():
    async with cluster("a", "b") as c:
        await tell(c, DEFAULT)
        gate = Gate("leaving")
        future = c.client.submit(through, "leaving", 1, workers=[c.workers["a"].address])
        await gate.running()
        await target(c, {"default": 1})
        await c.retire("a")
        await target(c, {"default": 0})
        gate.open()
        await future


@in_loop
async def test_a_look_at_100_000_tasks_takes_milliseconds():
    async with cluster() as c:
        for i in range(100_000):
            ts = c.scheduler.new_task(f"work-{i}", None, "released")
            if i % 2:
                ts.resource_restrictions = {"GPU": 1.0}
                c.scheduler.unrunnable[ts] = 0.0
            else:
                c.scheduler.queued.add(ts)
        costs = []
        for _ in range(20):
            start = time.perf_counter()
            wanted = planetary_target.wanted(c.scheduler, Group.read(DEFAULT | GPU), lambda ws: (None, True))
            costs.append(time.perf_counter() - start)
        assert wanted == {"default": 2500, "gpu": 5000}
        assert min(costs) < 0.05


@pytest.mark.parametrize(
    ("tasks", "seconds", "requirement", "workers"),
    [
        (100, 50, (), 3),  # 10 places, 4 threads each
        (3, 3600, (), 1),  # never more places than tasks
        (1, 0, (), 1),  # however short
        (100, 50, (("GPU", 1.0),), 5),  # 2 at a time
        (100, 50, (("GPU", 0.5),), 3),  # 4 at a time: threads
        (100, 50, (("GPU", 1.5),), 10),  # 1 at a time
        (100, 50, (("GPU", 2.0), ("MEM", 1.0)), 10),
    ],
)
def test_places_are_threads_or_the_scarcest_resource(tasks, seconds, requirement, workers):
    group = Group("g", threads=4, memory=GB, resources={"GPU": 2.0, "MEM": 8.0})
    assert group.fits(requirement)
    assert Load({requirement: Work(tasks, seconds)}).wanted(group, 5.0) == workers


def test_tasks_that_use_different_things_share_workers():
    group = Group("g", threads=4, memory=GB, resources={"GPU": 1.0, "MEM": 1.0})
    gpu, mem = {(("GPU", 1.0),): Work(10, 50)}, {(("MEM", 1.0),): Work(10, 50)}
    assert Load(gpu | mem).wanted(group, 5.0) == 10


def test_a_sample_is_even_and_the_same_again():
    tasks = dict.fromkeys(range(30_000))
    for period in (2, 3, 10):
        share = sum(task % period == 0 for task in sample(tasks, 2000)) / 2000
        assert abs(share - 1 / period) < 0.05
    assert sample(tasks, 2000) == sample(tasks, 2000)
    assert len(set(sample(tasks, 2000))) == 2000
    assert sample({1, 2}, 2000) == [1, 2]
