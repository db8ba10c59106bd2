"""The state's ``jobs``: how far each job's tasks are, on a scheduler that several share."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from operator import add

import dask
import pytest
from distributed import Client, Queue, wait

import planetary_progress
from cluster import Gate, cluster, in_loop, settled, through, until


async def client_of(c, pod: str) -> Client:
    """A client as a job's script makes it, in a runner of this name."""
    with dask.config.set({"client-name": f"planetary-job.{pod}"}):
        return await Client(c.scheduler.address, asynchronous=True, set_as_default=False)


def numbers(state: dict) -> dict[str, tuple[int, int]]:
    return {pod: (job["done"], job["total"]) for pod, job in state["jobs"].items()}


async def told(c, **jobs: tuple[int, int]) -> None:
    """Wait until the operator's long-poll, which names the jobs' version that it knows, tells these."""
    async with asyncio.timeout(10):
        state = await c.state()
        while numbers(state) != jobs:
            query = "?boot={boot}&after={version}&jobs={jobsVersion}&wait=5"
            state = await c.state(query.format(**state))


def fail(_):
    raise ValueError("made to fail")


def test_a_script_that_connects_without_arguments_is_known_by_its_runner(pods):
    script = (
        "from distributed import Client, wait\n"
        "client = Client()\n"
        "futures = client.map(str, range(7))\n"
        "wait(futures)\n"
    )
    env = pods.env("runner", "uid", DASK_CLIENT_NAME="planetary-job.ndvi.a-1a2b3-0")
    subprocess.run([sys.executable, "-c", script], env=env, check=True, timeout=30)
    assert numbers(pods.state())["ndvi.a-1a2b3-0"] == (7, 7)


@in_loop
async def test_each_job_counts_its_own_tasks_and_both_those_they_share():
    async with cluster("a", "b") as c, await client_of(c, "one") as one, await client_of(c, "two") as two:
        gate = Gate("shared")
        shared = dask.delayed(through)("shared", 1, dask_key_name="shared")
        sums = [dask.delayed(add)(shared, n, dask_key_name=f"one-{n}") for n in range(3)]
        twos = [dask.delayed(add)(shared, n, dask_key_name=f"two-{n}") for n in range(5)]
        for_one, for_two = one.compute(sums), two.compute(twos)
        nobody = c.client.map(str, range(20))
        await gate.running()
        await told(c, one=(0, 4), two=(0, 6))
        gate.open()
        await wait([*for_one, *for_two, *nobody])
        await told(c, one=(4, 4), two=(6, 6))


@in_loop
async def test_counts_survive_the_release_of_tasks_and_a_task_counts_once():
    async with cluster("a") as c, await client_of(c, "job") as job:
        for _ in range(2):
            futures = job.map(str, range(10), key="str")
            await wait(futures)
            await job.cancel(futures)
            del futures
            await until(lambda: not c.scheduler.tasks)
            await told(c, job=(10, 10))
        await job.submit(str, 10)
        await told(c, job=(11, 11))


@in_loop
async def test_failed_tasks_and_those_that_needed_them_are_done():
    async with cluster("a") as c, await client_of(c, "job") as job:
        failed = job.submit(fail, 1)
        futures = [failed, *(job.submit(add, failed, n) for n in range(3)), job.submit(str, 1)]
        await wait(futures)
        await told(c, job=(5, 5))


@in_loop
async def test_what_was_computed_for_somebody_before_is_done_at_once():
    """Also what lies behind a result that is there: it will not be computed again."""
    async with cluster("a") as c:
        first = dask.delayed(str)(1, dask_key_name="first")
        second = dask.delayed(str)(first, dask_key_name="second")
        kept = c.client.compute(second)
        await kept
        await until(lambda: c.scheduler.tasks["first"].state == "released")
        async with await client_of(c, "job") as job:
            gate = Gate("third")
            third = dask.delayed(through)("third", second, dask_key_name="third")
            future = job.compute(third)
            await gate.running()
            await told(c, job=(2, 3))
            gate.open()
            await future
            await told(c, job=(3, 3))


@in_loop
async def test_a_result_that_a_job_only_waits_for_counts():
    async with cluster("a") as c, await client_of(c, "job") as job:
        gate = Gate("queue")
        future = c.client.submit(through, "queue", 1)
        await gate.running()
        await (await Queue("futures", client=c.client)).put(future)
        waited_for = await (await Queue("futures", client=job)).get()
        await told(c, job=(0, 1))
        gate.open()
        await waited_for
        await told(c, job=(1, 1))


@in_loop
async def test_tasks_given_up_stay_to_do_and_count_once_when_they_come_again():
    async with cluster("a") as c, await client_of(c, "job") as job:
        gate = Gate("given-up")
        before = job.submit(through, "given-up", 1, key="slow")
        await gate.running()
        waiting = job.submit(str, before, key="waiting")
        await told(c, job=(0, 2))
        await job.cancel([before, waiting], force=True)
        await until(lambda: "waiting" not in c.scheduler.tasks)
        await told(c, job=(0, 2))
        assert not c.scheduler.plugins["planetary-progress"]._waiting
        gate.open()
        again = job.submit(str, 1, key="waiting")
        await again
        await told(c, job=(1, 2))


@in_loop
async def test_data_is_no_task():
    async with cluster("a") as c, await client_of(c, "job") as job:
        data = await job.scatter([1, 2, 3], hash=False)
        await job.submit(sum, data)
        await told(c, job=(1, 1))


@in_loop
async def test_a_lost_result_that_is_computed_again_is_done_once():
    async with cluster("a", "b") as c, await client_of(c, "job") as job:
        future = job.submit(str, 1, workers=[c.workers["a"].address], allow_other_workers=True)
        await future
        await told(c, job=(1, 1))
        await c.workers["a"].close()
        await until(lambda: future.key in c.workers["b"].data)
        await told(c, job=(1, 1))


@in_loop
async def test_numbers_stay_for_a_while_after_the_client_left(monkeypatch):
    async with cluster("a", nthreads=2) as c:
        gate = Gate("leaving")
        job = await client_of(c, "job")
        done, slow = job.submit(str, 1), job.submit(through, "leaving", 1)
        await done
        await gate.running()
        await job.close()
        await until(lambda: job.id not in c.scheduler.clients)
        await told(c, job=(1, 2))
        other = await client_of(c, "job")  # of the same runner: it goes on
        await other.submit(str, 2)
        await told(c, job=(2, 3))
        await other.close()
        monkeypatch.setattr(planetary_progress, "KEPT_SECONDS", 0.0)
        await told(c)
        gate.open()
        del done, slow


@in_loop
async def test_progress_wakes_only_who_asks_for_it():
    async with cluster("a") as c, await client_of(c, "job") as job:
        gate = Gate("busy")
        slow = job.submit(through, "busy", 1)
        await gate.running()
        state = await settled(c)
        await told(c, job=(0, 1))
        state = await c.state()
        query = "?boot={boot}&after={version}&wait=1".format(**state)
        others, operators = (
            asyncio.create_task(c.state(query)),
            asyncio.create_task(c.state(f"{query}0&jobs={state['jobsVersion']}")),
        )
        future = job.submit(str, 1, workers=[c.workers["a"].address])
        answer = await asyncio.wait_for(operators, 5)
        assert numbers(answer)["job"][1] == 2
        assert answer["version"] == state["version"] and answer["jobsVersion"] > state["jobsVersion"]
        start = time.monotonic()
        assert (await others)["version"] == state["version"]
        assert time.monotonic() - start > 0.2
        gate.open()
        await wait([slow, future])


@in_loop
async def test_a_job_of_more_tasks_than_are_remembered_is_still_counted(monkeypatch):
    monkeypatch.setattr(planetary_progress, "REMEMBERED", 10)
    async with cluster("a") as c, await client_of(c, "job") as job:
        for n in range(5):
            await wait(job.map(str, range(8), key=f"round-{n}"))
            await told(c, job=(8 * n + 8, 8 * n + 8))
        assert len(c.scheduler.plugins["planetary-progress"]._jobs["job"].seen) <= 18


@in_loop
async def test_nonsense_about_jobs_is_refused():
    async with cluster() as c:
        assert (await c.call("GET", "/planetary/v1/state?jobs=x")).code == 400


@pytest.mark.parametrize(
    ("client", "pod"),
    [
        ("Client-planetary-job.a-0-0e2d1c4a-1f2a-11f0-8a6b-0242ac110002", "a-0"),
        ("MyClient-planetary-job.x.y-3-0e2d1c4a-1f2a-11f0-8a6b-0242ac110002", "x.y-3"),
        ("Client-0e2d1c4a-1f2a-11f0-8a6b-0242ac110002", None),
        ("Client-worker-0e2d1c4a-1f2a-11f0-8a6b-0242ac110002", None),
        ("Client-planetary-job.-0e2d1c4a-1f2a-11f0-8a6b-0242ac110002", None),
    ],
)
def test_clients_are_known_by_name(client, pod):
    match = planetary_progress.CLIENT.fullmatch(client)
    assert (match and match["pod"]) == pod
    assert os.environ.get("DASK_CLIENT_NAME") is None
