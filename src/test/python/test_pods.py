"""Whole pods, as processes: identity, retirement and its preStop hooks, over TLS."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import subprocess
import time

import pytest
from distributed import Client
from distributed.security import Security

from pods import BEARER, free_port, serving, until

IMPATIENT = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1s"}
"""What Dask waits for a connection by itself, 30 s by default."""


@pytest.fixture
def client(pods):
    tls = pods.folder / "tls"
    security = Security(
        tls_ca_file=str(tls / "ca.crt"),
        tls_client_cert=str(tls / "tls.crt"),
        tls_client_key=str(tls / "tls.key"),
        require_encryption=True,
    )
    with Client(f"tls://127.0.0.1:{pods.port}", security=security, set_as_default=False) as client:
        yield client


def test_a_worker_is_named_by_its_pod(pods):
    worker = pods.worker("00000000-aaaa")
    assert (worker["name"], worker["group"]) == ("c-default-0-00000000", "default")


def test_a_process_replaced_by_the_nanny_is_the_same_pod(pods, client):
    uid = "11111111-bbbb"
    pods.start_worker("c-default-1", uid)
    before = until(lambda: pods.worker(uid))
    pid = client.run(os.getpid, workers=[before["address"]])[before["address"]]
    os.kill(pid, 9)
    after = until(lambda: (now := pods.worker(uid)) and now["address"] != before["address"] and now)
    assert after["name"] == before["name"] == "c-default-1-11111111"
    pods.post("retire", {"uids": [uid]})
    until(lambda: uid in pods.state()["retired"])


def test_a_worker_waits_for_a_scheduler_that_is_slow_to_start(own_pods):
    worker = own_pods.start_worker("c-default-0", "44444444-eeee", **IMPATIENT)
    until(lambda: "does not answer yet" in worker.log())
    own_pods.start_scheduler()
    until(lambda: own_pods.worker("44444444-eeee"))
    assert worker.popen.poll() is None


def test_a_worker_that_waits_for_its_scheduler_ends_at_once(own_pods):
    worker = own_pods.start_worker("c-default-0", "55555555-ffff", **IMPATIENT)
    until(lambda: "does not answer yet" in worker.log())
    worker.popen.terminate()
    assert worker.exit_code() == 0


def test_the_prestop_hook_saves_results_and_a_running_task(pods, client, tmp_path):
    uid = "22222222-cccc"
    worker = pods.start_worker("c-default-2", uid)
    address = until(lambda: pods.worker(uid))["address"]
    kept = client.scatter({"x": 5}, workers=[address], hash=False)
    started, go_on = tmp_path / "started", tmp_path / "go-on"

    def slow_square(value: int) -> int:  # nested: sent by value, for the worker does not have this module
        started.touch()
        while not go_on.exists():
            time.sleep(0.02)
        return value * value

    future = client.submit(slow_square, 7, workers=[address])
    until(started.exists)
    hook = pods.start_prestop("worker", uid, PLANETARY_DRAIN_TIMEOUT="60")
    until(lambda: pods.worker(uid)["retiring"])
    assert hook.popen.poll() is None
    go_on.touch()
    assert worker.exit_code() == 0  # under OnFailure the pod stays down
    assert hook.exit_code(5) == 0
    assert "planetary preStop of the worker: retired" in hook.log()
    assert uid in pods.state()["retired"]
    assert future.result() == 49
    assert client.gather(kept) == {"x": 5}


def test_the_prestop_hook_of_an_unknown_worker_ends_at_once(pods):
    hook = pods.start_prestop("worker", "nobody")
    assert hook.exit_code() == 0
    assert "not in the cluster" in hook.log()


def test_the_prestop_hook_gives_up_a_scheduler_that_is_gone_or_silent(own_pods):
    """One whose port nobody has at once; one that takes connections when the drain timeout is over."""
    own_pods.folder.joinpath("container.log").touch()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.monotonic()
        gone = f"https://127.0.0.1:{free_port()}"
        busy = f"https://127.0.0.1:{silent.getsockname()[1]}"
        hooks = [
            own_pods.start_prestop("worker", "u", PLANETARY_TOKEN_FILE="/nowhere"),
            own_pods.start_prestop("worker", "u", PLANETARY_SCHEDULER_URL=gone),
            own_pods.start_prestop("worker", "u", PLANETARY_SCHEDULER_URL=busy, PLANETARY_DRAIN_TIMEOUT="8"),
        ]
        for hook, least in zip(hooks, (0, 5, 8), strict=True):
            assert hook.exit_code() == 0
            assert time.monotonic() - start >= least
    assert "failed" in hooks[0].log() and "silent" in hooks[1].log() and "silent" in hooks[2].log()
    assert own_pods.folder.joinpath("container.log").read_text().count("planetary preStop") == 3


def test_the_prestop_hook_waits_for_a_scheduler_that_is_busy(pods, client):
    """The kernel takes its connections meanwhile."""
    uid = "33333333-dddd"
    worker = pods.start_worker("c-default-3", uid)
    address = until(lambda: pods.worker(uid))["address"]
    kept = client.scatter({"x": 5}, workers=[address], hash=False)
    scheduler = pods.processes[0].popen
    scheduler.send_signal(signal.SIGSTOP)
    try:
        hook = pods.start_prestop("worker", uid)
        with pytest.raises(subprocess.TimeoutExpired):
            hook.exit_code(8)
    finally:
        scheduler.send_signal(signal.SIGCONT)
    assert hook.exit_code() == 0 and "retired" in hook.log()
    assert worker.exit_code() == 0
    assert client.gather(kept) == {"x": 5}


def test_the_prestop_hook_gives_up_a_scheduler_that_answers_nonsense(own_pods):
    class Stranger(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    with serving(Stranger) as url:
        hook = own_pods.start_prestop("worker", "u", PLANETARY_SCHEDULER_URL=url)
        assert hook.exit_code() == 0 and "silent" in hook.log()


def test_the_prestop_hook_asks_again_for_a_worker_that_went_back_to_work(own_pods):
    retiring, asked = [False, True, False, True], []

    class Scheduler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            workers = [{"uid": "u", "retiring": retiring.pop(0)}] if retiring else []
            state = {"boot": "b", "version": 1, "ending": False, "workers": workers, "retired": ["u"]}
            self.answer(200, state)

        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(202, {})

        def answer(self, status: int, body: dict):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_):
            pass

    with serving(Scheduler) as url:
        hook = own_pods.start_prestop("worker", "u", PLANETARY_SCHEDULER_URL=url)
        assert hook.exit_code() == 0 and "retired" in hook.log()
    assert asked == 2 * [{"uids": ["u"], "final": True, "timeout": 300.0}]


def test_a_cluster_that_ends_lets_everybody_go(own_pods):
    """The scheduler's hook ends the workers' hooks, and itself when the workers have left."""
    scheduler = own_pods.start_scheduler()
    worker = own_pods.start_worker("c-default-0", "u")
    until(lambda: own_pods.healthy() and own_pods.worker("u"))
    hook = own_pods.start_prestop("worker", "u")  # alone in the cluster, but holding nothing
    assert hook.exit_code() == 0 and worker.exit_code() == 0
    worker = own_pods.start_worker("c-default-1", "v")
    until(lambda: own_pods.worker("v"))
    ending = own_pods.start_prestop("scheduler", "s")
    until(lambda: own_pods.state()["ending"])
    hook = own_pods.start_prestop("worker", "v")
    assert hook.exit_code() == 0 and "the cluster ends" in hook.log()
    assert ending.popen.poll() is None
    worker.stop()
    assert ending.exit_code() == 0 and "all left" in ending.log()
    start = time.monotonic()
    scheduler.stop()
    assert time.monotonic() - start < 30
    assert BEARER["Authorization"].split()[1] not in "".join(process.log() for process in own_pods.processes)


def test_a_worker_without_an_identity_ends(own_pods):
    own_pods.start_scheduler()
    worker = own_pods.start_worker("c-default-0", "")
    assert worker.exit_code() != 0
    assert "PLANETARY_POD_UID must not be empty" in worker.log()
