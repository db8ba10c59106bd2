"""The state's ``targets``: how many workers each group has use for."""

from __future__ import annotations

import time

from distributed import wait

from cluster import Gate, cluster, in_loop, through, until

GROUPS = {
    "default": {"threads": 1, "memory": 100e6},
    "gpu": {"threads": 4, "memory": 100e6, "resources": {"GPU": 2}},
}


async def told(c, groups=None, id="1") -> None:
    await c.post("groups", {"id": id, "groups": groups or GROUPS})


async def target(c, seconds: float = 15, **wanted: int) -> dict:
    return await c.state_where(lambda s: s["targets"] == {"default": 0, "gpu": 0} | wanted, seconds)


def slow(i):
    time.sleep(1)
    return i


@in_loop
async def test_without_groups_there_are_no_targets_and_the_state_repeats_the_id():
    async with cluster("a") as c:
        state = await c.state()
        assert (state["groups"], state["targets"]) == ("", {})
        await told(c, id="abc")
        state = await c.state()
        assert (state["groups"], state["targets"]) == ("abc", {"default": 0, "gpu": 0})


@in_loop
async def test_a_backlog_counts_by_its_estimated_time():
    async with cluster("a") as c:
        await told(c)
        await wait(c.client.map(slow, range(2), key=[f"slow-{i}" for i in range(2)]))
        futures = c.client.map(slow, range(100, 120), key=[f"slow-{i}" for i in range(100, 120)])
        # 20 tasks of a second each: 4 workers for 5 seconds (5 while the estimate is a little above)
        state = await c.state_where(lambda s: s["targets"]["default"] in (4, 5))
        assert state["targets"]["gpu"] == 0
        await c.client.cancel(futures)
        await target(c)


@in_loop
async def test_never_more_workers_than_there_are_tasks_for():
    async with cluster("a") as c:
        await told(c)
        gate = Gate("one")
        future = c.client.submit(through, "one", 1)
        await gate.running()
        c.scheduler.task_prefixes["through"].duration_average = 1000.0
        await target(c, default=1)
        gate.open()
        await future


@in_loop
async def test_work_that_only_one_group_can_do_counts_for_that_group_alone_also_without_a_worker_of_it():
    async with cluster("a") as c:
        await told(c)
        futures = c.client.map(slow, range(40), resources={"GPU": 1}, key=[f"s-{i}" for i in range(40)])
        await until(lambda: len(c.scheduler.unrunnable) == 40)
        # half a second each while nothing is known, two at a time: 10 seconds of a worker's work
        await target(c, gpu=2)
        await c.client.cancel(futures)
        await target(c)


@in_loop
async def test_what_no_group_offers_makes_none_grow():
    async with cluster("a") as c:
        await told(c)
        futures = c.client.map(slow, range(40), resources={"TPU": 1}, key=[f"t-{i}" for i in range(40)])
        await until(lambda: len(c.scheduler.unrunnable) == 40)
        assert (await c.state())["targets"] == {"default": 0, "gpu": 0}
        await c.client.cancel(futures)


@in_loop
async def test_results_have_room_below_60_percent_and_keep_one_worker_at_least():
    async with cluster("a") as c:
        await told(c)
        kept = await c.client.scatter(b"x" * 1000)
        await target(c, default=1)
        more = await c.client.scatter(b"x" * 70_000_000)
        await target(c, default=2)
        del kept, more
        await target(c)


@in_loop
async def test_results_count_for_the_group_that_holds_them():
    async with cluster("a") as c:
        await c.add("b", group="gpu", nthreads=4, resources={"GPU": 2})
        await told(c)
        kept = await c.client.scatter(b"x" * 1000, workers=[c.workers["b"].address])
        await target(c, gpu=1)
        del kept


class Counter:
    def __init__(self):
        self.n = 0


@in_loop
async def test_a_worker_with_an_actor_stays():
    async with cluster("a", "b") as c:
        await told(c)
        actors = [await c.client.submit(Counter, actor=True, workers=[w.address]) for w in c.workers.values()]
        await target(c, default=2)
        del actors


@in_loop
async def test_its_cost_does_not_grow_with_the_graph():
    from planetary_state import group_of
    from planetary_target import Group, targets

    async with cluster("a") as c:
        groups = {name: Group.read(group) for name, group in GROUPS.items()}
        keys = [f"u-{i}" for i in range(20_000)]
        futures = c.client.map(slow, range(20_000), resources={"GPU": 1}, key=keys)
        await until(lambda: len(c.scheduler.unrunnable) == 20_000, 60)
        looked_at = []
        measure = c.scheduler._get_prefix_duration
        c.scheduler._get_prefix_duration = lambda prefix: looked_at.append(prefix) or measure(prefix)
        assert targets(c.scheduler, groups, group_of)["gpu"] == 1000
        assert len(looked_at) <= 200
        await c.client.cancel(futures)
