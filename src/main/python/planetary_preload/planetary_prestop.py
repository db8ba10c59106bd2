"""preStop hook: ``planetary_prestop.py worker|scheduler``. Standard library only, for it must start fast.

worker: has its own worker retired, and returns when its results are safe, when the cluster ends anyway, or
when the scheduler has been silent for 5 s. scheduler: says that the cluster ends and lets the workers go
first. Exits 0 whatever happens (a failing hook only makes the kubelet kill earlier) and logs one line.
"""

from __future__ import annotations

import functools
import http.client
import json
import os
import ssl
import sys
import threading
import time
from urllib.parse import urlencode, urlsplit

SILENCE_SECONDS = 5.0
WAIT_SECONDS = 2.0
"""A long-poll shorter than SILENCE_SECONDS, so that waiting and silence can be told apart."""
SCHEDULER_SECONDS = 10.0
CONTAINER_LOG = "/proc/1/fd/1"


class Silence(Exception):
    """The scheduler does not answer, or not as it should."""


class Scheduler:
    """The scheduler's HTTP API. ``answered`` is when it last did, on the monotonic clock."""

    def __init__(self, scheme: str, host: str, port: int):
        token_file = os.environ.get("PLANETARY_TOKEN_FILE", "/etc/planetary/tls/token")
        with open(token_file) as file:
            self.headers = {"Authorization": "Bearer " + file.read().strip()}
        self.connect = functools.partial(http.client.HTTPConnection, host, port, timeout=SILENCE_SECONDS)
        if scheme != "http":
            # The signature of the cluster's CA says enough, as everywhere in Dask.
            tls = ssl.create_default_context(cafile=os.path.join(os.path.dirname(token_file), "ca.crt"))
            tls.check_hostname = False
            self.connect = functools.partial(
                http.client.HTTPSConnection, host, port, timeout=SILENCE_SECONDS, context=tls
            )
        self.answered = time.monotonic()

    def call(self, method: str, path: str, body: dict | None = None) -> dict:
        """One request; raises Silence."""
        try:
            connection = self.connect()
            try:
                content = None if body is None else json.dumps(body)
                connection.request(method, path, content, self.headers)
                response = connection.getresponse()
                answer = json.loads(response.read())
            finally:
                connection.close()
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Silence(repr(error)) from error
        if response.status >= 300:
            raise Silence(f"HTTP {response.status}")
        self.answered = time.monotonic()
        return answer

    def insist(self, method: str, path: str, body: dict | None = None) -> dict:
        """The same, until it answers; whoever waits for us knows when to give up."""
        while True:
            try:
                return self.call(method, path, body)
            except Silence:
                time.sleep(0.2)

    def states(self):
        """Every state the scheduler tells, the present one first."""
        state: dict = {}
        while True:
            query = {"boot": state.get("boot", ""), "after": state.get("version", -1), "wait": WAIT_SECONDS}
            state = self.insist("GET", "/planetary/v1/state?" + urlencode(query))
            yield state


def end_worker(scheduler: Scheduler) -> str:
    """Retire this pod's worker; returns what came of it."""
    uid = os.environ["PLANETARY_POD_UID"]
    timeout = float(os.environ.get("PLANETARY_DRAIN_TIMEOUT") or 300)
    request = {"uids": [uid], "final": True, "timeout": timeout}
    boot = None
    for state in scheduler.states():
        if state["ending"]:
            return "the cluster ends, nothing to save"
        if all(worker["uid"] != uid for worker in state["workers"]):
            return "retired" if uid in state["retired"] else "its worker is not in the cluster"
        if state["boot"] != boot:  # the first time, and to a scheduler that restarted
            boot = state["boot"]
            scheduler.insist("POST", "/planetary/v1/retire", request)
    return ""


def end_scheduler(scheduler: Scheduler) -> str:
    """Tell the workers' hooks that the cluster ends, and give the workers time to leave."""
    scheduler.insist("POST", "/planetary/v1/ending", {})
    for state in scheduler.states():
        if not state["workers"]:
            return "told the workers, all left"
    return ""


def run(role: str) -> str:
    """Do the role's part; returns the line to log."""
    url = urlsplit(os.environ.get("PLANETARY_SCHEDULER_URL", ""))
    host = url.hostname if role == "worker" else "127.0.0.1"
    if not host:
        return "PLANETARY_SCHEDULER_URL is not set"
    scheduler = Scheduler(url.scheme, host, url.port or 8787)
    end = {"worker": end_worker, "scheduler": end_scheduler}[role]
    outcome = []

    def work():
        try:
            outcome.append(end(scheduler))
        except Exception as error:
            outcome.append(f"failed: {error!r}")

    # In a thread, for nothing else bounds the time a host name takes to resolve.
    thread = threading.Thread(target=work, daemon=True)
    started = time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(0.1)
        if time.monotonic() - scheduler.answered > SILENCE_SECONDS:
            return "the scheduler is silent"
        if role == "scheduler" and time.monotonic() - started > SCHEDULER_SECONDS:
            return "some workers are still here"
    return outcome[0]


def log(line: str, container_log: str) -> None:
    """To stderr, which only events show, and to the container's own log."""
    print(line, file=sys.stderr, flush=True)
    try:
        log_file = os.open(container_log, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
        os.write(log_file, (line + "\n").encode())
    except OSError:
        pass


def main(role: str, container_log: str = CONTAINER_LOG) -> None:
    started = time.monotonic()
    try:
        outcome = run(role)
    except Exception as error:
        outcome = f"failed: {error!r}"
    log(f"planetary preStop of the {role}: {outcome} ({time.monotonic() - started:.1f} s)", container_log)
    os._exit(0)  # not waiting for the thread


if __name__ == "__main__":
    main(*sys.argv[1:])
