"""Many random scale-downs and evictions while results are held and tasks run.

Scheduler and workers are those of distributed, in this test's process, and retirement is the real one.
What a kubelet does to a pod is not: an eviction here is the request that the pod's preStop hook makes.
"""

from __future__ import annotations

import asyncio
import collections
import random
import threading
import time

import pytest

from cluster import Cluster, cluster, in_loop, until

SCALE_DOWNS, EVICTIONS = 100, 20
MOST_WORKERS = 8
TASKS_A_BURST = 6

runs: collections.Counter[int] = collections.Counter()
counting = threading.Lock()


def step(i: int, seconds: float, *before: tuple[int, bytes]) -> tuple[int, bytes]:
    """A task that is counted each time it runs, and needs results of others."""
    time.sleep(seconds)
    with counting:
        runs[i] += 1
    return i + sum(n for n, _ in before), bytes(10_000)


class Load:
    """Tasks that come in bursts, each on top of results of the last one; all results are held."""

    def __init__(self, c: Cluster, chance: random.Random):
        self.c = c
        self.chance = chance
        self.futures: list = []
        self.expected: list[int] = []

    def burst(self) -> None:
        for n in range(TASKS_A_BURST):
            i = len(self.futures)
            before = self.chance.sample(range(i), min(i, 2))
            future = self.c.client.submit(
                step,
                i,
                self.chance.choice((0, 0.005, 0.05)) if n else 0.2,
                *(self.futures[j] for j in before),
                key=f"step-{i}",
            )
            self.futures.append(future)
            self.expected.append(i + sum(self.expected[j] for j in before))


class Scaling:
    """Workers by uid, which come and go."""

    def __init__(self, c: Cluster, chance: random.Random):
        self.c = c
        self.chance = chance
        self.here: list[str] = []
        self.made = 0
        self.busy = 0

    async def up_to(self, n: int) -> None:
        new = [f"{self.made + i:08d}" for i in range(n - len(self.here))]
        self.made += len(new)
        for uid in new:
            await self.c.add(uid, nthreads=2)
        self.here += new

    async def down(self, n: int, **how) -> None:
        """Retire so many at once, one that has tasks among them if there is any."""
        tasks = {
            uid: len(self.c.scheduler.workers[self.c.workers[uid].address].processing) for uid in self.here
        }
        leaving = self.chance.sample(self.here, n)
        if not any(tasks[uid] for uid in leaving) and (busy := [uid for uid in self.here if tasks[uid]]):
            leaving[0] = self.chance.choice(busy)
        self.busy += any(tasks[uid] for uid in leaving)
        self.here = [uid for uid in self.here if uid not in leaving]
        addresses = {self.c.workers[uid].address for uid in leaving}
        assert (await self.c.retire(*leaving, timeout=60, **how))["unknown"] == []
        await until(lambda: not addresses & set(self.c.scheduler.workers), 30)
        assert set(leaving) <= set((await self.c.state())["retired"])
        for uid in leaving:
            await until(lambda uid=uid: self.c.workers[uid].status.name == "closed")
            del self.c.workers[uid]


@pytest.mark.long
@pytest.mark.timeout(600)
@in_loop
async def test_no_result_is_lost_and_no_task_runs_twice_however_workers_come_and_go():
    chance = random.Random(4)
    runs.clear()
    evicting = set(chance.sample(range(SCALE_DOWNS), EVICTIONS))
    async with cluster() as c:
        load, scaling = Load(c, chance), Scaling(c, chance)
        for act in range(SCALE_DOWNS):
            await scaling.up_to(max(len(scaling.here), chance.randint(3, MOST_WORKERS)))
            load.burst()
            await until(lambda: any(ws.processing for ws in c.scheduler.workers.values()))
            evicted = act in evicting
            leaving = [scaling.down(chance.randint(1, len(scaling.here) - 1 - evicted))]
            if evicted:
                leaving.append(scaling.down(1, final=True))
            await asyncio.gather(*leaving)
        results = await c.client.gather(load.futures)
        state = await c.state()
    assert [n for n, _ in results] == load.expected
    assert {i: n for i, n in runs.items() if n != 1} == {}
    assert len(runs) == len(load.futures) == SCALE_DOWNS * TASKS_A_BURST
    assert state["warnings"] == []
    assert scaling.busy >= SCALE_DOWNS  # each time a worker left that had tasks
