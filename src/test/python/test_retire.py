"""Retirement: no result lost, no running task killed, whatever the worker does."""

from __future__ import annotations

import asyncio

from distributed import get_worker, worker_client
from distributed.utils_test import inc

import planetary_drain
from cluster import Gate, cluster, in_loop, through, until


def where() -> str:
    return get_worker().address


class Counter:
    n = 0

    def increment(self):
        self.n += 1
        return self.n


def warning(state: dict) -> str | None:
    return state["warnings"][0]["reason"] if state["warnings"] else None


@in_loop
async def test_results_move_and_the_worker_closes():
    async with cluster("a", "b") as c:
        address = c.workers["a"].address
        data = await c.client.scatter({f"x{i}": i for i in range(20)}, workers=[address], hash=False)
        futures = [c.client.submit(inc, i, workers=[address], key=f"inc{i}") for i in range(20)]
        assert await c.client.gather(futures) == list(range(1, 21))
        assert await c.retire("a") == {"accepted": ["a"], "unknown": []}
        await c.retired("a")
        await until(lambda: c.workers["a"].status.name == "closed")
        assert list(c.scheduler.workers) == [c.workers["b"].address]
        assert await c.client.gather(futures) == list(range(1, 21))
        assert await c.client.gather(data) == {f"x{i}": i for i in range(20)}
        assert all(ts.state == "memory" for ts in c.scheduler.tasks.values())


@in_loop
async def test_an_executing_task_ends_where_it_runs_and_its_result_survives():
    async with cluster("a", "b") as c:
        gate = Gate("executing")
        address = c.workers["a"].address
        future = c.client.submit(through, "executing", 42, workers=[address], allow_other_workers=True)
        await gate.running()
        await c.retire("a")
        state = await c.state_where(lambda state: any(worker["retiring"] for worker in state["workers"]))
        assert [worker["status"] for worker in state["workers"] if worker["uid"] == "a"] == [
            "closing_gracefully"
        ]
        assert await c.client.submit(where, pure=False) == c.workers["b"].address
        assert c.scheduler.tasks[future.key].processing_on.address == address
        runs = c.scheduler.tasks[future.key].run_id
        gate.open()
        await c.retired("a")
        assert await future == 42
        ts = c.scheduler.tasks[future.key]
        assert ts.run_id == runs  # not run again
        assert {ws.address for ws in ts.who_has} == {c.workers["b"].address}


@in_loop
async def test_tasks_that_wait_on_the_worker_run_elsewhere_meanwhile():
    async with cluster("a", "b") as c:
        gate = Gate("blocks")
        address = c.workers["a"].address
        blocking = c.client.submit(through, "blocks", 1, workers=[address])
        await gate.running()
        waiting = [
            c.client.submit(where, workers=[address], allow_other_workers=True, pure=False) for _ in range(10)
        ]
        await until(lambda: len(c.workers["a"].state.tasks) == 11)
        await c.retire("a")
        assert set(await c.client.gather(waiting)) == {c.workers["b"].address}
        assert c.scheduler.tasks[blocking.key].state == "processing"
        gate.open()
        await c.retired("a")
        assert await blocking == 1


def parent(name: str) -> int:
    with worker_client(separate_thread=True) as client:  # secedes: a long-running task
        started, opened = Gate.gates[name]
        started.set()
        assert opened.wait(60)
        return client.submit(inc, 1, pure=False).result() + 100


@in_loop
async def test_a_seceded_task_is_waited_for():
    async with cluster("a", "b") as c:
        gate = Gate("seceded")
        future = c.client.submit(parent, "seceded", workers=[c.workers["a"].address])
        await gate.running()
        await until(lambda: c.scheduler.workers[c.workers["a"].address].long_running)
        await c.retire("a")
        await c.state_where(lambda state: any(worker["retiring"] for worker in state["workers"]))
        assert c.workers["a"].address in c.scheduler.workers
        gate.open()
        assert await future == 102
        await c.retired("a")
        assert await future == 102


@in_loop
async def test_it_is_idempotent_and_knows_strangers():
    async with cluster("a", "b") as c:
        gate = Gate("idempotent")
        future = c.client.submit(through, "idempotent", 7, workers=[c.workers["a"].address])
        await gate.running()
        for _ in range(3):
            answer = await c.retire("a", "stranger")
            assert answer == {"accepted": ["a"], "unknown": ["stranger"]}
        gate.open()
        await c.retired("a")
        assert await future == 7
        assert (await c.retire("a"))["accepted"] == ["a"]
        state = await c.state()
        assert state["retired"] == ["a"]


@in_loop
async def test_the_last_worker_waits_for_a_recipient():
    async with cluster("a") as c:
        future = c.client.submit(inc, 1)
        assert await future == 2
        await c.retire("a", timeout=60)
        queued = c.client.submit(inc, 10)  # nobody may run it
        await until(lambda: c.scheduler.unrunnable or c.scheduler.queued)
        assert c.workers["a"].address in c.scheduler.workers
        await c.add("b")
        await c.retired("a")
        assert await future == 2
        assert await queued == 11


@in_loop
async def test_the_last_worker_goes_back_to_work_when_the_time_is_over():
    async with cluster("a") as c:
        future = c.client.submit(inc, 1)
        assert await future == 2
        await c.retire("a", timeout=0.2)
        queued = c.client.submit(inc, 10)
        state = await c.state_where(lambda state: state["warnings"])
        assert state["warnings"][0]["uid"] == "a" and warning(state) == "NoRecipient"
        assert await queued == 11
        assert not (await c.state())["workers"][0]["retiring"]
        assert await future == 2


@in_loop
async def test_a_final_request_closes_the_worker_at_its_deadline():
    async with cluster("a") as c:
        future = c.client.submit(inc, 1)
        assert await future == 2
        await c.retire("a", timeout=0.2, final=True)
        state = await c.retired("a")
        assert warning(state) == "NoRecipient"
        await until(lambda: c.workers["a"].status.name == "closed")
        await c.add("b")
        assert await future == 2  # computed again


@in_loop
async def test_a_move_that_fails_is_tried_again(monkeypatch):
    """distributed's own moves fail when a worker leaves, or the last one that could take the results."""
    failures, move = [ValueError("no workers"), KeyError("tcp://gone")], planetary_drain.move_results

    async def failing(*args):
        if failures:
            raise failures.pop()
        await move(*args)

    monkeypatch.setattr(planetary_drain, "move_results", failing)
    async with cluster("a", "b") as c:
        kept = await c.client.scatter([5], workers=[c.workers["a"].address], hash=False)
        await c.retire("a", final=True)
        await c.retired("a")
        assert await c.client.gather(kept) == [5] and not failures


@in_loop
async def test_moves_that_always_fail_end_at_the_deadline_too(monkeypatch):
    async def failing(*_):
        raise KeyError("tcp://gone")

    monkeypatch.setattr(planetary_drain, "move_results", failing)
    async with cluster("a", "b") as c:
        kept = await c.client.scatter([5], workers=[c.workers["a"].address], hash=False)
        await c.retire("a", timeout=0.2, final=True)
        assert warning(await c.retired("a")) == "ResultsLeft" and kept


@in_loop
async def test_a_running_task_is_given_the_time_and_no_more():
    async with cluster("a", "b") as c:
        gate = Gate("endless")
        address = c.workers["a"].address
        kept = await c.client.scatter([5], workers=[address], hash=False)
        future = c.client.submit(through, "endless", 1, workers=[address], allow_other_workers=True)
        await gate.running()
        await c.retire("a", timeout=0.2, final=True)
        assert warning(await c.retired("a")) == "Executing"
        assert await c.client.gather(kept) == [5]  # a result another worker could take
        gate.open()
        assert await future == 1  # run again, by the other one


@in_loop
async def test_a_task_nobody_wants_any_more_holds_up_nothing():
    async with cluster("a", "b") as c:
        gate = Gate("unwanted")
        future = c.client.submit(through, "unwanted", 1, workers=[c.workers["a"].address])
        await gate.running()
        future.release()
        await until(lambda: not c.scheduler.workers[c.workers["a"].address].processing)
        await c.retire("a")
        await c.retired("a")


@in_loop
async def test_a_final_request_has_its_own_time():
    async with cluster("a", "b") as c:
        gate = Gate("final")
        future = c.client.submit(through, "final", 3, workers=[c.workers["a"].address])
        await gate.running()
        await c.retire("a", timeout=0.5)
        await c.retire("a", timeout=60, final=True)
        await asyncio.wait([asyncio.create_task(c.retired("a"))], timeout=1)
        assert c.workers["a"].address in c.scheduler.workers
        gate.open()
        await c.retired("a")
        assert await future == 3


@in_loop
async def test_cancel_puts_the_worker_back_to_work():
    async with cluster("a") as c:
        gate = Gate("cancelled")
        future = c.client.submit(through, "cancelled", 3)
        await gate.running()
        await c.retire("a")
        queued = c.client.submit(inc, 10)
        await until(lambda: c.scheduler.unrunnable or c.scheduler.queued)
        await c.post("cancel-retire", {"uids": ["a", "stranger"]})
        gate.open()
        assert (await future, await queued) == (3, 11)
        state = await c.state()
        assert not state["workers"][0]["retiring"] and state["workers"][0]["status"] == "running"
        assert not any(type(p).__name__ == "RetireWorker" for p in c.scheduler.extensions["amm"].policies)


@in_loop
async def test_cancel_comes_too_late_for_a_pod_that_ends():
    async with cluster("a", "b") as c:
        gate = Gate("ending")
        future = c.client.submit(through, "ending", 3, workers=[c.workers["a"].address])
        await gate.running()
        await c.retire("a", final=True)
        await c.post("cancel-retire", {"uids": ["a"]})
        assert next(worker for worker in (await c.state())["workers"] if worker["uid"] == "a")["retiring"]
        gate.open()
        await c.retired("a")
        assert await future == 3


@in_loop
async def test_workers_that_retire_together_give_nothing_to_each_other():
    async with cluster("a", "b", "c") as c:
        addresses = [c.workers[uid].address for uid in "ab"]
        only = await c.client.scatter({"x": 1}, workers=addresses[:1])
        both = await c.client.scatter({"y": 2}, workers=addresses, broadcast=True)
        await c.retire("a", "b")
        await c.retired("a")
        await c.retired("b")
        assert await c.client.gather([only, both]) == [{"x": 1}, {"y": 2}]


@in_loop
async def test_an_actor_is_waited_for_and_told_of_while_results_move():
    async with cluster("a", "b") as c:
        address = c.workers["a"].address
        counter = await c.client.submit(Counter, actor=True, workers=[address])
        kept = await c.client.scatter([5], workers=[address], hash=False)
        await c.retire("a", timeout=0.5)
        state = await c.state_where(lambda state: state["warnings"])
        assert warning(state) == "Actors"
        assert await counter.increment() == 1
        holders = c.scheduler.tasks[kept[0].key].who_has
        assert c.workers["b"].address in {ws.address for ws in holders}
        await c.retire("a", timeout=0, final=True)
        assert warning(await c.retired("a")) == "Actors"
        assert await c.client.gather(kept) == [5]


@in_loop
async def test_ending_stops_retirement():
    async with cluster("a") as c:
        assert await c.client.submit(inc, 1) == 2
        future = c.client.submit(inc, 1)
        await future
        await c.retire("a", timeout=60)
        await c.post("ending", {})
        state = await c.state_where(lambda state: not any(worker["retiring"] for worker in state["workers"]))
        assert state["ending"] and not state["retired"]


@in_loop
async def test_nothing_is_lost_when_a_busy_worker_leaves():
    async with cluster("a", "b", "c", nthreads=2) as c:
        numbers = c.client.map(inc, range(200), pure=False)
        pairs = [c.client.submit(lambda x, y: x + y, *numbers[i : i + 2], pure=False) for i in range(199)]
        await until(lambda: sum(ts.state == "memory" for ts in c.scheduler.tasks.values()) > 20)
        await c.retire("a", "b")
        assert await c.client.gather(pairs) == [2 * i + 3 for i in range(199)]
        await c.retired("a")
        await c.retired("b")
        assert await c.client.gather(pairs) == [2 * i + 3 for i in range(199)]
        assert c.client.status == "running"
